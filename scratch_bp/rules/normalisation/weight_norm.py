"""Weight norm (Salimans and Kingma, 2016): y = g v / ||v||, the norm being over all axes but `dim`, or all.

g has the shape of the norms, with the other axes of size 1. With u = v / ||v||: dg = sum(dy u) and
dv = g (dy - u sum(dw u)) / ||v||, sums over the same axes. Where v is 0 there is no such y.

PyTorch takes dim = -1 for None as well; here an axis is counted from the first.
"""

from typing import NamedTuple

from scratch_bp.elementary import widened
from scratch_bp.rules.reductions.norm import norm_over
from scratch_bp.rules.shapes import Any, Scale


class Saved(NamedTuple):
    u: Any
    length: Any
    g: Any
    axes: tuple[int, ...]
    shape: tuple[int, ...]


def forward(v: Any, g: Scale, *, dim: int | None = 0) -> tuple[Any, Saved]:
    if dim is not None and not 0 <= dim < v.ndim:
        raise ValueError(f"weight_norm: dim is None or an axis counted from the first, got {dim=} for {v.ndim} axes")
    axes = tuple(axis for axis in range(v.ndim) if axis != dim)
    kept = tuple(size if axis == dim else 1 for axis, size in enumerate(v.shape))
    if g.shape != (() if dim is None else kept):
        raise ValueError(f"weight_norm: g has the shape of the norms, {() if dim is None else kept}, got {g.shape}")
    wide, factor = widened(v), widened(g).reshape(kept)
    length = norm_over(wide, 2, axes)
    u = wide / length
    return (factor * u).astype(v.dtype, copy=False), Saved(u, length, factor, axes, g.shape)


def backward(saved: Saved, dy: Any) -> tuple[Any, Scale]:
    u, length, g, axes, shape = saved
    dg = (dy * u).sum(axes, keepdims=True)
    dv = (dy - u * dg) * (g / length)
    return dv.astype(dy.dtype, copy=False), dg.reshape(shape).astype(dy.dtype)
