"""The same values in other memory: what a kernel is given that was not made for it alone.

A kernel that takes `data_ptr()` and ignores the strides is right for a tensor by itself and wrong, without a word, for
the gradient that `y.sum().backward()` hands over, for the transpose of another tensor, or for a part of it.
"""

from collections.abc import Mapping
from typing import Any

from backcheck.strategies.choice import Pick
from backcheck.strategies.layouts import CONTIGUOUS as CONTIGUOUS
from backcheck.strategies.layouts import EXPANDED, OFFSET, MemoryLayout, repeated
from backcheck.strategies.layouts import LAYOUTS as EVERY_LAYOUT
from backcheck_reference.lazy import torch

# what a tensor can have of those that arrays are drawn in: PyTorch has no negative strides, and writes into any tensor
LAYOUTS: Mapping[str, MemoryLayout] = {
    name: EVERY_LAYOUT[name]
    for name in (
        *(CONTIGUOUS, EXPANDED, "transposed", "sliced", "part of rows", OFFSET),
        *("heads swapped", "channels last"),
    )
}


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
    x = tensor.detach()
    if layout == CONTIGUOUS:
        return x.clone(memory_format=torch.contiguous_format)
    shape = tuple(x.shape)
    place = repeated(shape, _constant_axes(x)) if layout == EXPANDED else LAYOUTS[layout].place(shape)
    if place is None or not x.numel():
        return None
    memory = torch.zeros(place.size, dtype=x.dtype, device=x.device)
    made = memory.as_strided(shape, place.strides, place.offset)
    once = tuple(slice(None if stride else 1) for stride in place.strides)
    made[once] = x[once]
    return made


def formal(tensor: Any, layout: str) -> Any | None:
    """A tensor without memory that has the strides and the offset of that layout: nothing is copied for it."""
    if layout == EXPANDED:  # it takes a look at the values
        made = laid_out(tensor, layout)
        return None if made is None else made.to("meta")
    return laid_out(torch.empty(tensor.shape, dtype=tensor.dtype, device="meta"), layout)


def _constant_axes(x: Any) -> list[int]:
    """The axes along which nothing changes."""
    if not x.numel():
        return []
    axes = [axis for axis, size in enumerate(x.shape) if size > 1]
    return [axis for axis in axes if bool((x == x.narrow(axis, 0, 1)).all())]


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
