"""Layer norm over the last axis: y = xhat gamma + beta, xhat = (x - mean) rstd;
dx = rstd (g - mean(g) - xhat mean(g xhat)) with g = dy gamma; dgamma = sum(dy xhat), dbeta = sum(dy)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tests.subjects.kernels.corpus.entry import ALL, LOW, Entry, blocks, fused, rows_and_two_vectors, total

EPS = 1e-5
Gradients = tuple[Tensor, Tensor, Tensor]


def _reference(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], gamma, beta, EPS)


def _statistics(x: Tensor, eps: float = EPS) -> tuple[Tensor, Tensor]:
    """Mean and one over the standard deviation of each row, from sums over blocks of columns, twice through."""
    d = x.shape[1]
    mean = sum(x[:, c].sum(1, keepdim=True) for c in blocks(d, 64)) / d
    squares = sum(((x[:, c] - mean) ** 2).sum(1, keepdim=True) for c in blocks(d, 64))
    return mean, torch.rsqrt(squares / d + eps)


def _normalised(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, rstd: Tensor) -> Tensor:
    return ((x.float() - mean) * rstd * gamma.float() + beta.float()).to(x.dtype)


def forward(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    mean, rstd = _statistics(x.float())
    return _normalised(x, gamma, beta, mean, rstd), (x, gamma, mean, rstd)


def _by_x(g: Tensor, xhat: Tensor, rstd: Tensor) -> Tensor:
    return rstd * (g - g.mean(1, keepdim=True) - xhat * (g * xhat).mean(1, keepdim=True))


def backward(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    x, gamma, mean, rstd = saved
    wide, xhat = dy.float(), (x.float() - mean) * rstd
    dx = _by_x(wide * gamma.float(), xhat, rstd)
    return dx.to(x.dtype), total(wide * xhat).to(x.dtype), total(wide).to(x.dtype)


def _by_groups(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Welford's statistics of blocks of columns, put together as Chan has it: once through the row."""
    wide, count = x.float(), 0
    mean = wide.new_zeros(len(x), 1)
    squares = wide.new_zeros(len(x), 1)
    for columns in blocks(x.shape[1], 32):
        block = wide[:, columns]
        size, own = block.shape[1], block.mean(1, keepdim=True)
        apart = own - mean
        squares += ((block - own) ** 2).sum(1, keepdim=True) + apart**2 * (count * size / (count + size))
        mean += apart * (size / (count + size))
        count += size
    rstd = torch.rsqrt(squares / count + EPS)
    return _normalised(x, gamma, beta, mean, rstd), (x, gamma, mean, rstd)


def _stored_forward(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """xhat and the statistics leave the kernel in the dtype."""
    mean, rstd = (each.to(x.dtype) for each in _statistics(x.float()))
    xhat = ((x.float() - mean.float()).to(x.dtype).float() * rstd.float()).to(x.dtype)
    y = (xhat.float() * gamma.float()).to(x.dtype).float() + beta.float()
    return y.to(x.dtype), (xhat, gamma, rstd)


def _stored_backward(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    xhat, gamma, rstd = saved
    dtype, wide = xhat.dtype, xhat.float()
    g = (dy.float() * gamma.float()).to(dtype).float()
    weighted = (dy.float() * wide).to(dtype).float()
    dx = _by_x(g, wide, rstd.float())
    return dx.to(dtype), total(weighted).to(dtype), total(dy.float()).to(dtype)


def _running(x: Tensor) -> Tensor:
    """The sum over rows in the dtype of the rows, one after the other."""
    summed = torch.zeros_like(x[0])
    for row in x:
        summed = summed + row
    return summed


def _summed_in_the_dtype(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    """dgamma and dbeta are buffers of the dtype that each row adds to, as PyTorch's own on the CPU once were."""
    x, _, mean, rstd = saved
    weighted = (dy.float() * (x.float() - mean) * rstd).to(x.dtype)
    return backward(saved, dy)[0], _running(weighted), _running(dy)


def _no_mean_term(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    x, gamma, mean, rstd = saved
    g, xhat = dy.float() * gamma.float(), (x.float() - mean) * rstd
    dx = rstd * (g - xhat * (g * xhat).mean(1, keepdim=True))
    return dx.to(x.dtype), *backward(saved, dy)[1:]


def _from_the_scaled_output(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    """The sum of dy y with beta taken off: xhat is multiplied by gamma, and right at gamma = 1."""
    x, gamma, mean, rstd = saved
    dx, _, dbeta = backward(saved, dy)
    scaled = (x.float() - mean) * rstd * gamma.float()
    return dx, total(dy.float() * scaled).to(x.dtype), dbeta


def _large_eps(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    mean, rstd = _statistics(x.float(), 1e-3)
    return _normalised(x, gamma, beta, mean, rstd), (x, gamma, mean, rstd)


def _one_less(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    mean, rstd = x.float().mean(1, keepdim=True), torch.rsqrt(x.float().var(1, keepdim=True) + EPS)
    return _normalised(x, gamma, beta, mean, rstd), (x, gamma, mean, rstd)


def _last_column_dropped(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    mean, rstd = x[:, :-1].float().sum(1, keepdim=True) / x.shape[1], _statistics(x.float())[1]
    return _normalised(x, gamma, beta, mean, rstd), (x, gamma, mean, rstd)


def _ragged_rows_dropped(saved: tuple[Tensor, ...], dy: Tensor) -> Gradients:
    """The grid of the partial sums is n // 32 and not its ceiling."""
    x, gamma, mean, rstd = saved
    whole = max(len(x) // 32 * 32, 1)
    dx = backward(saved, dy)[0]
    return dx, *backward((x[:whole], gamma, mean[:whole], rstd[:whole]), dy[:whole])[1:]


def _wrong(name: str, fault: str, first=forward, second=backward, dtypes=ALL, draw=rows_and_two_vectors) -> Entry:
    return Entry(f"layer_norm_{name}", "layer norm", fused(first, second), _reference, draw, "", fault, dtypes)


def _quiet_rows(dtype: torch.dtype, size: str, generator: torch.Generator) -> Gradients:
    """Rows of a variance near 0.04, where eps counts."""
    x, gamma, beta = rows_and_two_vectors(dtype, size, generator)
    return (x * 0.1).to(dtype), gamma, beta


def _right(name: str, kernel, insides: str, dtypes=ALL) -> Entry:
    return Entry(name, "layer norm", kernel, _reference, rows_and_two_vectors, insides, dtypes=dtypes)


ENTRIES = (
    _right("layer_norm", fused(forward, backward), "float32"),
    _right("layer_norm_welford", fused(_by_groups, backward), "float32"),
    _right("layer_norm_stored", fused(_stored_forward, _stored_backward), "stored"),
    _right("layer_norm_dtype_sums", fused(forward, _summed_in_the_dtype), "dtype"),
    _wrong("no_mean_term", "dx lacks the term through the mean", second=_no_mean_term),
    _wrong("scaled_output", "dgamma from the scaled output: right at gamma = 1", second=_from_the_scaled_output),
    _wrong("eps", "eps 1e-3 for 1e-5", _large_eps, draw=_quiet_rows),
    _wrong("n_minus_1", "the variance divides by n - 1", _one_less),
    _wrong("last_column", "the mean drops the last column", _last_column_dropped),
    _wrong("ragged_rows", "dgamma and dbeta drop the ragged last block of rows", second=_ragged_rows_dropped),
    _wrong("low_sums", "dgamma, dbeta summed in the dtype of x, float32 promised", forward, _summed_in_the_dtype, LOW),
)
