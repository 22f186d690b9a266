"""The windows of an array copied into columns, and the adjoint, which adds the columns back where they came from.

x [batch, channels, *lengths] has the columns [batch, channels, offsets of the kernel, windows]; an entry outside x
is 0, or what is asked for. Both go offset by offset: at one offset of the kernel, the entries of all windows are one
slice of x.
"""

import numpy as np

from scratch_bp.elementary import full_of, zeros_of
from scratch_bp.rules.convolution.windows import WindowAxis, meetings


def unfold(x: np.ndarray, axes: tuple[WindowAxis, ...], outside: float = 0) -> np.ndarray:
    """The columns of x."""
    met = meetings(axes)
    columns = full_of(x, outside, (*x.shape[:2], len(met), *(axis.number for axis in axes)))
    for offset, (windows, positions) in enumerate(met):
        columns[:, :, offset][windows] = x[positions]
    return columns.reshape(*columns.shape[:3], -1)


def fold(columns: np.ndarray, axes: tuple[WindowAxis, ...]) -> np.ndarray:
    """At each position of x the sum of the columns' entries that were copied from there."""
    x = zeros_of(columns, (*columns.shape[:2], *(axis.length for axis in axes)))
    by_offset = columns.reshape(*columns.shape[:3], *(axis.number for axis in axes))
    for offset, (windows, positions) in enumerate(meetings(axes)):
        x[positions] += by_offset[:, :, offset][windows]
    return x
