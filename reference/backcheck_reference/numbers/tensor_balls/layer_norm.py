"""Layer norm of exact rows in few passes: what each step is off is a row's own combination of a few sizes.

Step by step, as in `normalisation`, layer norm takes forty passes over its numbers forward and eighty back. With u, C
what a kept number and a carried change are multiplied by (see `rounding.kept`: rad = C change + u |mid|), m and s the
mean and the reciprocal deviation of a row with radii r and t, and every other operand exact:

    c = x - m         is off by    u |c| + b,                               b = C r
    c^2               by           (C (2 u + u^2) + u) c^2 + C (2 b (1 + u) |c| + b^2),
                      so its sum asks for the sums of c^2 and |c| alone
    xhat = c s        by           a |xhat| + B,    a = C (u (s + t) + t) / s + u,    B = C b (s + t)
    q = g xhat        by           C |g| (k |xhat| + (1 + k) (a |xhat| + B)) + u |q|, where g is off by k |g|,
                      so its sum asks for the sums of |q| and |g| alone, and so does that of dy xhat by columns
    along = xhat M    by           |xhat| (C (a (|M| + R) + R) + u |M|) + C B (|M| + R), M = mean q with radius R
    g - mean g        by           C (k |g| + r') + u |g - mean g|, r' the radius of mean g
    left              by           C times the sum of both, and u |left|
    dx = s left       as any product

and each step may lose a smallest number besides. Where a number comes near the largest that is stored, or is none, and
for models that ask more, nothing is said, and the steps are taken one by one.
"""

from typing import Any, NamedTuple

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.arithmetic import add, divide
from backcheck_reference.numbers.tensor_balls.functions import smooth
from backcheck_reference.numbers.tensor_balls.rounding import OWN, SLACK, Ball, Rounding, kept


class Units(NamedTuple):
    """What a kept number, and the change that it carries on, are multiplied by; and the smallest number."""

    own: float
    carried: float
    least: float


def _units(rounding: Rounding) -> Units:
    # the combinations are a few roundings more than one step each
    return Units((rounding.stored + OWN) * SLACK**2, (1 + rounding.stored) * SLACK**2, rounding.smallest)


def applies(rounding: Rounding, *given: Any) -> bool:
    """Are all operands exact, and is the worst case asked for?"""
    return not rounding.whole and not rounding.likely and all(each is None or each.rad is None for each in given)


def forward(rounding: Rounding, x: Ball, w: Any, b: Any, eps: float) -> tuple[Ball, Ball, Ball] | None:
    """The rows, their means and reciprocal deviations; None where the steps have to be taken one by one."""
    u, carry, least = _units(rounding)
    count = x.mid.shape[1]
    whole = torch.linalg.vector_norm(x.mid, 1, 1, True)
    middle = _mean(rounding, x.mid, whole, 0.0)
    c = x.mid - middle.mid
    size = c.abs()
    first, second = size.sum(1, True), (c * c).sum(1, True)
    beta = carry * middle.rad + least
    moved = (carry * (2 * u + u * u) + u) * second
    moved += carry * (2 * beta * (1 + u) * first + count * beta * beta) + count * least
    share = rounding.of_sum(count)
    squares = kept(rounding, second, second * share + moved * ((1 + share) * (1 + count * 2.0**-52)))
    rstd = smooth(rounding, "rsqrt", add(rounding, divide(rounding, squares, count), eps))
    reach = rstd.mid + rstd.rad
    a = carry * (u * reach + rstd.rad) + u * rstd.mid
    beside = carry * beta * reach + least
    most = 1.0 if w is None else max(1.0, float(w.mid.abs().max()))
    ends = torch.maximum(second + moved, (second.sqrt() * (a + rstd.mid) + beside) * most)
    if not float(torch.maximum(ends, whole).max()) <= min(rounding.largest, rounding.largest_sum) / 4:
        return None
    y = c.mul_(rstd.mid)
    if w is None and b is None:  # the product is the last step
        return kept(rounding, y, torch.addcmul(beta * reach, size, u * reach + rstd.rad)), middle, rstd
    change = torch.addcmul(beside, size, a)
    if w is not None:
        y.mul_(w.mid)
        change.mul_(w.mid.abs())
    if b is not None and w is not None:
        change.mul_(carry).add_(y.abs(), alpha=u).add_(least)
    if b is not None:
        y.add_(b.mid)
    return kept(rounding, y, change), middle, rstd


