"""Losses and reductions: Kullback-Leibler divergence, mean squared error, Huber, mean and variance of rows."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tests.subjects.kernels.corpus.entry import LOW, ROWS_AND_COLUMNS, Entry, blocks, fused, normal, pair_of_rows, rows

DELTA = 1.5


def _squares_reference(x: Tensor, z: Tensor) -> Tensor:
    return ((x - z) * (x - z)).mean()


def _huber_reference(x: Tensor, z: Tensor) -> Tensor:
    return functional.huber_loss(x, z, delta=DELTA)


def _divergence_reference(x: Tensor, z: Tensor) -> Tensor:
    """sum p (log p - log q) over each row, p and q the softmax of z and x."""
    log_q, log_p = torch.log_softmax(x, -1), torch.log_softmax(z, -1)
    return (torch.exp(log_p) * (log_p - log_q)).sum(-1).mean()


def _mean_reference(x: Tensor) -> Tensor:
    return x.mean(-1)


def _variance_reference(x: Tensor) -> Tensor:
    return x.var(-1, correction=0)


def _in_stages(values: Tensor) -> Tensor:
    """The mean of all entries: partial sums of blocks of rows, then their sum."""
    return torch.stack([values[part].sum() for part in blocks(len(values), 16)]).sum() / values.numel()


def squares_forward(x: Tensor, z: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    return _in_stages((x.float() - z.float()) ** 2).to(x.dtype), (x, z)


def squares_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    x, z = saved
    dx = (x.float() - z.float()) * (2 * dy.float() / x.numel())
    return dx.to(x.dtype), (-dx).to(x.dtype)


def _by_rows(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    """Divided by the number of rows, not of entries."""
    x, z = saved
    dx = (x.float() - z.float()) * (2 * dy.float() / len(x))
    return dx.to(x.dtype), (-dx).to(x.dtype)


def _low_loss(x: Tensor, z: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The blocks' means are added up in the dtype, an atomic add each."""
    loss = torch.zeros((), dtype=x.dtype)
    for part in ((x.float() - z.float()) ** 2).sum(1) / x.numel():
        loss = loss + part.to(x.dtype)
    return loss, (x, z)


