"""Softmax and its relatives as one operator each, as fused kernels compute them.

y_i = e^(x_i - m) / sum_j e^(x_j - m), m any number near the largest. What a kernel does to a numerator is a change of
its x by t_i: the rounding of x_i - m (|x_i - m| units, also when it is rescaled as m grows, since the steps of m add up
to at most |x_i - m|), and what exp is off. One that keeps l = m + log sum alone, as flash attention does for backward,
computes e^(x_i - l): l is rounded as it is stored (|l| units), and so is the difference (|x_i - m| + log sum). So x_i
moves by d_i = r_i + t_i, and

    log y_i moves by at most d_i + D + c,  D = log sum_j y_j e^(d_j) = log1p(sum_j y_j (e^(d_j) - 1)),

for the sum grows by e^D at most and falls by no more (Cauchy and Schwarz: sum y e^-d >= 1 / sum y e^d). c holds the
sum's own rounding, (k - 1) units since all terms are positive, the quotient's, and an online softmax: at most one
rescaling, of four units, for each block of 16, in the numerators and in the sum.
"""

import math
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.rounding import FLOAT32, MOVED, OWN, SLACK, Ball, Rounding, kept, operand

BLOCK, OF_RESCALING = 16, 4  # the smallest block that anybody uses; two exps, two products


def _shifted(rounding: Rounding, x: Ball, dim: int) -> tuple[Any, Any, Any]:
    """The softmax, and how far each x and the logarithm of the sum move."""
    largest = x.mid.amax(dim, True) if x.mid.shape[dim] else x.mid.sum(dim, True)
    below = (largest - x.mid).clamp_(max=1e4)  # e^-1e4 is zero; -inf stays finite here
    y = below.neg().exp_()
    whole = y.sum(dim, True)
    y.div_(whole)
    unit = rounding.unit
    moved = below.mul_(unit + OWN).add_(rounding.of_functions)
    if rounding.fast:
        moved.add_(x.mid.abs().clamp_(max=1e4), alpha=4 * FLOAT32).add_(8 * FLOAT32)
    if x.rad is not None:
        moved.add_(x.rad)
    count = x.mid.shape[dim]
    if count:
        log_of_sum = whole.log_().add_(largest).abs_()
        # nothing is added where all are -inf
        log_of_sum = torch.where(log_of_sum.isfinite(), log_of_sum + math.log(count), 0.0)
        moved.add_(log_of_sum, alpha=unit + OWN)
    of_sum = moved.expm1().mul_(y).sum(dim, True).log1p_()
    own = rounding.of_sum(count) + count / BLOCK * OF_RESCALING * 2 * unit + 4 * unit + count * 2.0**-51
    return y, moved, of_sum.add_(own)


def softmax(rounding: Rounding, x: Any, dim: int, half_to_float: bool = False) -> Ball:
    x = operand(rounding, x)
    if not x.mid.ndim:
        return Ball(torch.ones_like(x.mid), None, x.moves)
    y, moved, of_sum = _shifted(rounding, x, dim)
    change = moved.add_(of_sum).mul_(SLACK).expm1_().mul_(y)
    ball = kept(rounding, y, change, moves=x.moves)
    if rounding.smallest:
        # too small for float64, and yet not zero
        ball.rad.masked_fill_((y == 0) & (x.mid > -torch.inf), rounding.smallest)
    return ball


def log_softmax(rounding: Rounding, x: Any, dim: int, half_to_float: bool = False) -> Ball:
    """x_i - m - log sum, which rounds numbers of at most |y_i| + |log sum| twice; or x_i - (m + log sum)."""
    x = operand(rounding, x)
    if not x.mid.ndim:
        return Ball(torch.zeros_like(x.mid), None, x.moves)
    _, _, of_sum = _shifted(rounding, x, dim)
    mid = x.mid.log_softmax(dim)
    largest = x.mid.amax(dim, True) if x.mid.shape[dim] else x.mid.sum(dim, True)
    whole = x.mid.logsumexp(dim, True)
    of_log = (whole - largest).abs_().mul_(rounding.of_functions + 2 * rounding.unit)
    of_sum.add_(of_log).add_(whole.abs_(), alpha=rounding.unit)
    change = mid.abs().clamp_(max=1e300).mul_(2 * (rounding.unit + OWN)).add_(of_sum)
    if x.rad is not None:
        change.add_(x.rad)
    return kept(rounding, mid, change, moves=x.moves)


