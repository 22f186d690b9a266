"""Matrix product over the last two axes, y = x1 x2, the axes before them broadcast.

An array of one axis is a row on the left and a column on the right, and y has no axis for it. With dY the cotangent:
dX1 = dY X2^T and dX2 = X1^T dY, each summed along the leading axes that its array was repeated on.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import matmul, sum_to
from scratch_bp.rules.shapes import Left, Product, Right


class Saved(NamedTuple):
    x1: Left
    x2: Right


def forward(x1: Left, x2: Right) -> tuple[Product, Saved]:
    if not x1.ndim or not x2.ndim or x1.shape[-1] != x2.shape[-2:][0]:
        raise ValueError(
            "matmul: the last axis of x1 is the last but one of x2, or its only one, and neither is a single number; "
            f"got {list(x1.shape)} and {list(x2.shape)}"
        )
    return matmul(x1, x2), Saved(x1, x2)


def backward(saved: Saved, dy: Product) -> tuple[Left, Right]:
    x1, x2 = saved
    left = x1 if x1.ndim > 1 else x1[None]
    right = x2 if x2.ndim > 1 else x2[:, None]
    dy = dy if x2.ndim > 1 else dy[..., None]
    dy = dy if x1.ndim > 1 else dy[..., None, :]
    dx1 = sum_to(matmul(dy, right.swapaxes(-1, -2)), left.shape)
    if right.ndim == 2:  # one matrix for all: their sum is one product
        dx2 = matmul(left.reshape(-1, left.shape[-1]).T, dy.reshape(-1, dy.shape[-1]))
    else:
        dx2 = sum_to(matmul(left.swapaxes(-1, -2), dy), right.shape)
    return dx1.reshape(x1.shape), np.asanyarray(dx2).reshape(x2.shape)
