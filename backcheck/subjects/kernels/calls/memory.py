"""Tensors within a larger memory whose rest holds known bits: what is written outside of a tensor is seen afterwards.

The bits are those of a NaN, so that a kernel that reads outside shows it in its answer. The bands before and after a
tensor are as long as the tensor itself, within limits, since a kernel that is off by a row or a tile writes that far.
Gaps between the entries, as of every second column, hold the same bits. An expanded tensor, whose memory is shorter
than its entries, has bands that all of them fit into: what ignores the strides reads NaN there and not foreign memory.

Everything is done on the tensor's own device. Integers are surrounded by small negative numbers: used as an index they
lead into the band before another tensor, where a large number would end the process.

Every tensor is surrounded by a NaN of its own: twice a NaN is the same NaN, and what a kernel reads too far and writes
too far would leave no trace.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import Any, Literal

from backcheck_reference.lazy import torch

Rest = Literal["nan", "number"]  # what surrounds a tensor

LEAST_ENTRIES, LEAST_BYTES = 64, 4096
MOST_BYTES = 2**20  # of a band, where the tensor is not expanded
SLAB = 2**16  # cells that are looked through at a time
ALIGNMENT = 64  # what PyTorch gives on a CPU; on a GPU it gives more, and no kernel is compiled for more than 16
# Watched memory stays to the end of a call. So no more of it is held than this many times what the kernel is given, and
# some for small ones; what is allocated beyond that lies in ordinary memory.
MOST_TIMES, LEAST_ROOM = 8, 2**26

# The first of several: a quiet NaN with a payload, and an ordinary number of about 25,000 (6,500 in float16).
BITS: Mapping[Rest, Mapping[str, int]] = {
    "nan": {
        "float64": 0x7FFADAA55A5AA55A, "float32": 0x7FDAA55A, "float16": 0x7E4A, "bfloat16": 0x7FC5,
        "float8_e4m3fn": 0x7F, "float8_e5m2": 0x7F,
    },
    "number": {
        "float64": 0x40DAA55A5A5AA55A, "float32": 0x46DAA55A, "float16": 0x6E5A, "bfloat16": 0x46C5,
        "float8_e4m3fn": 0x5A, "float8_e5m2": 0x5A,
    },
}  # fmt: skip
OTHER_BITS: Mapping[Rest, int] = {"nan": -1, "number": -2}
KINDS = 32  # of surroundings; after so many tensors the first comes again


@dataclass(frozen=True, slots=True)
class Surrounded:
    """One tensor in its memory: `cells` has one integer for each entry and for each place around them."""

    name: str
    tensor: Any
    cells: Any
    start: int
    span: int
    known: int

    def owns(self, tensor: Any) -> bool:
        """Does the tensor lie in this memory?"""
        first = self.cells.data_ptr()
        within: bool = first <= tensor.data_ptr() < first + self.cells.numel() * self.cells.itemsize
        return within and tensor.device == self.cells.device

    def damage(self, name: str) -> Iterator[str]:
        """What was written outside of the entries, in words."""
        end = self.start + self.span
        places = {
            "before the beginning": [self.cells[: self.start]],
            "beyond the end": [self.cells[end:]],
            "between the entries": self._between(),
        }
        for place, parts in places.items():
            if count := sum(_others(part, self.known) for part in parts):
                yield f"writes {count} {'entry' if count == 1 else 'entries'} {place} of {name}"

    def _between(self) -> Iterator[Any]:
        """The cells of the span, part by part, with what is known in the place of the entries."""
        if not has_gaps(self.tensor, self.span):
            return
        once = _once(self.tensor)
        first = max(range(once.dim()), key=lambda axis: (once.shape[axis] > 1) * once.stride(axis))
        size, step = once.shape[first], once.stride(first)
        # rows of one memory come one after the other, unless entries of the next begin within the last
        apart = _span(once.narrow(first, 0, 1)) <= step
        rows = max(1, SLAB // step) if apart else size
        for at in range(0, size, rows):
            part = once.narrow(first, at, min(rows, size - at))
            end = self.span if at + rows >= size else (at + rows) * step
            inner = self.cells[self.start + at * step : self.start + end].clone()
            _places(inner, part).fill_(self.known)
            yield inner


@dataclass(slots=True)
class GuardedMemory:
    """The tensors of one call. Without `guarded` there is nothing around them."""

    guarded: bool = True
    rest: Rest = "nan"
    held: list[Surrounded] = field(default_factory=list)
    bytes: int = 0
    given: int = 0
    busy: bool = False

    def hold(self, tensor: Any, name: str = "", fill: float | None = None, like: Any | None = None) -> Any:
        """A tensor of its own with the same values, or with `fill` everywhere; the strides and the alignment stay.

        What the kernel is given has a name. What has no entries, or numbers that nothing is known of, is copied into
        ordinary memory. With `like`, a tensor without memory, it has the strides and the offset of that one.
        """
        self.busy = True  # what is allocated here is no allocation of the kernel's
        try:
            return self._hold(tensor.detach(), name, fill, tensor if like is None else like)
        finally:
            self.busy = False

    def _hold(self, tensor: Any, name: str, fill: float | None, like: Any) -> Any:
        known = _known_bits(tensor.dtype, self.rest, len(self.held) % KINDS)
        if not tensor.numel() or known is None or tensor.layout != torch.strided:
            return tensor.clone()
        cell = _cell(tensor.dtype)
        item, span = tensor.element_size(), _span(like)
        band = _band(like, span) if self.guarded else 0
        cells = torch.empty(2 * band + span + ALIGNMENT // item, dtype=cell, device=tensor.device)
        place = tensor.data_ptr() if like is tensor else like.storage_offset() * item
        start = band + (place - cells.data_ptr() - band * item) % ALIGNMENT // item
        raw = cells[start : start + span]
        for around in (cells[:start], cells[start + span :], *([raw] if has_gaps(like, span) else [])):
            around.fill_(known)
        inner = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        # A view would be one for autograd too, and no kernel could write into it.
        if name:
            inner.set_(cells.untyped_storage(), start, tuple(like.shape), like.stride())
        else:  # the storage of a fresh tensor begins at its first entry: what autograd does for slices counts on that
            inner.set_(torch.from_dlpack(cells[start:]).untyped_storage(), 0, tuple(like.shape), like.stride())
        if fill is not None:
            _places(raw, like).view(tensor.dtype).fill_(_filling(tensor.dtype, fill))
        elif has_gaps(like, span) or like is not tensor:
            _places(raw, like).copy_(_once(tensor, like.stride()).view(cell))
        else:
            raw.copy_(tensor.as_strided((span,), (1,)).view(cell))
        if self.guarded:
            # its own view: the kernel may give the one that it gets another shape
            self.held.append(Surrounded(name, inner.detach(), cells, start, span, known))
            self.bytes += cells.numel() * item
            self.given += cells.numel() * item if name else 0
        return inner

    @property
    def full(self) -> bool:
        """Is there no room for what the kernel allocates?"""
        return self.bytes - self.given > MOST_TIMES * self.given + LEAST_ROOM

    def damage(self, named: Sequence[tuple[str, Any]] = ()) -> tuple[str, ...]:
        """What was written outside of the tensors. Memory without a name has that of the tensor that lies in it."""
        found: list[str] = []
        for each in self.held:
            names = [each.name, *(name for name, tensor in named if tensor is not None and each.owns(tensor))]
            shape = f"of shape {list(each.tensor.shape)}"
            name = next((f"{name}, {shape}" for name in names if name), f"memory {shape} that it allocated")
            found += each.damage(name)
        return tuple(found)


def same_bits(a: Any, b: Any) -> bool:
    """Are two tensors of one dtype and shape the same to the bit?"""
    if a.dtype.is_complex:
        a, b = torch.view_as_real(a.resolve_conj()), torch.view_as_real(b.resolve_conj())
    first, second = (each.view(_cell(each.dtype)) for each in (a, b))
    span = _span(first) if first.numel() else 0
    if a.stride() == b.stride() and _once(first).numel() == first.numel() == span:
        # of a transposed tensor too the memory is a row, and read as one
        first, second = (each.as_strided((span,), (1,)) for each in (first, second))
    if first.device.type == second.device.type == "cpu":  # NumPy takes a fifth of the time
        return bool((first.numpy() == second.numpy()).all())
    same: bool = torch.equal(first, second)
    return same


def _cell(dtype: Any) -> Any:
    """Integers as wide as the numbers of the dtype."""
    return {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[dtype.itemsize]


def _known_bits(dtype: Any, rest: Rest, kind: int) -> int | None:
    """What one cell around an entry holds; None for a dtype that nothing is known of."""
    if dtype.is_complex:
        return None
    if not dtype.is_floating_point:
        return OTHER_BITS[rest] - 2 * kind
    first = BITS[rest].get(str(dtype).removeprefix("torch."))
    return first if first is None or dtype.itemsize == 1 else first + kind


def _filling(dtype: Any, fill: float) -> Any:
    """The number that stands for `fill`. Among integers it is small, since it may be used as an index."""
    if dtype.is_floating_point:
        largest = torch.finfo(dtype).max
        return fill if fill != fill else max(-largest, min(largest, fill))
    return 0 if fill != fill else 1


def _span(tensor: Any) -> int:
    """From the first to the last entry in memory, both counted."""
    last: int = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return 1 + last


def _band(tensor: Any, span: int) -> int:
    """The entries of a band, a multiple of the alignment."""
    item: int = tensor.element_size()
    entries = prod(tensor.shape)
    wanted = entries if span < entries else min(span, MOST_BYTES // item)
    return ALIGNMENT * ceil(max(LEAST_ENTRIES, LEAST_BYTES // item, wanted) / ALIGNMENT)


def has_gaps(tensor: Any, span: int) -> bool:
    """Are there places between the first entry and the last that are none of the tensor's?"""
    return bool(_once(tensor).numel() != span)


def _once(tensor: Any, strides: Sequence[int] = ()) -> Any:
    """The tensor without entries that are the same by their strides, as those of an expanded one."""
    for axis, step in enumerate(strides or tensor.stride()):
        tensor = tensor if step else tensor.narrow(axis, 0, 1)
    return tensor


def _others(cells: Any, known: int) -> int:
    """How many cells hold something else; one pass tells that none does."""
    same = not cells.numel() or all(int(each) == known for each in cells.aminmax())
    return 0 if same else int((cells != known).sum())


def _places(raw: Any, tensor: Any) -> Any:
    """Where in the memory of its span a tensor has its entries."""
    once = _once(tensor)
    return raw.as_strided(tuple(once.shape), once.stride(), raw.storage_offset())
