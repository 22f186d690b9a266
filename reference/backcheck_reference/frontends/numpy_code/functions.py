"""NumPy's functions on exact arrays, where its own would compare, round or test the truth of balls with plain Python.

Everything here is written in NumPy itself, on whatever arrays come. A function of NumPy that is not in the table runs
as it is, on the loops of `scalar_functions`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.values import (
    bare,
    decided,
    exactly,
    lifted,
    require_room,
    truth,
    write,
)
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import balls, fourier, scalar_functions
from backcheck_reference.numbers.complex_balls import is_complex
from backcheck_reference.numbers.open_comparisons import PICK


def where(condition: Any, *branches: Any) -> Any:
    """Where the condition is a ball that holds 0 and 1, the union of both branches."""
    if not branches:
        return np.nonzero(decided(condition))
    condition = truth(condition)
    if isinstance(condition, balls.Hull):
        return np.asarray(PICK(bare(condition), *map(lifted, branches)), dtype=object)
    return np.where(condition, *map(lifted, branches))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = np.where(condition, choice, result)
    return result


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **options: Any) -> Any:
    """Every piece is computed on the whole of `x`, so that an open condition can take the union of two."""
    pieces = [piece(x, *args, **options) if callable(piece) else piece for piece in funclist]
    conditions = list(condlist) if np.ndim(condlist[0]) or not np.ndim(x) else [condlist]
    result: Any = np.zeros_like(x) + (pieces[-1] if len(pieces) > len(conditions) else 0)
    for condition, piece in zip(conditions, pieces, strict=False):
        result = np.where(condition, piece, result)
    return result


def copyto(target: Any, source: Any, casting: str = "same_kind", where: Any = True) -> None:
    write(target, source if where is True else np.where(where, source, target))


def _into(function: Callable[..., Any]) -> Callable[..., None]:
    """A function that writes into its first argument."""

    def into(target: Any, *args: Any, **options: Any) -> None:
        require_room(target)
        function(bare(target), *map(bare, args), **{name: bare(value) for name, value in options.items()})
        exactly(bare(target))

    return into


def place(target: Any, mask: Any, values: Any) -> None:
    target[mask] = values if np.size(values) == 1 else np.resize(values, np.count_nonzero(mask))


def array_equal(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.all(a == b))


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    largest = np.finfo(np.float64).max
    endless = np.where(bare(x) > 0, largest if posinf is None else posinf, -largest if neginf is None else neginf)
    result = np.where(np.isnan(x), nan, np.where(np.isinf(x), endless, bare(x)))
    if not copy:
        write(x, result)
    return x if not copy else result


def angle(z: Any, deg: bool = False) -> Any:
    found = np.arctan2(np.imag(z), np.real(z))
    return np.degrees(found) if deg else found


def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    if len(v) > len(a):
        return np.conjugate(np.correlate(v, a, mode)[::-1])
    return np.convolve(a, np.conjugate(v)[::-1], mode)


def bincount(x: Any, weights: Any, minlength: int = 0) -> Any:
    counts = np.full(max(int(np.max(x, initial=-1)) + 1, minlength), flint.arb(0), dtype=object)
    np.add.at(counts, x, bare(weights))
    return counts


def _unless_balls(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that compares in compiled code, where balls that overlap would go either way."""

    def unless(*args: Any, **options: Any) -> Any:
        if any(isinstance(each, balls.Hull) for each in (*args, *options.values())):
            raise balls.Undecidable(f"np.{function.__name__} of balls")
        return function(*map(bare, args), **{name: bare(value) for name, value in options.items()})

    return unless


def _of_lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array, *args, **options: function(np.asarray(lifted(array)), *args, **options)


OWN_FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.where: where,
    np.select: select,
    np.piecewise: piecewise,
    np.copyto: copyto,
    np.putmask: lambda a, mask, values: copyto(a, np.resize(values, a.shape), where=mask),
    np.place: place,
    np.put: _into(np.put),
    np.put_along_axis: _into(np.put_along_axis),
    np.fill_diagonal: _into(np.fill_diagonal),
    np.count_nonzero: lambda a, axis=None, **options: np.count_nonzero(decided(a), axis, **options),
    np.array_equal: array_equal,
    np.nan_to_num: nan_to_num,
    np.sinc: lambda x: scalar_functions.SINC(bare(x)),
    np.vdot: lambda a, b: np.dot(np.conjugate(np.ravel(a)), np.ravel(b)),
    np.angle: angle,
    np.iscomplexobj: is_complex,
    np.isrealobj: lambda x: not is_complex(x),
    np.iscomplex: lambda x: np.imag(x) != 0,
    np.isreal: lambda x: np.imag(x) == 0,
    **{getattr(np.fft, name): _of_lifted(transform) for name, transform in fourier.TRANSFORMS.items()},
    np.correlate: correlate,
    np.bincount: bincount,
    **{
        each: _unless_balls(each)
        for each in (np.searchsorted, np.digitize, np.unique, np.lexsort, np.isin, np.array_equiv)
    },
}

# Compiled sums of products: on hulls their results are rounded once more, as every operation's are.
CONTRACTIONS = frozenset(
    {np.dot, np.inner, np.einsum, np.convolve, np.linalg.inv, np.linalg.solve, np.linalg.det, np.bincount}
)
