"""Any PyTorch function, with its hand-written backward, as a rule of the engine.

On floats PyTorch computes as it always does. On exact numbers the same code, the user's backward included, runs on the
tensors of `tensor`. A float input that no gradient comes back for has None. A complex output comes as its parts, so
that its backward is given dL/d(re y) + i dL/d(im y), as PyTorch has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from backcheck.complex_numbers import parts_of_output
from backcheck.errors import BadInput
from backcheck_reference.frameworks.torch_oracle import to_tensor
from backcheck_reference.frontends.judged import judged_in
from backcheck_reference.frontends.torch_code.aten.shared import unavailable
from backcheck_reference.frontends.torch_code.callable import as_array, as_callable, named
from backcheck_reference.frontends.torch_code.callable import with_parameters as with_parameters
from backcheck_reference.frontends.torch_code.mode import running
from backcheck_reference.frontends.torch_code.plain import without_custom_backward as without_custom_backward
from backcheck_reference.frontends.torch_code.tensor import from_exact, is_exact, name_of, narrower, to_exact
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import Undecidable
from scratch_bp.rules import Rule


class Saved(NamedTuple):
    """One run: the leaves it began at, its outputs with their graph, and whether its numbers are balls."""

    leaves: tuple[Any, ...]
    outputs: tuple[Any, ...]
    several: bool
    balls: bool


def as_pair(function: Any) -> Rule:
    """The function, a `torch.autograd.Function` class or its `apply`, or an `nn.Module`, as forward and backward.

    `y` is one array, or a tuple of them where the function returns several, and then `dy` is a tuple as well. Raises
    Unavailable, with the reason, where the code cannot run on exact numbers.
    """
    call = as_callable(function)

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Saved]:
        balls = any(array.dtype == object for array in arrays)
        with _numbers(balls), torch.enable_grad():
            leaves = tuple(_leaf(array, balls) for array in arrays)
            # a function may write into what it is given, but not into a leaf
            result = call(*(leaf.clone() if leaf.requires_grad else leaf for leaf in leaves), **config)
            outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
            _require_tensors(function, outputs)
            outputs = tuple(map(parts_of_output, outputs))
            y = tuple(_out(each, balls) for each in outputs)
        several = isinstance(result, tuple | list)
        return (y if several else y[0]), Saved(leaves, outputs, several, balls)

    return Rule(named(forward, function), _backward)


def rounds_to(function: Any, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> str:
    """The dtype that the value went through, where that is narrower than the arrays' own; else nothing.

    So it is of `x.float().double()` among float64, or of a constant that float32 has rounded. Masks are no such way.
    """
    call = as_callable(function)
    dtype = next(array.dtype.name for array in arrays if array.dtype.kind not in "iub")
    try:
        with judged_in(dtype), _numbers(True), torch.no_grad():
            result = call(*(_into(exact.lift(array), True) for array in arrays), **config)
    except (Unavailable, Undecidable):
        return ""
    outputs = result if isinstance(result, tuple | list) else (result,)
    found = [each.history.through for each in outputs if is_exact(each) and each.history.through is not None]
    return name_of(narrower(*found)) if found else ""


def _backward(saved: Saved, dy: Any) -> tuple[np.ndarray | None, ...]:
    leaves, outputs, several, balls = saved
    cotangents = dy if several else (dy,)
    pairs = [(y, d) for y, d in zip(outputs, cotangents, strict=True) if y.requires_grad and d is not None]
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    if not pairs or not wanted:
        return (None,) * len(leaves)
    with _numbers(balls):
        given = [_into(np.asanyarray(d), balls) for _, d in pairs]
        grads = torch.autograd.grad([y for y, _ in pairs], wanted, given, retain_graph=True, allow_unused=True)
        found = iter([None if grad is None else _out(grad, balls) for grad in grads])
    return tuple(next(found) if leaf.requires_grad else None for leaf in leaves)


def _leaf(array: np.ndarray, balls: bool) -> Any:
    tensor = _into(array, balls)
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def _into(array: np.ndarray, balls: bool) -> Any:
    return to_exact(array) if balls else to_tensor(array)


def _out(tensor: Any, balls: bool) -> np.ndarray:
    return from_exact(tensor) if balls else as_array(tensor)


def _require_tensors(function: Any, outputs: Sequence[Any]) -> None:
    for each in outputs:
        if not isinstance(each, torch.Tensor):
            name = getattr(function, "__name__", type(function).__name__)
            raise BadInput(f"{name} must return tensors, one or a tuple of them; it returned {type(each).__name__}")


@contextmanager
def _numbers(balls: bool) -> Iterator[None]:
    """The number system of one call. What anybody's code raises on exact numbers becomes the reason why there are
    none."""
    try:
        with running() if balls else nullcontext():
            yield
    except (Unavailable, Undecidable, BadInput):
        raise
    except Exception as error:
        if not balls:
            raise
        first = (str(error).splitlines() or [""])[0]
        raise unavailable(f"on exact numbers it raises {type(error).__name__}: {first}") from error
