"""Triton kernels over tiles: a product of matrices and flash attention, forward and backward.

The factors are widened on load, since the interpreter has no bfloat16 arithmetic: on a GPU too they are
products of float32.
"""

import torch
import triton
import triton.language as tl


@triton.jit
def _product(
    a, b, c, n: tl.constexpr, m: tl.constexpr, k: tl.constexpr,
    a_row, a_column, b_row, b_column, tile: tl.constexpr, deep: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0) * tile + tl.arange(0, tile)
    column = tl.program_id(1) * tile + tl.arange(0, tile)
    accumulator = tl.zeros((tile, tile), tl.float32)
    for start in range(0, k, deep):
        inner = start + tl.arange(0, deep)
        left = a + row[:, None] * a_row + inner[None, :] * a_column
        right = b + inner[:, None] * b_row + column[None, :] * b_column
        x = tl.load(left, mask=(row[:, None] < n) & (inner[None, :] < k), other=0.0).to(tl.float32)
        y = tl.load(right, mask=(inner[:, None] < k) & (column[None, :] < m), other=0.0).to(tl.float32)
        accumulator += tl.dot(x, y, input_precision="ieee")
    inside = (row[:, None] < n) & (column[None, :] < m)
    tl.store(c + row[:, None] * m + column[None, :], accumulator.to(c.dtype.element_ty), mask=inside)


def product(a, b):
    n, k = a.shape
    m = b.shape[1]
    c = torch.empty((n, m), dtype=a.dtype, device=a.device)
    _product[(triton.cdiv(n, 32), triton.cdiv(m, 32))](a, b, c, n, m, k, *a.stride(), *b.stride(), 32, 32)
    return c


class Matmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return product(a, b)

    @staticmethod
    def backward(ctx, dc):
        a, b = ctx.saved_tensors
        return product(dc, b.T), product(a.T, dc)


@triton.jit
def _tile(tensor, head, row, column, n: tl.constexpr, d: tl.constexpr):
    """Rows of one head in float32; zeros beyond its end."""
    place = head * n * d + row[:, None] * d + column[None, :]
    return tl.load(tensor + place, mask=(row[:, None] < n) & (column[None, :] < d), other=0.0).to(tl.float32)


@triton.jit
def _put(tensor, head, row, column, value, n: tl.constexpr, d: tl.constexpr):
    place = head * n * d + row[:, None] * d + column[None, :]
    tl.store(tensor + place, value.to(tensor.dtype.element_ty), mask=(row[:, None] < n) & (column[None, :] < d))


@triton.jit
def _scores(q, k, row, key, scale: tl.constexpr, n: tl.constexpr, causal: tl.constexpr):
    s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
    seen = key[None, :] < n
    if causal:
        seen = seen & (key[None, :] <= row[:, None])
    return tl.where(seen, s, -float("inf"))


@triton.jit
def _attention_forward(
    q, k, v, o, lse, n: tl.constexpr, d: tl.constexpr, scale: tl.constexpr, causal: tl.constexpr,
    tile: tl.constexpr, wide: tl.constexpr,
):  # fmt: skip
    head, column = tl.program_id(1), tl.arange(0, wide)
    row = tl.program_id(0) * tile + tl.arange(0, tile)
    query = _tile(q, head, row, column, n, d)
    largest = tl.full((tile,), -float("inf"), tl.float32)
    summed = tl.zeros((tile,), tl.float32)
    accumulator = tl.zeros((tile, wide), tl.float32)
    for start in range(0, n, tile):
        key = start + tl.arange(0, tile)
        s = _scores(query, _tile(k, head, key, column, n, d), row, key, scale, n, causal)
        new = tl.maximum(largest, tl.max(s, 1))
        p = tl.exp(s - new[:, None])
        shrink = tl.exp(largest - new)
        summed = summed * shrink + tl.sum(p, 1)
        part = tl.dot(p, _tile(v, head, key, column, n, d), input_precision="ieee")
        accumulator = accumulator * shrink[:, None] + part
        largest = new
    _put(o, head, row, column, accumulator / summed[:, None], n, d)
    tl.store(lse + head * n + row, largest + tl.log(summed), mask=row < n)


