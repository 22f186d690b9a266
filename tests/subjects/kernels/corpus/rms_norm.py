"""Rows divided by their size: rms norm, l2 normalise, cosine similarity."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.subjects.kernels.corpus.entry import (
    LOW,
    ROWS_AND_COLUMNS,
    Entry,
    affine,
    blocks,
    fused,
    normal,
    pair_of_rows,
    rows,
    rows_and_vector,
    total,
)

EPS = 1e-6


def _reference(x: Tensor, w: Tensor) -> Tensor:
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS) * w


def _unit_reference(x: Tensor) -> Tensor:
    return x / torch.sqrt((x * x).sum(-1, keepdim=True) + EPS)


def _cosine_reference(x: Tensor, z: Tensor) -> Tensor:
    return (x * z).sum(-1) / (torch.sqrt((x * x).sum(-1) + EPS) * torch.sqrt((z * z).sum(-1) + EPS))


def _squares(x: Tensor) -> Tensor:
    """The sum of squares of each row, over blocks of columns."""
    return sum((x[:, c] * x[:, c]).sum(1, keepdim=True) for c in blocks(x.shape[1], 64))


def forward(x: Tensor, w: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """y = x r w with r = 1 / sqrt(mean(x x) + eps)."""
    wide = x.float()
    r = torch.rsqrt(_squares(wide) / x.shape[1] + EPS)
    return (wide * r * w.float()).to(x.dtype), (x, w, r)


def backward(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    x, w, r = saved
    xhat, g = x.float() * r, dy.float() * w.float()
    dx = r * (g - xhat * (g * xhat).mean(1, keepdim=True))
    return dx.to(x.dtype), total(dy.float() * xhat).to(x.dtype)


def _stored_forward(x: Tensor, w: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """As models have it: the normalised rows go back to the dtype before the weight."""
    wide = x.float()
    r = torch.rsqrt(_squares(wide) / x.shape[1] + EPS)
    xhat = (wide * r).to(x.dtype)
    return (xhat.float() * w.float()).to(x.dtype), (xhat, w, r)


def _stored_backward(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    xhat, w, r = saved
    g = (dy.float() * w.float()).to(dy.dtype).float()
    dx = r * (g - xhat.float() * (g * xhat.float()).mean(1, keepdim=True))
    return dx.to(dy.dtype), total(dy.float() * xhat.float()).to(dy.dtype)


def _low_sum(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    """Each program adds its row to a buffer of the dtype."""
    x, _, r = saved
    dw = torch.zeros_like(x[0])
    for row in (dy.float() * x.float() * r).to(x.dtype):
        dw += row
    return backward(saved, dy)[0], dw


def _squared_in_the_dtype(x: Tensor, w: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Squares are taken before the load is widened: above 255 they are infinite in float16."""
    squares = (x * x).float().sum(1, keepdim=True)
    r = torch.rsqrt(squares / x.shape[1] + EPS)
    return (x.float() * r * w.float()).to(x.dtype), (x, w, r)


def _large_rows(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    n, d = ROWS_AND_COLUMNS[size]
    return normal(dtype, generator, n, d, scale=150.0), affine(dtype, generator, d)


def _last_block_never_written(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    """dx comes from torch.empty, and the grid has one block of rows too few where the last is ragged."""
    x = saved[0]
    right, dw = backward(saved, dy)
    dx, whole = torch.empty_like(x), max(len(x) // 32 * 32, 1)
    dx[:whole] = right[:whole]
    return dx, dw


def unit_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    r = torch.rsqrt(_squares(x.float()) + EPS)
    return (x.float() * r).to(x.dtype), (x, r)


def unit_backward(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    """dx = r (dy - y sum(y dy))."""
    x, r = saved
    y, g = x.float() * r, dy.float()
    return (r * (g - y * (y * g).sum(1, keepdim=True))).to(x.dtype)


def _constant_norm(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    x, r = saved
    return (r * dy.float()).to(x.dtype)


def cosine_forward(x: Tensor, z: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    wide, other = x.float(), z.float()
    products = sum((wide[:, c] * other[:, c]).sum(1, keepdim=True) for c in blocks(x.shape[1], 64))
    rx, rz = torch.rsqrt(_squares(wide) + EPS), torch.rsqrt(_squares(other) + EPS)
    return (products * rx * rz)[:, 0].to(x.dtype), (x, z, rx, rz, products)


def cosine_backward(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    """dx = dy rx (z rz - y x rx), y the cosine in float32."""
    x, z, rx, rz, products = saved
    a, b, g = x.float() * rx, z.float() * rz, dy.float()[:, None]
    y = products * rx * rz
    return (g * rx * (b - y * a)).to(x.dtype), (g * rz * (a - y * b)).to(x.dtype)


def _other_norm(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    """Both gradients are divided by the size of x."""
    x, _, rx, rz, _ = saved
    dx, dz = cosine_backward(saved, dy)
    return dx, (dz.float() * rx / rz).to(x.dtype)


def _rms(name: str, first, second, insides: str = "", fault: str = "", draw=rows_and_vector, **rest) -> Entry:
    return Entry(name, "rms norm", fused(first, second), _reference, draw, insides, fault, **rest)


ENTRIES = (
    _rms("rms_norm", forward, backward, "float32"),
    _rms("rms_norm_stored", _stored_forward, _stored_backward, "stored"),
    _rms("rms_norm_low_dw", forward, _low_sum, fault="dw summed in the dtype, float32 promised", dtypes=LOW),
    _rms(
        "rms_norm_overflow", _squared_in_the_dtype, backward, draw=_large_rows, dtypes=(torch.float16,),
        fault="squares in float16 before the sum: infinite above 255",
    ),
    _rms(
        "rms_norm_unwritten", forward, _last_block_never_written, fault="the ragged last block of dx is never written",
        circumstance="poisoned memory",
    ),
    Entry("l2_normalise", "l2 normalise", fused(unit_forward, unit_backward), _unit_reference, rows, "float32"),
    Entry(
        "l2_normalise_constant_norm", "l2 normalise", fused(unit_forward, _constant_norm), _unit_reference, rows,
        fault="backward takes the norm for a constant",
    ),
    Entry(
        "cosine_similarity", "cosine similarity", fused(cosine_forward, cosine_backward), _cosine_reference,
        pair_of_rows, "float32",
    ),
    Entry(
        "cosine_similarity_other_norm", "cosine similarity", fused(cosine_forward, _other_norm), _cosine_reference,
        pair_of_rows, fault="dz is divided by the size of x",
    ),
)  # fmt: skip
