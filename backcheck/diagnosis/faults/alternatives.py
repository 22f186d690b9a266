"""The gradient that another derivation would give: the forward differentiated at other inputs, options or cotangents.

The forward is differentiated by exact differences where it runs on exact numbers, and by central differences with
Richardson's correction, good to eight digits or so, where it does not.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.fit import fits
from backcheck.diagnosis.faults.wrong_gradient import Wrong
from backcheck_reference.derivatives import jacobians
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact

MOST_ENTRIES, MOST_JACOBIAN = 200, 10_000
EXACT_DIGITS, DIFFERENCE_DIGITS = 15.0, 8.0


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
        # the code is anybody's, and on other inputs it may raise anything: then it explains nothing
        found = gradient(function, arrays, wrong.argument, wrong.dy if dy is None else dy, wrong)
    except Exception:
        return False
    return found is not None and fits(wrong, found[0], digits=min(wrong.digits, found[1]))


def _affordable(wrong: Wrong, arrays: Mapping[str, np.ndarray]) -> bool:
    if wrong.forward is None or wrong.argument not in arrays or arrays[wrong.argument].shape != wrong.got.shape:
        return False
    size = wrong.got.size
    return 0 < size <= MOST_ENTRIES and size * wrong.dy.size <= MOST_JACOBIAN


def _function(wrong: Wrong, config: Mapping[str, Any]) -> Callable[..., Any]:
    forward = wrong.forward
    assert forward is not None
    return lambda *arrays: forward(*arrays, **config)[0]


def gradient(
    function: Callable[..., Any],
    arrays: Mapping[str, np.ndarray],
    argument: str,
    dy: np.ndarray,
    wrong: Wrong | None = None,
) -> tuple[np.ndarray, float] | None:
    """The gradient and to how many digits it is known; None as soon as it cannot explain `wrong`."""
    which = list(arrays).index(argument)
    plain = tuple(arrays.values())
    try:
        with exact.bits(exact.LADDER[0][0]):
            lifted = tuple(exact.lift(array) for array in plain)
            cotangent = exact.lift(dy)
            if wrong is not None and not _plausible(function, lifted, which, cotangent, wrong):
                return None
            return exact.to_float(jacobians.pull_back(function, lifted, which, cotangent)), EXACT_DIGITS
    except Exception:  # not for exact numbers
        return _differences(function, plain, which, dy), DIFFERENCE_DIGITS


def _plausible(function: Callable[..., Any], arrays: tuple, which: int, dy: np.ndarray, wrong: Wrong) -> bool:
    """Two forward runs instead of two for every entry: is it `got` along one direction?"""
    got = wrong.got
    v = np.random.Generator(np.random.PCG64(5)).integers(2**19, 2**20, got.shape) / 2.0**20
    h = flint.arb(2) ** -100
    ends = [
        np.asarray(function(*arrays[:which], arrays[which] + sign * exact.lift(v) * h, *arrays[which + 1 :]))
        for sign in (1, -1)
    ]
    exact.require_exact("the forward value", ends[0])
    found = float((exact.total(dy * (ends[0] - ends[1])) / (2 * h)).mid())
    return abs(found - float((got * v).sum())) <= 10.0 ** (3 - wrong.digits) * max(
        abs(found), float(abs(got * v).sum())
    )


def _differences(function: Callable[..., Any], arrays: tuple, which: int, dy: np.ndarray) -> np.ndarray:
    out = np.empty(arrays[which].shape)
    for index in np.ndindex(out.shape):
        coarse, fine = (_slope(function, arrays, which, index, dy, h) for h in (2.0**-8, 2.0**-10))
        out[index] = (16 * fine - coarse) / 15
    return out


def _slope(function: Callable[..., Any], arrays: tuple, which: int, index: Any, dy: np.ndarray, h: float) -> float:
    sides = []
    for move in (h, -h):
        moved = arrays[which].copy()
        moved[index] += move
        sides.append(np.asarray(function(*arrays[:which], moved, *arrays[which + 1 :]), dtype=np.float64))
    return float((dy * (sides[0] - sides[1])).sum()) / (2 * h)


def push_forward(wrong: Wrong) -> np.ndarray | None:
    """J dy, the derivative of the output in the direction dy, where J^T dy belongs."""
    if wrong.forward is None or wrong.argument not in wrong.inputs or wrong.dy.shape != wrong.got.shape:
        return None
    function, arrays = _function(wrong, wrong.config), dict(wrong.inputs)
    try:
        with exact.bits(exact.LADDER[0][0]):
            lifted = {name: exact.lift(array) for name, array in arrays.items()}
            h = flint.arb(2) ** -100
            step = exact.lift(wrong.dy) * h
            ends = [
                function(*{**lifted, wrong.argument: lifted[wrong.argument] + sign * step}.values()) for sign in (1, -1)
            ]
            return exact.to_float(np.asarray((ends[0] - ends[1]) / (2 * h)))
    except Exception:  # not for exact numbers
        return None
