"""`grid_sample` on exact numbers: x[n, c, places...] read at the points of grid[n, places..., d].

A point is first brought to the units of the array and, where it is to stay inside, clipped or reflected. Then it is the
sum over its neighbours of weight and value, in every dimension alike.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.frontends.torch_code.aten.interpolation import cubic
from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank, unavailable
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import Hull, Undecidable
from backcheck_reference.numbers.comparisons import greater_equal, less_equal
from backcheck_reference.numbers.scalar_functions import each
from backcheck_reference.numbers.scalars.steps import nearest_integer

LINEAR, NEAREST, CUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2


class Along(NamedTuple):
    """One axis of all points: for each neighbour its place, its weight, and the slope of the weight by the grid."""

    places: list[Array]
    weights: list[Any]
    slopes: list[Any]


def _whole(x: Array, what: Any) -> Array:
    """Whole numbers as integers. Raises Undecidable where a ball reaches over two."""
    found = [what(value).unique_fmpz() for value in x.view(np.ndarray).ravel()]
    if any(value is None for value in found):
        several = "which neighbours a point of the grid has, where balls overlap"
        raise Undecidable(several) if isinstance(x, Hull) else unavailable(several)
    return np.array([int(value) for value in found], dtype=np.int64).reshape(x.shape)


def _inside(x: Array, n: int, padding: int, align: bool) -> tuple[Array, Any]:
    """A coordinate brought into an axis of length n, and its slope."""
    if padding == ZEROS:
        return x, flint.arb(1)
    slope: Any = flint.arb(1)
    if padding == REFLECTION:
        low, span = (flint.arb(0), flint.arb(n - 1)) if align else (flint.arb(-0.5), flint.arb(n))
        if span == 0:
            return np.zeros(x.shape) * x, flint.arb(0)
        away = abs(x - low)
        sign = np.where(greater_equal(x, low), flint.arb(1), flint.arb(-1))
        turns = _whole(away / span, lambda value: value.floor())
        beyond = away - turns * span
        odd = turns % 2 == 1
        x = np.where(odd, span - beyond, beyond) + low
        slope = sign * np.where(odd, flint.arb(-1), flint.arb(1))
    clipped = np.minimum(np.maximum(x, flint.arb(0)), flint.arb(n - 1))
    within = np.logical_and(greater_equal(x, flint.arb(0)), less_equal(x, flint.arb(n - 1)))
    return clipped, slope * np.where(within, flint.arb(1), flint.arb(0))


def _axis(grid: Array, n: int, mode: int, padding: int, align: bool) -> Along:
    scale = flint.arb(n - 1 if align else n) / 2
    x = (grid + 1) * scale - (0 if align else flint.arb(0.5))
    if mode == CUBIC:
        return _cubic_axis(x, scale, n, padding, align)
    x, slope = _inside(x, n, padding, align)
    if mode == NEAREST:
        return Along([_whole(x, nearest_integer)], [flint.arb(1)], [flint.arb(0)])
    first = _whole(x, lambda value: value.floor())
    part = x - first
    return Along([first, first + 1], [1 - part, part], [-slope * scale, slope * scale])


def _cubic_axis(x: Array, scale: Any, n: int, padding: int, align: bool) -> Along:
    a = flint.arb(-0.75)
    first = _whole(x, lambda value: value.floor())
    t = x - first
    places = []
    for k in range(-1, 3):
        at, _ = _inside(np.array(each(flint.arb)(first + k), dtype=object), n, padding, align)
        places.append(_whole(np.asarray(at), nearest_integer))
    near = [
        lambda v: (3 * (a + 2) * v - 2 * (a + 3)) * v,
        lambda v: (3 * a * v - 10 * a) * v + 8 * a,
    ]
    slopes = [near[1](t + 1), near[0](t), -near[0](1 - t), -near[1](2 - t)]
    return Along(places, cubic(t, a), [slope * scale for slope in slopes])


class Neighbour(NamedTuple):
    """One neighbour of all points: where it is in a row of the array, whether it is there, weight and slopes."""

    at: Array
    there: Array
    weight: Any
    slopes: list[Any]


def _neighbours(sizes: Sequence[int], grid: Array, mode: int, padding: int, align: bool) -> Iterator[Neighbour]:
    """The grid has x, the last axis of the array, first."""
    axes = [_axis(grid[..., len(sizes) - 1 - k], n, mode, padding, align) for k, n in enumerate(sizes)]
    for chosen in itertools.product(*(range(len(axis.places)) for axis in axes)):
        there = np.ones(grid.shape[:-1], dtype=bool)
        at = np.zeros(grid.shape[:-1], dtype=np.int64)
        for axis, k, n in zip(axes, chosen, sizes, strict=True):
            place = axis.places[k]
            there &= (place >= 0) & (place < n)
            at = at * n + np.clip(place, 0, n - 1)
        weights = [axis.weights[k] for axis, k in zip(axes, chosen, strict=True)]
        slopes = []
        for k, axis in enumerate(axes):
            others = [w for j, w in enumerate(weights) if j != k]
            slopes.append(_product([axis.slopes[chosen[k]], *others]))
        yield Neighbour(at, there, _product(weights), slopes)


def _product(factors: Sequence[Any]) -> Any:
    found = factors[0]
    for factor in factors[1:]:
        found = found * factor
    return found


def _rows(x: Array) -> Array:
    return x.reshape(x.shape[0], x.shape[1], -1)


def _read(x: Array, neighbour: Neighbour) -> Array:
    """The values (n, c, places...) of one neighbour; nothing is 0 outside."""
    rows = _rows(x)
    batch = np.arange(x.shape[0]).reshape(-1, *[1] * (neighbour.at.ndim - 1))
    found = np.moveaxis(rows[batch, :, neighbour.at], -1, 1)
    return np.where(neighbour.there[:, None], found, flint.arb(0))


def _spread(values: Any) -> Any:
    """A number for each point beside the channels."""
    return values[:, None] if isinstance(values, np.ndarray) and values.ndim else values


def _sampled(x: Array, grid: Array, mode: int, padding: int, align: bool) -> Array:
    parts = [
        _read(x, neighbour) * _spread(neighbour.weight)
        for neighbour in _neighbours(x.shape[2:], grid, mode, padding, align)
    ]
    found: Array = sum(parts[1:], parts[0])
    return found


def _sampled_backward(
    dy: Array, x: Array, grid: Array, mode: int, padding: int, align: bool, wanted: Sequence[bool] = (True, True)
) -> tuple[Array, Array]:
    dx = blank(_rows(x).shape, dy, x, grid)
    dgrid = blank(grid.shape, dy, x, grid)
    batch = np.arange(x.shape[0]).reshape(-1, *[1] * (grid.ndim - 2))
    channels = np.arange(x.shape[1]).reshape(1, -1, *[1] * (grid.ndim - 2))
    for neighbour in _neighbours(x.shape[2:], grid, mode, padding, align):
        part = np.where(neighbour.there[:, None], dy * _spread(neighbour.weight), flint.arb(0))
        np.add.at(dx, (batch[:, None], channels, neighbour.at[:, None]), part)
        value = np.add.reduce(dy * _read(x, neighbour), axis=1)
        for k, slope in enumerate(neighbour.slopes):
            dgrid[..., len(neighbour.slopes) - 1 - k] += value * slope
    return dx.reshape(x.shape), dgrid


GRIDS: Mapping[str, Operator] = {
    "grid_sampler_2d": _sampled,
    "grid_sampler_3d": _sampled,
    "grid_sampler_2d_backward": _sampled_backward,
    "grid_sampler_3d_backward": _sampled_backward,
}
