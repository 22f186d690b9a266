"""Norms over other axes than the last: group norm of images, batch norm in training."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tests.subjects.kernels.corpus.entry import Entry, affine, fused, normal, rows_and_two_vectors, total

EPS = 1e-5
GROUPS = 3
IMAGES = {"small": (2, 3, 2, 3), "odd": (5, 6, 7, 5), "large": (8, 24, 16, 16)}
Gradients = tuple[Tensor, Tensor, Tensor]


def _images(dtype: torch.dtype, size: str, generator: torch.Generator) -> Gradients:
    n, c, h, w = IMAGES[size]
    x = normal(dtype, generator, n, c, h, w, scale=2.0) + normal(dtype, generator, n, c, 1, 1)
    return x, affine(dtype, generator, c), affine(dtype, generator, c)


def _reference(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return functional.group_norm(x, GROUPS, gamma, beta, EPS)


def _batch_reference(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return functional.batch_norm(x, None, None, gamma, beta, training=True, eps=EPS)


def _moments(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    mean = x.mean(axis, keepdim=True)
    return mean, torch.rsqrt(((x - mean) ** 2).mean(axis, keepdim=True) + EPS)


def _along(vector: Tensor) -> Tensor:
    return vector.float()[None, :, None, None]


def forward(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """A program for each image and group: its channels and pixels are one row."""
    groups = x.float().reshape(len(x), GROUPS, -1)
    mean, rstd = _moments(groups, 2)
    xhat = ((groups - mean) * rstd).reshape(x.shape)
    return (xhat * _along(gamma) + _along(beta)).to(x.dtype), (x, gamma, mean, rstd)


def backward(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    x, gamma, mean, rstd = saved
    rows = (len(x), GROUPS, -1)
    xhat = (x.float().reshape(rows) - mean) * rstd
    g = (dy.float() * _along(gamma)).reshape(rows)
    dx = rstd * (g - g.mean(2, keepdim=True) - xhat * (g * xhat).mean(2, keepdim=True))
    dgamma, dbeta = _by_channel(dy.float() * xhat.reshape(x.shape)), _by_channel(dy.float())
    return dx.reshape(x.shape).to(x.dtype), dgamma.to(x.dtype), dbeta.to(x.dtype)


def _by_channel(x: Tensor) -> Tensor:
    """Partial sums of each image, then their sum."""
    return total(x.flatten(2).sum(2), step=4)


def _groups_interleaved(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The channel is program % channels for program // pixels: gamma and beta are read along the wrong axis."""
    _, saved = forward(x, gamma, beta)
    groups = (x.float().reshape(len(x), GROUPS, -1) - saved[2]) * saved[3]
    channel = torch.arange(x[0].numel()).reshape(x.shape[1:]) % x.shape[1]
    return (groups.reshape(x.shape) * gamma.float()[channel] + beta.float()[channel]).to(x.dtype), saved


def _first_image_only(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    """Every image stores its part of dgamma at the same place, without an atomic add: the last one stays."""
    x, gamma, mean, rstd = saved
    dx, _, dbeta = backward(saved, dy)
    return dx, backward((x[-1:], gamma, mean[-1:], rstd[-1:]), dy[-1:])[1], dbeta


def batch_forward(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Statistics of each column, in two stages over blocks of rows."""
    wide = x.float()
    mean = total(wide) / len(x)
    rstd = torch.rsqrt(total((wide - mean) ** 2) / len(x) + EPS)
    return ((wide - mean) * rstd * gamma.float() + beta.float()).to(x.dtype), (x, gamma, mean, rstd)


def batch_backward(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    x, gamma, mean, rstd = saved
    wide, xhat = dy.float(), (x.float() - mean) * rstd
    dgamma, dbeta = total(wide * xhat), total(wide)
    dx = gamma.float() * rstd * (wide - dbeta / len(x) - xhat * dgamma / len(x))
    return dx.to(x.dtype), dgamma.to(x.dtype), dbeta.to(x.dtype)


def _stored_batch_forward(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Mean and deviation are buffers of the dtype, as running statistics of a half-precision module are."""
    wide = x.float()
    mean = (total(wide) / len(x)).to(x.dtype).float()
    rstd = torch.rsqrt(total((wide - mean) ** 2) / len(x) + EPS).to(x.dtype).float()
    return ((wide - mean) * rstd * gamma.float() + beta.float()).to(x.dtype), (x, gamma, mean, rstd)


def _evaluation_backward(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    """The statistics of the batch are taken for constants, as in evaluation."""
    x, gamma, _, rstd = saved
    _, dgamma, dbeta = batch_backward(saved, dy)
    return (dy.float() * gamma.float() * rstd).to(x.dtype), dgamma, dbeta


def _batch(name: str, first, second, insides: str = "", fault: str = "") -> Entry:
    kernel = fused(first, second)
    return Entry(name, "batch norm", kernel, _batch_reference, rows_and_two_vectors, insides, fault)


ENTRIES = (
    Entry("group_norm", "group norm", fused(forward, backward), _reference, _images, "float32"),
    Entry(
        "group_norm_axis", "group norm", fused(_groups_interleaved, backward), _reference, _images,
        fault="gamma and beta by the wrong axis of the program",
    ),
    Entry(
        "group_norm_last_writer", "group norm", fused(forward, _first_image_only), _reference, _images,
        fault="no atomic add for dgamma: the last image's part stays",
    ),
    _batch("batch_norm", batch_forward, batch_backward, "float32"),
    _batch("batch_norm_stored", _stored_batch_forward, batch_backward, "stored"),
    _batch("batch_norm_evaluation", batch_forward, _evaluation_backward, fault="backward of evaluation, not training"),
)  # fmt: skip
