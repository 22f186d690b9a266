"""What operators on balls are given and what they hand on: tensors opened and closed, dtypes, casts, constants."""

import functools
from typing import Any

from backcheck_reference.frontends.torch_code.ball_tensor import ball_of, is_ball_tensor, wrap
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.tensor_balls.comparisons import choice, compare, logical
from backcheck_reference.numbers.tensor_balls.extremes import taken
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, Ball, Rounding, operand


def is_complex(leaf: Any) -> bool:
    if isinstance(leaf, torch.Tensor):
        return bool(leaf.is_complex())
    return isinstance(leaf, complex) or (isinstance(leaf, torch.dtype) and leaf.is_complex)


def name_of(operator: Any) -> str:
    return f"PyTorch's {operator.overloadpacket.__name__}"


def opened(leaf: Any) -> Any:
    is_float = isinstance(leaf, torch.Tensor) and leaf.is_floating_point()
    return ball_of(leaf) if is_float or is_ball_tensor(leaf) else leaf


def closed(leaf: Any, dtype: Any) -> Any:
    if not isinstance(leaf, Ball):
        return leaf
    if leaf.mid.is_floating_point():
        return wrap(leaf, dtype)
    return leaf.mid if leaf.rad is None or not leaf.rad.any() else wrap(leaf, leaf.mid.dtype)


def dtype_of_result(name: str, leaves: list[Any]) -> Any:
    """The dtype that PyTorch gives a result of floats: the one asked for, or by its promotion."""
    asked = [leaf for leaf in leaves if isinstance(leaf, torch.dtype)]
    if asked:
        return asked[0]
    floats = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()]
    dtypes = {leaf.dtype for leaf in floats if leaf.ndim} or {leaf.dtype for leaf in floats}
    if not dtypes:
        return torch.get_default_dtype()
    found = functools.reduce(torch.promote_types, dtypes)
    halved = name in ("_softmax", "_log_softmax") and any(leaf is True for leaf in leaves)
    return torch.float32 if halved else found


def taken_out(ball: Ball) -> Any:
    if ball.moves or (ball.rad is not None and ball.rad.any()):
        raise Unavailable("a number or a choice that rounding may change leaves PyTorch for Python")
    return ball.mid.item()


def made_like(operator: Any, args: Any, kwargs: Any, dtype: Any) -> Any:
    source = args[0].mid if is_ball_tensor(args[0]) else args[0]
    kinds = {"dtype": torch.float64} if dtype.is_floating_point else {"dtype": kwargs["dtype"]}
    mid = operator(source, *args[1:], **{**kwargs, **kinds})
    return wrap(Ball(mid, None, 0), dtype) if dtype.is_floating_point else mid


def cast(rounding: Rounding, ball: Ball, dtype: Any, memory_format: Any) -> Any:
    """A copy in another dtype. Floats are not rounded: the model says what is."""
    if dtype.is_floating_point:
        found = operand(rounding, ball)
        copies = [None if each is None else each.clone(memory_format=memory_format) for each in (found.mid, found.rad)]
        return wrap(Ball(copies[0], copies[1], ball.moves), dtype)
    if not ball.mid.is_floating_point():
        return closed(Ball(ball.mid.to(dtype), ball.rad, ball.moves), dtype)
    if dtype == torch.bool:
        return closed(compare(rounding, "ne", ball, 0), dtype)
    mid = ball.mid.trunc()
    if ball.rad is None or ball.moves == CONSTANT:
        return mid.to(dtype)
    is_open = ((ball.mid - ball.rad).trunc() != mid) | ((ball.mid + ball.rad).trunc() != mid)
    return closed(choice(mid.to(dtype), is_open), dtype)


def equal_to_its_largest(rounding: Rounding, name: str, a: Any, b: Any) -> Any:
    """`x == x.amax(dim)`, as gradients ask: the ball of the largest meets its own entry, and yet that is no tie."""
    for x, largest in ((a, b), (b, a)):
        origin = largest.memory.origin if is_ball_tensor(largest) else None
        if origin is not None and is_ball_tensor(x) and origin.is_of(x) and largest.ndim in (0, x.ndim):
            found = taken(rounding, origin.name, ball_of(x), origin.axes)
            return closed(logical("logical_not", found) if name == "ne" else found, torch.bool)
    return None
