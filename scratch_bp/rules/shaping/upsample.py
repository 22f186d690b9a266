"""Images in another size, as F.interpolate has it, along the height and the width alike: y = A x B^T, dx = A^T dy B.

Each row of A belongs to one new place o and holds the weights of the n old places that it is made of.

    bilinear        the two neighbours of s = (o + 1/2) scale - 1/2, weighted by their distance; s is kept on the axis
    align_corners   the same with s = o (n - 1) / (m - 1), so that the ends of both axes meet
    nearest         the entry floor(o scale)

For a given size m the scale is n / m. For a given scale_factor it is 1 / scale_factor, and m = floor(n scale_factor);
but nearest takes n / m also where m comes out as n or 2 n, as PyTorch does.
"""

from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like, matmul
from scratch_bp.rules.shapes import Image, Resized

MODES = ("nearest", "bilinear")
Two = tuple[float, float]


class Places(NamedTuple):
    """Where the new places lie on an axis of n old ones: new place o lies `near` behind the old place `first`.

    That is (o + half) scale - half, unless it was moved back onto the axis.
    """

    n: int
    first: tuple[int, ...]
    near: tuple[Fraction, ...]
    scale: Fraction
    half: Fraction


class Saved(NamedTuple):
    rows: np.ndarray
    columns: np.ndarray


def forward(
    x: Image,
    *,
    size: int | tuple[int, int] | None = None,
    scale_factor: float | Two | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> tuple[Resized, Saved]:
    _require(size, scale_factor, mode, align_corners)
    sizes, factors = _both(size), _both(scale_factor)
    saved = Saved(
        *(
            _matrix(x, _places(n, m, factor, mode, bool(align_corners)))
            for n, m, factor in zip(x.shape[2:], sizes, factors, strict=True)
        )
    )
    return _resized(saved.rows, x, saved.columns.T), saved


def backward(saved: Saved, dy: Resized) -> tuple[Image]:
    return (_resized(saved.rows.T, dy, saved.columns),)


def _require(size: object, scale_factor: object, mode: str, align_corners: bool | None) -> None:
    if (size is None) == (scale_factor is None):
        raise ValueError(f"upsample: either size or scale_factor is given, got {size=} and {scale_factor=}")
    if mode not in MODES:
        raise ValueError(f"upsample: mode is one of {', '.join(MODES)}, got {mode!r}")
    if align_corners is not None and mode != "bilinear":
        raise ValueError(f"upsample: align_corners goes with mode 'bilinear' only, got {align_corners} with {mode!r}")


def _both(value: Any) -> tuple[Any, Any]:
    """For the height and for the width."""
    return value if isinstance(value, tuple) else (value, value)


@lru_cache(maxsize=256)
def _places(n: int, size: int | None, factor: float | None, mode: str, align_corners: bool) -> Places:
    """For every new place of an axis the old place before it, and its distance from there."""
    m = int(n * factor) if size is None else size  # type: ignore[operator]  # one of the two is given
    if m < 1 or n < 1:
        raise ValueError(f"upsample: at least one place is left of an axis, got {m} from {n} ({size=}, {factor=})")
    # the factor as it is written: 21 / 2.1 is 10, but with the binary fraction nearest to 2.1 it is less
    scale, half = Fraction(n, m) if factor is None else 1 / Fraction(str(factor)), Fraction(1, 2)
    if mode == "nearest":
        scale = Fraction(n, m) if m in (n, 2 * n) else scale
        nothing = Fraction(0)
        return Places(n, tuple(min(int(o * scale), n - 1) for o in range(m)), (nothing,) * m, nothing, nothing)
    if align_corners:
        scale, half = Fraction(n - 1, max(m - 1, 1)), Fraction(0)
    s = [max((o + half) * scale - half, Fraction(0)) for o in range(m)]
    first = tuple(min(int(each), n - 1) for each in s)
    return Places(n, first, tuple(each - int(each) for each in s), scale, half)


def _matrix(x: np.ndarray, places: Places) -> np.ndarray:
    """The weights of every new place, in the numbers of x."""
    if x.dtype != object:
        return _floats(places, x.dtype)
    # By the arithmetic of the numbers themselves: every party rounds these weights, so their rounding belongs to the
    # tolerance. Rounding may also put a place that lies on an old one a little before or behind it.
    scale, half = (like(x, f.numerator) / f.denominator for f in (places.scale, places.half))
    zero, rows = like(x, 0), []
    for o, (first, exactly) in enumerate(zip(places.first, places.near, strict=True)):
        row = [zero] * places.n
        clamped = (o + places.half) * places.scale - places.half != first + exactly
        near = zero if clamped else (o + half) * scale - half - first
        row[first] = 1 - near
        row[min(first + 1, places.n - 1)] += near
        if exactly == 0 and first:
            row[first - 1] += near
        rows.append(row)
    return np.array(rows, dtype=object)


@lru_cache(maxsize=256)
def _floats(places: Places, dtype: np.dtype) -> np.ndarray:
    """From fractions, rounded once."""
    rows = [[0.0] * places.n for _ in places.first]
    for row, first, near in zip(rows, places.first, places.near, strict=True):
        row[first] = float(1 - near)
        row[min(first + 1, places.n - 1)] += float(near)
    return np.array(rows).astype(dtype)


def _resized(rows: np.ndarray, x: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return matmul(rows, matmul(x, columns))
