"""The axes that a reduction runs over.

A reduction keeps them, of size 1, and drops them last if they are not wanted: its cotangent then has only to be
reshaped to what was kept, and broadcasts with x.

`dim` is one axis, several, or None for all of them, which is what PyTorch makes of () too.
"""

import numpy as np

from scratch_bp.rules.shapes import Reduced, Tensor

Dim = int | tuple[int, ...] | None


def axes_of(rule: str, x: Tensor, dim: Dim) -> tuple[int, ...]:
    """The axes as numbers from 0 on, each once. Raises ValueError for one that x lacks or that is named twice."""
    if dim is None or dim == ():
        return tuple(range(x.ndim))
    named = dim if isinstance(dim, tuple) else (dim,)
    axes = tuple(axis + x.ndim if axis < 0 else axis for axis in named)
    if not all(0 <= axis < x.ndim for axis in axes) or len(set(axes)) < len(axes):
        raise ValueError(
            f"{rule}: dim names each axis once and only those that x has, got {dim=} for an x of shape {x.shape}"
        )
    return axes


def axis_of(rule: str, x: Tensor, dim: int) -> int:
    """The one axis of a rule that runs along one only."""
    return axes_of(rule, x, (dim,))[0]


def dropped(y: np.ndarray, axes: tuple[int, ...], keepdim: bool, x: Tensor) -> Reduced:
    """A result that has the reduced axes still: an array of its own without them, unless they are wanted, as x is."""
    return (y if keepdim else y.squeeze(axes)).astype(x.dtype)
