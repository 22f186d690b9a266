"""Pooling by averages and by the largest.

An average is linear with coefficients that are not negative: the operator itself on shares of the radii, see `sums`.
Of a window whose largest entry is an open choice the gradient may go to any of its entries: each is off by as much.
"""

import math
from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.tensor_balls.comparisons import choice
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, MOVED, SLACK, Ball, Rounding, kept, operand


def averaged(rounding: Rounding, operator: Callable[[Any], Any], x: Any, count: int) -> Ball:
    """Sums of at most `count` entries each, each times a reciprocal that is rounded."""
    x = operand(rounding, x)
    share = rounding.of_sum(count) + 3 * rounding.unit
    each = x.mid.abs().mul_(share)
    if x.rad is not None:
        each.add_(x.rad, alpha=(1 + share) * (1 + count * 2.0**-52))
    return kept(rounding, operator(x.mid), operator(each), moves=x.moves)


def average_pool(rounding: Rounding, name: str, x: Any, kernel: Any, *others: Any) -> Ball:
    x = operand(rounding, x)
    spatial = int(name[-2])
    run = getattr(torch.ops.aten, name)
    return averaged(rounding, lambda a: run(a, kernel, *others), x, size_of(kernel, spatial))


def average_pool_backward(rounding: Rounding, name: str, grad: Any, x: Any, kernel: Any, *others: Any) -> Ball:
    run, spatial = getattr(torch.ops.aten, name), int(name.removesuffix("_backward")[-2])
    like = x.mid if isinstance(x, Ball) else x
    return averaged(rounding, lambda a: run(a, like, kernel, *others), grad, size_of(kernel, spatial))


def adaptive_pool(rounding: Rounding, name: str, x: Any, sizes: Any) -> Ball:
    x, run = operand(rounding, x), getattr(torch.ops.aten, name)
    return averaged(rounding, lambda a: run(a, sizes), x, _overlap(x.mid.shape, sizes))


def adaptive_pool_backward(rounding: Rounding, name: str, grad: Any, x: Any) -> Ball:
    grad, run = operand(rounding, grad), getattr(torch.ops.aten, name)
    like = x.mid if isinstance(x, Ball) else x
    spatial = int(name.removesuffix("_backward")[-2])
    count = _overlap(grad.mid.shape[-spatial:], like.shape[-spatial:])
    return averaged(rounding, lambda a: run(a, like), grad, count)


def _overlap(shape: Any, sizes: Any) -> int:
    """How many entries of one grid one cell of the other meets at most."""
    sizes = list(sizes)
    return math.prod(math.ceil(n / m) + 1 for n, m in zip(shape[-len(sizes) :], sizes, strict=True) if m)


def size_of(kernel: Any, spatial: int) -> int:
    sizes = [kernel] if isinstance(kernel, int) else list(kernel)
    return math.prod(sizes * spatial if len(sizes) == 1 else sizes)


def largest_pool(
    rounding: Rounding,
    name: str,
    x: Any,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Ball, Any]:
    """The largest of each window, between those of the lower and of the upper ends; and where it is."""
    x = operand(rounding, x)
    run = getattr(torch.ops.aten, name)
    mid, places = run(x.mid, kernel, stride, padding, dilation, ceil_mode)
    low, rad = mid, None
    if x.rad is not None:
        low, high = (
            run(end, kernel, stride, padding, dilation, ceil_mode)[0] for end in (x.mid - x.rad, x.mid + x.rad)
        )
        rad = torch.maximum(high - mid, mid - low).mul_(SLACK)
    if x.moves == CONSTANT or (x.moves != MOVED and x.rad is None):
        return Ball(mid, rad, x.moves), places
    spatial = int(name.removesuffix("_with_indices")[-2])
    sizes = [_each(given, spatial) for given in (kernel, stride or kernel, padding, dilation)]
    windows = _windows(x.mid if x.rad is None else x.mid + x.rad, mid.shape[-spatial:], *sizes)
    reaches = windows >= low.reshape(*low.shape, *[1] * spatial)
    return Ball(mid, rad, x.moves), choice(places, reaches.sum(list(range(-spatial, 0))) > 1)


def _each(given: Any, spatial: int) -> list[int]:
    sizes = [given] if isinstance(given, int) else list(given)
    return sizes * spatial if len(sizes) == 1 else sizes


def _windows(x: Any, outs: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """A view with the windows' entries as further axes, -inf beyond the ends."""
    spatial, wider = len(kernel), []
    for at in reversed(range(spatial)):
        reach = (outs[at] - 1) * stride[at] + dilation[at] * (kernel[at] - 1) + 1
        wider += [padding[at], max(reach - padding[at] - x.shape[at - spatial], 0)]
    x = torch.nn.functional.pad(x, wider, value=-torch.inf)
    first = x.ndim - spatial
    for at in range(spatial):
        axis = first + at  # each unfolding adds an axis at the end
        x = x.unfold(axis, dilation[at] * (kernel[at] - 1) + 1, stride[at]).narrow(axis, 0, outs[at])
        x = x[..., :: dilation[at]]
    return x


def largest_pool_backward(
    rounding: Rounding,
    name: str,
    grad: Any,
    x: Any,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    places: Any,
) -> Ball:
    grad, x = operand(rounding, grad), operand(rounding, x)
    at = places.mid if isinstance(places, Ball) else places
    run, spatial = getattr(torch.ops.aten, name), int(name.removesuffix("_with_indices_backward")[-2])

    def operator(g: Any) -> Any:
        return run(g, x.mid, kernel, stride, padding, dilation, ceil_mode, at)

    count = size_of(kernel, spatial)
    share = rounding.of_sum(count)
    each = grad.mid.abs().mul_(share)
    if grad.rad is not None:
        each.add_(grad.rad, alpha=(1 + share) * (1 + count * 2.0**-52))
    change = operator(each)
    if isinstance(places, Ball):
        if set(_each(dilation, spatial)) != {1}:
            raise Unavailable("an open choice in pooling with holes")
        spread = getattr(torch.ops.aten, f"avg_pool{spatial}d_backward")
        free = ((grad.mid.abs() + grad.radii()) * SLACK).mul_(places.rad)
        change += spread(free, x.mid, kernel, stride, padding, ceil_mode, True, 1)
    return kept(rounding, operator(grad.mid), change, moves=grad.moves | x.moves)
