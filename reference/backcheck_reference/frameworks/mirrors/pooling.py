"""Mirrors of pooling. JAX has windows (`lax.reduce_window`) and reductions; the rest is written from these."""

import itertools
import math
from collections.abc import Callable, Mapping

from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Sizes, per_axis
from backcheck_reference.lazy import F, jax, jnp


def _overhang(room: int, reach: int, step: int, end: int) -> int:
    """How far a last window goes over the padded end, when it begins before the end of x."""
    windows = -(-(room - reach) // step)
    return max(0, windows * step + reach - room) if windows * step < end else 0


def _borders(
    x: Array, kernel: Sizes, steps: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> list[tuple[int, int]]:
    """The padding before and after each axis."""
    options = (per_axis(each, x.ndim - 2) for each in (kernel, steps, padding, dilation))
    return [
        (p, p + (_overhang(length + 2 * p, gap * (k - 1) + 1, step, length + p) if ceil_mode else 0))
        for length, k, step, p, gap in zip(x.shape[2:], *options, strict=True)
    ]


def _reduced(
    fold: Callable[..., Array], start: float, x: Array, kernel: Sizes, steps: Sizes, padding: Sizes, ceil_mode: bool
) -> Array:
    borders = _borders(x, kernel, steps, padding, 1, ceil_mode)
    window, strides = ((1, 1, *per_axis(each, x.ndim - 2)) for each in (kernel, steps))
    return jax.lax.reduce_window(x, start, fold, window, strides, [(0, 0), (0, 0), *borders])


def _max_of_slices(x: Array, kernel: Sizes, steps: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool) -> Array:
    """The first largest of one slice for each place in the kernel.

    JAX has no gradient of reduce_window's maximum over dilated windows.
    """
    borders = _borders(x, kernel, steps, padding, dilation, ceil_mode)
    padded = jnp.pad(x, [(0, 0), (0, 0), *borders], constant_values=-jnp.inf)
    kernel, steps, gaps = (per_axis(each, x.ndim - 2) for each in (kernel, steps, dilation))
    ends = [n - gap * (k - 1) for n, gap, k in zip(padded.shape[2:], gaps, kernel, strict=True)]
    parts = []
    for place in itertools.product(*map(range, kernel)):
        starts = [gap * k for gap, k in zip(gaps, place, strict=True)]
        stops = [end + start for end, start in zip(ends, starts, strict=True)]
        parts.append(jax.lax.slice(padded, (0, 0, *starts), (*x.shape[:2], *stops), (1, 1, *steps)))
    every = jnp.stack(parts)
    return jnp.take_along_axis(every, every.argmax(0, keepdims=True), 0)[0]


def _max(x: Array, kernel: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, ceil_mode: bool) -> Array:
    steps = kernel if stride is None else stride
    if max(per_axis(dilation, 1)) > 1:
        return _max_of_slices(x, kernel, steps, padding, dilation, ceil_mode)
    return _reduced(jax.lax.max, -jnp.inf, x, kernel, steps, padding, ceil_mode)


def _mean(
    x: Array,
    kernel: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None = None,
) -> Array:
    def total(of: Array, padding: Sizes) -> Array:
        return _reduced(jax.lax.add, 0.0, of, kernel, kernel if stride is None else stride, padding, ceil_mode)

    sums, ones = total(x, padding), jnp.ones_like(x[:1, :1])
    if divisor is not None:
        return sums / divisor
    if not count_include_pad:
        return sums / total(ones, padding)
    pads = [(p, p) for p in per_axis(padding, x.ndim - 2)]
    counts = total(jnp.pad(ones, [(0, 0), (0, 0), *pads], constant_values=1), 0)
    return sums / counts[tuple(slice(size) for size in (1, 1, *sums.shape[2:]))]


def _power(x: Array, norm_type: float, kernel: Sizes, stride: Sizes | None, ceil_mode: bool) -> Array:
    total = _mean(x**norm_type, kernel, stride, 0, ceil_mode, True) * math.prod(per_axis(kernel, 2))
    return jnp.where(total == 0, 0, jnp.where(total == 0, 1, total) ** (1 / norm_type))


def _max_pool(name: str) -> Mirror:
    return Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False: getattr(F, name)(
            x, kernel_size, stride, padding, dilation, ceil_mode
        ),
        jax=lambda x, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False: _max(
            x, kernel_size, stride, padding, dilation, ceil_mode
        ),
    )


def _adaptive_pool(name: str, fold: str) -> Mirror:
    """`fold` is the method of a JAX array that makes one number of a part of an axis."""

    def pooled(x: Array, *, output_size: Sizes) -> Array:
        for axis, size in enumerate(per_axis(output_size, x.ndim - 2), start=2):
            length = x.shape[axis]
            ends = [(o * length // size, -(-(o + 1) * length // size)) for o in range(size)]
            parts = [jax.lax.slice_in_dim(x, start, stop, axis=axis) for start, stop in ends]
            x = jnp.stack([getattr(part, fold)(axis) for part in parts], axis)
        return x

    return Mirror(torch=lambda x, *, output_size: getattr(F, name)(x, output_size), jax=pooled)


def _global_pool(name: str, fold: str) -> Mirror:
    return Mirror(
        torch=lambda x: getattr(F, name.format(x.ndim - 2))(x, 1),
        jax=lambda x: getattr(x, fold)(axis=tuple(range(2, x.ndim)), keepdims=True),
    )


MIRRORS: Mapping[str, Mirror] = {
    **{name: _max_pool(name) for name in ("max_pool1d", "max_pool2d")},
    "avg_pool1d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True: F.avg_pool1d(
            x, kernel_size, stride, padding, ceil_mode, count_include_pad
        ),
        jax=lambda x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True: _mean(
            x, kernel_size, stride, padding, ceil_mode, count_include_pad
        ),
    ),
    "avg_pool2d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None: (  # noqa: E501
            F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        ),
        jax=lambda x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None: (  # noqa: E501
            _mean(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        ),
    ),
    "lp_pool2d": Mirror(
        torch=lambda x, *, norm_type, kernel_size, stride=None, ceil_mode=False: F.lp_pool2d(
            x, norm_type, kernel_size, stride, ceil_mode
        ),
        jax=lambda x, *, norm_type, kernel_size, stride=None, ceil_mode=False: _power(
            x, norm_type, kernel_size, stride, ceil_mode
        ),
    ),
    **{name: _adaptive_pool(name, "mean") for name in ("adaptive_avg_pool1d", "adaptive_avg_pool2d")},
    "adaptive_max_pool2d": _adaptive_pool("adaptive_max_pool2d", "max"),
    "global_avg_pool": _global_pool("adaptive_avg_pool{}d", "mean"),
    "global_max_pool": _global_pool("adaptive_max_pool{}d", "max"),
}
