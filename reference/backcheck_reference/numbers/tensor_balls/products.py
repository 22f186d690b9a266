"""Products of matrices and convolutions: linear in each of two factors.

For (A, R) and (B, S), k products in each sum and c = k (summed + own) + 2 factors:

    |(A + D)(B + E) - A B| + c |A + D| |B + E|  <=  |A| (S + c (|B| + S)) + R (1 + c) (|B| + S),

with |D| <= R, |E| <= S: the first is at most |A| S + R (|B| + S), the second c (|A| + R)(|B| + S). So two products of
absolute values serve four terms, and one where A is exact. They are computed by the same operator, whose own sums of
numbers that are not negative are off by k 2^-53 relative.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.arithmetic import multiply
from backcheck_reference.numbers.tensor_balls.rounding import (
    SLACK,
    Ball,
    Rounding,
    are_whole,
    kept,
    likely_sum,
    operand,
    within_range,
)
from backcheck_reference.numbers.tensor_balls.sums import total

Bilinear = Callable[[Any, Any], Any]


def bilinear(rounding: Rounding, operator: Bilinear, a: Any, b: Any, count: int) -> tuple[Any, Any]:
    """The middle of a product and what it moves by, not yet rounded."""
    a, b = operand(rounding, a), operand(rounding, b)
    share = rounding.of_products(count)
    if a.rad is None and b.rad is not None:
        a, b, operator = b, a, _swapped(operator)
    mid = operator(a.mid, b.mid)
    size = b.mid.abs()
    factors_are = rounding.whole and b.rad is None and a.rad is None and are_whole(a.mid, rounding)
    if factors_are and are_whole(b.mid, rounding) and are_whole(mid, rounding, operator(a.mid.abs(), size)):
        return mid, None
    if a.rad is None:
        change = operator(a.mid.abs(), size).mul_(share)
    elif b.rad is None:
        change = operator(a.mid.abs().mul_(share).add_(a.rad, alpha=1 + share), size)
    else:
        whole = size + b.rad
        change = operator(a.rad, whole * (1 + share)).add_(operator(a.mid.abs(), whole.mul_(share).add_(b.rad)))
    change.mul_((1 + count * 2.0**-52) * SLACK)
    if rounding.likely and count > 1:
        change = _likely(rounding, operator, a, b, count, mid, change)
    ends = [each.mid.abs() if each.rad is None else each.mid.abs() + each.rad for each in (a, b)]
    if change.numel() and not math.prod(float(end.max()) for end in ends) * count <= rounding.largest_sum:
        change = within_range(rounding, change, operator(*ends))
    return mid, change


def _likely(rounding: Rounding, operator: Bilinear, a: Ball, b: Ball, count: int, mid: Any, worst: Any) -> Any:
    """The same with the worst case of each sum replaced; the products' factors are rounded as part of their radii."""
    first, second = a.mid.square(), b.mid.square()
    squares = operator(first, second)
    moved = squares * (2 * rounding.factors) ** 2
    if a.rad is not None:
        moved.add_(operator(a.rad.square(), second))
    if b.rad is not None:
        moved.add_(operator(first, b.rad.square()))
    return likely_sum(rounding, worst, count, mid, squares, moved.sqrt_())


def _swapped(operator: Bilinear) -> Bilinear:
    return lambda first, second: operator(second, first)


def matrix_product(rounding: Rounding, a: Any, b: Any) -> Ball:
    """mm, bmm, mv and dot: `matmul` knows them by their axes."""
    a, b = operand(rounding, a), operand(rounding, b)
    mid, change = bilinear(rounding, torch.matmul, a, b, a.mid.shape[-1])
    return kept(rounding, mid, change, moves=a.moves | b.moves)


def added_product(rounding: Rounding, c: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Ball:
    """addmm, baddbmm, addmv: the first summand is one more in each sum. Nothing is stored between."""
    a, b, c = operand(rounding, a), operand(rounding, b), operand(rounding, c)
    between = replace(rounding, stored=rounding.unit, smallest=0.0)
    count = a.mid.shape[-1] + 1
    mid, change = bilinear(rounding, torch.matmul, a, b, count)
    ball = Ball(mid, change, a.moves | b.moves)
    ball = ball if alpha == 1 else multiply(between, ball, alpha)
    if beta == 0:
        return kept(rounding, ball.mid, ball.rad, moves=ball.moves)
    return begun_with(rounding, c if beta == 1 else multiply(between, c, beta), ball, count)


def begun_with(rounding: Rounding, first: Ball, ball: Ball, count: int) -> Ball:
    """A sum of so many numbers plus one that may come first, so that each addition rounds it again."""
    again = first.mid.abs() * rounding.of_sum(count)
    if first.rad is not None:
        again.add_(first.rad, alpha=1 + rounding.of_sum(count))
    return kept(rounding, ball.mid + first.mid, again + ball.radii(), moves=ball.moves | first.moves)


def convolution(
    rounding: Rounding,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Ball:
    x, weight = operand(rounding, x), operand(rounding, weight)
    others = (stride, padding, dilation, transposed, output_padding, groups)

    def operator(a: Any, w: Any) -> Any:
        return torch.ops.aten.convolution(a, w, None, *others)

    shape = weight.mid.shape
    count = math.prod(shape[2:]) * (shape[0] // groups if transposed else shape[1])
    mid, change = bilinear(rounding, operator, x, weight, count + 1)
    ball = Ball(mid, change, x.moves | weight.moves)
    if bias is None:
        return kept(rounding, mid, change, moves=ball.moves)
    bias = operand(rounding, bias)
    row = (-1, *[1] * (mid.ndim - 2 if mid.ndim > 2 else 0))
    shift = Ball(bias.mid.reshape(row), None if bias.rad is None else bias.rad.reshape(row), bias.moves)
    return begun_with(rounding, shift, ball, count + 1)


def convolution_backward(
    rounding: Rounding,
    grad: Any,
    x: Any,
    weight: Any,
    bias_sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    output_mask: Any,
) -> tuple[Any, Any, Any]:
    """Two bilinear operators: of grad and the weight, and of grad and x; and a sum."""
    grad, x, weight = operand(rounding, grad), operand(rounding, x), operand(rounding, weight)
    others = (bias_sizes, stride, padding, dilation, transposed, output_padding, groups)
    backward = torch.ops.aten.convolution_backward

    def of_x(g: Any, w: Any) -> Any:
        return backward(g, x.mid, w, *others, [True, False, False])[0]

    def of_weight(g: Any, a: Any) -> Any:
        return backward(g, a, weight.mid, *others, [False, True, False])[1]

    shape = weight.mid.shape
    dx = dw = db = None
    if output_mask[0]:
        count = math.prod(shape[2:]) * (shape[1] if transposed else shape[0] // groups)
        mid, change = bilinear(rounding, of_x, grad, weight, count)
        dx = kept(rounding, mid, change, moves=grad.moves | weight.moves)
    if output_mask[1]:
        places = (x if transposed else grad).mid
        mid, change = bilinear(rounding, of_weight, grad, x, places.numel() // max(places.shape[1], 1))
        dw = kept(rounding, mid, change, moves=grad.moves | x.moves)
    if output_mask[2]:
        db = total(rounding, grad, [0, *range(2, grad.mid.ndim)])
    return dx, dw, db
