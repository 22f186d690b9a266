"""Choices: comparisons, and functions that take one of two numbers. Where balls overlap a choice is open.

An open choice between two balls gives their hull. At an exact tie any subgradient is a right answer, so a tie of
numbers that the moved inputs reach is open as well; a choice between constants of the code is decided as it says.
"""

import functools
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, GIVEN, MOVED, SLACK, Ball, Rounding, operand

TINY = 2.0**-1074  # the least radius: marks a zero that came from a tie


def compare(rounding: Rounding, name: str, a: Any, b: Any) -> Any:
    """Booleans, or a ball of booleans where some are open."""
    if any(isinstance(each, Ball) and not each.mid.is_floating_point() for each in (a, b)):
        return of_open_integers(rounding, name, a, b)
    is_scalar = not isinstance(a, Ball | torch.Tensor), not isinstance(b, Ball | torch.Tensor)
    # a number in the code that is compared with is meant, whatever its last digit
    a = Ball(torch.tensor(float(a)).double(), None, 0) if is_scalar[0] else operand(rounding, a)
    b = Ball(torch.tensor(float(b), dtype=torch.float64), None, 0) if is_scalar[1] else operand(rounding, b)
    decided = getattr(torch, name)(a.mid, b.mid)
    is_equality = name in ("eq", "ne")
    moves = a.moves | b.moves
    if moves == CONSTANT or (a.rad is None and b.rad is None and (is_equality or moves != MOVED)):
        return decided
    reach = a.radii() + b.radii()
    is_open = ((a.mid - b.mid).abs_() > reach * SLACK).logical_not_()
    if is_equality or moves != MOVED:
        is_open &= reach != 0
    if not is_open.any():
        return decided
    same_infinity = (a.mid == b.mid) & a.mid.isinf() & reach.isfinite()
    return choice(decided, is_open & ~same_infinity)


def of_open_integers(rounding: Rounding, name: str, a: Any, b: Any) -> Any:
    balls = [each if isinstance(each, Ball) else Ball(each) for each in (a, b)]
    decided = getattr(torch, name)(balls[0].mid, balls[1].mid)
    is_open = torch.zeros_like(decided, dtype=torch.bool)
    for each in balls:
        if each.rad is not None:
            is_open |= each.rad != 0
    return choice(decided, is_open)


def choice(decided: Any, is_open: Any) -> Any:
    """Integers or booleans, as a ball where any is open."""
    return Ball(decided, is_open) if is_open.any() else decided


def opened(value: Any) -> Any:
    """Where a choice is open, or None."""
    return value.rad if isinstance(value, Ball) else None


def logical(name: str, *given: Any) -> Any:
    """`and`, `or`, `xor` and `not` of booleans of which some are open: a decided False or True may settle it."""
    mids = [each.mid if isinstance(each, Ball) else each for each in given]
    decided = getattr(torch, name)(*mids)
    if decided.dtype != torch.bool:
        marks = [opened(each) for each in given if opened(each) is not None]
        return choice(decided, functools.reduce(torch.logical_or, marks).expand(decided.shape))
    spans = []
    for mid, each in zip(mids, given, strict=True):
        unknown = opened(each)
        spans.append((mid, mid) if unknown is None else (mid & ~unknown, mid | unknown))
    ends = [getattr(torch, name)(*ends) for ends in _corners(spans)]
    is_open = torch.zeros_like(decided)
    for end in ends:
        is_open |= end != decided
    return choice(decided, is_open)


def _corners(spans: list[Any]) -> list[Any]:
    if len(spans) == 1:
        return [(end,) for end in spans[0]]
    return [(first, second) for first in spans[0] for second in spans[1]]


def _is_whole(each: Any) -> bool:
    """Is this an integer or a boolean, or a tensor of such?"""
    if isinstance(each, Ball):
        each = each.mid
    return not each.is_floating_point() if isinstance(each, torch.Tensor) else isinstance(each, int)


def where_of_integers(condition: Any, a: Any, b: Any) -> Any:
    a, b = (each if isinstance(each, Ball) else Ball(torch.as_tensor(each)) for each in (a, b))
    decided = condition.mid if isinstance(condition, Ball) else condition
    marks = [torch.zeros((), dtype=torch.bool) if each.rad is None else each.rad for each in (a, b)]
    is_open = torch.where(decided, *marks)
    if isinstance(condition, Ball):
        is_open = is_open | (condition.rad & ((a.mid != b.mid) | marks[0] | marks[1]))
    return choice(torch.where(decided, a.mid, b.mid), is_open)


