"""What a kernel may round on the way, and what that does to a ball.

A kernel that keeps a model computes z for a true f with |z - f| <= p, where p is what its inputs' radii can do, and
hands on z (1 + d) with |d| <= stored. So |z (1 + d) - f| <= p + stored (|f| + p). We know the middle m with
|m - f| <= own |f|, since float64 has rounded it, and so

    rad = p (1 + stored) + (stored + own) |m|,

times `SLACK`, which covers that the radius itself is computed in float64 (fewer than 16 roundings each).
A sum of k numbers in any order is off by at most (k - 1) u sum |x|, and a product of k pairs by k u sum |x y|:
Jeannerod and Rump, "Improved error bounds for inner products in floating-point arithmetic" (2013), with no limit on k.
"""

import math
from dataclasses import dataclass
from typing import Any

from backcheck_reference.lazy import torch

OWN = 2.0**-53  # the unit roundoff of the middles
SLACK = 1 + 2.0**-48
FLOAT32 = 2.0**-24  # the approximate functions exist for it alone


@dataclass(frozen=True, slots=True)
class Rounding:
    """What is rounded on the way, as unit roundoffs (bfloat16 2^-8, float16 and tf32 2^-11, float32 2^-24)."""

    stored: float  # each intermediate that an operation hands on
    summed: float  # each addition inside a sum, a mean, a product of matrices, a convolution
    factors: float = 0.0  # the factors of matrix products and convolutions, before they are multiplied (tf32)
    inputs: float = 0.0  # relative: how well the inputs are known
    functions: float = 4.0  # what exp, log, tanh, ... may be off, in units of `summed`: 2 ulp, CUDA's documented
    fast: bool = False  # may exp2, tanh, rsqrt, log2, sin and cos be the hardware's documented approximations?
    saved: float = 0.0  # what a function keeps for its derivative, once more beside how it is stored
    likely: float = 0.0  # so many standard deviations of sums in place of their worst case, see `likely_sum`
    whole: bool = False  # are the inputs whole numbers? Then sums and products of them may be exact, and are looked at
    largest: float = math.inf  # what is stored may be no larger: of a number beyond nothing is known
    largest_sum: float = math.inf  # nor may a partial sum
    smallest: float = 2.0**-126  # absolute: what flushing to zero may take from a stored number

    @property
    def unit(self) -> float:
        """The unit of one addition or multiplication, or of a function's last place."""
        return max(self.summed, OWN)

    @property
    def of_functions(self) -> float:
        """What a function's value may be off, relative; float64's own is right to an ulp, two units."""
        return self.functions * self.unit + 2 * OWN

    def of_sum(self, count: int) -> float:
        """What a sum of so many numbers may be off, relative to the sum of their absolute values."""
        return max(count - 1, 0) * (self.summed + OWN) * SLACK

    def of_products(self, count: int) -> float:
        """The same for a sum of products."""
        return (count * (self.summed + OWN) + 2 * self.factors + self.factors**2) * SLACK


def likely_sum(rounding: Rounding, worst: Any, count: int, mid: Any, squares: Any, radii: Any = None) -> Any:
    """What a sum of k numbers is off with so few exceptions that nobody meets one; never more than the worst case.

    One rounding of x is a number of [-u |x|, u |x|] that is as likely anywhere there, of which the deviation is u |x| /
    sqrt(3) and whose sums have the tails of a normal number (uniform numbers are strictly sub-Gaussian). The partial
    sum s_j of j of k numbers in a random order has E s_j^2 = j (j - 1) / (k (k - 1)) S^2 + j (k - j) / (k (k - 1)) Q,
    S the sum and Q the sum of squares; added up over j these are (k + 1) (S^2 / 3 + Q / 6), and products are rounded
    too. So

        error = likely / sqrt(3) * (summed * sqrt((k + 1) (S^2 / 3 + Q / 6) + Q) + sqrt(sum r^2)),

    with r what each of the numbers is off itself. It does not hold where their errors are one and the same, so nothing
    is passed by it that the worst case does not pass: it tells a model that was not promised from a wrong answer.
    """
    with_additions = (
        (mid * mid * ((count + 1) / 3) + squares * ((count + 1) / 6 + 1)).sqrt_().mul_(rounding.summed + OWN)
    )
    if radii is not None:
        with_additions.add_(radii)
    found = with_additions.mul_(rounding.likely / 3**0.5)
    return torch.where(found.isfinite(), torch.minimum(found, worst), worst)


