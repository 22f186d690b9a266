"""Norm of order p over one axis, several, or all of them: y = (sum_i |x_i|^p)^(1/p), and y = max_i |x_i| for p = inf.

dx = sign(x) (|x| / y)^(p - 1) dy: for p = 2 that is x / y, for p = 1 the sign. For p = inf the entries that tie for the
largest share dy evenly. At the kinks, y = 0 and for p = 1 every x_i = 0, the slope is taken as 0.

x and y may be divided by the same number, which the slope does not see: so no power overflows (see `scale`).
"""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like, products_over, sign, sum_over, widened
from scratch_bp.rules.extremes import even_shares
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor
from scratch_bp.scale import scaled


class ScaledNorm(NamedTuple):
    """x and its norm over the axes, which are kept, both divided by one scale; of 16 bits in float32."""

    u: Tensor
    length: np.ndarray
    scale: Any
    order: int | float
    axes: tuple[int, ...]

    @property
    def y(self) -> np.ndarray:
        return np.asanyarray(self.length * self.scale)


def forward(x: Tensor, *, ord: int | float = 2, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, ScaledNorm]:
    axes = axes_of("norm", x, dim)
    norm = norm_over(x, ord, axes)
    return dropped(norm.y, axes, keepdim, x), norm


def backward(norm: ScaledNorm, dy: Reduced) -> tuple[Tensor]:
    return (np.asanyarray(dy.reshape(norm.length.shape) * slope(norm)).astype(dy.dtype, copy=False),)


def norm_over(x: Tensor, order: int | float, axes: tuple[int, ...]) -> ScaledNorm:
    if not order > 0:
        raise ValueError(f"norm: the order is a number above 0, which inf is too, got ord={order}")
    wide = widened(x)
    # neither the sum nor the largest has a power, and a sign would be lost where x / scale is 0
    u, scale = (wide, like(wide, 1)) if order in (1, np.inf) else scaled(wide, axes, max(order, 1))
    if order == 2:
        length = np.sqrt(products_over(u, u, axes))
    elif order == np.inf:
        length = np.asanyarray(abs(u)).max(axes, keepdims=True)
    else:
        total = sum_over(_power(np.asanyarray(abs(u)), order), axes, keepdims=True)
        length = total if order == 1 else _root(total, order)
    return ScaledNorm(u, np.asanyarray(length), scale, order, axes)


def slope(norm: ScaledNorm) -> Tensor:
    """dy/dx."""
    x, y, _, order, axes = norm
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
