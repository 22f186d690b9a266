"""A layer norm in Triton, forward and backward, in float16 with float32 inside, against the plain one.

    pip install backcheck[torch,kernels]

says: float32 inside
"""

import os

import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported: it then runs on a CPU

import triton
import triton.language as tl

import backcheck

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@triton.jit
def forward_kernel(x, gamma, beta, y, d: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < d
    wide = tl.load(x + row * d + at, mask=inside, other=0.0).to(tl.float32)
    centred = tl.where(inside, wide - tl.sum(wide, 0) / d, 0.0)
    xhat = centred / tl.sqrt(tl.sum(centred * centred, 0) / d + 1e-5)
    scale, shift = tl.load(gamma + at, mask=inside, other=0.0), tl.load(beta + at, mask=inside, other=0.0)
    tl.store(y + row * d + at, (xhat * scale.to(tl.float32) + shift.to(tl.float32)).to(y.dtype.element_ty), mask=inside)


@triton.jit
def backward_kernel(x, gamma, dy, dx, dgamma, dbeta, d: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < d
    wide = tl.load(x + row * d + at, mask=inside, other=0.0).to(tl.float32)
    given = tl.load(dy + row * d + at, mask=inside, other=0.0).to(tl.float32)
    centred = tl.where(inside, wide - tl.sum(wide, 0) / d, 0.0)
    rstd = 1 / tl.sqrt(tl.sum(centred * centred, 0) / d + 1e-5)
    xhat, g = centred * rstd, given * tl.load(gamma + at, mask=inside, other=0.0).to(tl.float32)
    grad = rstd * (g - tl.sum(g, 0) / d - xhat * (tl.sum(g * xhat, 0) / d))
    tl.store(dx + row * d + at, grad.to(dx.dtype.element_ty), mask=inside)
    tl.atomic_add(dgamma + at, given * xhat, mask=inside)  # float32: rows add to it in any order
    tl.atomic_add(dbeta + at, given, mask=inside)


class LayerNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta):
        # the kernels know no strides: of a transposed tensor they would read other numbers
        x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
        ctx.save_for_backward(x, gamma)
        y, (n, d) = torch.empty_like(x), x.shape
        forward_kernel[(n,)](x, gamma, beta, y, d, triton.next_power_of_2(d))
        return y

    @staticmethod
    def backward(ctx, dy):
        x, gamma = ctx.saved_tensors
        dx, (n, d) = torch.empty_like(x), x.shape
        dgamma, dbeta = (torch.zeros(d, dtype=torch.float32, device=x.device) for _ in range(2))
        # without .contiguous() a cotangent with other strides, as that of y.sum(), is read wrongly
        backward_kernel[(n,)](x, gamma, dy.contiguous(), dx, dgamma, dbeta, d, triton.next_power_of_2(d))
        return dx, dgamma.to(gamma.dtype), dbeta.to(gamma.dtype)


def layer_norm(x, gamma, beta):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta, 1e-5)


x, gamma, beta = torch.randn(33, 129), 1.5 + torch.rand(129), torch.randn(129)
tensors = [each.to(DEVICE, torch.float16) for each in (x, gamma, beta)]
print(backcheck.check_torch(LayerNorm.apply, *tensors, reference=layer_norm, inside="float32"))
