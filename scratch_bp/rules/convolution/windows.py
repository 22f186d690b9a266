"""Windows along the axes of an array: where their entries lie, for convolutions, pooling, unfold and fold alike.

Along one axis, window o has its entry at offset k of the kernel at the position o stride + k dilation - padding. At one
offset the entries of all windows are a slice of the positions, and the windows that have one a slice of the windows:
some reach over the border there. What a rule reads by these slices, its backward adds back by them.

All of this depends on sizes and options alone, so it is worked out once for each.
"""

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

Number = int | tuple[int, ...]  # one for each axis, or the same for all
Sizes = tuple[int, ...]
Index = tuple[Any, ...]  # `...` and a slice for each axis


class Meeting(NamedTuple):
    """The windows that have an entry inside the array at one offset, and its positions, as slices of each axis."""

    windows: Index
    positions: Index


class WindowAxis(NamedTuple):
    """Windows along one axis: a number of them, the first of which begins `padding` before the array."""

    length: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    number: int

    def meeting(self, offset: int) -> tuple[slice, slice]:
        """The windows whose entry at this offset lies inside, and the positions of these entries."""
        start, step = offset * self.dilation - self.padding, self.stride
        first, last = max(0, -(start // step)), min(self.number, (self.length - 1 - start) // step + 1)
        if first >= last:
            return slice(0, 0), slice(0, 0)
        return slice(first, last), slice(first * step + start, (last - 1) * step + start + 1, step)


@lru_cache(maxsize=4096)
def meetings(axes: tuple[WindowAxis, ...]) -> tuple[Meeting, ...]:
    """One meeting for each offset of the kernel over all axes, the last axis fastest."""
    found = []
    for offsets in product(*(range(axis.kernel) for axis in axes)):
        windows, positions = zip(*(axis.meeting(k) for axis, k in zip(axes, offsets, strict=True)), strict=True)
        found.append(Meeting((..., *windows), (..., *positions)))
    return tuple(found)


def spread(rule: str, name: str, value: Number, axes: int, least: int) -> Sizes:
    """An option as one number for each axis. Raises ValueError where it is none."""
    sizes = value if isinstance(value, tuple) else (value,) * axes
    if len(sizes) != axes or min(sizes) < least:
        raise ValueError(f"{rule}: {name} is a number or {axes} of them, each at least {least}; got {value}")
    return sizes


@lru_cache(maxsize=4096)
def windows_of(
    rule: str,
    lengths: Sizes,
    kernel_size: Number,
    stride: Number,
    padding: Number | str,
    dilation: Number,
    ceil_mode: bool = False,
) -> tuple[WindowAxis, ...]:
    """The windows over all axes. Raises ValueError where an option is none, or a window larger than what it is in."""
    n = len(lengths)
    kernels, strides = spread(rule, "kernel_size", kernel_size, n, 1), spread(rule, "stride", stride, n, 1)
    dilations = spread(rule, "dilation", dilation, n, 1)
    spans = tuple(d * (k - 1) for d, k in zip(dilations, kernels, strict=True))
    before, after = _borders(rule, padding, spans, strides)
    axes = []
    for length, k, s, d, span, left, right in zip(
        lengths, kernels, strides, dilations, spans, before, after, strict=True
    ):
        room = length + left + right - span - 1
        if room < 0:
            raise ValueError(
                f"{rule}: a window spans at most the padded length; got {span + 1} positions (kernel_size {k}, "
                f"dilation {d}) on a length of {length} with padding {left} and {right}"
            )
        count = room // s + 1
        if ceil_mode and room % s and count * s < length + left:  # one more, when it begins before the end
            count += 1
        axes.append(WindowAxis(length, k, s, left, d, count))
    return tuple(axes)


def _borders(rule: str, padding: Number | str, spans: Sizes, strides: Sizes) -> tuple[Sizes, Sizes]:
    """The padding before and after each axis. With "same" an odd padding is larger at the end."""
    if not isinstance(padding, str):
        both = spread(rule, "padding", padding, len(spans), 0)
        return both, both
    if padding not in ("same", "valid") or (padding == "same" and max(strides) > 1):
        raise ValueError(
            f"{rule}: padding is a number, one for each axis, 'valid', or with a stride of 1 'same'; got {padding!r} "
            f"with stride {strides}"
        )
    if padding == "valid":
        return (0,) * len(spans), (0,) * len(spans)
    before = tuple(span // 2 for span in spans)
    return before, tuple(span - left for span, left in zip(spans, before, strict=True))
