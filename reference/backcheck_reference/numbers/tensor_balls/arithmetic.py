"""Sums, differences, products, quotients and powers of two numbers each, entry by entry.

With a, b the middles and r, s the radii:
    a b:    |a| s + r (|b| + s)
    a / b:  (r + |a / b| s) / (|b| - s), unknown where a ball around the divisor holds zero
    a ^ b:  |b log a| moves by at most |b| L + s (|log a| + L), L how far log a moves; then as exp
"""

import math
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.functions import logarithmic, smooth
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, Ball, Rounding, carried, kept, operand


def added(first: Any, second: Any) -> Any:
    """A sum of radii or of other changes, where None is none; a new tensor."""
    if first is None or second is None:
        given = second if first is None else first
        return None if given is None else given.clone()
    return first + second


def is_power_of_two(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(math.frexp(value)[0]) == 0.5


def add(rounding: Rounding, a: Any, b: Any, alpha: Any = 1) -> Ball:
    if alpha != 1:
        b = negative(rounding, operand(rounding, b)) if alpha == -1 else multiply(rounding, b, alpha)
    a, b = operand(rounding, a), operand(rounding, b)
    return kept(rounding, a.mid + b.mid, added(a.rad, b.rad), moves=a.moves | b.moves)


def subtract(rounding: Rounding, a: Any, b: Any, alpha: Any = 1) -> Ball:
    return add(rounding, a, b, -alpha)


def subtract_from(rounding: Rounding, a: Any, b: Any, alpha: Any = 1) -> Ball:
    return add(rounding, b, a, -alpha)


def negative(rounding: Rounding, a: Ball) -> Ball:
    return Ball(-a.mid, None if a.rad is None else a.rad.clone(), a.moves)


def multiply(rounding: Rounding, a: Any, b: Any) -> Ball:
    if is_power_of_two(a):
        a, b = b, a
    if is_power_of_two(b):
        a = operand(rounding, a)
        return carried(rounding, a.mid * b, None if a.rad is None else a.rad * abs(b), moves=a.moves)
    a, b = operand(rounding, a), operand(rounding, b)
    change = None
    if a.rad is not None:
        change = a.rad * (b.mid.abs() if b.rad is None else b.mid.abs().add_(b.rad))
    if b.rad is not None:
        own = a.mid.abs() * b.rad
        change = own if change is None else change.add_(own)
    return kept(rounding, a.mid * b.mid, change, moves=a.moves | b.moves)


def divide(rounding: Rounding, a: Any, b: Any, rounding_mode: str | None = None) -> Ball:
    if rounding_mode is not None:
        return stepped(rounding, rounding_mode, divide(rounding, a, b))
    if is_power_of_two(b):
        return multiply(rounding, a, 1 / b)
    a, b = operand(rounding, a), operand(rounding, b)
    mid, change = a.mid / b.mid, None
    if b.rad is not None:
        change = mid.abs().mul_(b.rad)
        change = (change if a.rad is None else change.add_(a.rad)).div_((b.mid.abs() - b.rad).clamp_(min=0))
    elif a.rad is not None:
        change = a.rad / b.mid.abs()
    # kernels multiply by a rounded reciprocal as well
    extra = rounding.unit + (2**-22 if rounding.fast else 0.0)
    return kept(rounding, mid, change, extra, moves=a.moves | b.moves)


def power(rounding: Rounding, a: Any, b: Any) -> Ball:
    if isinstance(b, int | float):
        if b in (0, 1, 2, 3):
            return _small_power(rounding, operand(rounding, a), int(b))
        if b in (0.5, -0.5, -1):
            return smooth(rounding, {0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}[b], operand(rounding, a))
    a, b = operand(rounding, a), operand(rounding, b)
    mid = a.mid**b.mid
    change = None if a.rad is None and b.rad is None else _of_power(a, b, mid)
    return kept(rounding, mid, change, rounding.of_functions, moves=a.moves | b.moves)


def _of_power(a: Ball, b: Ball, mid: Any) -> Any:
    r, s = a.radii(), b.radii()
    moved = logarithmic(a.mid, r)
    change = (b.mid.abs() * moved).add_(s * (a.mid.abs().log_().abs_() + moved)).expm1_().mul_(mid.abs())
    # through zero: |x + d|^n <= (|x| + r)^n, and of the exponents those at the ends
    reach = a.mid.abs() + r
    wide = torch.maximum(reach ** (b.mid - s), reach ** (b.mid + s)) + mid.abs()
    wide = torch.where(b.mid > s, wide, torch.inf)
    return torch.where(r >= a.mid.abs(), wide, change).masked_fill_((r == 0) & (s == 0), 0.0)


def _small_power(rounding: Rounding, a: Ball, exponent: int) -> Ball:
    if exponent == 0:
        return Ball(torch.ones_like(a.mid), None, 0)
    result = a
    for _ in range(exponent - 1):
        result = multiply(rounding, result, a)
    return result


def stepped(rounding: Rounding, name: str, a: Ball) -> Ball:
    """A step function that never falls: between its values at the two ends of the ball."""
    step = getattr(torch, name)
    mid = step(a.mid)
    if a.rad is None or a.moves == CONSTANT:
        return Ball(mid, None, a.moves)
    return Ball(mid, torch.maximum(step(a.mid + a.rad) - mid, mid - step(a.mid - a.rad)).nan_to_num_(), a.moves)


def absolute(rounding: Rounding, a: Ball) -> Ball:
    return Ball(a.mid.abs(), None if a.rad is None else a.rad.clone(), a.moves)
