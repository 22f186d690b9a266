"""Norm of order p over one axis, several, or all of them: y = (sum_i |x_i|^p)^(1/p), and y = max_i |x_i| for p = inf.

dx = sign(x) (|x| / y)^(p - 1) dy: for p = 2 that is x / y, for p = 1 the sign. For p = inf the entries that tie for the
largest share dy evenly. At the kinks, y = 0 and for p = 1 every x_i = 0, the slope is taken as 0.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, products_over, sign, sum_over, widened
from scratch_bp.rules.extremes import even_shares
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    x: Tensor
    y: Tensor
    order: int | float
    axes: tuple[int, ...]


def forward(x: Tensor, *, ord: int | float = 2, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axes = axes_of("norm", x, dim)
    wide = widened(x)
    y = norm_over(wide, ord, axes)
    return dropped(y, axes, keepdim, x), Saved(wide, y, ord, axes)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    x, y, order, axes = saved
    return (np.asanyarray(dy.reshape(y.shape) * slope_over(x, y, order, axes)).astype(dy.dtype, copy=False),)


def norm_over(x: Tensor, order: int | float, axes: tuple[int, ...]) -> np.ndarray:
    """The norm over these axes, which are kept."""
    if not order > 0:
        raise ValueError(f"norm: the order is a number above 0, which inf is too, got ord={order}")
    if order == 2:
        return np.asanyarray(np.sqrt(products_over(x, x, axes)))
    if order == np.inf:
        return np.asanyarray(np.asanyarray(abs(x)).max(axes, keepdims=True))
    total = sum_over(_power(np.asanyarray(abs(x)), order), axes, keepdims=True)
    return total if order == 1 else _root(total, order)


def slope_over(x: Tensor, y: np.ndarray, order: int | float, axes: tuple[int, ...]) -> Tensor:
    """dy/dx of the norm y over these axes."""
    # where y is 0 so is x: any other divisor gives the slope 0
    divisor = np.where(y > 0, y, like(y, 1))
    if order == 2:
        return np.asanyarray(x / divisor)
    signs = sign(x)
    if order == 1:
        return signs
    if order == np.inf:
        return np.asanyarray(signs * even_shares(np.asanyarray(abs(x)), axes))
    return np.asanyarray(np.where(x == 0, like(x, 0), signs * _power(np.asanyarray(abs(x) / divisor), order - 1)))


def _power(a: np.ndarray, power: int | float) -> np.ndarray:
    whole = int(power) if power == int(power) else power
    return np.asanyarray(a if whole == 1 else np.power(a, whole))


def _root(total: np.ndarray, order: int | float) -> np.ndarray:
    if total.dtype == object:
        return np.asanyarray(np.frompyfunc(lambda number: number ** (type(number)(1) / order), 1, 1)(total))
    # 1/3 is rounded, which the logarithm of the number multiplies
    return np.asanyarray(np.cbrt(total) if order == 3 else np.power(total, 1 / order))
