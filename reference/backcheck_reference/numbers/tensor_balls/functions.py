"""Smooth functions of one number: the value, and how far it moves when the number moves by at most r.

Bounds are those of the whole ball [x - r, x + r], not of first order. With q = r / |x|:
    exp:     |e^(x+d) - e^x| <= e^x (e^r - 1)
    log:     |log(1 + d/x)| <= -log(1 - q)
    sqrt:    |d| / (sqrt x + sqrt(x + d)) <= r / (sqrt x + sqrt(x - r)), and never above sqrt r
    power:   |(1 + t)^n - 1| <= e^(n L) - 1 where |log(1 + t)| <= L = -log(1 - q)
    sigmoid: log(s / (1 - s)) = x, and so |s(x+d) - s(x)| <= s (1 - s) (e^r - 1); tanh x = 2 s(2x) - 1
    sin:     |cos x| r + r^2 / 2 by Taylor with |sin| <= 1, and never above r
    tan:     (1 + y^2) t / (1 - y t) with t = tan d
    erf, atan, asinh: the derivative falls with |x|, so that of the least |x| in the ball, times r
    asin, atanh, erfinv: it grows with |x|, so that of the largest
Where a ball leaves the domain the bound is infinite or not a number, and both mean: unknown.
`fast` is what NVIDIA documents for the approximate instructions of PTX (ex2.approx, tanh.approx, rsqrt.approx ...).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.rounding import FLOAT32, OWN, SLACK, Ball, Rounding, kept, operand

LOG2, LOG10 = math.log(2), math.log(10)
OF_SERIES = 2.0**-30  # PyTorch ends its series for polygamma so early, in float64 as well
PER_ROOT_PI = 2 / math.sqrt(math.pi)


@dataclass(frozen=True, slots=True)
class SmoothFunction:
    """A function's value y of x, the bound of its change by r, and what a fast approximation of it is off."""

    value: Callable[[Any], Any]
    change: Callable[[Any, Any, Any], Any]
    fast: Callable[[Any, Any], Any] | None = None
    beside: float = 0.0  # absolute, in the same units as the relative error: near a zero that is no zero of x


def relative(x: Any, r: Any) -> Any:
    """q = r / |x|, at most 1; where both are zero it is not a number."""
    return (r / x.abs()).clamp_(max=1)


def logarithmic(x: Any, r: Any) -> Any:
    """How far log x moves at most."""
    return relative(x, r).neg_().log1p_().neg_()


def least(x: Any, r: Any) -> Any:
    return (x.abs() - r).clamp_(min=0)


def largest(x: Any, r: Any) -> Any:
    return x.abs() + r


def _of_sqrt(x: Any, r: Any, y: Any) -> Any:
    # 0 / 0 at an exact zero: fmin takes the other
    return torch.fmin(r / (x - r).clamp_(min=0).sqrt_().add_(y), r.sqrt())


def _of_reciprocal(x: Any, r: Any, y: Any) -> Any:
    q = relative(x, r)
    return (y.abs() * q).div_(1 - q)


def _of_sine(slope: Any, r: Any) -> Any:
    return torch.minimum(slope.abs_().mul_(r).addcmul_(r, r, value=0.5), r)


def _of_tangent(x: Any, r: Any, y: Any) -> Any:
    t = torch.where(r < math.pi / 2, r.tan(), torch.inf)
    return ((1 + y * y) * t).div_((1 - y.abs() * t).clamp_(min=0))


def _of_lgamma(x: Any, r: Any, y: Any) -> Any:
    slope = torch.maximum((x - r).digamma().abs_(), (x + r).digamma().abs_())
    return torch.where(x - r > 0, slope, torch.inf) * r * SLACK


def _of_digamma(x: Any, r: Any, y: Any) -> Any:
    return torch.where(x - r > 0, torch.polygamma(1, (x - r).clamp(min=1e-300)), torch.inf) * r