class Sums(NamedTuple):
    """Of a product by columns: the sum, that of its sizes, and that of its radii."""

    mid: Any
    size: Any
    rad: Any


def backward(
    rounding: Rounding, grad: Ball, x: Ball, middle: Ball, rstd: Ball, w: Any
) -> tuple[Ball, Sums, Sums] | None:
    """dx, and what the rows add to dw and db; None where the steps have to be taken one by one."""
    u, carry, least = _units(rounding)
    rows, count = x.mid.shape
    s, t, g = rstd.mid, rstd.radii(), grad.mid
    reach = s + t
    xhat = (x.mid - middle.mid).mul_(s)
    size, of_g = xhat.abs(), g.abs()
    a = carry * (u * reach + t) / s + u
    beside = carry * (carry * middle.radii() + least) * reach + least
    if not _in_range(rounding, size, of_g, w, reach):
        return None
    product = g * xhat
    of_product = product.abs()
    scaled, whole = (torch.cat([a.mT, torch.ones_like(a.mT)]) @ of_product).unbind()
    moved = carry * (scaled + (beside.mT @ of_g).squeeze(0)) + u * whole + rows * least
    of_weight = Sums(product.sum(0), whole, moved)
    of_bias = Sums(g.sum(0), of_g.sum(0), None)

    k, gw, of_gw = (0.0, g, of_g) if w is None else (u, g * w.mid, of_g * w.mid.abs())
    q = product if w is None else product.mul_(w.mid)
    total, of_q = of_gw.sum(1, True), torch.linalg.vector_norm(q, 1, 1, True)
    moved_q = carry * ((k + (1 + k) * a) * of_q + (1 + k) * beside * total) + u * of_q + count * least
    of_along = _mean(rounding, q, of_q, moved_q)
    of_mean = _mean(rounding, gw, total, k * total + (count * least if k else 0.0))

    wide = of_along.mid.abs() + of_along.rad
    left = gw - of_mean.mid
    change = left.abs().mul_(carry * reach * u)
    if k:
        change.addcmul_(of_gw, carry * carry * reach * k)
    left.addcmul_(xhat, of_along.mid, value=-1)
    change.addcmul_(size, carry * reach * (carry * (a * wide + of_along.rad) + u * of_along.mid.abs()))
    constant = carry * (of_mean.rad + beside * wide) + 2 * least
    change.addcmul_(left.abs(), reach * u + t).add_(reach * (carry * constant + least))
    return kept(rounding, left.mul_(s), change), of_weight, of_bias


def _mean(rounding: Rounding, x: Any, size: Any, moved: Any) -> Ball:
    """The mean of each row, of which the sums of sizes and of radii are known; as `sums.mean`."""
    count = x.shape[1]
    share = rounding.of_sum(count)
    change = (size * share + moved * ((1 + share) * (1 + count * 2.0**-52))) * (SLACK / count)
    return kept(rounding, x.mean(1, True), change, 2 * rounding.unit)


def _in_range(rounding: Rounding, size: Any, of_g: Any, w: Any, reach: Any) -> bool:
    """Is the largest number on the way far below what can be stored, however they are combined?"""
    weight = 1.0 if w is None else 1 + float(w.mid.abs().max())
    most = (1 + float(of_g.max())) * weight * (1 + float(size.max())) ** 2 * max(1.0, float(reach.max()))
    return bool(8 * most * max(size.shape) <= min(rounding.largest, rounding.largest_sum))