def huber_forward(x: Tensor, z: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    apart = (x.float() - z.float()).abs()
    return _in_stages(torch.where(apart < DELTA, 0.5 * apart**2, DELTA * (apart - 0.5 * DELTA))).to(x.dtype), (x, z)


def huber_backward(saved: tuple[Tensor, Tensor], dy: Tensor, ends: float = DELTA) -> tuple[Tensor, Tensor]:
    x, z = saved
    dx = (x.float() - z.float()).clamp(-ends, ends) * (dy.float() / x.numel())
    return dx.to(x.dtype), (-dx).to(x.dtype)


def _smooth_l1(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    dx, dz = huber_backward(saved, dy)
    return (dx.float() / DELTA).to(dx.dtype), (dz.float() / DELTA).to(dz.dtype)


def _logs(x: Tensor) -> Tensor:
    wide = x.float()
    largest = wide.amax(1, keepdim=True)
    return (
        wide
        - largest
        - torch.log(sum(torch.exp(wide[:, c] - largest).sum(1, keepdim=True) for c in blocks(x.shape[1], 64)))
    )


def divergence_forward(x: Tensor, z: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    log_q, log_p = _logs(x), _logs(z)
    each = (torch.exp(log_p) * (log_p - log_q)).sum(1)
    return (each.sum() / len(x)).to(x.dtype), (x, z)


def divergence_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    """dx = (q - p) dy / n; dz = p (log p - log q - their mean under p) dy / n."""
    x, z = saved
    log_q, log_p, g = _logs(x), _logs(z), dy.float() / len(x)
    p, apart = torch.exp(log_p), log_p - log_q
    dz = p * (apart - (p * apart).sum(1, keepdim=True)) * g
    return ((torch.exp(log_q) - p) * g).to(x.dtype), dz.to(x.dtype)


def _no_mean(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    x, z = saved
    log_q, log_p = _logs(x), _logs(z)
    dz = torch.exp(log_p) * (log_p - log_q) * dy.float() / len(x)
    return divergence_backward(saved, dy)[0], dz.to(x.dtype)


def mean_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    return (sum(x[:, c].float().sum(1) for c in blocks(x.shape[1], 64)) / x.shape[1]).to(x.dtype), (x,)


def mean_backward(saved: tuple[Tensor], dy: Tensor) -> Tensor:
    (x,) = saved
    return (dy.float() / x.shape[1]).to(x.dtype)[:, None].expand(x.shape).contiguous()


def _by_block(saved: tuple[Tensor], dy: Tensor) -> Tensor:
    """Divided by the columns of whole blocks: the size of the loop, not of the row."""
    (x,) = saved
    return mean_backward((x.new_empty(len(x), -(-x.shape[1] // 64) * 64),), dy)[:, : x.shape[1]].contiguous()


def _shifted_rows(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor]:
    n, d = ROWS_AND_COLUMNS[size]
    return ((normal(dtype, generator, n, d) + normal(dtype, generator, n, 1, scale=2.0)).to(dtype),)


def variance_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    wide = x.float()
    mean = sum(wide[:, c].sum(1, keepdim=True) for c in blocks(x.shape[1], 64)) / x.shape[1]
    return (((wide - mean) ** 2).sum(1) / x.shape[1]).to(x.dtype), (x, mean)


def variance_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> Tensor:
    x, mean = saved
    return ((x.float() - mean) * (2 * dy.float() / x.shape[1])[:, None]).to(x.dtype)


def _once_through(x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The mean of squares less the square of the mean, both as stored in the dtype: most of it cancels."""
    wide = x.float()
    mean, squares = (each.mean(1, keepdim=True).to(x.dtype).float() for each in (wide, wide * wide))
    return (squares - mean * mean)[:, 0].to(x.dtype), (x, mean)


def _entry(operation: str, first, second, reference, draw, insides: str = "", name: str = "", **rest) -> Entry:
    return Entry(operation.replace(" ", "_") + name, operation, fused(first, second), reference, draw, insides, **rest)


_SQUARES = ("mse", squares_forward, squares_backward, _squares_reference, pair_of_rows)
_HUBER = ("huber", huber_forward, huber_backward, _huber_reference, pair_of_rows)
_DIVERGENCE = ("kl divergence", divergence_forward, divergence_backward, _divergence_reference, pair_of_rows)
_MEAN = ("mean", mean_forward, mean_backward, _mean_reference, rows)
_VARIANCE = ("variance", variance_forward, variance_backward, _variance_reference, _shifted_rows)


def _wrong(right: tuple, name: str, fault: str, first=None, second=None, **rest) -> Entry:
    operation, forward, backward, reference, draw = right
    return _entry(operation, first or forward, second or backward, reference, draw, name=name, fault=fault, **rest)


ENTRIES = (
    *(_entry(*right, insides="float32") for right in (_SQUARES, _HUBER, _DIVERGENCE, _MEAN, _VARIANCE)),
    _wrong(_SQUARES, "_rows", "gradient divided by the rows and not by the entries", second=_by_rows),
    _wrong(_SQUARES, "_low_loss", "loss summed in the dtype, float32 promised", _low_loss, dtypes=LOW),
    _wrong(_HUBER, "_smooth_l1", "backward of smooth l1: divided by delta", second=_smooth_l1),
    _wrong(_DIVERGENCE, "_no_mean", "dz without the mean under p", second=_no_mean),
    _wrong(_MEAN, "_block", "backward divides by the columns of whole blocks", second=_by_block),
    _wrong(_VARIANCE, "_once", "squares less square in the dtype: cancels", _once_through, dtypes=LOW),
)
