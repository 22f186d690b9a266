"""Mirrors of pooling. JAX has windows (`lax.reduce_window`) and reductions; the rest is written from these."""

import itertools
import math
from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import F, jax, jnp


def _each(value, axes):
    return value if isinstance(value, tuple) else (value,) * axes


def _windows(x, kernel_size, stride, padding, dilation, ceil_mode):
    """Kernel, stride, padding before and after, and dilation of each axis."""
    axes = x.ndim - 2
    kernel, gaps = _each(kernel_size, axes), _each(dilation, axes)
    steps = kernel if stride is None else _each(stride, axes)
    borders = [
        (p, p + (_overhang(length + 2 * p, g * (k - 1) + 1, s, length + p) if ceil_mode else 0))
        for length, p, g, k, s in zip(x.shape[2:], _each(padding, axes), gaps, kernel, steps, strict=True)
    ]
    return kernel, steps, borders, gaps


def _reduced(x, start, fold, kernel_size, stride, padding, ceil_mode):
    kernel, steps, borders, _ = _windows(x, kernel_size, stride, padding, 1, ceil_mode)
    one = ((1, 1), (1, 1), [(0, 0), (0, 0)])
    window, strides, pads = (lead + type(lead)(rest) for lead, rest in zip(one, (kernel, steps, borders), strict=True))
    return jax.lax.reduce_window(x, start, fold, window, strides, pads)


def _max_of_slices(x, *options):
    """JAX has no gradient of reduce_window's maximum over dilated windows: the first largest of one slice an offset."""
    kernel, steps, borders, gaps = _windows(x, *options)
    padded = jnp.pad(x, [(0, 0), (0, 0), *borders], constant_values=-jnp.inf)
    reach = [g * (k - 1) for g, k in zip(gaps, kernel, strict=True)]
    ends = [size - r for size, r in zip(padded.shape[2:], reach, strict=True)]
    parts = []
    for offset in itertools.product(*map(range, kernel)):
        at = [g * k for g, k in zip(gaps, offset, strict=True)]
        stop = [end + a for end, a in zip(ends, at, strict=True)]
        parts.append(jax.lax.slice(padded, (0, 0, *at), (*x.shape[:2], *stop), (1, 1, *steps)))
    every = jnp.stack(parts)
    return jnp.take_along_axis(every, every.argmax(0, keepdims=True), 0)[0]


def _overhang(room, reach, step, end):
    """How far a last window goes over the padded end, when it begins before the end of x."""
    windows = -(-(room - reach) // step)
    return max(0, windows * step + reach - room) if windows * step < end else 0


def _max(x, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    if max(_each(dilation, 1)) > 1:
        return _max_of_slices(x, kernel_size, stride, padding, dilation, ceil_mode)
    return _reduced(x, -jnp.inf, jax.lax.max, kernel_size, stride, padding, ceil_mode)


def _sum(x, kernel_size, stride, padding, ceil_mode):
    return _reduced(x, 0.0, jax.lax.add, kernel_size, stride, padding, ceil_mode)


def _mean(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    total = _sum(x, kernel_size, stride, padding, ceil_mode)
    if divisor_override is not None:
        return total / divisor_override
    pads = [(p, p) for p in _each(padding, x.ndim - 2)]
    ones = jnp.ones_like(x[:1, :1])
    if count_include_pad:
        ones, padding = jnp.pad(ones, [(0, 0), (0, 0), *pads], constant_values=1), 0
        count = _sum(ones, kernel_size, stride, 0, ceil_mode)[tuple(slice(size) for size in (1, 1, *total.shape[2:]))]
    else:
        count = _sum(ones, kernel_size, stride, padding, ceil_mode)
    return total / count


def _mean1d(x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return _mean(x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def _mean2d(x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    return _mean(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _power(x, *, norm_type, kernel_size, stride=None, ceil_mode=False):
    total = _mean(x**norm_type, kernel_size, stride, 0, ceil_mode, True, None) * math.prod(_each(kernel_size, 2))
    return jnp.where(total == 0, 0, jnp.where(total == 0, 1, total) ** (1 / norm_type))


def _adaptive(fold):
    def pooled(x, *, output_size):
        axes = range(2, x.ndim)
        for axis, size in zip(axes, _each(output_size, len(axes)), strict=True):
            length = x.shape[axis]
            parts = [
                fold(jax.lax.slice_in_dim(x, o * length // size, -(-(o + 1) * length // size), axis=axis), axis)
                for o in range(size)
            ]
            x = jnp.stack(parts, axis)
        return x

    return pooled


def _torch_global(kind):
    def pooled(x):
        return getattr(F, f"adaptive_{kind}_pool{x.ndim - 2}d")(x, 1)

    return pooled


MIRRORS: Mapping[str, Mirror] = {
    "max_pool1d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False: F.max_pool1d(
            x, kernel_size, stride, padding, dilation, ceil_mode
        ),
        jax=_max,
    ),
    "max_pool2d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False: F.max_pool2d(
            x, kernel_size, stride, padding, dilation, ceil_mode
        ),
        jax=_max,
    ),
    "avg_pool1d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True: F.avg_pool1d(
            x, kernel_size, stride, padding, ceil_mode, count_include_pad
        ),
        jax=_mean1d,
    ),
    "avg_pool2d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None: (  # noqa: E501
            F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        ),
        jax=_mean2d,
    ),
    "lp_pool2d": Mirror(
        torch=lambda x, *, norm_type, kernel_size, stride=None, ceil_mode=False: F.lp_pool2d(
            x, norm_type, kernel_size, stride, ceil_mode
        ),
        jax=_power,
    ),
    "adaptive_avg_pool1d": Mirror(
        torch=lambda x, *, output_size: F.adaptive_avg_pool1d(x, output_size),
        jax=_adaptive(lambda part, axis: part.mean(axis)),
    ),
    "adaptive_avg_pool2d": Mirror(
        torch=lambda x, *, output_size: F.adaptive_avg_pool2d(x, output_size),
        jax=_adaptive(lambda part, axis: part.mean(axis)),
    ),
    "adaptive_max_pool2d": Mirror(
        torch=lambda x, *, output_size: F.adaptive_max_pool2d(x, output_size),
        jax=_adaptive(lambda part, axis: part.max(axis)),
    ),
    "global_avg_pool": Mirror(
        torch=_torch_global("avg"), jax=lambda x: x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)
    ),
    "global_max_pool": Mirror(
        torch=_torch_global("max"), jax=lambda x: x.max(axis=tuple(range(2, x.ndim)), keepdims=True)
    ),
}
