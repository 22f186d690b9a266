"""Triton kernels that take a row each: softmax, layer norm, rms norm, cross entropy.

They run under the interpreter (TRITON_INTERPRET=1) where no GPU is. What it wants, as of triton 3.6: numbers that bound
a loop or are used as floats are `tl.constexpr`, and bfloat16 is widened on load. Its stores cut bfloat16 off.
"""

import torch
import triton
import triton.language as tl

EPS = 1e-5


@triton.jit
def _softmax_forward(x, y, columns: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < columns
    wide = tl.load(x + row * columns + at, mask=inside, other=-float("inf")).to(tl.float32)
    numerator = tl.exp(wide - tl.max(wide, 0))
    p = numerator / tl.sum(numerator, 0)
    tl.store(y + row * columns + at, p.to(y.dtype.element_ty), mask=inside)


@triton.jit
def _softmax_backward(x, dy, dx, columns: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < columns
    wide = tl.load(x + row * columns + at, mask=inside, other=-float("inf")).to(tl.float32)
    given = tl.load(dy + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    numerator = tl.exp(wide - tl.max(wide, 0))
    p = numerator / tl.sum(numerator, 0)
    grad = p * (given - tl.sum(p * given, 0))
    tl.store(dx + row * columns + at, grad.to(dx.dtype.element_ty), mask=inside)


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x = x.contiguous()
        y = torch.empty_like(x)
        _softmax_forward[(len(x),)](x, y, x.shape[1], triton.next_power_of_2(x.shape[1]))
        ctx.save_for_backward(x)
        return y

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        dx = torch.empty_like(x)
        _softmax_backward[(len(x),)](x, dy.contiguous(), dx, x.shape[1], triton.next_power_of_2(x.shape[1]))
        return dx


@triton.jit
def _layer_norm_forward(x, gamma, beta, y, means, rstds, columns: tl.constexpr, eps: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < columns
    wide = tl.load(x + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(wide, 0) / columns
    centred = tl.where(inside, wide - mean, 0.0)
    rstd = 1 / tl.sqrt(tl.sum(centred * centred, 0) / columns + eps)
    scale = tl.load(gamma + at, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(beta + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + row * columns + at, (centred * rstd * scale + shift).to(y.dtype.element_ty), mask=inside)
    tl.store(means + row, mean)
    tl.store(rstds + row, rstd)


@triton.jit
def _layer_norm_by_x(x, gamma, dy, means, rstds, dx, columns: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < columns
    mean, rstd = tl.load(means + row), tl.load(rstds + row)
    wide = tl.load(x + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    xhat = tl.where(inside, (wide - mean) * rstd, 0.0)
    given = tl.load(dy + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    g = given * tl.load(gamma + at, mask=inside, other=0.0).to(tl.float32)
    grad = rstd * (g - tl.sum(g, 0) / columns - xhat * (tl.sum(g * xhat, 0) / columns))
    tl.store(dx + row * columns + at, grad.to(dx.dtype.element_ty), mask=inside)


@triton.jit
def _layer_norm_by_affine(
    x, dy, means, rstds, dgamma, dbeta, rows: tl.constexpr, columns: tl.constexpr,
    step: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    """A block of columns a program, which goes down over blocks of rows."""
    at = tl.program_id(0) * block + tl.arange(0, block)
    scaled = tl.zeros((block,), tl.float32)
    shifted = tl.zeros((block,), tl.float32)
    for start in range(0, rows, step):
        row = start + tl.arange(0, step)
        inside = (row[:, None] < rows) & (at[None, :] < columns)
        place = row[:, None] * columns + at[None, :]
        wide = tl.load(x + place, mask=inside, other=0.0).to(tl.float32)
        given = tl.load(dy + place, mask=inside, other=0.0).to(tl.float32)
        mean = tl.load(means + row, mask=row < rows, other=0.0)
        rstd = tl.load(rstds + row, mask=row < rows, other=0.0)
        scaled += tl.sum(given * (wide - mean[:, None]) * rstd[:, None], 0)
        shifted += tl.sum(given, 0)
    tl.store(dgamma + at, scaled.to(dgamma.dtype.element_ty), mask=at < columns)
    tl.store(dbeta + at, shifted.to(dbeta.dtype.element_ty), mask=at < columns)


class LayerNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta):
        x, (n, d) = x.contiguous(), x.shape
        y, means, rstds = torch.empty_like(x), *(torch.empty(n, dtype=torch.float32, device=x.device) for _ in range(2))
        _layer_norm_forward[(n,)](x, gamma, beta, y, means, rstds, d, EPS, triton.next_power_of_2(d))
        ctx.save_for_backward(x, gamma, means, rstds)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, gamma, means, rstds = ctx.saved_tensors
        dy, (n, d) = dy.contiguous(), x.shape
        dx, dgamma, dbeta = (torch.empty_like(each) for each in (x, gamma, gamma))
        _layer_norm_by_x[(n,)](x, gamma, dy, means, rstds, dx, d, triton.next_power_of_2(d))
        _layer_norm_by_affine[(triton.cdiv(d, 64),)](x, dy, means, rstds, dgamma, dbeta, n, d, 16, 64)
        return dx, dgamma, dbeta


@triton.jit
def _rms_forward(x, w, y, sizes, columns: tl.constexpr, eps: tl.constexpr, block: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < columns
    wide = tl.load(x + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    r = tl.rsqrt(tl.sum(wide * wide, 0) / columns + eps)
    weight = tl.load(w + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + row * columns + at, (wide * r * weight).to(y.dtype.element_ty), mask=inside)
    tl.store(sizes + row, r)


@triton.jit
def _rms_backward(x, w, dy, sizes, dx, dw, columns: tl.constexpr, block: tl.constexpr, atomic: tl.constexpr):
    """Each row adds to the float32 buffer `dw`, in whatever order the programs come."""
    row, at = tl.program_id(0), tl.arange(0, block)
    inside = at < columns
    r = tl.load(sizes + row)
    xhat = tl.load(x + row * columns + at, mask=inside, other=0.0).to(tl.float32) * r
    given = tl.load(dy + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    g = given * tl.load(w + at, mask=inside, other=0.0).to(tl.float32)
    grad = r * (g - xhat * (tl.sum(g * xhat, 0) / columns))
    tl.store(dx + row * columns + at, grad.to(dx.dtype.element_ty), mask=inside)
    if atomic:
        tl.atomic_add(dw + at, given * xhat, mask=inside)
    else:
        tl.store(dw + at, given * xhat, mask=inside)


class RmsNorm(torch.autograd.Function):
    atomic = True

    @staticmethod
    def forward(ctx, x, w):
        x, (n, d) = x.contiguous(), x.shape
        y, sizes = torch.empty_like(x), torch.empty(n, dtype=torch.float32, device=x.device)
        _rms_forward[(n,)](x, w, y, sizes, d, 1e-6, triton.next_power_of_2(d))
        ctx.save_for_backward(x, w, sizes)
        return y

    @classmethod
    def backward(cls, ctx, dy):
        x, w, sizes = ctx.saved_tensors
        dx, dw, d = torch.empty_like(x), torch.zeros(w.shape, dtype=torch.float32, device=x.device), x.shape[1]
        _rms_backward[(len(x),)](x, w, dy.contiguous(), sizes, dx, dw, d, triton.next_power_of_2(d), cls.atomic)
        return dx, dw.to(w.dtype)


@triton.jit
def _cross_entropy(x, targets, losses, dx, columns: tl.constexpr, ignored: tl.constexpr, block: tl.constexpr):
    """Loss and gradient of a row in one pass, online over blocks of columns; neither is divided by the count yet."""
    row = tl.program_id(0)
    target = tl.load(targets + row)
    counted = tl.where(target != ignored, 1.0, 0.0)
    largest = tl.full((), -float("inf"), tl.float32)
    summed = tl.full((), 0.0, tl.float32)
    for start in range(0, columns, block):
        at = start + tl.arange(0, block)
        wide = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf")).to(tl.float32)
        new = tl.maximum(largest, tl.max(wide, 0))
        summed = summed * tl.exp(largest - new) + tl.sum(tl.exp(wide - new), 0)
        largest = new
    lse = largest + tl.log(summed)
    own = tl.load(x + row * columns + tl.where(target != ignored, target, 0)).to(tl.float32)
    tl.store(losses + row, counted * (lse - own))
    for start in range(0, columns, block):
        at = start + tl.arange(0, block)
        wide = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf")).to(tl.float32)
        grad = counted * (tl.exp(wide - lse) - tl.where(at == target, 1.0, 0.0))
        tl.store(dx + row * columns + at, grad, mask=at < columns)


class CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, targets):
        x, ignored = x.contiguous(), -100
        losses = torch.empty(len(x), dtype=torch.float32, device=x.device)
        dx = torch.empty(x.shape, dtype=torch.float32, device=x.device)
        _cross_entropy[(len(x),)](x, targets, losses, dx, x.shape[1], ignored, 64)
        ctx.count, ctx.dtype = (targets != ignored).sum(), x.dtype
        ctx.save_for_backward(dx)
        return (losses.sum() / ctx.count).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        (dx,) = ctx.saved_tensors
        return (dx * (dy.float() / ctx.count)).to(ctx.dtype), None
