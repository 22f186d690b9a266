"""Flash attention: o = softmax(scale q k^T) v over tiles of keys with an online softmax; backward computes p again.

ds = p (do v^T - sum(do o)); dq = scale ds k, dk = scale ds^T q, dv = p^T do.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from tests.subjects.kernels.corpus.entry import Entry, blocks, fused, normal

TILE = 32
SIZES = {"small": (2, 4, 8), "odd": (2, 65, 20), "large": (4, 256, 32)}
Three = tuple[Tensor, Tensor, Tensor]


def _draw(dtype: torch.dtype, size: str, generator: torch.Generator) -> Three:
    heads, n, d = SIZES[size]
    q, k, v = (normal(dtype, generator, heads, n, d, scale=1.5) for _ in range(3))
    return q, k, v


def _reference(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1) @ v


def _causal_reference(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    later = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).triu(1)
    scores = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(later, -torch.inf)
    return torch.softmax(scores, -1) @ v


def _scores(q: Tensor, k: Tensor, rows: slice, columns: slice, causal: bool, shift: int = 0) -> Tensor:
    """One tile of the scaled scores, with what lies after the row's own place masked."""
    s = q[:, rows].float() @ k[:, columns].float().mT * q.shape[-1] ** -0.5
    if causal:
        row, column = (torch.arange(part.start, part.stop) for part in (rows, columns))
        s = s.masked_fill(column > row[:, None] + shift, -torch.inf)
    return s


def forward(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, shift: int = 0, rescaled: bool = True, stored: bool = False
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """`stored`: p goes to the dtype of v before it is multiplied, as tensor cores want it."""
    o, lse = torch.empty_like(q), q.new_empty(q.shape[:2], dtype=torch.float32)
    for rows in blocks(q.shape[1], TILE):
        shape = (len(q), rows.stop - rows.start, 1)
        largest, summed = torch.full(shape, -torch.inf), torch.zeros(shape)
        accumulator = torch.zeros(*shape[:2], q.shape[-1])
        for columns in blocks(k.shape[1], TILE):
            if causal and columns.start > rows.stop - 1 + shift:
                break
            s = _scores(q, k, rows, columns, causal, shift)
            new = torch.maximum(largest, s.amax(-1, keepdim=True))
            p, shrink = torch.exp(s - new), torch.exp(largest - new)
            summed = summed * shrink + p.sum(-1, keepdim=True)
            p = p.to(v.dtype).float() if stored else p
            accumulator = accumulator * (shrink if rescaled else 1) + p @ v[:, columns].float()
            largest = new
        o[:, rows] = (accumulator / summed).to(q.dtype)
        lse[:, rows] = (largest + torch.log(summed))[..., 0]
    return o, (q, k, v, lse, o)


def backward(
    saved: tuple[Tensor, ...], do: Tensor, *, causal: bool, shift: int = 0, stored: bool = False, twice: int = 0
) -> Three:
    """A program for each tile of keys, which adds to dq. sum(do o) is taken as sum(p do v^T), in float32.

    `stored`: it is taken from o as it was stored, and p and ds go to the dtype before they are multiplied.
    `twice`: how many of the first tiles of rows, the diagonal's first, are visited a second time.
    """
    q, k, v, lse, _ = saved
    scale, given = q.shape[-1] ** -0.5, do.float()
    round_ = (lambda t: t.to(q.dtype).float()) if stored else (lambda t: t)
    dq, dk, dv = (torch.zeros(each.shape) for each in (q, k, v))
    tiles = list(blocks(q.shape[1], TILE))
    inner = [_inner(saved, given, rows, causal, shift, stored) for rows in tiles]
    for columns in blocks(k.shape[1], TILE):
        later = [i for i, rows in enumerate(tiles) if not causal or columns.start <= rows.stop - 1 + shift]
        for i in later + later[:twice]:
            rows = tiles[i]
            p = torch.exp(_scores(q, k, rows, columns, causal, shift) - lse[:, rows, None])
            ds = round_(p * (given[:, rows] @ v[:, columns].float().mT - inner[i]))
            dv[:, columns] += round_(p).mT @ given[:, rows]
            dk[:, columns] += scale * ds.mT @ q[:, rows].float()
            dq[:, rows] += scale * ds @ k[:, columns].float()
    return dq.to(q.dtype), dk.to(q.dtype), dv.to(q.dtype)


def _inner(saved: tuple[Tensor, ...], do: Tensor, rows: slice, causal: bool, shift: int, stored: bool) -> Tensor:
    q, k, v, lse, o = saved
    if stored:
        return (do[:, rows] * o[:, rows].float()).sum(-1, keepdim=True)
    whole = slice(0, k.shape[1])
    p = torch.exp(_scores(q, k, rows, whole, causal, shift) - lse[:, rows, None])
    return (p * (do[:, rows] @ v.float().mT)).sum(-1, keepdim=True)


def _scaled(times: Three, causal: bool = False):
    """The right backward with each gradient multiplied by its number of scales too many."""

    def wrong(saved: tuple[Tensor, ...], do: Tensor) -> Three:
        scale = saved[0].shape[-1] ** -0.5
        gradients = backward(saved, do, causal=causal)
        dq, dk, dv = (each * scale**power for each, power in zip(gradients, times, strict=True))
        return dq, dk, dv

    return wrong


def _scale_twice(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """q comes scaled already, and the kernel scales the scores again; backward does not know."""
    o, saved = forward((q * q.shape[-1] ** -0.5).to(q.dtype), k, v, causal=False)
    return o, (q, k, v, *saved[3:])


def _flash(name: str, first=None, second=None, insides: str = "", fault: str = "", causal: bool = False) -> Entry:
    kernel = fused(first or partial(forward, causal=causal), second or partial(backward, causal=causal))
    operation, reference = ("causal attention", _causal_reference) if causal else ("attention", _reference)
    return Entry(name, operation, kernel, reference, _draw, insides, fault)


ENTRIES = (
    _flash("attention", insides="float32"),
    _flash("attention_causal", insides="float32", causal=True),
    _flash(
        "attention_stored", partial(forward, causal=False, stored=True), partial(backward, causal=False, stored=True),
        "stored",
    ),
    _flash("attention_scale_twice", _scale_twice, fault="scale 1/sqrt(d) twice in forward"),
    _flash("attention_dq_scale", second=_scaled((1, 0, 0)), fault="scale 1/sqrt(d) twice in dq"),
    _flash("attention_dk_scale", second=_scaled((0, -1, 0)), fault="dk without the scale of q"),
    _flash(
        "attention_mask_shifted", partial(forward, causal=True, shift=1), partial(backward, causal=True, shift=1),
        fault="causal mask shifted by one: each row sees the next key", causal=True,
    ),
    _flash(
        "attention_backward_mask", second=partial(backward, causal=True, shift=-1), causal=True,
        fault="backward's causal mask leaves out the diagonal",
    ),
    _flash(
        "attention_not_rescaled", partial(forward, causal=False, rescaled=False),
        fault="online softmax does not rescale the accumulator",
    ),
    _flash(
        "attention_diagonal_twice", second=partial(backward, causal=True, twice=1), causal=True,
        fault="the diagonal's tile is added twice",
    ),
)  # fmt: skip