def _exponential(x: Any, y: Any) -> Any:
    """ex2.approx is off by 2 ulp, and the product x log2(e) before it by two units of |x|."""
    return (x.abs().clamp_(max=1e3) * 2 + 4) * y.abs() * FLOAT32


FUNCTIONS: dict[str, SmoothFunction] = {
    "exp": SmoothFunction(lambda x: x.exp(), lambda x, r, y: r.expm1().mul_(y), _exponential),
    "exp2": SmoothFunction(lambda x: x.exp2(), lambda x, r, y: (r * LOG2).expm1_().mul_(y), _exponential),
    "expm1": SmoothFunction(lambda x: x.expm1(), lambda x, r, y: r.expm1().mul_(x.exp())),
    "log": SmoothFunction(lambda x: x.log(), lambda x, r, y: logarithmic(x, r), lambda x, y: (y.abs() + 1) * 2**-22),
    "log2": SmoothFunction(
        lambda x: x.log2(), lambda x, r, y: logarithmic(x, r).div_(LOG2), lambda x, y: (y.abs() + 1) * 2**-22
    ),
    "log10": SmoothFunction(lambda x: x.log10(), lambda x, r, y: logarithmic(x, r).div_(LOG10)),
    "log1p": SmoothFunction(lambda x: x.log1p(), lambda x, r, y: logarithmic(1 + x, r)),
    "sqrt": SmoothFunction(lambda x: x.sqrt(), _of_sqrt, lambda x, y: y * 2**-22.4),
    "rsqrt": SmoothFunction(
        lambda x: x.rsqrt(),
        lambda x, r, y: logarithmic(x, r).mul_(0.5).expm1_().mul_(y),
        lambda x, y: y * 2**-22.4,
    ),
    "reciprocal": SmoothFunction(lambda x: x.reciprocal(), _of_reciprocal, lambda x, y: y.abs() * 2**-23),
    "sigmoid": SmoothFunction(
        lambda x: x.sigmoid(),
        lambda x, r, y: r.expm1().mul_(y).mul_(1 + 2 * OWN - y),
        lambda x, y: y * ((1 - y) * (x.abs() * 2 + 4) * FLOAT32 + 2**-22),
    ),
    "tanh": SmoothFunction(
        lambda x: x.tanh(),
        lambda x, r, y: torch.minimum((2 * r).expm1_().mul_((1 + 4 * OWN - y * y) / 2), r),
        lambda x, y: y.abs() * 2**-10.987,
    ),
    "sin": SmoothFunction(
        lambda x: x.sin(), lambda x, r, y: _of_sine(x.cos(), r), lambda x, y: torch.full_like(x, 2**-20.5)
    ),
    "cos": SmoothFunction(
        lambda x: x.cos(), lambda x, r, y: _of_sine(x.sin(), r), lambda x, y: torch.full_like(x, 2**-20.5)
    ),
    "tan": SmoothFunction(lambda x: x.tan(), _of_tangent),
    "sinh": SmoothFunction(lambda x: x.sinh(), lambda x, r, y: r.expm1().mul_(x.cosh())),
    "cosh": SmoothFunction(lambda x: x.cosh(), lambda x, r, y: r.expm1().mul_(y)),
    "asin": SmoothFunction(lambda x: x.asin(), lambda x, r, y: (1 - largest(x, r) ** 2).rsqrt_().mul_(r)),
    "acos": SmoothFunction(lambda x: x.acos(), lambda x, r, y: (1 - largest(x, r) ** 2).rsqrt_().mul_(r)),
    "atan": SmoothFunction(lambda x: x.atan(), lambda x, r, y: r / (1 + least(x, r) ** 2)),
    "asinh": SmoothFunction(lambda x: x.asinh(), lambda x, r, y: r / (1 + least(x, r) ** 2).sqrt_()),
    "acosh": SmoothFunction(lambda x: x.acosh(), lambda x, r, y: ((x - r) ** 2 - 1).rsqrt_().mul_(r)),
    "atanh": SmoothFunction(lambda x: x.atanh(), lambda x, r, y: r / (1 - largest(x, r) ** 2).clamp_(min=0)),
    # Abramowitz and Stegun's 7.1.26, which vectorised kernels use, is off by 1.5e-7, absolute, which is 2.5 units of
    # float32. Near zero, where its polynomial is 1, each step that is off by a unit and exp by four make 22 more
    "erf": SmoothFunction(
        lambda x: x.erf(), lambda x, r, y: least(x, r).square_().neg_().exp_().mul_(r).mul_(PER_ROOT_PI), beside=6.125
    ),
    "erfc": SmoothFunction(
        lambda x: x.erfc(), lambda x, r, y: least(x, r).square_().neg_().exp_().mul_(r).mul_(PER_ROOT_PI)
    ),
    "erfinv": SmoothFunction(
        lambda x: x.erfinv(), lambda x, r, y: largest(x, r).erfinv_().square_().exp_().mul_(r).div_(PER_ROOT_PI)
    ),
    "lgamma": SmoothFunction(lambda x: x.lgamma(), _of_lgamma, beside=2.0),
    "digamma": SmoothFunction(lambda x: x.digamma(), _of_digamma, beside=2.0),
}


