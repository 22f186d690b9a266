"""The largest and the smallest along an axis, sorting, and pooling by the largest.

The k-th largest of numbers does not fall when one of them grows. So it lies between the k-th largest of the lower ends
and that of the upper ends. Which one it is, is open where another ball reaches it, and so at an exact tie.
"""

from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.comparisons import choice
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, MOVED, SLACK, Ball, Rounding, operand


def _between(mid: Any, low: Any, high: Any) -> Any:
    return torch.maximum(high - mid, mid - low).mul_(SLACK).nan_to_num_(nan=0.0, posinf=torch.inf)


def largest(rounding: Rounding, name: str, x: Any, dim: Any = (), keepdim: bool = False) -> Ball:
    """`amax` or `amin`."""
    x = operand(rounding, x)
    take = getattr(torch, name)
    mid = take(x.mid, dim, keepdim)
    rad = None
    if x.rad is not None:
        rad = _between(mid, take(x.mid - x.rad, dim, keepdim), take(x.mid + x.rad, dim, keepdim))
    return Ball(mid, rad, x.moves)


def candidates(x: Ball, name: str, dim: Any) -> Any:
    """Which entries may be the largest or smallest along some axes, in all that the balls hold."""
    take = getattr(torch, name)
    if x.rad is None:
        return x.mid == take(x.mid, dim, True)
    if name == "amax":
        return x.mid + x.rad >= take(x.mid - x.rad, dim, True)
    return x.mid - x.rad <= take(x.mid + x.rad, dim, True)


def taken(rounding: Rounding, name: str, x: Ball, dim: Any) -> Any:
    """Which entries are the largest or smallest along axes: what `x == x.amax(dim)` asks. Open where two may be."""
    may_be = candidates(x, name, dim)
    rivals = may_be.sum(dim, True) > 1
    decided = x.mid == getattr(torch, name)(x.mid, dim, True)
    if x.moves == CONSTANT or (x.moves != MOVED and x.rad is None):
        return decided
    return choice(decided, may_be & rivals)


def with_index(rounding: Rounding, name: str, x: Any, dim: int, keepdim: bool = False) -> tuple[Ball, Any]:
    """`max` or `min` along an axis, and where it is."""
    x = operand(rounding, x)
    if not x.mid.ndim:
        return Ball(x.mid.clone(), x.rad, x.moves), torch.zeros((), dtype=torch.int64)
    places = getattr(torch, name)(x.mid, dim, True)[1]
    is_open = candidates(x, f"a{name}", dim).sum(dim, True) > 1
    if x.moves == CONSTANT or (x.moves != MOVED and x.rad is None):
        is_open = torch.zeros_like(is_open)
    ball = largest(rounding, f"a{name}", x, dim, True)
    if not keepdim:
        ball = Ball(ball.mid.squeeze(dim), None if ball.rad is None else ball.rad.squeeze(dim), ball.moves)
        places, is_open = places.squeeze(dim), is_open.squeeze(dim)
    return ball, choice(places, is_open)


def place(rounding: Rounding, name: str, x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """`argmax` or `argmin`."""
    x = operand(rounding, x)
    if dim is None:
        flat = Ball(x.mid.reshape(-1), None if x.rad is None else x.rad.reshape(-1), x.moves)
        return with_index(rounding, name.removeprefix("arg"), flat, 0)[1]
    return with_index(rounding, name.removeprefix("arg"), x, dim, keepdim)[1]


def ordered(
    rounding: Rounding, x: Any, dim: int = -1, descending: bool = False, stable: Any = None
) -> tuple[Ball, Any]:
    x = operand(rounding, x)
    mid, places = x.mid.sort(dim=dim, descending=descending, stable=True)
    if not mid.ndim or x.moves == CONSTANT or (x.rad is None and x.moves != MOVED):
        return Ball(mid, x.rad, x.moves), places
    reach = torch.zeros_like(mid.narrow(dim, 0, min(1, mid.shape[dim]))) if x.rad is None else x.rad.amax(dim, True)
    near = mid.diff(dim=dim).abs_() <= 2 * reach * SLACK
    edge = torch.zeros_like(mid.narrow(dim, 0, min(1, mid.shape[dim])), dtype=torch.bool)
    is_open = torch.cat([edge, near], dim) | torch.cat([near, edge], dim)
    if x.rad is None:
        return Ball(mid, None, x.moves), choice(places, is_open)
    ends = [(x.mid + sign * x.rad).sort(dim=dim, descending=descending)[0] for sign in (-1, 1)]
    return Ball(mid, _between(mid, *ends), x.moves), choice(places, is_open)


def topmost(
    rounding: Rounding, x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Ball, Any]:
    """`topk`: the first of all sorted."""
    ball, places = ordered(rounding, x, dim, largest)
    if not ball.mid.ndim:
        return ball, places
    cut = Ball(ball.mid.narrow(dim, 0, k), None if ball.rad is None else ball.rad.narrow(dim, 0, k), ball.moves)
    if isinstance(places, Ball):
        return cut, choice(places.mid.narrow(dim, 0, k), places.rad.narrow(dim, 0, k))
    return cut, places.narrow(dim, 0, k)
