"""How far a kernel of the corpus is from a float64 truth: norms of whole tensors, over what rounding the truth costs.

Crude, and enough to tell whether a row of the catalogue is mistaken.
"""

import math

import torch

SIZES = ("small", "odd", "large")
ROUNDED_ONCE = 1.01  # of 16 bits: float32 inside is rounding the truth
FLOAT32 = 50.0  # sums of some hundred terms, and what cancels
COARSE = {"stored": 40.0, "dtype": 40.0, "tf32": 2.0**15}
SEEN = {torch.bfloat16: 1.02, torch.float16: 1.02, torch.float32: 1000.0}


def drawn(entry, dtype, size, seed=3):
    generator = torch.Generator().manual_seed(seed)
    return entry.draw(dtype, size, generator), generator


def cotangent(y, generator):
    return torch.randn(y.shape, generator=generator).to(y.dtype)


def answer(function, tensors, dy):
    """The output and the gradients by all floats; `dy` is a cotangent or makes one of the output."""
    free = [x.detach().requires_grad_() if x.is_floating_point() else x for x in tensors]
    y = function(*free)
    dy = dy(y.detach()) if callable(dy) else dy
    y.backward(dy.to(y.dtype))
    return [y.detach(), *(x.grad for x in free if x.is_floating_point())], dy


def errors(got, want):
    """Of each tensor, its distance from the truth over that of the truth as rounded to its dtype."""
    return [
        _ratio((g.double() - w).norm().item(), (w.to(g.dtype).double() - w).norm().item()) for g, w in _pairs(got, want)
    ]


def _pairs(got, want):
    return list(zip(got, want, strict=True))


def _ratio(error, rounding):
    if math.isfinite(error) and error <= rounding:
        return 1.0
    return error / rounding if rounding and math.isfinite(error) else math.inf


def worst(entry, dtype, size, *, dy=None, change=lambda tensors: tensors):
    tensors, generator = drawn(entry, dtype, size)
    tensors = change(tensors)
    got, dy = answer(entry.kernel, tensors, dy or (lambda y: cotangent(y, generator)))
    exact = [x.double() if x.is_floating_point() else x for x in tensors]
    want, _ = answer(entry.reference, exact, dy)
    for g, w in _pairs(got, want):
        assert g.dtype == dtype
        assert g.shape == w.shape
    return max(errors(got, want))


def allowed(entry, dtype):
    if entry.insides == "float32":
        return FLOAT32 if dtype is torch.float32 else ROUNDED_ONCE
    return COARSE[entry.insides] if dtype is not torch.float32 or entry.insides == "tf32" else FLOAT32


def transposed(x):
    """The same entries, column after column."""
    return x.mT.contiguous().mT if x.ndim > 1 else x
