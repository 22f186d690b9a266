"""One row of the corpus, and what kernels share: blocks, drawn tensors, a forward and a backward as one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Drawn = Callable[[torch.dtype, str, torch.Generator], tuple[Tensor, ...]]
LOW = (torch.bfloat16, torch.float16)
ALL = (*LOW, torch.float32)
CIRCUMSTANCES = (
    *("", "expanded cotangent", "transposed cotangent", "transposed input", "poisoned memory", "changed input"),
)
# rows and columns: small ones, ragged ones (a whole number of blocks and one more), and what a user would train with
ROWS_AND_COLUMNS = {"small": (4, 8), "odd": (33, 129), "large": (256, 512)}


@dataclass(frozen=True)
class Entry:
    """A kernel, what it is meant to compute, and how it keeps to it."""

    name: str
    operation: str
    kernel: Callable[..., Any]
    reference: Callable[..., Any]
    draw: Drawn
    # what a right one keeps: "float32", "tf32", "stored" (sums in float32, what is handed on in the dtype) or "dtype"
    # (sums in it too); "" for a wrong one. In float32 arrays "stored" and "dtype" are no coarser than "float32".
    insides: str = ""
    fault: str = ""
    dtypes: tuple[torch.dtype, ...] = ALL
    cotangent: str = "any"
    # where a fault shows: "" in the answer to contiguous tensors, or as one of CIRCUMSTANCES
    circumstance: str = ""
    truncated: tuple[torch.dtype, ...] = ()  # where results are cut off, and not rounded to nearest

    @property
    def right(self) -> bool:
        return not self.fault

    def promise(self, dtype: torch.dtype) -> str | tuple[str, str] | None:
        """What the kernel says of itself: nobody keeps float32 who stores his intermediates in the dtype."""
        own = str(dtype).removeprefix("torch.")
        if own == "float32":
            return "tf32" if self.insides == "tf32" else None
        return {"tf32": "tf32", "stored": ("float32", own), "dtype": own}.get(self.insides)


def fused(forward: Callable[..., Any], backward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward(*tensors) -> (y, saved)` and `backward(saved, dy) -> gradients` as one torch.autograd.Function."""

    class Fused(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            y, saved = forward(*tensors)
            ctx.save_for_backward(*saved)
            return y

        @staticmethod
        def backward(ctx: Any, *dy: Any) -> Any:
            return backward(ctx.saved_tensors, *dy)

    return Fused.apply


def blocks(size: int, step: int) -> Iterator[slice]:
    """The blocks of an axis; the last may be ragged."""
    for start in range(0, size, step):
        yield slice(start, min(start + step, size))


def total(x: Tensor, step: int = 32) -> Tensor:
    """The sum over the first axis in two stages: a partial sum of each block of rows, then the sum of those."""
    return torch.stack([x[rows].sum(0) for rows in blocks(len(x), step)]).sum(0)


def normal(dtype: torch.dtype, generator: torch.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return (torch.randn(shape, generator=generator) * scale).to(dtype)


def affine(dtype: torch.dtype, generator: torch.Generator, size: int) -> Tensor:
    """Parameters away from 0 and 1, of both signs: some faults are right there."""
    away = 1.25 + 1.25 * torch.rand(size, generator=generator)
    sign = torch.where(torch.rand(size, generator=generator) < 0.25, -1.0, 1.0)
    return (away * sign).to(dtype)


def positions(generator: torch.Generator, high: int, *shape: int) -> Tensor:
    return torch.randint(0, high, shape, generator=generator)


def rows(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor]:
    """One matrix."""
    return (normal(dtype, generator, *ROWS_AND_COLUMNS[size], scale=2.0),)


def pair_of_rows(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return (*rows(dtype, size, generator), *rows(dtype, size, generator))


def rows_and_vector(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    n, d = ROWS_AND_COLUMNS[size]
    return normal(dtype, generator, n, d, scale=2.0), affine(dtype, generator, d)


def rows_and_two_vectors(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    n, d = ROWS_AND_COLUMNS[size]
    x = normal(dtype, generator, n, d, scale=2.0) + normal(dtype, generator, n, 1)
    return x, affine(dtype, generator, d), affine(dtype, generator, d)
