"""A PyTorch function and its gradients, with what a precision model allows each entry to be off."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from backcheck_reference.frontends.torch_code.ball_mode import running
from backcheck_reference.frontends.torch_code.ball_tensor import ball_of, is_ball_tensor, shown_in, wrap
from backcheck_reference.lazy import LazyModule, torch
from backcheck_reference.numbers.tensor_balls.rounding import GIVEN, MOVED, SLACK, Ball, Rounding

_dispatch = LazyModule("torch.utils._python_dispatch", "torch")


class Balls(NamedTuple):
    """Middles and radii, float64, of one shape. An infinite radius: nothing is known there."""

    mid: Any
    rad: Any


class Enclosed(NamedTuple):
    """A function's outputs and gradients; a missing gradient is None.

    Integers and booleans are plain tensors, and where a choice is open `Balls` of which the radii are booleans.
    """

    outputs: tuple[Any, ...]
    gradients: tuple[Balls | None, ...]


def enclose(
    function: Callable[..., Any],
    tensors: Sequence[Any],
    cotangents: Sequence[Any] | None,
    wanted: Sequence[int],
    rounding: Rounding,
    ties: Sequence[int] = (),
    *,
    unknown: Mapping[int, Any] | None = None,
) -> Enclosed:
    """The function run on balls. Its tensors' values are exact, whatever their dtype.

    `cotangents` has one tensor for each output of floats, or None for a run of the function alone; `wanted` are the
    places of the tensors to differentiate by. Which of equal entries is chosen is open among those, and among the
    tensors at `ties`. `unknown` has, by a tensor's place, a mask of its entries that may be any number: what is bounded
    all the same depends on none of them. Whole numbers there are exchanged for others of the tensor. Raises
    Unavailable with the name of an operator that has no form.
    """
    moved, masks = {*wanted, *ties}, unknown or {}
    given = [
        _lifted(tensor, rounding, MOVED if at in moved else GIVEN, masks.get(at)) for at, tensor in enumerate(tensors)
    ]
    ups = [_lifted(dy, Rounding(0.0, 0.0), GIVEN) for dy in cotangents or ()]
    with running(rounding):
        leaves = [given[at].requires_grad_() for at in wanted] if cotangents is not None else []
        with torch.enable_grad(), _saving(rounding):
            result = function(*given)
        outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
        gradients: tuple[Any, ...] = ()
        if cotangents is not None:
            gradients = _gradients(outputs, leaves, ups)
    return Enclosed(
        tuple(_lowered(each, rounding) for each in outputs),
        tuple(None if each is None else _balls(each) for each in gradients),
    )


def _saving(rounding: Rounding) -> Any:
    """A block in which what is kept for the derivative is rounded once more, unless it is exact, as an input is."""
    if not rounding.saved:
        return nullcontext()

    def kept(tensor: Any) -> Any:
        if not is_ball_tensor(tensor) or not tensor.is_floating_point():
            return tensor
        alone = tensor.detach()
        with _dispatch._disable_current_modes():  # or the radii would be numbers of the function's own
            ball = ball_of(alone)
            if ball.rad is None:
                return tensor
            rad = ball.rad + (rounding.saved * SLACK) * (ball.mid.abs() + ball.rad)
            rad.masked_fill_(ball.mid.isinf() & (ball.rad != torch.inf), 0.0)
            return wrap(Ball(ball.mid, rad, ball.moves), tensor.dtype)

    return torch.autograd.graph.saved_tensors_hooks(kept, lambda tensor: tensor)


def _lifted(tensor: Any, rounding: Rounding, moves: int, unknown: Any = None) -> Any:
    if not isinstance(tensor, torch.Tensor):
        return tensor
    if not tensor.is_floating_point():
        return tensor.clone() if unknown is None else torch.where(unknown, tensor.flip(0), tensor)
    mid = tensor.detach().to(torch.float64, copy=True)
    rad = mid.abs().mul_(rounding.inputs * SLACK) if rounding.inputs else None
    if unknown is not None:
        rad = (torch.zeros_like(mid) if rad is None else rad).masked_fill_(unknown, torch.inf)
    return wrap(Ball(mid, rad, moves), tensor.dtype)


def _gradients(outputs: tuple[Any, ...], leaves: list[Any], cotangents: Sequence[Any]) -> tuple[Any, ...]:
    floats = [each for each in outputs if isinstance(each, torch.Tensor) and each.is_floating_point()]
    pairs = [
        (each, shown_in(dy, each.dtype)) for each, dy in zip(floats, cotangents, strict=True) if each.requires_grad
    ]
    if not pairs or not leaves:
        return (None,) * len(leaves)
    found: tuple[Any, ...] = torch.autograd.grad(
        [each for each, _ in pairs], leaves, [dy for _, dy in pairs], allow_unused=True
    )
    return found


def _lowered(each: Any, rounding: Rounding) -> Any:
    if not isinstance(each, torch.Tensor) or not (each.is_floating_point() or is_ball_tensor(each)):
        return each
    if each.is_floating_point():
        return _balls(each)
    ball = ball_of(each)
    return ball.mid if ball.rad is None else Balls(ball.mid, ball.rad)


def _balls(tensor: Any) -> Balls:
    ball = ball_of(tensor.detach() if not is_ball_tensor(tensor) else tensor)
    mid, rad = ball.mid.detach().contiguous(), ball.radii()
    if bool((mid.sum() + rad.sum()).isnan()):  # or an infinity of either sign: one look, as nearly always there is none
        rad = rad.masked_fill(mid.isnan() | rad.isnan(), torch.inf)
    return Balls(mid, rad.contiguous())