def within_range(rounding: Rounding, change: Any, size: Any) -> Any:
    """The change of a sum, without a bound where its partial sums may overflow.

    They are as large as `size`, the sum of all that is added without its signs, in some order.
    """
    if rounding.largest_sum < math.inf and size.numel() and not bool(size.max() <= rounding.largest_sum):
        change.masked_fill_(size > rounding.largest_sum, torch.inf)
    return change


# what a tensor of balls comes from: the code alone, an input that stays, an input to differentiate by
CONSTANT, GIVEN, MOVED = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Ball:
    """A tensor of balls: radii, or None where all numbers are exact. `moves`: what it comes from.

    Middles that are integers or booleans have radii that are booleans: True where a choice is open.
    """

    mid: Any
    rad: Any = None
    moves: int = MOVED

    def radii(self) -> Any:
        """The radii as a tensor, also where all are zero."""
        if self.rad is not None:
            return self.rad
        return torch.zeros((), dtype=torch.float64).expand(self.mid.shape)


def kept(rounding: Rounding, mid: Any, change: Any = None, extra: float = 0.0, *, moves: int = MOVED) -> Ball:
    """A ball around a number that is rounded and handed on; `change` is overwritten.

    `extra` is what it is off beside: relative to the middle. Infinite middles are exact: a mask of -inf stays one.
    """
    if rounding.whole and change is None and not extra and are_whole(mid, rounding):
        return Ball(mid, None, moves)
    unit = (rounding.stored + OWN + extra * (1 + rounding.stored)) * SLACK
    rad = mid.abs().mul_(unit)
    if change is not None:
        rad.add_(change, alpha=(1 + rounding.stored) * SLACK)
    _spread(rounding, unit, mid, rad, change)
    return Ball(mid, rad, moves)


def are_whole(mid: Any, rounding: Rounding, size: Any = None) -> bool:
    """Are these whole numbers that nothing rounds? `size` is the most that their partial sums can be.

    With p bits all whole numbers of at most 2^p are exact, and so is every sum of them that stays below, in any order.
    """
    largest = 1 / max(rounding.unit, rounding.stored, rounding.factors)
    ends = mid.abs() if size is None else size
    if not mid.numel() or not bool(ends.max() <= largest):
        return not mid.numel()
    return bool((mid == mid.round()).all())


def _spread(rounding: Rounding, unit: float, mid: Any, rad: Any, change: Any) -> None:
    """Adds what flushing to zero takes, but to exact zeros; makes infinite middles exact again; and leaves nothing
    known of a number beyond the largest that is stored.

    One look at the ends tells that neither is needed, as nearly always: where `SLACK` covers it, nothing is added.
    """
    if not rad.numel():
        return
    low, high = (end.item() for end in rad.aminmax())
    if rounding.smallest and not low > rounding.smallest * 2.0**50:
        rad.add_(rad.sign(), alpha=rounding.smallest)
    if rounding.largest < math.inf and not high < unit * rounding.largest:
        rad.masked_fill_((mid.abs() + rad > rounding.largest) & mid.isfinite(), torch.inf)
    if not math.isfinite(high):
        here = mid.isinf()
        if change is not None:
            here &= change != torch.inf  # such came from a ball without end
        rad.masked_fill_(here, 0.0)


def carried(rounding: Rounding, mid: Any, change: Any, *, moves: int = MOVED) -> Ball:
    """A ball around a number that nothing rounds; `change` is overwritten, and its own rounding is covered."""
    return Ball(mid, None if change is None else change.mul_(SLACK), moves)


def operand(rounding: Rounding, value: Any) -> Ball:
    """Anything that arithmetic takes, as a ball of floats.

    A kernel has the code's constants in its own precision: one that does not fit has a radius of one unit.
    """
    if isinstance(value, Ball):
        if value.mid.is_floating_point():
            return value
        if value.rad is None:
            return Ball(value.mid.double(), None, value.moves)
        is_choice = value.mid.dtype == torch.bool
        mid = value.mid.double().masked_fill_(value.rad, 0.5) if is_choice else value.mid.double()
        radius = torch.zeros_like(mid).masked_fill_(value.rad, 0.5 if is_choice else torch.inf)
        return Ball(mid, radius, value.moves)
    if isinstance(value, torch.Tensor):
        return Ball(value.double(), None, 0)
    number = float(value)
    mid = torch.tensor(number, dtype=torch.float64)
    return Ball(mid, None if is_short(number, rounding.unit) else mid.abs() * rounding.unit, 0)


def is_short(number: float, unit: float) -> bool:
    """Has a number so few digits that it is exact in arithmetic of this unit?"""
    if not math.isfinite(number):
        return True
    scaled = math.frexp(number)[0] * 2.0 ** round(-math.log2(unit))
    return scaled == round(scaled)
