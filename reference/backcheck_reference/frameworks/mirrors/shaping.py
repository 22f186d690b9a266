"""Mirrors of the shaping rules."""

from collections.abc import Mapping
from itertools import accumulate

import numpy as np

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import F, jax, jnp, torch

JAX_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _jax_split(x, split_size, dim):
    if isinstance(split_size, int):
        return tuple(jnp.split(x, list(range(split_size, x.shape[dim], split_size)), axis=dim))
    return tuple(jnp.split(x, list(accumulate(split_size))[:-1], axis=dim))


def _jax_gather(x, index, dim):
    part = tuple(slice(None) if axis == dim % x.ndim else slice(n) for axis, n in enumerate(index.shape))
    return jnp.take_along_axis(x[part], index, axis=dim)


def _jax_flatten(x, start_dim, end_dim):
    x = jnp.atleast_1d(x)
    last = end_dim % x.ndim
    return x.reshape(*x.shape[: start_dim % x.ndim], -1, *x.shape[last + 1 :])


def _jax_squeeze(x, dim):
    dims = range(x.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    return jnp.squeeze(x, axis=tuple(axis for axis in dims if x.shape[axis] == 1))


def _jax_expand(x, size):
    known = (*(-1,) * (len(size) - x.ndim), *x.shape)
    return jnp.broadcast_to(x, [n if m == -1 else m for n, m in zip(known, size, strict=True)])


def _torch_pad(x, pad, mode, value):
    if mode == "constant":
        return F.pad(x, pad, mode, value)
    # F.pad pads the last axes of a batch of channels; the axes before are laid together to be one
    axes = len(pad) // 2
    y = F.pad(x.reshape(1, -1, *x.shape[x.ndim - axes :]), pad, mode)
    return y.reshape(*x.shape[: x.ndim - axes], *y.shape[2:])


def _jax_pad(x, pad, mode, value):
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    if mode == "constant":
        return jax.lax.pad(x, jnp.asarray(value or 0, x.dtype), [(*both, 0) for both in widths])
    return jnp.pad(x, widths, JAX_MODES[mode])


def _jax_resize(x, axis, size, factor, mode, align_corners):
    """By the two neighbours of each place: jax.image puts the places of `nearest` elsewhere."""
    n = x.shape[axis]
    m = int(n * factor) if size is None else size
    o, scale = np.arange(m), n / m if size is not None else 1 / factor
    if mode == "nearest":
        scale = n / m if m in (n, 2 * n) else scale  # PyTorch's shortcut
        return x.take(np.minimum(np.floor(o * scale + 1e-9).astype(int), n - 1), axis=axis)
    s = o * ((n - 1) / max(m - 1, 1)) if align_corners else np.maximum((o + 0.5) * scale - 0.5, 0)
    first = np.minimum(np.floor(s + 1e-9).astype(int), n - 1)
    near = jnp.asarray(s - first, x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis % x.ndim))
    return (1 - near) * x.take(first, axis=axis) + near * x.take(np.minimum(first + 1, n - 1), axis=axis)


def _jax_upsample(x, size, scale_factor, mode, align_corners):
    sizes, factors = (each if isinstance(each, tuple) else (each, each) for each in (size, scale_factor))
    tall = _jax_resize(x, 2, sizes[0], factors[0], mode, align_corners)
    return _jax_resize(tall, 3, sizes[1], factors[1], mode, align_corners)


def _jax_pixel_shuffle(x, r):
    *batch, packed, height, width = x.shape
    parts = jnp.moveaxis(x.reshape(*batch, packed // (r * r), r, r, height, width), (-4, -3), (-3, -1))
    return parts.reshape(*batch, packed // (r * r), height * r, width * r)


MIRRORS: Mapping[str, Mirror] = {
    "reshape": Mirror(torch=lambda x, *, shape: torch.reshape(x, shape), jax=lambda x, *, shape: jnp.reshape(x, shape)),
    "flatten": Mirror(
        torch=lambda x, *, start_dim=0, end_dim=-1: torch.flatten(x, start_dim, end_dim),
        jax=lambda x, *, start_dim=0, end_dim=-1: _jax_flatten(x, start_dim, end_dim),
    ),
    "squeeze": Mirror(
        torch=lambda x, *, dim=None: torch.squeeze(x) if dim is None else torch.squeeze(x, dim),
        jax=lambda x, *, dim=None: _jax_squeeze(x, dim),
    ),
    "unsqueeze": Mirror(torch=lambda x, *, dim: torch.unsqueeze(x, dim), jax=lambda x, *, dim: jnp.expand_dims(x, dim)),
    "transpose": Mirror(
        torch=lambda x, *, dim0, dim1: torch.transpose(x, dim0, dim1),
        jax=lambda x, *, dim0, dim1: jnp.swapaxes(x, dim0, dim1),
    ),
    "permute": Mirror(torch=lambda x, *, dims: torch.permute(x, dims), jax=lambda x, *, dims: jnp.transpose(x, dims)),
    "expand": Mirror(torch=lambda x, *, size: x.expand(size), jax=lambda x, *, size: _jax_expand(x, size)),
    "split": Mirror(
        torch=lambda x, *, split_size, dim=0: torch.split(x, split_size, dim),
        jax=lambda x, *, split_size, dim=0: _jax_split(x, split_size, dim),
    ),
    "slice": Mirror(
        torch=lambda x, *, dim=0, start=None, stop=None, step=1: torch.ops.aten.slice(x, dim, start, stop, step),
        jax=lambda x, *, dim=0, start=None, stop=None, step=1: jnp.moveaxis(
            jnp.moveaxis(x, dim, 0)[start:stop:step], 0, dim
        ),
    ),
    "gather": Mirror(
        torch=lambda x, index, *, dim: torch.gather(x, dim, index),
        jax=lambda x, index, *, dim: _jax_gather(x, index, dim),
    ),
    "pad": Mirror(
        torch=lambda x, *, pad, mode="constant", value=None: _torch_pad(x, pad, mode, value),
        jax=lambda x, *, pad, mode="constant", value=None: _jax_pad(x, pad, mode, value),
    ),
    "upsample": Mirror(
        torch=lambda x, *, size=None, scale_factor=None, mode="nearest", align_corners=None: F.interpolate(
            x, size, scale_factor, mode, align_corners
        ),
        jax=lambda x, *, size=None, scale_factor=None, mode="nearest", align_corners=None: _jax_upsample(
            x, size, scale_factor, mode, align_corners
        ),
    ),
    "pixel_shuffle": Mirror(
        # of five axes it refuses a layout in memory that has the channels last
        torch=lambda x, *, upscale_factor: F.pixel_shuffle(x.contiguous(), upscale_factor),
        jax=lambda x, *, upscale_factor: _jax_pixel_shuffle(x, upscale_factor),
    ),
}
