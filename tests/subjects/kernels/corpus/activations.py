"""Activations, fused with a bias or a gate."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from tests.subjects.kernels.corpus.entry import (
    LOW,
    ROWS_AND_COLUMNS,
    Entry,
    fused,
    normal,
    pair_of_rows,
    rows,
    rows_and_vector,
    total,
)

ROOT = math.sqrt(2 / math.pi)
CUBIC = 0.044715


def _erf_reference(x: Tensor, b: Tensor) -> Tensor:
    return functional.gelu(x + b)


def _tanh_reference(x: Tensor, b: Tensor) -> Tensor:
    return functional.gelu(x + b, approximate="tanh")


def _silu_reference(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def _swiglu_reference(gate: Tensor, up: Tensor) -> Tensor:
    return gate * torch.sigmoid(gate) * up


def _packed_reference(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return gate * torch.sigmoid(gate) * up


def _geglu_reference(gate: Tensor, up: Tensor) -> Tensor:
    return functional.gelu(gate) * up


def _squared_reference(x: Tensor) -> Tensor:
    return torch.relu(x) * torch.relu(x)


def _packed(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor]:
    n, d = ROWS_AND_COLUMNS[size]
    return (normal(dtype, generator, n, 2 * d, scale=2.0),)


def _gelu(z: Tensor) -> Tensor:
    return 0.5 * z * (1 + torch.erf(z * math.sqrt(0.5)))


def _gelu_slope(z: Tensor) -> Tensor:
    """Phi(z) + z phi(z)."""
    return 0.5 * (1 + torch.erf(z * math.sqrt(0.5))) + z * torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _tanh_gelu(z: Tensor) -> Tensor:
    return 0.5 * z * (1 + torch.tanh(ROOT * (z + CUBIC * z**3)))


def _tanh_gelu_slope(z: Tensor) -> Tensor:
    t = torch.tanh(ROOT * (z + CUBIC * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * ROOT * (1 + 3 * CUBIC * z * z)


def _silu(z: Tensor) -> Tensor:
    return z * torch.sigmoid(z)


def _silu_slope(z: Tensor) -> Tensor:
    s = torch.sigmoid(z)
    return s * (1 + z * (1 - s))


def _with_bias(function, slope, summed=total):
    """y = f(x + b): one pass over x; db is the sum of dx over rows, taken before dx is stored."""

    def forward(x: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return function(x.float() + b.float()).to(x.dtype), (x, b)

    def backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
        x, b = saved
        dx = dy.float() * slope(x.float() + b.float())
        return dx.to(x.dtype), summed(dx).to(x.dtype)

    return fused(forward, backward)


def _stored_bias(x: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    """x + b goes to memory before the activation, and to backward from there."""
    z = (x.float() + b.float()).to(x.dtype)
    return _gelu(z.float()).to(x.dtype), (z,)


def _stored_bias_backward(saved: tuple[Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    """db is summed from dx as it was stored."""
    (z,) = saved
    dx = (dy.float() * _gelu_slope(z.float())).to(z.dtype)
    return dx, total(dx.float()).to(z.dtype)


def _sum_in_bfloat16(dx: Tensor) -> Tensor:
    summed = torch.zeros(dx.shape[1], dtype=torch.bfloat16)
    for row in dx.to(torch.bfloat16):
        summed = summed + row
    return summed


def _alone(function, slope):
    def forward(x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
        return function(x.float()).to(x.dtype), (x,)

    def backward(saved: tuple[Tensor], dy: Tensor) -> Tensor:
        return (dy.float() * slope(saved[0].float())).to(dy.dtype)

    return fused(forward, backward)


def _gated(function, slope, gate_slope=None):
    """y = f(gate) up. `gate_slope` is what dgate is multiplied by, where it is not the slope."""

    def forward(gate: Tensor, up: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return (function(gate.float()) * up.float()).to(gate.dtype), (gate, up)

    def backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = (each.float() for each in saved)
        dgate = dy.float() * up * (gate_slope or slope)(gate)
        return dgate.to(dy.dtype), (dy.float() * function(gate)).to(dy.dtype)

    return fused(forward, backward)


def _stored_gate(gate: Tensor, up: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """silu(gate) is a tensor of the dtype, kept for backward."""
    activated = _silu(gate.float()).to(gate.dtype)
    return (activated.float() * up.float()).to(gate.dtype), (gate, up, activated)


def _stored_gate_backward(saved: tuple[Tensor, Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    gate, up, activated = saved
    through = (dy.float() * up.float()).to(dy.dtype).float()
    return (through * _silu_slope(gate.float())).to(dy.dtype), (dy.float() * activated.float()).to(dy.dtype)


def packed_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    """Gate and up side by side in one tensor, as one product of matrices gives them."""
    gate, up = x.float().chunk(2, -1)
    return (_silu(gate) * up).to(x.dtype), (x,)


def packed_backward(saved: tuple[Tensor], dy: Tensor) -> Tensor:
    (x,) = saved
    gate, up = x.float().chunk(2, -1)
    dx = torch.empty_like(x)
    dx[:, : dy.shape[1]] = (dy.float() * up * _silu_slope(gate)).to(x.dtype)
    dx[:, dy.shape[1] :] = (dy.float() * _silu(gate)).to(x.dtype)
    return dx


def _stride_of_the_output(saved: tuple[Tensor], dy: Tensor) -> Tensor:
    """Rows of up are read d apart, as those of dy are, and not 2 d."""
    (x,) = saved
    n, d = dy.shape
    gate, _ = x.float().chunk(2, -1)
    strayed = x.contiguous().as_strided((n, d), (d, 1), d).float()
    return torch.cat([dy.float() * strayed * _silu_slope(gate), dy.float() * _silu(gate)], 1).to(x.dtype)


def _squared_slope(z: Tensor) -> Tensor:
    return 2 * torch.relu(z)


def _bias_gelu(name: str, kernel, reference=_erf_reference, insides: str = "", fault: str = "", **rest) -> Entry:
    operation = "bias and gelu" if reference is _erf_reference else "bias and tanh gelu"
    return Entry(name, operation, kernel, reference, rows_and_vector, insides, fault, **rest)


ENTRIES = (
    _bias_gelu("bias_gelu_erf", _with_bias(_gelu, _gelu_slope), insides="float32"),
    _bias_gelu("bias_gelu_tanh", _with_bias(_tanh_gelu, _tanh_gelu_slope), _tanh_reference, "float32"),
    _bias_gelu("bias_gelu_erf_stored", fused(_stored_bias, _stored_bias_backward), insides="stored"),
    _bias_gelu("bias_gelu_erf_tanh_backward", _with_bias(_gelu, _tanh_gelu_slope), fault="tanh backward of erf"),
    _bias_gelu(
        "bias_gelu_tanh_low_db", _with_bias(_tanh_gelu, _tanh_gelu_slope, _sum_in_bfloat16), _tanh_reference,
        fault="db summed in bfloat16, float32 promised",
    ),
    Entry("silu", "silu", _alone(_silu, _silu_slope), _silu_reference, rows, "float32"),
    Entry(
        "silu_one_term", "silu", _alone(_silu, torch.sigmoid), _silu_reference, rows,
        fault="backward lacks the second term of the product rule",
    ),
    Entry(
        "relu_squared", "relu squared", _alone(lambda z: torch.relu(z) ** 2, _squared_slope), _squared_reference, rows,
        "float32",
    ),
    Entry("swiglu", "swiglu", _gated(_silu, _silu_slope), _swiglu_reference, pair_of_rows, "float32"),
    Entry(
        "swiglu_stored", "swiglu", fused(_stored_gate, _stored_gate_backward), _swiglu_reference, pair_of_rows,
        "stored",
    ),
    Entry("swiglu_packed", "swiglu", fused(packed_forward, packed_backward), _packed_reference, _packed, "float32"),
    Entry(
        "swiglu_packed_stride", "swiglu", fused(packed_forward, _stride_of_the_output), _packed_reference, _packed,
        fault="up is read with the row stride of the cotangent",
    ),
    Entry("geglu", "geglu", _gated(_gelu, _gelu_slope), _geglu_reference, pair_of_rows, "float32"),
    Entry(
        "geglu_tanh_backward", "geglu", _gated(_gelu, _gelu_slope, _tanh_gelu_slope), _geglu_reference, pair_of_rows,
        fault="dgate by the slope of the tanh form, erf forward", dtypes=(*LOW, torch.float32),
    ),
)  # fmt: skip
