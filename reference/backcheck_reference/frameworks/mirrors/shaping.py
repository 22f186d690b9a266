"""Mirrors of the shaping rules."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from backcheck_reference.frameworks.mirrors.mirror import Array, Axes, Mirror, Sizes, Tensor, per_axis
from backcheck_reference.lazy import F, jax, jnp, torch

JAX_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _jax_split(x: Array, *, split_size: int | tuple[int, ...], dim: int = 0) -> tuple[Array, ...]:
    if isinstance(split_size, int):
        return tuple(jnp.split(x, list(range(split_size, x.shape[dim], split_size)), axis=dim))
    return tuple(jnp.split(x, list(accumulate(split_size))[:-1], axis=dim))


def _jax_gather(x: Array, index: Array, *, dim: int) -> Array:
    part = tuple(slice(None) if axis == dim % x.ndim else slice(n) for axis, n in enumerate(index.shape))
    return jnp.take_along_axis(x[part], index, axis=dim)


def _jax_flatten(x: Array, *, start_dim: int = 0, end_dim: int = -1) -> Array:
    x = jnp.atleast_1d(x)
    last = end_dim % x.ndim
    return x.reshape(*x.shape[: start_dim % x.ndim], -1, *x.shape[last + 1 :])


def _jax_squeeze(x: Array, *, dim: Axes = None) -> Array:
    dims = range(x.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    return jnp.squeeze(x, axis=tuple(axis for axis in dims if x.shape[axis] == 1))


def _jax_expand(x: Array, *, size: tuple[int, ...]) -> Array:
    known = (*(-1,) * (len(size) - x.ndim), *x.shape)
    return jnp.broadcast_to(x, [n if m == -1 else m for n, m in zip(known, size, strict=True)])


def _torch_pad(x: Tensor, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Tensor:
    if mode == "constant":
        return F.pad(x, pad, mode, value)
    # F.pad pads the last axes of a batch of channels; the axes before are laid together to be one
    axes = len(pad) // 2
    y = F.pad(x.reshape(1, -1, *x.shape[x.ndim - axes :]), pad, mode)
    return y.reshape(*x.shape[: x.ndim - axes], *y.shape[2:])


def _jax_pad(x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Array:
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    if mode == "constant":
        return jax.lax.pad(x, jnp.asarray(value or 0, x.dtype), [(*both, 0) for both in widths])
    return jnp.pad(x, widths, JAX_MODES[mode])


def _jax_resize(x: Array, axis: int, m: int, scale: float, mode: str, align_corners: bool | None) -> Array:
    """One axis by the two neighbours of each place: jax.image puts the places of `nearest` elsewhere."""
    n, places = x.shape[axis], np.arange(m)
    if mode == "nearest":
        scale = n / m if m in (n, 2 * n) else scale  # PyTorch's shortcut
        return x.take(np.minimum(np.floor(places * scale + 1e-9).astype(int), n - 1), axis=axis)
    s = places * ((n - 1) / max(m - 1, 1)) if align_corners else np.maximum((places + 0.5) * scale - 0.5, 0)
    first = np.minimum(np.floor(s + 1e-9).astype(int), n - 1)
    near = jnp.asarray(s - first, x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis % x.ndim))
    return (1 - near) * x.take(first, axis=axis) + near * x.take(np.minimum(first + 1, n - 1), axis=axis)


def _jax_upsample(x: Array, size: Sizes | None, scale_factor: Any, mode: str, align_corners: bool | None) -> Array:
    """By a size, or by a factor where there is none: one number, or one for each of the two axes."""
    factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
    for axis in (2, 3):
        n = x.shape[axis]
        if size is None:
            m, scale = int(n * factors[axis - 2]), 1 / factors[axis - 2]
        else:
            m = per_axis(size, 2)[axis - 2]
            scale = n / m
        x = _jax_resize(x, axis, m, scale, mode, align_corners)
    return x


def _torch_pixel_shuffle(x: Tensor, *, upscale_factor: int) -> Tensor:
    """With one axis for the batch: of five axes PyTorch refuses a layout in memory that has the channels last, of its
    input and of the cotangent, which may have come in it from the nodes behind."""
    y = F.pixel_shuffle(x.reshape(-1, *x.shape[-3:]), upscale_factor)
    return y.reshape(*x.shape[:-3], *y.shape[-3:])


def _jax_pixel_shuffle(x: Array, *, upscale_factor: int) -> Array:
    r = upscale_factor
    *batch, packed, height, width = x.shape
    parts = jnp.moveaxis(x.reshape(*batch, packed // (r * r), r, r, height, width), (-4, -3), (-3, -1))
    return parts.reshape(*batch, packed // (r * r), height * r, width * r)


MIRRORS: Mapping[str, Mirror] = {
    "reshape": Mirror(torch=lambda x, *, shape: torch.reshape(x, shape), jax=lambda x, *, shape: jnp.reshape(x, shape)),
    "flatten": Mirror(
        torch=lambda x, *, start_dim=0, end_dim=-1: torch.flatten(x, start_dim, end_dim), jax=_jax_flatten
    ),
    "squeeze": Mirror(
        torch=lambda x, *, dim=None: torch.squeeze(x) if dim is None else torch.squeeze(x, dim), jax=_jax_squeeze
    ),
    "unsqueeze": Mirror(torch=lambda x, *, dim: torch.unsqueeze(x, dim), jax=lambda x, *, dim: jnp.expand_dims(x, dim)),
    "transpose": Mirror(
        torch=lambda x, *, dim0, dim1: torch.transpose(x, dim0, dim1),
        jax=lambda x, *, dim0, dim1: jnp.swapaxes(x, dim0, dim1),
    ),
    "permute": Mirror(torch=lambda x, *, dims: torch.permute(x, dims), jax=lambda x, *, dims: jnp.transpose(x, dims)),
    "expand": Mirror(torch=lambda x, *, size: x.expand(size), jax=_jax_expand),
    "split": Mirror(torch=lambda x, *, split_size, dim=0: torch.split(x, split_size, dim), jax=_jax_split),
    "slice": Mirror(
        torch=lambda x, *, dim=0, start=None, stop=None, step=1: torch.ops.aten.slice(x, dim, start, stop, step),
        jax=lambda x, *, dim=0, start=None, stop=None, step=1: jnp.moveaxis(
            jnp.moveaxis(x, dim, 0)[start:stop:step], 0, dim
        ),
    ),
    "gather": Mirror(torch=lambda x, index, *, dim: torch.gather(x, dim, index), jax=_jax_gather),
    "pad": Mirror(torch=_torch_pad, jax=_jax_pad),
    "upsample": Mirror(
        torch=lambda x, *, size=None, scale_factor=None, mode="nearest", align_corners=None: F.interpolate(
            x, size, scale_factor, mode, align_corners
        ),
        jax=lambda x, *, size=None, scale_factor=None, mode="nearest", align_corners=None: _jax_upsample(
            x, size, scale_factor, mode, align_corners
        ),
    ),
    "pixel_shuffle": Mirror(torch=_torch_pixel_shuffle, jax=_jax_pixel_shuffle),
}
