"""Convolutions on exact numbers, by patches, and the windows that pooling shares, for any number of dimensions.

A patch array has shape (batch, channels, kernel..., output...): for each place of the output what the kernel sees.
`patches` reads them and `fold` is its transpose, so a transposed convolution is the input gradient of an ordinary
one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank

Sizes = Sequence[int]


class Window(NamedTuple):
    """How a kernel walks over an input, one number for each dimension."""

    kernel: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes

    def places(self, output: Sizes) -> Iterator[tuple[Any, Any]]:
        """For each entry of the kernel its place among the patches, and the part of the padded input that it meets."""
        for at in product(*(range(k) for k in self.kernel)):
            starts = [i * d for i, d in zip(at, self.dilation, strict=True)]
            steps = zip(starts, self.stride, output, strict=True)
            part = (slice(b, b + s * (o - 1) + 1, s) for b, s, o in steps)
            yield (..., *at, *[slice(None)] * len(output)), (..., *part)

    def padded(self, sizes: Sizes, output: Sizes) -> list[int]:
        """The sizes that hold input, padding, and a last window that reaches beyond them."""
        each = zip(self.kernel, self.stride, self.dilation, output, strict=True)
        reach = [s * (o - 1) + d * (k - 1) + 1 for k, s, d, o in each]
        return [max(n + 2 * p, r) for n, p, r in zip(sizes, self.padding, reach, strict=True)]

    def inner(self, sizes: Sizes) -> Any:
        return (..., *(slice(p, p + n) for p, n in zip(self.padding, sizes, strict=True)))

    def output(self, sizes: Sizes, ceil_mode: bool = False) -> list[int]:
        found = []
        for n, k, s, p, d in zip(sizes, *self, strict=True):
            room = n + 2 * p - d * (k - 1) - 1
            count = (-(-room // s) if ceil_mode else room // s) + 1
            # a window may not begin in the padding on the right
            found.append(count - 1 if ceil_mode and (count - 1) * s >= n + p else count)
        return found


def window(kernel: Any, stride: Any, padding: Any, dilation: Any, ndim: int) -> Window:
    return Window(*(_full(each, ndim) for each in (kernel, stride or kernel, padding, dilation)))


def _full(each: Any, ndim: int) -> list[int]:
    """One number for each dimension, where one for all of them will do."""
    given = [each] if isinstance(each, int) else list(each)
    return given * ndim if len(given) == 1 else given


def patches(x: Array, window: Window, output: Sizes, fill: Any = 0) -> Array:
    sizes, lead = x.shape[-len(output) :], x.shape[: -len(output)]
    padded = _buffer((*lead, *window.padded(sizes, output)), x, fill)
    padded[window.inner(sizes)] = x
    found = _buffer((*lead, *window.kernel, *output), x, 0)
    for at, part in window.places(output):
        found[at] = padded[part]
    return found


def _buffer(shape: Any, x: Array, fill: Any) -> Array:
    return blank(shape, x, fill=fill) if x.dtype == object else np.full(shape, fill, x.dtype)


def fold(parts: Array, window: Window, sizes: Sizes) -> Array:
    output = parts.shape[-len(sizes) :]
    padded = blank((*parts.shape[: -2 * len(sizes)], *window.padded(sizes, output)), parts)
    for at, part in window.places(output):
        padded[part] += parts[at]
    inner: Array = padded[window.inner(sizes)].copy()
    return inner


class Convolution(NamedTuple):
    window: Window
    groups: int


def _grouped(x: Array, groups: int, rows: int) -> Array:
    """(batch, groups, rows of a group, everything else)."""
    return x.reshape(x.shape[0], groups, rows, -1)


def _forward(x: Array, weight: Array, output: Sizes, how: Convolution) -> Array:
    rows = weight.shape[1] * math.prod(weight.shape[2:])
    seen = _grouped(patches(x, how.window, output), how.groups, rows)
    y: Array = np.matmul(weight.reshape(how.groups, -1, rows), seen)
    return y.reshape(x.shape[0], weight.shape[0], *output)


def _input_gradient(dy: Array, weight: Array, sizes: Sizes, how: Convolution) -> Array:
    rows = weight.shape[1] * math.prod(weight.shape[2:])
    turned = weight.reshape(how.groups, -1, rows).swapaxes(1, 2)
    parts = np.matmul(turned, _grouped(dy, how.groups, weight.shape[0] // how.groups))
    shape = (dy.shape[0], how.groups * weight.shape[1], *weight.shape[2:], *dy.shape[2:])
    return fold(parts.reshape(shape), how.window, sizes)


def _weight_gradient(dy: Array, x: Array, shape: Sizes, how: Convolution) -> Array:
    rows = shape[1] * math.prod(shape[2:])
    seen = _grouped(patches(x, how.window, dy.shape[2:]), how.groups, rows)
    products = np.matmul(_grouped(dy, how.groups, shape[0] // how.groups), seen.swapaxes(2, 3))
    total: Array = np.add.reduce(products, axis=0)
    return total.reshape(shape)


def _how(weight: Array, stride: Any, padding: Any, dilation: Any, groups: int) -> Convolution:
    return Convolution(window(weight.shape[2:], stride, padding, dilation, weight.ndim - 2), groups)


def _convolution(
    x: Array,
    weight: Array,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    extra: Any,
    groups: int,
) -> Array:
    how = _how(weight, stride, padding, dilation, groups)
    if transposed:
        beyond = _full(extra, x.ndim - 2)
        sizes = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1 + e
            for n, k, s, p, d, e in zip(x.shape[2:], *how.window, beyond, strict=True)
        ]
        y = _input_gradient(x, weight, sizes, how)
    else:
        y = _forward(x, weight, how.window.output(x.shape[2:]), how)
    return y if bias is None else y + bias.reshape(-1, *[1] * (x.ndim - 2))


def _convolution_backward(
    dy: Array,
    x: Array,
    weight: Array,
    bias_sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    extra: Any,
    groups: int,
    wanted: Sequence[bool],
) -> tuple[Any, ...]:
    how = _how(weight, stride, padding, dilation, groups)
    dx = dweight = dbias = None
    if wanted[0]:
        pull = _forward if transposed else _input_gradient
        dx = pull(dy, weight, x.shape[2:], how)
    if wanted[1]:
        output, read = (x, dy) if transposed else (dy, x)
        dweight = _weight_gradient(output, read, weight.shape, how)
    if wanted[2]:
        dbias = np.add.reduce(dy, axis=(0, *range(2, dy.ndim)))
    return dx, dweight, dbias


CONVOLUTIONS: Mapping[str, Operator] = {
    "convolution": _convolution,
    "convolution_backward": _convolution_backward,
}
