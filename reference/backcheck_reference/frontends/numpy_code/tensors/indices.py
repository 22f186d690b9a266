"""NumPy's indices on PyTorch's tensors: steps backwards, and whole numbers beside arrays of them."""

from typing import Any

from backcheck_reference.lazy import LazyModule, torch

over_torch = LazyModule("torch._numpy", "torch")


def is_basic(index: Any) -> bool:
    """Does the index give a view, as numbers, slices and new axes do?"""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or type(part) in (int, slice) for part in parts)


def taken(held: Any, index: Any) -> Any:
    """The entries of a tensor at NumPy's index."""
    held, index = _forwards(held, index if isinstance(index, tuple) else (index,))
    return held[index] if is_basic(index) else over_torch.asarray(held)[index].tensor


def places(held: Any, index: Any) -> Any:
    """The numbers of these entries, counted in order."""
    return taken(torch.arange(held.numel(), device=held.device).reshape(held.shape), index)


def _forwards(held: Any, index: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The tensor flipped where a step goes backwards, which PyTorch has not, and the index that gives the same."""
    backwards = [part for part in index if type(part) is slice and part.step is not None and part.step < 0]
    if not backwards:
        return held, index
    used = sum(_axes(part) for part in index if part is not Ellipsis)
    found, axis = [], 0
    for part in index:
        if part is Ellipsis:
            axis += held.ndim - used
        elif type(part) is slice and part.step is not None and part.step < 0:
            n = held.shape[axis]
            kept = range(*part.indices(n))
            first = n - 1 - kept[0] if kept else n
            held, part = torch.flip(held, (axis,)), slice(first, first + len(kept) * -part.step, -part.step)
        axis += _axes(part)
        found.append(part)
    return held, tuple(found)


def _axes(part: Any) -> int:
    """How many axes a part of an index stands for."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, torch.Tensor) and part.dtype == torch.bool else 1
