"""Kernels that move entries: rotary embedding, dropout by a seed, embedding, scatter add, cumulative sum."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.subjects.kernels.corpus.entry import LOW, ROWS_AND_COLUMNS, Entry, blocks, fused, normal, positions, rows

KEPT = 0.75


def _rotary_draw(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows of an even number of columns, and the angle of each pair of them."""
    n, d = ROWS_AND_COLUMNS[size]
    return normal(dtype, generator, n, d // 2 * 2), (6.0 * torch.rand(n, d // 2, generator=generator)).to(dtype)


def _rotary_reference(x: Tensor, angles: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    cos, sin = torch.cos(angles), torch.sin(angles)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def _turned(x: Tensor, angles: Tensor, sign: float) -> Tensor:
    first, second = x.float().chunk(2, -1)
    cos, sin = torch.cos(angles.float()), sign * torch.sin(angles.float())
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def rotary_forward(x: Tensor, angles: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    return _turned(x, angles, 1.0).to(x.dtype), (x, angles)


def rotary_backward(saved: tuple[Tensor, Tensor], dy: Tensor, sign: float = -1.0) -> tuple[Tensor, Tensor]:
    """Turned back; the angle moves each pair at a right angle to itself."""
    x, angles = saved
    y = _turned(x, angles, 1.0)
    (first, second), (dfirst, dsecond) = y.chunk(2, -1), dy.float().chunk(2, -1)
    return _turned(dy, angles, sign).to(x.dtype), (dsecond * first - dfirst * second).to(x.dtype)


def _turned_on(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    return rotary_backward(saved, dy, 1.0)


def _stored(x: Tensor, angles: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """As models have it: cos, sin, products and their sum are all tensors of the dtype."""
    return _rotary_reference(x, angles), (x, angles)


def _stored_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor]:
    """By the gradients of cos and of sin: by the stored result it would be rounded more often than the reference is."""
    x, angles = saved
    (first, second), (dfirst, dsecond) = x.chunk(2, -1), dy.chunk(2, -1)
    of_cos, of_sin = dfirst * first + dsecond * second, dsecond * first - dfirst * second
    return _rotary_reference(dy, -angles), of_sin * torch.cos(angles) - of_cos * torch.sin(angles)


def _kept(n: int, seed: Tensor) -> Tensor:
    """Which of so many entries a counter-based generator keeps: a hash of the seed and the entry's number."""
    hashed = (torch.arange(n) + 1) * 2654435761 + seed * 40503
    hashed = ((hashed ^ (hashed >> 15)) * 2246822519) & 0xFFFFFFFF
    return ((hashed ^ (hashed >> 13)) & 0xFFFF) < KEPT * 0x10000


def _seeded(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return (*rows(dtype, size, generator), positions(generator, 1000, 1))


def _dropout_reference(x: Tensor, seed: Tensor) -> Tensor:
    return torch.where(_kept(x.numel(), seed).reshape(x.shape), x / KEPT, torch.zeros_like(x))


def _dropped(x: Tensor, seed: Tensor) -> Tensor:
    return torch.where(_kept(x.numel(), seed).reshape(x.shape), x.float() / KEPT, 0.0).to(x.dtype)


def dropout_forward(x: Tensor, seed: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    return _dropped(x, seed), (seed,)


def dropout_backward(saved: tuple[Tensor], dy: Tensor) -> tuple[Tensor, None]:
    """The mask is drawn again from the seed and not kept."""
    return _dropped(dy, saved[0]), None


def _seed_of_the_next(saved: tuple[Tensor], dy: Tensor) -> tuple[Tensor, None]:
    return _dropped(dy, saved[0] + 1), None


def _embedding_draw(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Indices of which many are the same."""
    n, d = ROWS_AND_COLUMNS[size]
    return normal(dtype, generator, n // 2, d), positions(generator, n // 2, 3 * n)


def _embedding_reference(w: Tensor, index: Tensor) -> Tensor:
    return w[index]


def embedding_forward(w: Tensor, index: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    return w[index], (w, index)


def embedding_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, None]:
    """A float32 buffer that blocks of rows add to, stored in the dtype at the end."""
    w, index = saved
    dw = torch.zeros(w.shape)
    for block in blocks(len(index), 64):
        dw.index_add_(0, index[block], dy[block].float())
    return dw.to(w.dtype), None


def _low_atomics(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, None]:
    """The atomic adds go to a buffer of the dtype."""
    w, index = saved
    dw = torch.zeros_like(w)
    for row, place in zip(dy, index.tolist(), strict=True):
        dw[place] += row
    return dw, None


def _in_any_order(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, None]:
    """Atomic adds to the float32 buffer in the order that the programs happen to run: other last bits at each call."""
    w, index = saved
    order = torch.randperm(len(index))
    return embedding_backward((w, index[order]), dy[order])


def _race(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, None]:
    w, index = saved
    order = torch.randperm(len(index))
    return _last_writer((w, index[order]), dy[order])


def _last_writer(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, None]:
    w, index = saved
    dw = torch.zeros_like(w)
    for row, place in zip(dy, index.tolist(), strict=True):
        dw[place] = row
    return dw, None


def _scatter_draw(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    n, d = ROWS_AND_COLUMNS[size]
    base = normal(dtype, generator, n // 3, d)
    return base, positions(generator, n // 3, n), normal(dtype, generator, n, d, scale=2.0)


def _scatter_reference(base: Tensor, index: Tensor, x: Tensor) -> Tensor:
    return base.index_add(0, index, x)


def scatter_forward(base: Tensor, index: Tensor, x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    y = base.to(torch.float32, copy=True)
    for block in blocks(len(index), 64):
        y.index_add_(0, index[block], x[block].float())
    return y.to(base.dtype), (index,)


def _into_the_input(base: Tensor, index: Tensor, x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    """In float32 `base.float()` is base itself, and what is added to it stays there."""
    y = base.float()
    y.index_add_(0, index, x.float())
    return y.to(base.dtype, copy=True), (index,)


def scatter_backward(saved: tuple[Tensor], dy: Tensor) -> tuple[Tensor, None, Tensor]:
    return dy.clone(), None, dy[saved[0]]


def _scatter_last_writer(base: Tensor, index: Tensor, x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    """Read, add, write back without an atomic: of equal indices one addition stays."""
    y = base.float().clone()
    for row, place in zip(x.float(), index.tolist(), strict=True):
        y[place] = base[place].float() + row
    return y.to(base.dtype), (index,)


def _cumsum_reference(x: Tensor) -> Tensor:
    return torch.cumsum(x, -1)


def _scan(x: Tensor, carried: bool = True) -> Tensor:
    """Blocks of columns, each begun with what those before have added up to."""
    y, carry = torch.empty_like(x), torch.zeros(len(x), 1)
    for columns in blocks(x.shape[1], 32):
        block = torch.cumsum(x[:, columns].float(), 1) + carry
        y[:, columns] = block.to(x.dtype)
        carry = block[:, -1:] if carried else carry
    return y


def scan_forward(x: Tensor) -> tuple[Tensor, tuple[()]]:
    return _scan(x), ()


def scan_backward(saved: tuple[()], dy: Tensor) -> Tensor:
    return _scan(dy.flip(1)).flip(1)


def _carry_forgotten(saved: tuple[()], dy: Tensor) -> Tensor:
    return _scan(dy.flip(1), carried=False).flip(1)


def _entry(operation: str, first, second, reference, draw, insides: str = "", name: str = "", **rest) -> Entry:
    name = "_".join([operation.replace(" ", "_"), *([name] if name else [])])
    return Entry(name, operation, fused(first, second), reference, draw, insides, **rest)


_ROTARY = ("rotary embedding", rotary_forward, rotary_backward, _rotary_reference, _rotary_draw)
_DROPOUT = ("dropout", dropout_forward, dropout_backward, _dropout_reference, _seeded)
_EMBEDDING = ("embedding", embedding_forward, embedding_backward, _embedding_reference, _embedding_draw)
_SCATTER = ("scatter add", scatter_forward, scatter_backward, _scatter_reference, _scatter_draw)
_CUMSUM = ("cumsum", scan_forward, scan_backward, _cumsum_reference, rows)


def _wrong(right: tuple, name: str, fault: str, first=None, second=None, **rest) -> Entry:
    operation, forward, backward, reference, draw = right
    return _entry(operation, first or forward, second or backward, reference, draw, name=name, fault=fault, **rest)


ENTRIES = (
    *(_entry(*right, insides="float32") for right in (_ROTARY, _DROPOUT, _EMBEDDING, _SCATTER, _CUMSUM)),
    _entry(_ROTARY[0], _stored, _stored_backward, *_ROTARY[3:], insides="stored", name="stored"),
    _entry(*_EMBEDDING[:2], _low_atomics, *_EMBEDDING[3:], insides="dtype", name="dtype_sums"),
    _wrong(_ROTARY, "turned_on", "backward turns on and not back", second=_turned_on),
    _entry(*_EMBEDDING[:2], _in_any_order, *_EMBEDDING[3:], insides="float32", name="any_order"),
    _wrong(_DROPOUT, "seeds", "backward draws its mask from another seed", second=_seed_of_the_next),
    _wrong(_EMBEDDING, "last_writer", "no atomic add: the last row of an index stays", second=_last_writer),
    _wrong(_EMBEDDING, "low_atomics", "atomic adds in the dtype, float32 promised", second=_low_atomics, dtypes=LOW),
    _wrong(_EMBEDDING, "race", "no atomic add: any one row of an index stays, another at each call", second=_race),
    _wrong(_SCATTER, "last_writer", "no atomic add in forward: the last row stays", first=_scatter_last_writer),
    _wrong(
        _SCATTER, "into_input", "adds into its own input", first=_into_the_input, dtypes=(torch.float32,),
        circumstance="changed input",
    ),
    _wrong(_CUMSUM, "carry", "backward forgets what the blocks after add up to", second=_carry_forgotten),
)  # fmt: skip
