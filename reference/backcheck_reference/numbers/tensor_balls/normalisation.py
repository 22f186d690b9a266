"""Layer norm as one operator, by slabs of rows: taken apart it is twenty large tensors, and memory is what costs.

Rows that are exact are bounded in one piece, see `layer_norm`; others step by step.

Forward is y = (x - mean) rstd w + b, backward dx = rstd (g - mean g - xhat mean (g xhat)) with g = dy w. Each step is
the operator of that name with its bound, so every intermediate is stored, as in PyTorch's decomposition.
"""

import math
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls import layer_norm as rows
from backcheck_reference.numbers.tensor_balls import slabs
from backcheck_reference.numbers.tensor_balls.arithmetic import add, divide, multiply, subtract
from backcheck_reference.numbers.tensor_balls.functions import smooth
from backcheck_reference.numbers.tensor_balls.rounding import (
    CONSTANT,
    MOVED,
    Ball,
    Rounding,
    kept,
    likely_sum,
    operand,
    within_range,
)
from backcheck_reference.numbers.tensor_balls.sums import mean, total


def as_rows(x: Any, count: int) -> Any:
    return None if x is None else _shaped(x, (-1, count))


def _shaped(x: Ball, shape: Any) -> Ball:
    return Ball(x.mid.reshape(shape), None if x.rad is None else x.rad.reshape(shape), x.moves)


def layer_norm(
    rounding: Rounding, x: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float
) -> tuple[Ball, Ball, Ball]:
    x, count = operand(rounding, x), math.prod(normalized_shape)
    w, b = as_rows(weight, count), as_rows(bias, count)

    def of_rows(rounding: Rounding, x: Ball) -> tuple[Ball, Ball, Ball]:
        exact = rows.forward(rounding, x, w, b, eps) if rows.applies(rounding, x, w, b) else None
        if exact is not None:
            return exact
        middle = mean(rounding, x, [1], True)
        centred = subtract(rounding, x, middle)
        var = divide(rounding, total(rounding, multiply(rounding, centred, centred), [1], True), count)
        rstd = smooth(rounding, "rsqrt", add(rounding, var, eps))
        y = multiply(rounding, centred, rstd)
        y = y if w is None else multiply(rounding, y, w)
        return (y if b is None else add(rounding, y, b)), middle, rstd

    y, middle, rstd = slabs.by_rows(of_rows, rounding, [as_rows(x, count)], {}, [1])
    apart = x.mid.ndim - len(normalized_shape)
    ends = (*x.mid.shape[:apart], *[1] * len(normalized_shape))
    return _shaped(y, x.mid.shape), _shaped(middle, ends), _shaped(rstd, ends)


def layer_norm_backward(
    rounding: Rounding,
    grad: Any,
    x: Any,
    normalized_shape: Any,
    middle: Any,
    rstd: Any,
    weight: Any,
    bias: Any,
    output_mask: Any,
) -> tuple[Any, Any, Any]:
    x, count = operand(rounding, x), math.prod(normalized_shape)
    w = as_rows(weight, count)
    of_weight, of_bias = RunningSum(rounding), RunningSum(rounding)

    def of_rows(rounding: Rounding, grad: Ball, x: Ball, middle: Ball, rstd: Ball) -> Ball:
        exact = rows.backward(rounding, grad, x, middle, rstd, w) if rows.applies(rounding, grad, x, w) else None
        if exact is not None:
            of_weight.add(*exact[1])
            of_bias.add(*exact[2])
            return exact[0]
        xhat = multiply(rounding, subtract(rounding, x, middle), rstd)
        of_weight.take(multiply(rounding, grad, xhat))
        of_bias.take(grad)
        g = grad if w is None else multiply(rounding, grad, w)
        along = multiply(rounding, xhat, mean(rounding, multiply(rounding, g, xhat), [1], True))
        left = subtract(rounding, subtract(rounding, g, mean(rounding, g, [1], True)), along)
        return multiply(rounding, rstd, left)

    given = [as_rows(grad, count), as_rows(x, count), as_rows(middle, 1), as_rows(rstd, 1)]
    dx = slabs.by_rows(of_rows, rounding, given, {}, [1])
    count_of_rows = given[1].mid.shape[0]
    return (
        _shaped(dx, x.mid.shape) if output_mask[0] else None,
        _shaped(of_weight.ball(count_of_rows), normalized_shape) if output_mask[1] else None,
        _shaped(of_bias.ball(count_of_rows), normalized_shape) if output_mask[2] else None,
    )


def weight_norm_backward(rounding: Rounding, grad: Any, v: Any, g: Any, norms: Any, dim: int) -> tuple[Ball, Ball]:
    """w = v g / n with n the norm of v beside one axis: dg = sum (dw v) / n, dv = (dw - v dg / n) g / n."""
    v = operand(rounding, v)
    axes = [axis for axis in range(v.mid.ndim) if axis != dim % v.mid.ndim]
    of_g = divide(rounding, total(rounding, multiply(rounding, grad, v), axes, True), norms)
    along = divide(rounding, multiply(rounding, v, of_g), norms)
    return multiply(rounding, subtract(rounding, grad, along), divide(rounding, g, norms)), of_g


class RunningSum:
    """A sum over rows that come slab by slab. Squares are added up where what is likely is asked, see `likely_sum`."""

    def __init__(self, rounding: Rounding) -> None:
        self.rounding = rounding
        self.mid: Any = 0.0
        self.size: Any = 0.0
        self.rad: Any = 0.0
        self.squares: Any = 0.0
        self.squared_radii: Any = 0.0
        self.moves = CONSTANT

    def take(self, rows: Ball) -> None:
        self.mid = self.mid + rows.mid.sum(0)
        self.size = self.size + torch.linalg.vector_norm(rows.mid, 1, 0)
        if rows.rad is not None:
            self.rad = self.rad + rows.rad.sum(0)
        if self.rounding.likely:
            self.squares = self.squares + rows.mid.square().sum(0)
            if rows.rad is not None:
                self.squared_radii = self.squared_radii + rows.rad.square().sum(0)
        self.moves |= rows.moves

    def add(self, mid: Any, size: Any, rad: Any) -> None:
        """What some rows add up to: their sum, the sum of their sizes, and that of their radii, None for exact ones."""
        self.mid = self.mid + mid
        self.size = self.size + size
        self.rad = self.rad if rad is None else self.rad + rad
        self.moves = MOVED

    def ball(self, count: int) -> Ball:
        share = self.rounding.of_sum(count)
        change = self.size * share + self.rad * ((1 + share) * (1 + count * 2.0**-52))
        if self.rounding.likely and count > 1:
            radii = self.squared_radii**0.5
            change = likely_sum(self.rounding, change, count, self.mid, self.squares, radii)
        change = within_range(self.rounding, change, self.size + self.rad)
        return kept(self.rounding, self.mid, change, moves=self.moves)
