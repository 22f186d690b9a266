"""Kernels as NumPy pairs, as a first port has them; `torch_function` shows each to PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tests.subjects.kernels.corpus.entry import Entry, pair_of_rows, rows_and_two_vectors

EPS = 1e-5
DTYPES = (torch.float16, torch.float32)


def layer_norm_forward(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    wide = x.astype(np.float32)
    centred = wide - wide.mean(1, keepdims=True)
    rstd = 1 / np.sqrt((centred * centred).mean(1, keepdims=True) + np.float32(EPS))
    xhat = centred * rstd
    return (xhat * gamma + beta).astype(x.dtype), (xhat, gamma, rstd)


def layer_norm_backward(saved: tuple[np.ndarray, ...], dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xhat, gamma, rstd = saved
    g = dy.astype(np.float32) * gamma
    dx = rstd * (g - g.mean(1, keepdims=True) - xhat * (g * xhat).mean(1, keepdims=True))
    dgamma, dbeta = (dy * xhat).sum(0), dy.astype(np.float32).sum(0)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)


def gate_forward(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """y = x tanh(z)."""
    return (x.astype(np.float32) * np.tanh(z.astype(np.float32))).astype(x.dtype), (x, z)


def gate_backward(saved: tuple[np.ndarray, np.ndarray], dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, z = saved
    t, wide = np.tanh(z.astype(np.float32)), dy.astype(np.float32)
    return (wide * t).astype(x.dtype), (wide * x * (1 - t * t)).astype(x.dtype)


def _block_forgotten(saved: tuple[np.ndarray, np.ndarray], dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """dz is written by whole blocks of 16 rows; the array for it has held the last answer, or nothing."""
    dx, dz = gate_backward(saved, dy)
    written = np.zeros_like(dz)
    whole = len(dz) // 16 * 16
    written[:whole] = dz[:whole]
    return dx, written


def torch_function(forward, backward):
    class OfNumpy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *tensors):
            y, ctx.kept = forward(*(tensor.numpy(force=True) for tensor in tensors))
            return torch.from_numpy(y)

        @staticmethod
        def backward(ctx, dy):
            return tuple(torch.from_numpy(each) for each in backward(ctx.kept, dy.numpy()))

    return OfNumpy.apply


def _norm_reference(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta, EPS)


def _gate_reference(x: Tensor, z: Tensor) -> Tensor:
    return x * torch.tanh(z)


PAIRS = {
    "numpy_layer_norm": (layer_norm_forward, layer_norm_backward),
    "numpy_tanh_gate": (gate_forward, gate_backward),
    "numpy_tanh_gate_block": (gate_forward, _block_forgotten),
}


def _entry(name: str, operation: str, reference, draw, insides: str = "", fault: str = "") -> Entry:
    return Entry(name, operation, torch_function(*PAIRS[name]), reference, draw, insides, fault, DTYPES)


ENTRIES = (
    _entry("numpy_layer_norm", "layer norm", _norm_reference, rows_and_two_vectors, "float32"),
    _entry("numpy_tanh_gate", "tanh gate", _gate_reference, pair_of_rows, "float32"),
    _entry(
        "numpy_tanh_gate_block",
        "tanh gate",
        _gate_reference,
        pair_of_rows,
        fault="the ragged last block is not written",
    ),
)
