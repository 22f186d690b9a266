"""The gradient that another derivation would give: the forward differentiated at other inputs, options or cotangents.

Where the forward runs on exact numbers it is differentiated by exact differences. Elsewhere central differences with
Richardson's correction are taken, which are good to about eight digits.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.fit import fits
from backcheck.diagnosis.faults.wrong_gradient import Wrong
from backcheck_reference.derivatives import jacobians
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact

ArrayTuple = tuple[np.ndarray, ...]

# a third of the entries that the exact oracle differences one by one: dozens of alternatives may be tried for one
# answer, most of which two runs of the forward rule out
MOST_TRIED_ENTRIES, MOST_TRIED_JACOBIAN = 200, 40_000
EXACT_DIGITS, DIFFERENCE_DIGITS = 15.0, 8.0
STEP_BITS = 100  # exact slopes along one direction: h = 2^-100


def explains(
    wrong: Wrong,
    *,
    inputs: Mapping[str, np.ndarray] | None = None,
    config: Mapping[str, Any] | None = None,
    dy: np.ndarray | None = None,
) -> bool:
    """Whether the answer is the gradient for these inputs, options and cotangent instead."""
    arrays = {**wrong.inputs, **(inputs or {})}
    if not _affordable(wrong, arrays):
        return False
    function = _function(wrong, wrong.config if config is None else config)
    try:
        found = gradient(function, arrays, wrong.argument, wrong.dy if dy is None else dy, wrong)
    except Exception:  # on other inputs the user's code may raise anything: then it explains nothing
        return False
    return found is not None and fits(wrong, found[0], digits=min(wrong.digits, found[1]))


def _affordable(wrong: Wrong, arrays: Mapping[str, np.ndarray]) -> bool:
    if wrong.forward is None or wrong.argument not in arrays or arrays[wrong.argument].shape != wrong.got.shape:
        return False
    size = wrong.got.size
    return 0 < size <= MOST_TRIED_ENTRIES and size * wrong.dy.size <= MOST_TRIED_JACOBIAN


def _function(wrong: Wrong, config: Mapping[str, Any]) -> Callable[..., Any]:
    forward = wrong.forward
    assert forward is not None  # `_affordable` and `push_forward` have looked
    return lambda *arrays: forward(*arrays, **config)[0]


def gradient(
    function: Callable[..., Any],
    arrays: Mapping[str, np.ndarray],
    argument: str,
    dy: np.ndarray,
    wrong: Wrong | None = None,
) -> tuple[np.ndarray, float] | None:
    """The gradient, and to how many digits it is known. None as soon as it is clear that it cannot explain `wrong`."""
    which = list(arrays).index(argument)
    plain = tuple(arrays.values())
    try:
        with exact.bits(exact.LADDER[0][0]):
            lifted = tuple(exact.lift(array) for array in plain)
            cotangent = exact.lift(dy)
            if wrong is not None and not _plausible(function, lifted, which, cotangent, wrong):
                return None
            return exact.to_float(jacobians.pull_back(function, lifted, which, cotangent)), EXACT_DIGITS
    except Exception:  # code that cannot run on exact numbers
        return _differences(function, plain, which, dy), DIFFERENCE_DIGITS


def _plausible(function: Callable[..., Any], arrays: ArrayTuple, which: int, dy: np.ndarray, wrong: Wrong) -> bool:
    """Is it `got` along one direction? Two runs of the forward tell, where all entries would take two runs each."""
    v = np.random.Generator(np.random.PCG64(5)).integers(2**19, 2**20, wrong.got.shape) / 2.0**20
    found = float(exact.total(dy * _exact_slope(function, arrays, which, exact.lift(v))).mid())
    terms = wrong.got * v
    return bool(abs(found - terms.sum()) <= 10.0 ** (3 - wrong.digits) * max(abs(found), abs(terms).sum()))


def _exact_slope(function: Callable[..., Any], arrays: ArrayTuple, which: int, v: np.ndarray) -> np.ndarray:
    """The derivative of the value where one array moves along v; all in exact numbers."""
    h = flint.arb(2) ** -STEP_BITS
    up, down = (
        np.asarray(function(*arrays[:which], arrays[which] + sign * v * h, *arrays[which + 1 :])) for sign in (1, -1)
    )
    exact.require_exact("the forward value", up)
    slope: np.ndarray = (up - down) / (2 * h)
    return slope


def _differences(function: Callable[..., Any], arrays: ArrayTuple, which: int, dy: np.ndarray) -> np.ndarray:
    """The gradient by central differences in floats, entry by entry."""
    out = np.empty(arrays[which].shape)
    for index in np.ndindex(out.shape):
        coarse, fine = (_slope(function, arrays, which, index, dy, h) for h in (2.0**-8, 2.0**-10))
        out[index] = (16 * fine - coarse) / 15
    return out


def _slope(
    function: Callable[..., Any], arrays: ArrayTuple, which: int, index: tuple[int, ...], dy: np.ndarray, h: float
) -> float:
    sides = []
    for move in (h, -h):
        moved = arrays[which].copy()
        moved[index] += move
        sides.append(np.asarray(function(*arrays[:which], moved, *arrays[which + 1 :]), dtype=np.float64))
    return float((dy * (sides[0] - sides[1])).sum()) / (2 * h)


def push_forward(wrong: Wrong) -> np.ndarray | None:
    """J dy, the derivative of the output in the direction dy; the gradient is J^T dy."""
    if wrong.forward is None or wrong.argument not in wrong.inputs or wrong.dy.shape != wrong.got.shape:
        return None
    function, which = _function(wrong, wrong.config), list(wrong.inputs).index(wrong.argument)
    try:
        with exact.bits(exact.LADDER[0][0]):
            lifted = tuple(exact.lift(array) for array in wrong.inputs.values())
            return exact.to_float(_exact_slope(function, lifted, which, exact.lift(wrong.dy)))
    except Exception:  # code that cannot run on exact numbers
        return None