def logsumexp(rounding: Rounding, x: Any, dim: Any, keepdim: bool = False) -> Ball:
    """m + log sum: off by what the sum is, by what log is, and one rounding of the sum of both."""
    x = operand(rounding, x)
    axes = sorted(axis % x.mid.ndim for axis in ([dim] if isinstance(dim, int) else dim))
    kept_axes = [axis for axis in range(x.mid.ndim) if axis not in axes]
    order = [*kept_axes, *axes]
    flat = Ball(
        x.mid.permute(order).flatten(len(kept_axes)),
        None if x.rad is None else x.rad.permute(order).flatten(len(kept_axes)),
    )
    _, _, of_sum = _shifted(rounding, flat, -1)
    mid = x.mid.logsumexp(axes, keepdim)
    of_log = (flat.mid.logsumexp(-1) - flat.mid.amax(-1)).abs_().mul_(rounding.of_functions + 2 * OWN)
    change = (of_sum.squeeze(-1) + of_log).reshape(mid.shape)
    return kept(rounding, mid, change, moves=x.moves)


def softmax_backward(rounding: Rounding, grad: Any, y: Any, dim: int, input_dtype: Any = None) -> Ball:
    """dx = y (dy - s), s = sum y dy."""
    grad, y = operand(rounding, grad), operand(rounding, y)
    return _centred(rounding, grad, y.mid, y.rad, (grad.mid * y.mid).sum(dim, True), dim)


def log_softmax_backward(rounding: Rounding, grad: Any, y: Any, dim: int, input_dtype: Any = None) -> Ball:
    """dx = dy - e^y s, s = sum dy."""
    grad, y = operand(rounding, grad), operand(rounding, y)
    p = y.mid.exp()
    moved = p * rounding.of_functions if y.rad is None else (y.rad + rounding.of_functions).expm1_().mul_(p)
    if rounding.fast:
        moved.add_((p * y.mid.abs().clamp(max=1e4)).mul_(2 * FLOAT32)).add_(p, alpha=4 * FLOAT32)
    total = grad.mid.sum(dim, True)
    of_total = grad.mid.abs().sum(dim, True).mul_(rounding.of_sum(grad.mid.shape[dim]))
    if grad.rad is not None:
        of_total.add_(grad.rad.sum(dim, True), alpha=SLACK * (1 + rounding.of_sum(grad.mid.shape[dim])))
    taken = p * total
    change = moved.mul_(total.abs() + of_total).addcmul_(p, of_total)
    change.add_(taken.abs(), alpha=rounding.unit + OWN)
    if grad.rad is not None:
        change.add_(grad.rad)
    return kept(rounding, taken.neg_().add_(grad.mid), change, moves=grad.moves | y.moves)


def _centred(rounding: Rounding, grad: Ball, y: Any, r: Any, total: Any, dim: int) -> Ball:
    """The ball of y (dy - s). The two products y dy and y s may be rounded apart: two units of y (|dy| + |s|)."""
    share = rounding.of_products(y.shape[dim])
    size = grad.mid.abs()
    of_total = (size * y).sum(dim, True).mul_(share)
    if r is not None:
        of_total.add_((size * r).sum(dim, True), alpha=(1 + share) * SLACK)
    if grad.rad is not None:
        of_total.add_((grad.rad * (y if r is None else y + r)).sum(dim, True), alpha=(1 + share) * SLACK)
    left = grad.mid - total
    change = size.add_(total.abs()).mul_(2 * (rounding.unit + OWN)).add_(of_total)
    if grad.rad is not None:
        change.add_(grad.rad)
    if r is None:
        change.mul_(y)
    else:
        change = (left.abs() + change).mul_(r).addcmul_(y, change)
    return kept(rounding, left.mul_(y), change, moves=MOVED)
