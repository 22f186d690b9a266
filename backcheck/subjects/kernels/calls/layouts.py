"""The same values in other memory: what a kernel is given that was not made for it alone.

A kernel that takes `data_ptr()` and ignores the strides is right for a tensor by itself and wrong, without a word, for
the gradient that `y.sum().backward()` hands over, for the transpose of another tensor, or for a part of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck.strategies.choice import Pick
from backcheck_reference.lazy import torch

CONTIGUOUS = "contiguous"


@dataclass(frozen=True, slots=True)
class MemoryLayout:
    """`words` go behind "dy is". `build` gives the tensor in that layout, or None where it has no such layout."""

    words: str
    build: Callable[[Any], Any | None]


def layouts_of(tensor: Any) -> tuple[str, ...]:
    """The layouts that a tensor of this shape and these values can have, simplest first. All differ in their strides,
    their offset or both."""
    found: dict[Any, str] = {}
    for name in LAYOUTS:
        if (made := formal(tensor, name)) is not None:
            found.setdefault((made.stride(), made.storage_offset(), made.untyped_storage().nbytes()), name)
    return tuple(found.values())


def laid_out(tensor: Any, layout: str) -> Any | None:
    """A copy of the tensor in that layout; None where the shape or the values do not allow it."""
    return LAYOUTS[layout].build(tensor.detach())


def formal(tensor: Any, layout: str) -> Any | None:
    """A tensor without memory that has the strides and the offset of that layout: nothing is copied for it."""
    if layout == "expanded":  # it takes a look at the values
        made = laid_out(tensor, layout)
        return None if made is None else made.to("meta")
    return laid_out(torch.empty(tensor.shape, dtype=tensor.dtype, device="meta"), layout)


def said(name: str, layout: str) -> str:
    """
    >>> said("dy", "transposed")
    'dy is transposed in memory'
    """
    return f"{name} is {LAYOUTS[layout].words}"


def draw_layouts(pick: Pick, tensors: Mapping[str, Any]) -> dict[str, str]:
    """A layout for each tensor by name. Mostly one of them only is not contiguous, so that a failure says which."""
    names = list(tensors)
    odd = pick([*names, "", *names, "all"])
    found = {}
    for name in names:
        drawn = pick(list(LAYOUTS))
        possible = odd in (name, "all") and drawn in layouts_of(tensors[name])
        found[name] = drawn if possible else CONTIGUOUS
    return found


def sum_cotangent(y: Any) -> Any:
    """The cotangent that `y.sum().backward()` hands over: one number that all entries share."""
    return torch.ones((), dtype=y.dtype, device=y.device).expand(y.shape)


def _contiguous(x: Any) -> Any:
    return x.clone(memory_format=torch.contiguous_format)


def _expanded(x: Any) -> Any | None:
    """Along every axis on which nothing changes."""
    if not x.numel():
        return None
    part = x
    for axis, size in enumerate(x.shape):
        first = part.narrow(axis, 0, 1)
        if size > 1 and bool((part.narrow(axis, 1, 1) == first).all()) and bool((part == first).all()):
            part = first
    return None if part.shape == x.shape else _contiguous(part).expand(x.shape)


def _swapped(one: int, other: int) -> Callable[[Any], Any | None]:
    def build(x: Any) -> Any | None:
        if x.dim() < 2 or max(one, other) >= x.dim() or x.shape[one] == 1 or x.shape[other] == 1:
            return None
        return _contiguous(x.transpose(one, other)).transpose(one, other)

    return build


def _sliced(x: Any) -> Any | None:
    """Every second entry of the last axis."""
    if not x.dim() or x.shape[-1] < 2:
        return None
    wide = torch.zeros((*x.shape[:-1], 2 * x.shape[-1]), dtype=x.dtype, device=x.device)
    wide[..., ::2] = x
    return wide[..., ::2]


def _part_of_rows(x: Any) -> Any | None:
    """As one of the three parts that a product for queries, keys and values is split into."""
    if x.dim() < 2 or x.shape[-2] < 2:
        return None
    width = x.shape[-1]
    wide = torch.zeros((*x.shape[:-1], 3 * width), dtype=x.dtype, device=x.device)
    wide[..., width : 2 * width] = x
    return wide[..., width : 2 * width]


def _offset(x: Any) -> Any | None:
    """One entry into its memory: aligned to its own size only."""
    if not x.numel():
        return None
    memory = torch.zeros(x.numel() + 1, dtype=x.dtype, device=x.device)
    memory[1:] = x.reshape(-1)
    return memory[1:].view(x.shape)


def _channels_last(x: Any) -> Any | None:
    return x.clone(memory_format=torch.channels_last) if x.dim() == 4 and x.numel() else None


LAYOUTS: Mapping[str, MemoryLayout] = {
    CONTIGUOUS: MemoryLayout("contiguous", _contiguous),
    "expanded": MemoryLayout("expanded: entries share memory", _expanded),
    "transposed": MemoryLayout("transposed in memory", _swapped(-1, -2)),
    "sliced": MemoryLayout("every second entry of its memory", _sliced),
    "part of rows": MemoryLayout("a part of wider rows", _part_of_rows),
    "offset": MemoryLayout("one entry into its memory", _offset),
    "heads swapped": MemoryLayout("swapped in memory at its axes 1 and 2", _swapped(1, 2)),
    "channels last": MemoryLayout("channels last in memory", _channels_last),
}
