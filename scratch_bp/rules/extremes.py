"""Which entries along an axis are the largest, as numbers between 0 and 1 in the dtype of x that sum to 1.

Exact numbers may be balls: a middle and a radius. A ball does not even equal itself, since its number may be anywhere
inside, so `x == x.max()` is False for every entry. Each entry is therefore compared with the largest of those before it
and with the largest of those after it. A clear winner gets exactly 1 and a clear loser exactly 0; where a comparison
cannot be decided, the share is a ball within [0, 1].
"""

from itertools import accumulate

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Tensor

Parts = list[np.ndarray]
Neighbours = list[np.ndarray | None]


def first_largest(x: Tensor, dim: int) -> Tensor:
    """1 for the first largest entry along the axis: above all before it, and not below any after it. 0 elsewhere."""
    if x.dtype != object:
        places = np.arange(x.shape[dim]).reshape(-1, *(1,) * (x.ndim - 1 - dim % x.ndim))
        first: Tensor = places == x.argmax(dim, keepdims=True)
        return first.astype(x.dtype)
    parts, zero, one = _parts(x, dim), like(x, 0), like(x, 1)
    chosen = []
    for part, before, after in zip(parts, *_around(parts, np.maximum), strict=True):
        mask = np.full(part.shape, one, x.dtype) if before is None else np.where(part > before, one, zero)
        chosen.append(mask if after is None else np.where(part < after, zero, mask))
    return _joined(chosen, dim)


def even_shares(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """1/k for each of the k largest entries along the axis, or over several, 0 elsewhere."""
    if x.dtype != object:
        top = x == np.maximum.reduce(x, dim, keepdims=True)
        return np.asanyarray((top / np.add.reduce(top, dim, keepdims=True)).astype(x.dtype))
    if isinstance(dim, tuple):
        last = tuple(range(x.ndim - len(dim), x.ndim))
        moved = np.moveaxis(x, dim, last)
        shares = even_shares(moved.reshape(*moved.shape[: x.ndim - len(dim)], -1), -1)
        return np.moveaxis(shares.reshape(moved.shape), last, dim)
    parts, zero, one = _parts(x, dim), like(x, 0), like(x, 1)
    tops = []
    for part, before, after in zip(parts, *_around(parts, np.maximum), strict=True):
        top = np.full(part.shape, one, x.dtype)
        for rival in (before, after):
            top = top if rival is None else np.where(part < rival, zero, top)
        tops.append(top)
    # the entry itself counts as a plain 1: so the divisor is at least 1, even where comparisons cannot be decided
    counts = [1 + sum(n for n in both if n is not None) for both in zip(*_around(tops, np.add), strict=True)]
    return _joined([top / count for top, count in zip(tops, counts, strict=True)], dim)


def _parts(x: Tensor, dim: int) -> Parts:
    moved = np.moveaxis(x, dim, 0)
    return [moved[i : i + 1] for i in range(len(moved))]


def _joined(parts: Parts, dim: int) -> np.ndarray:
    return np.moveaxis(np.concatenate(parts), 0, dim)


def _around(parts: Parts, fold: np.ufunc) -> tuple[Neighbours, Neighbours]:
    """For each part the fold of all parts before it and of all parts after it; None where there are none."""
    before = [None, *accumulate(parts[:-1], fold)]
    after = [*accumulate(parts[:0:-1], fold)][::-1]
    return before, [*after, None]