def smooth(rounding: Rounding, name: str, x: Ball) -> Ball:
    """A function from the table, rounded, with what the function itself may be off."""
    function = FUNCTIONS[name]
    y = function.value(x.mid)
    change = None if x.rad is None else function.change(x.mid, x.rad, y)
    if function.beside:
        change = (0.0 if change is None else change) + torch.full_like(y, function.beside * rounding.of_functions)
    if rounding.fast and function.fast is not None:
        approximate = function.fast(x.mid, y).masked_fill_(y.isinf(), 0.0)
        change = approximate if change is None else change.add_(approximate)
    ball = kept(rounding, y, change, rounding.of_functions, moves=x.moves)
    if name in ("exp", "exp2", "sigmoid", "erfc") and rounding.smallest:
        # too small even for float64, and yet not zero
        ball.rad.masked_fill_((y == 0) & x.mid.isfinite() & (ball.rad == 0), rounding.smallest)
    return ball


def polygamma(rounding: Rounding, order: int, x: Any) -> Ball:
    """For positive x its size falls as x grows, and so does that of its derivative, polygamma of the next order."""
    x = operand(rounding, x)
    y = torch.polygamma(order, x.mid)
    change = None
    if x.rad is not None:
        low = x.mid - x.rad
        change = torch.where(low > 0, torch.polygamma(order + 1, low.clamp(min=1e-300)).abs_(), torch.inf) * x.rad
    return kept(rounding, y, change, 2 * rounding.of_functions + OF_SERIES, moves=x.moves)


def arctangent(rounding: Rounding, y: Any, x: Any) -> Ball:
    """The angle of (x, y) turns by at most the arcsine of what moves it over its length; at most pi."""
    y, x = operand(rounding, y), operand(rounding, x)
    mid, change = torch.atan2(y.mid, x.mid), None
    if y.rad is not None or x.rad is not None:
        reach = torch.hypot(y.radii(), x.radii()) / torch.hypot(y.mid, x.mid)
        change = torch.where(reach < 1, reach.clamp(max=1).asin(), torch.inf) * SLACK
        change = torch.where(_crosses_cut(y, x), torch.inf, change).masked_fill_((y.radii() == 0) & (x.radii() == 0), 0)
    return kept(rounding, mid, change, rounding.of_functions, moves=y.moves | x.moves)


def _crosses_cut(y: Ball, x: Ball) -> Any:
    return (x.mid - x.radii() < 0) & (y.mid.abs() <= y.radii())


def hypotenuse(rounding: Rounding, a: Any, b: Any) -> Ball:
    """The length of a vector moves by no more than the vector does."""
    a, b = operand(rounding, a), operand(rounding, b)
    change = None if a.rad is None and b.rad is None else torch.hypot(a.radii(), b.radii()).mul_(SLACK)
    return kept(rounding, torch.hypot(a.mid, b.mid), change, rounding.of_functions, moves=a.moves | b.moves)
