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
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import balls, fourier
from backcheck_reference.numbers.complex_balls import is_complex
from backcheck_reference.numbers.exact import to_float
from backcheck_reference.numbers.open_comparisons import PICK
from backcheck_reference.numbers.scalar_functions import LOOPS, number


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


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Straight lines between points, and beyond them the values of the outermost."""
    if period is not None:
        raise Unavailable("exact arithmetic is not available for this code: np.interp with a period")
    xp, fp = np.asanyarray(xp), np.asanyarray(fp)
    at = np.clip(_place(_middle(xp), x) - 1, 0, len(xp) - 2)
    low, high = xp[at], xp[at + 1]
    inside = fp[at] + (fp[at + 1] - fp[at]) * ((x - low) / (high - low))
    above = np.where(x > xp[-1], fp[-1] if right is None else right, inside)
    return np.where(x < xp[0], fp[0] if left is None else left, above)


def _place(among: np.ndarray, x: Any) -> Any:
    """Behind how many of these numbers each of `x` stands. Raises Undecidable for a ball that reaches over one."""
    if not isinstance(x, balls.Hull):
        return np.searchsorted(among, _middle(x), side="right")
    middle, radius = balls.spans(bare(x))
    low, high = (np.searchsorted(among, end, side="right") for end in (middle - radius, middle + radius))
    if np.any(low != high):
        raise balls.Undecidable("a place among numbers that a ball leaves open")
    return low


def _middle(x: Any) -> np.ndarray:
    """The numbers as floats, to find a place among them. Raises Undecidable for balls, which may lie in several."""
    if isinstance(x, balls.Hull):
        raise balls.Undecidable("a place among balls")
    return to_float(bare(x)) if np.asarray(x).dtype == object else np.asarray(x, dtype=np.float64)


def lexsort(keys: Any, axis: int = -1) -> Any:
    order = np.arange(np.shape(keys[0])[-1])
    for key in keys:
        order = order[np.argsort(key[order], kind="stable")]
    return order


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = None) -> Any:
    """Whole periods are added, so that no step is longer than half of one."""
    whole = 2 * flint.arb.pi() if period is None else number(period)
    steps = np.diff(p, axis=axis)
    short = np.remainder(steps + whole / 2, whole) - whole / 2
    short = np.where((short == -whole / 2) & (steps > 0), whole / 2, short)
    added = np.where(abs(steps) < (whole / 2 if discont is None else discont), 0, short - steps)
    head = np.zeros_like(np.take(p, [0], axis=axis))
    return p + np.concatenate([head, np.cumsum(added, axis=axis)], axis=axis)


def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, **others: Any) -> Any:
    if any(value is not None for value in others.values()):
        raise Unavailable("exact arithmetic is not available for this code: np.cov with weights")
    rows = [np.atleast_2d(each) if rowvar or np.ndim(each) == 1 else each.T for each in (m, y) if each is not None]
    x = np.concatenate(rows)
    centred = x - np.mean(x, axis=1, keepdims=True)
    free = x.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    return np.squeeze(np.dot(centred, np.conjugate(centred.T)) / free)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    size = np.sqrt(np.diagonal(c))
    return c / size[:, None] / size[None, :]


def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if weights is not None or density or (range is None and np.ndim(bins) == 0):
        raise Unavailable("exact arithmetic is not available for this code: a histogram of this kind")
    return np.histogram(_middle(a), bins, range)


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
    np.sinc: lambda x: LOOPS["sinc"](bare(x)),
    np.vdot: lambda a, b: np.dot(np.conjugate(np.ravel(a)), np.ravel(b)),
    np.angle: angle,
    np.iscomplexobj: is_complex,
    np.isrealobj: lambda x: not is_complex(x),
    np.iscomplex: lambda x: np.imag(x) != 0,
    np.isreal: lambda x: np.imag(x) == 0,
    **{getattr(np.fft, name): _of_lifted(transform) for name, transform in fourier.TRANSFORMS.items()},
    np.correlate: correlate,
    np.bincount: bincount,
    np.interp: interp,
    np.lexsort: lexsort,
    np.unwrap: unwrap,
    np.cov: cov,
    np.corrcoef: corrcoef,
    np.histogram: histogram,
    np.i0: lambda x: LOOPS["i0"](bare(x)),
    **{each: _unless_balls(each) for each in (np.searchsorted, np.digitize, np.unique, np.isin, np.array_equiv)},
}

# Compiled sums of products: on hulls their results are rounded once more, as every operation's are.
CONTRACTIONS = frozenset(
    {np.dot, np.inner, np.einsum, np.convolve, np.linalg.inv, np.linalg.solve, np.linalg.det, np.bincount}
)