def where(rounding: Rounding, condition: Any, a: Any, b: Any) -> Any:
    if _is_whole(a) and _is_whole(b):
        return where_of_integers(condition, a, b)
    a, b = operand(rounding, a), operand(rounding, b)
    is_open = opened(condition)
    decided = condition.mid if isinstance(condition, Ball) else condition
    decided = decided.bool() if decided.dtype != torch.bool else decided
    mid = torch.where(decided, a.mid, b.mid)
    rad = None if a.rad is None and b.rad is None else torch.where(decided, a.radii(), b.radii())
    moves = a.moves | b.moves
    if is_open is None:
        return Ball(mid, rad, moves)
    hull = of_both(a, b)
    mid = torch.where(is_open, hull.mid, mid)
    return Ball(mid, torch.where(is_open, hull.radii(), 0.0 if rad is None else rad), moves)


def of_both(a: Ball, b: Ball) -> Ball:
    """The hull of two balls, entry by entry."""
    r, s = a.radii(), b.radii()
    low, high = torch.minimum(a.mid - r, b.mid - s), torch.maximum(a.mid + r, b.mid + s)
    mid = (low + high).div_(2)
    rad = torch.maximum(high - mid, mid - low).mul_(SLACK).nan_to_num_(nan=torch.inf)
    alike = (a.mid == b.mid) & (r == 0) & (s == 0)  # also two of one infinity
    return Ball(torch.where(alike, a.mid, mid), rad.masked_fill_(alike, 0.0))


def extreme(rounding: Rounding, name: str, a: Any, b: Any) -> Ball:
    """`maximum` or `minimum` of two, and the names that also pass over what is no number.

    It moves by no more than the one that moves most, and where the balls lie apart by the one that is taken.
    """
    a, b = operand(rounding, a), operand(rounding, b)
    mid = getattr(torch, name)(a.mid, b.mid)
    if a.rad is None and b.rad is None:
        return Ball(mid, None, a.moves | b.moves)
    r, s = a.radii(), b.radii()
    rad, lead = torch.maximum(r, s), a.mid - b.mid
    lead = lead.neg_() if name in ("minimum", "fmin") else lead
    reach = (r + s) * SLACK
    rad = torch.where(lead > reach, r, torch.where(-lead > reach, s, rad))
    return Ball(mid, rad, a.moves | b.moves)


def clamp(rounding: Rounding, a: Any, min: Any = None, max: Any = None) -> Ball:
    ball = operand(rounding, a)
    for name, bound in (("maximum", min), ("minimum", max)):
        if bound is not None:
            ball = extreme(rounding, name, ball, bound)
    return ball


def relu(rounding: Rounding, a: Ball) -> Ball:
    """min(r, max(x + r, 0)) on either side: exactly zero where the ball lies below, and at a tie never quite."""
    mid = a.mid.clamp(min=0)
    rad = None if a.rad is None else torch.minimum(a.rad, (a.mid + a.rad).clamp_(min=0))
    if a.moves == MOVED:
        tie = (a.mid == 0) if a.rad is None else (a.mid == 0) & (a.rad == 0)
        if tie.any():
            rad = (torch.zeros_like(mid) if rad is None else rad).masked_fill_(tie, TINY)
    return Ball(mid, rad, a.moves)


def sign(rounding: Rounding, a: Ball) -> Ball:
    mid = a.mid.sign()
    is_open = (a.mid.abs() <= a.radii()) & a.mid.isfinite()
    if a.moves != MOVED:
        is_open &= a.radii() != 0
    if a.moves == CONSTANT or not is_open.any():
        return Ball(mid, None, a.moves)
    return Ball(mid.masked_fill_(is_open, 0.0), is_open.double(), a.moves)


def shrink_backward(rounding: Rounding, grad: Any, a: Any, threshold: Any) -> Any:
    """Of hardshrink and softshrink: nothing passes between -threshold and threshold."""
    size = operand(rounding, a)
    return where(rounding, compare(rounding, "gt", Ball(size.mid.abs(), size.rad, size.moves), threshold), grad, 0.0)


def threshold_backward(rounding: Rounding, grad: Any, a: Any, threshold: Any) -> Any:
    """The gradient of relu, which is given its result: zero there is no tie unless `relu` has marked it as one."""
    if isinstance(a, Ball) and a.moves == MOVED:
        a = Ball(a.mid, a.rad, GIVEN)
    return where(rounding, compare(rounding, "gt", a, threshold), grad, 0.0)
