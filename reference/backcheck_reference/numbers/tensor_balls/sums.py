"""Sums over axes, and what is made of them.

A sum of k balls, in any order: sum r + (k - 1) (summed + own) sum (|x| + r), see `rounding`. A linear operator whose
coefficients are 0 and 1 (scatter_add, col2im, the backward of padding ...) is such a sum for each of its entries, and
one whose coefficients are all at least 0 (an average) as well.
"""

import math
from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.arithmetic import divide, multiply, subtract
from backcheck_reference.numbers.tensor_balls.rounding import (
    OWN,
    SLACK,
    Ball,
    Rounding,
    are_whole,
    kept,
    likely_sum,
    operand,
    within_range,
)


def axes_of(x: Any, dim: Any) -> list[int]:
    given = [dim] if isinstance(dim, int) else list(dim or [])
    return sorted({axis % max(x.ndim, 1) for axis in given}) if given and x.ndim else list(range(x.ndim))


def count_of(x: Any, axes: list[int]) -> int:
    return math.prod(x.shape[axis] for axis in axes)


def total(rounding: Rounding, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Ball:
    x = operand(rounding, x)
    axes = axes_of(x.mid, dim)
    count = count_of(x.mid, axes)
    mid = x.mid.sum(axes, keepdim) if axes else x.mid.clone()
    if _are_exact(rounding, x, lambda each: each.sum(axes, keepdim) if axes else each):
        return Ball(mid, None, x.moves)
    change = _change_of_sum(rounding, x, axes, count, keepdim)
    if count == 1:
        return Ball(mid, None if x.rad is None else change, x.moves)
    return kept(rounding, mid, change, moves=x.moves)


def _are_exact(rounding: Rounding, x: Ball, operator: Callable[[Any], Any]) -> bool:
    """Are the sums that an operator makes of whole numbers exact in any order?"""
    exact = rounding.whole and x.rad is None and are_whole(x.mid, rounding)
    return exact and are_whole(operator(x.mid), rounding, operator(x.mid.abs()))


def _change_of_sum(rounding: Rounding, x: Ball, axes: list[int], count: int, keepdim: bool) -> Any:
    if not axes:
        return None if x.rad is None else x.rad.clone()
    share = rounding.of_sum(count)
    # the norm of order 1 needs no tensor of absolute values
    size = torch.linalg.vector_norm(x.mid, 1, axes, keepdim)
    change = size * share
    if change.numel() and not math.isfinite(change.sum().item()):
        change = torch.where(x.mid.isinf(), 0.0, x.mid.abs()).sum(axes, keepdim).mul_(share)
    if x.rad is not None:
        moved = x.rad.sum(axes, keepdim)
        change.add_(moved, alpha=(1 + share) * (1 + count * 2.0**-52))
        size.add_(moved)
    if rounding.likely and count > 1:
        norm = torch.linalg.vector_norm
        radii = None if x.rad is None else norm(x.rad, 2, axes, keepdim)
        squares = norm(x.mid, 2, axes, keepdim).square_()
        change = likely_sum(rounding, change, count, x.mid.sum(axes, keepdim), squares, radii)
    # of numbers that are infinite themselves no partial sum is asked
    return within_range(rounding, change, size.masked_fill_(size.isinf(), 0.0)) if count > 1 else change


def mean(rounding: Rounding, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Ball:
    x = operand(rounding, x)
    axes = axes_of(x.mid, dim)
    count = count_of(x.mid, axes)
    mid = x.mid.mean(axes, keepdim) if axes else x.mid.clone()
    change = _change_of_sum(rounding, x, axes, count, keepdim)
    if change is not None and count:
        change.mul_(SLACK / count)
    return kept(rounding, mid, change, 2 * rounding.unit, moves=x.moves)


def variance(rounding: Rounding, x: Any, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Ball:
    """The mean square of what is left when the mean is taken off, as two passes or Welford's one compute it."""
    x = operand(rounding, x)
    axes = axes_of(x.mid, dim)
    centred = subtract(rounding, x, mean(rounding, x, axes, True))
    squares = total(rounding, multiply(rounding, centred, centred), axes, keepdim)
    return divide(rounding, squares, max(count_of(x.mid, axes) - (1 if correction is None else correction), 0))


def running_sum(rounding: Rounding, x: Any, dim: int, *, dtype: Any = None) -> Ball:
    x = operand(rounding, x)
    if not x.mid.ndim:
        return Ball(x.mid.clone(), None if x.rad is None else x.rad.clone(), x.moves)
    if _are_exact(rounding, x, lambda each: each.cumsum(dim)):
        return Ball(x.mid.cumsum(dim), None, x.moves)
    share = rounding.of_sum(x.mid.shape[dim])
    each = x.mid.abs().mul_(share)
    if x.rad is not None:
        each.add_(x.rad, alpha=(1 + share) * (1 + x.mid.shape[dim] * 2.0**-52))
    return kept(rounding, x.mid.cumsum(dim), each.cumsum(dim), moves=x.moves)


def product(rounding: Rounding, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Ball:
    """|prod (x + d) - prod x| <= prod (|x| + r) - prod |x|, as one power of two sums of logarithms would cancel."""
    x = operand(rounding, x)
    if isinstance(dim, list | tuple):
        found: Ball = operand(rounding, x)
        for axis in sorted((axis % x.mid.ndim for axis in dim), reverse=True):
            found = product(rounding, found, axis, keepdim)
        return found
    dim = 0 if dim is None and x.mid.ndim == 1 else dim
    flat = x.mid.reshape(-1) if dim is None else x.mid
    radius = None if x.rad is None else x.rad.reshape(flat.shape)
    axis = 0 if dim is None else dim
    mid = flat.prod(axis, keepdim) if dim is not None else flat.prod()
    count = flat.shape[axis] if flat.ndim else 1
    change = None
    if radius is not None:
        whole = (flat.abs() + radius).prod(axis, keepdim) if dim is not None else (flat.abs() + radius).prod()
        change = (whole - mid.abs()).add_(whole, alpha=count * 2.0**-50)
        change = change * (1 + count * rounding.unit) ** 2
    return kept(rounding, mid, change, math.expm1(count * math.log1p(rounding.unit + OWN)), moves=x.moves)
