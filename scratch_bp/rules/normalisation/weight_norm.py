"""Weight norm (Salimans and Kingma, 2016): y = g v / ||v||, the norm being over all axes but `dim`, or all.

g has the shape of the norms, with the other axes of size 1. With u = v / ||v||: dg = sum(dy u) and
dv = g (dy - u sum(dy u)) / ||v||, sums over the same axes. y is not defined where v is 0.

PyTorch reads dim = -1 as None; here dim is counted from the first axis.
"""

from typing import NamedTuple

from scratch_bp.elementary import products_over, widened
from scratch_bp.rules.reductions.norm import norm_over
from scratch_bp.rules.shapes import Scale, Tensor


class Saved(NamedTuple):
    unit: Tensor
    length: Tensor
    g: Tensor
    axes: tuple[int, ...]
    shape: tuple[int, ...]


def forward(v: Tensor, g: Scale, *, dim: int | None = 0) -> tuple[Tensor, Saved]:
    if dim is not None and not 0 <= dim < v.ndim:
        raise ValueError(f"weight_norm: dim is None or an axis counted from the first, got {dim=} for {v.ndim} axes")
    axes = tuple(axis for axis in range(v.ndim) if axis != dim)
    kept = tuple(size if axis == dim else 1 for axis, size in enumerate(v.shape))
    if g.shape != (() if dim is None else kept):
        raise ValueError(f"weight_norm: g has the shape of the norms, {() if dim is None else kept}, got {g.shape}")
    norm, wide = norm_over(v, 2, axes), widened(g).reshape(kept)
    unit = norm.u / norm.length
    return (unit * wide).astype(v.dtype, copy=False), Saved(unit, norm.y, wide, axes, g.shape)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor, Scale]:
    unit, length, g, axes, shape = saved
    dg = products_over(widened(dy), unit, axes)
    dv = (dy - unit * dg) * (g / length)
    return dv.astype(dy.dtype, copy=False), dg.reshape(shape).astype(dy.dtype)
