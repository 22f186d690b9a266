"""Any PyTorch function, with its hand-written backward, as a rule of the engine.

On floats PyTorch computes as it always does. On exact numbers the same code, the user's backward included, runs on the
tensors of `tensor`. A float input that no gradient comes back for has None.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.pair import GENERATOR_SEED
from backcheck_reference.frameworks.torch_oracle import to_tensor
from backcheck_reference.frontends.torch_code.aten.shared import unavailable
from backcheck_reference.frontends.torch_code.callable import as_array, as_callable, named
from backcheck_reference.frontends.torch_code.callable import with_parameters as with_parameters
from backcheck_reference.frontends.torch_code.mode import running
from backcheck_reference.frontends.torch_code.plain import without_custom_backward as without_custom_backward
from backcheck_reference.frontends.torch_code.tensor import from_exact, to_exact
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.balls import Undecidable
from scratch_bp.rules import Rule


class Saved(NamedTuple):
    """One run: the leaves it began at, its outputs with their graph, and whether its numbers are exact."""

    leaves: tuple[Any, ...]
    outputs: tuple[Any, ...]
    several: bool
    exact: bool


def as_pair(function: Any) -> Rule:
    """The function, a `torch.autograd.Function` class or its `apply`, or an `nn.Module`, as forward and backward.

    `y` is one array, or a tuple of them where the function returns several, and then `dy` is a tuple as well. Random
    numbers are drawn from one seed, so that each call computes the same function. Raises Unavailable, with the reason,
    where the code cannot run on exact numbers.
    """
    call = as_callable(function)

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Saved]:
        exact = any(array.dtype == object for array in arrays)
        with _numbers(exact), torch.enable_grad():
            leaves = tuple(_leaf(array, exact) for array in arrays)
            # a function may write into what it is given, but not into a leaf
            result = call(*(leaf.clone() if leaf.requires_grad else leaf for leaf in leaves), **config)
            outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
            _require_tensors(function, outputs)
            y = tuple(_out(each, exact) for each in outputs)
        several = isinstance(result, tuple | list)
        return (y if several else y[0]), Saved(leaves, outputs, several, exact)

    return Rule(named(forward, function), _backward)


def _backward(saved: Saved, dy: Any) -> tuple[np.ndarray | None, ...]:
    leaves, outputs, several, exact = saved
    cotangents = dy if several else (dy,)
    pairs = [(y, d) for y, d in zip(outputs, cotangents, strict=True) if y.requires_grad and d is not None]
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    if not pairs or not wanted:
        return (None,) * len(leaves)
    with _numbers(exact):
        given = [_into(np.asanyarray(d), exact) for _, d in pairs]
        grads = torch.autograd.grad([y for y, _ in pairs], wanted, given, retain_graph=True, allow_unused=True)
        found = iter([None if grad is None else _out(grad, exact) for grad in grads])
    return tuple(next(found) if leaf.requires_grad else None for leaf in leaves)


def _leaf(array: np.ndarray, exact: bool) -> Any:
    tensor = _into(array, exact)
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def _into(array: np.ndarray, exact: bool) -> Any:
    return to_exact(array) if exact else to_tensor(array)


def _out(tensor: Any, exact: bool) -> np.ndarray:
    return from_exact(tensor) if exact else as_array(tensor)


def _require_tensors(function: Any, outputs: Sequence[Any]) -> None:
    for each in outputs:
        if not isinstance(each, torch.Tensor):
            name = getattr(function, "__name__", type(function).__name__)
            raise BadInput(f"{name} must return tensors, one or a tuple of them; it returned {type(each).__name__}")


@contextmanager
def _numbers(exact: bool) -> Iterator[None]:
    """The number system of one call. What anybody's code raises on exact numbers becomes the reason why there are
    none."""
    before = torch.random.get_rng_state()
    torch.default_generator.manual_seed(GENERATOR_SEED)
    try:
        with running() if exact else nullcontext():
            yield
    except (Unavailable, Undecidable, BadInput):
        raise
    except Exception as error:
        if not exact:
            raise
        first = (str(error).splitlines() or [""])[0]
        raise unavailable(f"on exact numbers it raises {type(error).__name__}: {first}") from error
    finally:
        torch.random.set_rng_state(before)
