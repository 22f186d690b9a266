"""An array repeated along axes of size 1, and along new ones before its first: dx is dy summed along them.

`size` is the shape of y; -1 keeps an axis of x as it is.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import sum_to
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]


def forward(x: Tensor, *, size: tuple[int, ...]) -> tuple[Arranged, Saved]:
    new = len(size) - x.ndim
    known = (*(-1,) * new, *x.shape)
    shape = tuple(n if m == -1 else m for n, m in zip(known, size, strict=False))
    if new < 0 or min(shape, default=0) < 0 or any(n not in (1, -1, m) for n, m in zip(known, shape, strict=True)):
        raise ValueError(
            "expand: size has every axis of x, its own size or -1 where that is not 1, and the new axes before; "
            f"got {size} for {list(x.shape)}"
        )
    return np.broadcast_to(x, shape).copy(), Saved(x.shape)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    # a copy: where nothing was repeated it would be dy itself
    return (sum_to(dy, saved.shape).copy(),)