@triton.jit
def _attention_by_keys(
    q, k, v, do, lse, inner, dk, dv, n: tl.constexpr, d: tl.constexpr, scale: tl.constexpr, causal: tl.constexpr,
    tile: tl.constexpr, wide: tl.constexpr,
):  # fmt: skip
    head, column = tl.program_id(1), tl.arange(0, wide)
    key = tl.program_id(0) * tile + tl.arange(0, tile)
    keys, values = _tile(k, head, key, column, n, d), _tile(v, head, key, column, n, d)
    by_key = tl.zeros((tile, wide), tl.float32)
    by_value = tl.zeros((tile, wide), tl.float32)
    for start in range(0, n, tile):
        row = start + tl.arange(0, tile)
        query, given = _tile(q, head, row, column, n, d), _tile(do, head, row, column, n, d)
        lses = tl.load(lse + head * n + row, mask=row < n, other=float("inf"))  # p is 0 beyond the end
        inners = tl.load(inner + head * n + row, mask=row < n, other=0.0)
        p = tl.exp(_scores(query, keys, row, key, scale, n, causal) - lses[:, None])
        by_value += tl.dot(tl.trans(p), given, input_precision="ieee")
        ds = p * (tl.dot(given, tl.trans(values), input_precision="ieee") - inners[:, None])
        by_key += tl.dot(tl.trans(ds), query, input_precision="ieee") * scale
    _put(dk, head, key, column, by_key, n, d)
    _put(dv, head, key, column, by_value, n, d)


@triton.jit
def _attention_by_queries(
    q, k, v, do, lse, inner, dq, n: tl.constexpr, d: tl.constexpr, scale: tl.constexpr, causal: tl.constexpr,
    tile: tl.constexpr, wide: tl.constexpr,
):  # fmt: skip
    head, column = tl.program_id(1), tl.arange(0, wide)
    row = tl.program_id(0) * tile + tl.arange(0, tile)
    query, given = _tile(q, head, row, column, n, d), _tile(do, head, row, column, n, d)
    lses = tl.load(lse + head * n + row, mask=row < n, other=float("inf"))
    inners = tl.load(inner + head * n + row, mask=row < n, other=0.0)
    by_query = tl.zeros((tile, wide), tl.float32)
    for start in range(0, n, tile):
        key = start + tl.arange(0, tile)
        keys, values = _tile(k, head, key, column, n, d), _tile(v, head, key, column, n, d)
        p = tl.exp(_scores(query, keys, row, key, scale, n, causal) - lses[:, None])
        ds = p * (tl.dot(given, tl.trans(values), input_precision="ieee") - inners[:, None])
        by_query += tl.dot(ds, keys, input_precision="ieee") * scale
    _put(dq, head, row, column, by_query, n, d)


class Attention(torch.autograd.Function):
    """`Attention.apply(q, k, v, causal)` with heads first. `o` is kept in float32 beside what is handed out."""

    @staticmethod
    def forward(ctx, q, k, v, causal):
        q, k, v = (each.contiguous() for each in (q, k, v))
        heads, n, d = q.shape
        wide, lse = (torch.empty(shape, dtype=torch.float32, device=q.device) for shape in (q.shape, (heads, n)))
        ctx.how = (n, d, d**-0.5, causal, 16, max(16, triton.next_power_of_2(d)))
        ctx.grid = (triton.cdiv(n, 16), heads)
        _attention_forward[ctx.grid](q, k, v, wide, lse, *ctx.how)
        ctx.save_for_backward(q, k, v, wide, lse)
        return wide.to(q.dtype)

    @staticmethod
    def backward(ctx, do):
        q, k, v, wide, lse = ctx.saved_tensors
        do, inner = do.contiguous(), (do.float() * wide).sum(-1)
        dq, dk, dv = (torch.empty_like(each) for each in (q, k, v))
        _attention_by_keys[ctx.grid](q, k, v, do, lse, inner, dk, dv, *ctx.how)
        _attention_by_queries[ctx.grid](q, k, v, do, lse, inner, dq, *ctx.how)
        return dq, dk, dv, None
