"""The distance of two vectors that PyTorch's losses measure: the p-norm of a - b + eps along the last axis."""

from typing import Any

import numpy as np

from scratch_bp.elementary import like, power, sign
from scratch_bp.rules.shapes import RowColumn, Rows


def distance(a: Rows, b: Rows, p: float, eps: float) -> tuple[Rows, RowColumn]:
    """The difference and its norm."""
    v = np.asanyarray(a - b + like(a, eps))
    if p == 2:
        return v, np.sqrt((v * v).sum(axis=-1, keepdims=True))
    if p == 1:
        return v, abs(v).sum(axis=-1, keepdims=True)
    return v, _root(power(abs(v), p).sum(axis=-1, keepdims=True), p)


def slope(v: Rows, norm: RowColumn, p: float) -> Rows:
    """The derivative of the norm by the difference, taken as 0 where there is none."""
    if p == 1:
        return sign(v)
    unit = v / np.where(norm > 0, norm, like(norm, 1))
    return unit if p == 2 else sign(unit) * power(abs(unit), p - 1)


def _root(total: Any, p: float) -> Any:
    if total.dtype != object:
        return power(total, 1 / p)
    # 1 / p is no exact number
    positive = np.where(total > 0, total, like(total, 1))
    return np.where(total > 0, np.exp(np.log(positive) / like(total, p)), like(total, 0))
