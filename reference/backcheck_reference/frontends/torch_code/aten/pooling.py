"""Pooling on exact numbers, for any number of dimensions."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, along_last, blank
from backcheck_reference.frontends.torch_code.aten.windows import Sizes, Window, fold, patches, window
from backcheck_reference.lazy import flint


def _largest(
    ndim: int,
    x: Array,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Array, Array]:
    over, sizes, lead = window(kernel, stride, padding, dilation, ndim), x.shape[-ndim:], x.shape[:-ndim]
    output = over.output(sizes, ceil_mode)
    area = math.prod(over.kernel)
    rows = patches(x, over, output, fill=float("-inf")).reshape(*lead, area, -1)
    places = patches(np.arange(math.prod(sizes)).reshape(sizes), over, output).reshape(area, -1)
    won = rows.argmax(axis=-2, keepdims=True)
    y = np.take_along_axis(rows, won, -2).reshape(*lead, *output)
    return y, places[won.squeeze(-2), np.arange(places.shape[1])].reshape(y.shape)


def _largest_backward(ndim: int, dy: Array, x: Array, *options: Any) -> Array:
    index, lead = options[-1], math.prod(x.shape[:-ndim])
    out = blank((lead, math.prod(x.shape[-ndim:])), dy)
    np.add.at(out, (np.arange(lead)[:, None], index.reshape(lead, -1)), dy.reshape(lead, -1))
    return out.reshape(x.shape)


def _average(
    ndim: int,
    x: Array,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_padding: bool = True,
    divisor: Any = None,
) -> Array:
    over, sizes = window(kernel, stride, padding, 1, ndim), x.shape[-ndim:]
    output = over.output(sizes, ceil_mode)
    total = np.add.reduce(patches(x, over, output), axis=tuple(range(-2 * ndim, -ndim)))
    mean: Array = total / _divisors(over, sizes, output, count_padding, divisor)
    return mean


def _average_backward(
    ndim: int,
    dy: Array,
    x: Array,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_padding: bool,
    divisor: Any,
) -> Array:
    over, sizes = window(kernel, stride, padding, 1, ndim), x.shape[-ndim:]
    lead, output = dy.shape[:-ndim], dy.shape[-ndim:]
    share = dy / _divisors(over, sizes, output, count_padding, divisor)
    spread = share.reshape(*lead, *[1] * ndim, *output)
    return fold(np.broadcast_to(spread, (*lead, *over.kernel, *output), subok=True), over, sizes)


def _divisors(over: Window, sizes: Sizes, output: Sizes, count_padding: bool, divisor: Any) -> Any:
    """By how many entries each window's sum is divided; what ceil_mode adds on the right never counts."""
    if divisor is not None:
        return divisor
    counts = []
    for n, k, s, p, o in zip(sizes, over.kernel, over.stride, over.padding, output, strict=True):
        start = np.arange(o) * s - p
        end = np.minimum(start + k, n + p)
        counts.append(end - start if count_padding else np.minimum(end, n) - np.maximum(start, 0))
    return functools.reduce(np.multiply.outer, counts)


def _shares(length: int, pieces: int) -> Array:
    """A matrix whose row i takes the mean of the part of an axis that piece i covers."""
    found = np.full((pieces, length), flint.arb(0), dtype=object)
    for i in range(pieces):
        start, end = i * length // pieces, -(-(i + 1) * length // pieces)
        found[i, start:end] = flint.arb(1) / (end - start)
    return found


def _adaptive(ndim: int, x: Array, output: Any) -> Array:
    sizes = zip(x.shape[-ndim:], output, strict=True)
    return along_last(x, [_shares(length, pieces).T for length, pieces in sizes])


def _adaptive_backward(ndim: int, dy: Array, x: Array) -> Array:
    sizes = zip(x.shape[-ndim:], dy.shape[-ndim:], strict=True)
    return along_last(dy, [_shares(length, pieces) for length, pieces in sizes])


def _adaptive_largest(ndim: int, x: Array, output: Any) -> tuple[Array, Array]:
    sizes, lead = x.shape[-ndim:], x.shape[:-ndim]
    places = np.arange(math.prod(sizes)).reshape(sizes)
    y, index = blank((*lead, *output), x), np.zeros((*lead, *output), np.int64)
    for at in np.ndindex(*output):
        bounds = zip(at, sizes, output, strict=True)
        part: Any = (..., *(slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in bounds))
        rows = x[part].reshape(*lead, -1)
        won = rows.argmax(axis=-1)
        to: Any = (..., *at)
        y[to] = np.take_along_axis(rows, won[..., None], -1)[..., 0]
        index[to] = places[part].ravel()[won]
    return y, index


def _of(operator: Operator, dimensions: Sequence[int], name: str) -> dict[str, Operator]:
    return {name.format(ndim): functools.partial(operator, ndim) for ndim in dimensions}


POOLING: Mapping[str, Operator] = {
    **_of(_largest, (2, 3), "max_pool{}d_with_indices"),
    **_of(_largest_backward, (2, 3), "max_pool{}d_with_indices_backward"),
    **_of(_average, (1, 2, 3), "avg_pool{}d"),
    **_of(_average_backward, (2, 3), "avg_pool{}d_backward"),
    **_of(_adaptive_largest, (2, 3), "adaptive_max_pool{}d"),
    **_of(_largest_backward, (2, 3), "adaptive_max_pool{}d_backward"),
    **_of(_adaptive, (2, 3), "_adaptive_avg_pool{}d"),
    **_of(_adaptive_backward, (2, 3), "_adaptive_avg_pool{}d_backward"),
}
