"""Products of matrices: tiled, with the inner axis split, with tf32 factors; and a linear layer with its bias."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.subjects.kernels.corpus.entry import LOW, Entry, affine, blocks, fused, normal, total

TILE = 64
SIZES = {"small": (4, 8, 6), "odd": (33, 129, 65), "large": (256, 512, 128)}


def _two(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    n, k, m = SIZES[size]
    return normal(dtype, generator, n, k), normal(dtype, generator, k, m)


def _three(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    n, k, m = SIZES[size]
    return normal(dtype, generator, n, k), normal(dtype, generator, m, k), affine(dtype, generator, m)


def _reference(a: Tensor, b: Tensor) -> Tensor:
    return a @ b


def _linear_reference(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return x @ w.T + b


def tiled(a: Tensor, b: Tensor) -> Tensor:
    """Each tile of the result has a float32 accumulator that tiles of the inner axis are added to."""
    c = torch.empty(len(a), b.shape[1], dtype=a.dtype)
    for i in blocks(len(a), TILE):
        for j in blocks(b.shape[1], TILE):
            c[i, j] = sum(a[i, k].float() @ b[k, j].float() for k in blocks(a.shape[1], TILE)).to(a.dtype)
    return c


def split_k(a: Tensor, b: Tensor, parts: int = 4) -> Tensor:
    """Parts of the inner axis by programs of their own, and their float32 results added."""
    step = -(-a.shape[1] // parts)
    return sum(a[:, k].float() @ b[k].float() for k in blocks(a.shape[1], step)).to(a.dtype)


def _tf32(x: Tensor) -> Tensor:
    """Rounded to 10 bits after the point, ties to even: what a tensor core multiplies."""
    bits = x.contiguous().view(torch.int32)
    return ((bits + 0xFFF + ((bits >> 13) & 1)) & ~0x1FFF).view(torch.float32)


def _tf32_product(a: Tensor, b: Tensor) -> Tensor:
    return sum(_tf32(a[:, k]) @ _tf32(b[k]) for k in blocks(a.shape[1], TILE))


def _in_the_dtype(a: Tensor, b: Tensor) -> Tensor:
    """The accumulator has the dtype of the factors."""
    c = torch.zeros(len(a), b.shape[1], dtype=a.dtype)
    for k in blocks(a.shape[1], 8):
        c = (c.float() + (a[:, k].float() @ b[k].float()).to(a.dtype).float()).to(a.dtype)
    return c


def _ragged_end_dropped(a: Tensor, b: Tensor) -> Tensor:
    """The length of a part is k // 4, and what is left over belongs to none."""
    step = a.shape[1] // 4
    return split_k(a[:, : 4 * step], b[: 4 * step])


def _last_part_stays(a: Tensor, b: Tensor) -> Tensor:
    """Each part stores its result at the same place, without an atomic add."""
    *_, last = blocks(a.shape[1], -(-a.shape[1] // 4))
    return (a[:, last].float() @ b[last].float()).to(a.dtype)


def _block_twice(a: Tensor, b: Tensor) -> Tensor:
    """Where the inner axis is ragged its last tile is moved back to be full, and overlaps with the one before."""
    k, extra = a.shape[1], -a.shape[1] % TILE
    again = slice(max(k - TILE, 0), k - k % TILE) if extra and k > TILE else slice(0, 0)
    return (a.float() @ b.float() + a[:, again].float() @ b[again].float()).to(a.dtype)


def _product(first, second=tiled):
    """A product by one function, and its two gradients by another."""

    def forward(a: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return first(a, b), (a, b)

    def backward(saved: tuple[Tensor, Tensor], dc: Tensor) -> tuple[Tensor, Tensor]:
        a, b = saved
        return second(dc, b.T), second(a.T, dc)

    return fused(forward, backward)


def _by_memory(tensor: Tensor) -> Tensor:
    """What a kernel sees that takes a tensor for contiguous: its memory from the start; zeros lie beyond here."""
    memory = torch.as_strided(tensor, (tensor.untyped_storage().nbytes() // tensor.itemsize,), (1,), 0)
    seen = torch.zeros(tensor.numel(), dtype=tensor.dtype)
    start = tensor.storage_offset()
    there = memory[start : start + tensor.numel()]
    seen[: len(there)] = there
    return seen.reshape(tensor.shape)


def _strides_ignored_forward(a: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    return tiled(a, b), (a, b)


def _strides_ignored(saved: tuple[Tensor, Tensor], dc: Tensor) -> tuple[Tensor, Tensor]:
    a, b = saved
    dc = _by_memory(dc)
    return tiled(dc, b.T), tiled(a.T, dc)


def _input_by_memory(a: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The strides of the result are handed over for those of a."""
    return tiled(_by_memory(a), b), (a, b)


def _unmasked(saved: tuple[Tensor, Tensor], dc: Tensor) -> tuple[Tensor, Tensor]:
    a, b = saved
    return tiled(dc, b.T), tiled(a.T, dc)


def linear_forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The bias is added to the float32 accumulator."""
    y = sum(x[:, k].float() @ w[:, k].float().T for k in blocks(x.shape[1], TILE)) + b.float()
    return y.to(x.dtype), (x, w)


def linear_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, w = saved
    return tiled(dy, w), tiled(dy.T, x), total(dy.float()).to(x.dtype)


def _low_bias(saved: tuple[Tensor, Tensor], dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, w = saved
    db = torch.zeros_like(dy[0])
    for row in dy:
        db = db + row
    return tiled(dy, w), tiled(dy.T, x), db


def _stored_linear(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The product is stored before the bias is added."""
    return (tiled(x, w.T).float() + b.float()).to(x.dtype), (x, w)


def _matmul(name: str, kernel, insides: str = "", fault: str = "", **rest) -> Entry:
    return Entry(name, "matmul", kernel, _reference, _two, insides, fault, **rest)


def _linear(name: str, first, second, insides: str = "", fault: str = "", **rest) -> Entry:
    return Entry(name, "linear", fused(first, second), _linear_reference, _three, insides, fault, **rest)


ENTRIES = (
    _matmul("matmul_tiled", _product(tiled), "float32"),
    _matmul("matmul_split_k", _product(split_k, split_k), "float32"),
    _matmul("matmul_tf32", _product(_tf32_product, _tf32_product), "tf32", dtypes=(torch.float32,)),
    _matmul("matmul_dtype", _product(_in_the_dtype, _in_the_dtype), "dtype"),
    _matmul("matmul_ragged_end", _product(_ragged_end_dropped), fault="split-k drops the ragged end"),
    _matmul("matmul_last_part", _product(_last_part_stays), fault="split-k without atomic add: the last part stays"),
    _matmul("matmul_block_twice", _product(_block_twice), fault="the ragged last tile is added twice in part"),
    _matmul(
        "matmul_low_sums", _product(_in_the_dtype, tiled), dtypes=LOW,
        fault="accumulator in the dtype, float32 promised",
    ),
    _matmul(
        "matmul_cotangent_strides", fused(_strides_ignored_forward, _strides_ignored),
        fault="backward takes the cotangent for contiguous", circumstance="expanded cotangent",
    ),
    _matmul(
        "matmul_input_strides", fused(_input_by_memory, _unmasked), fault="a is read by the strides of the result",
        circumstance="transposed input",
    ),
    _linear("linear", linear_forward, linear_backward, "float32"),
    _linear("linear_stored", _stored_linear, linear_backward, "stored"),
    _linear("linear_low_bias", linear_forward, _low_bias, fault="db summed in the dtype, float32 promised", dtypes=LOW),
)  # fmt: skip
