"""Arrays that a caller leaves out: None in the place of a bias or a mask that a function takes and need not have."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

Function = Callable[..., Any]
Places = frozenset[int]


def places_of(arrays: Sequence[Any]) -> Places:
    """The positions at which None was given."""
    return frozenset(at for at, array in enumerate(arrays) if array is None)


def given(arrays: Sequence[Any]) -> list[Any]:
    """The arrays that are there."""
    return [array for array in arrays if array is not None]


def taking_none(forward: Function, at: Places) -> Function:
    """The forward as a function of the other arrays: it gets None at these positions.

    An autograd.Function is asked by its `apply`.
    """
    function = forward.apply if inspect.isclass(forward) and hasattr(forward, "apply") else forward

    def run(*arrays: Any, **config: Any) -> Any:
        return function(*with_none(arrays, at), **config)

    # not `functools.wraps` of a class, whose attributes are not those of a function
    return functools.wraps(forward, updated=())(run) if inspect.isclass(forward) else functools.wraps(forward)(run)


def leaving_none(backward: Function, at: Places, count: int) -> Function:
    """The backward that goes with it, for `count` arrays that are there: what it returns for the others is left out."""

    @functools.wraps(backward)
    def pull(saved: Any, dy: Any) -> Any:
        grads = backward(saved, dy)
        if not isinstance(grads, tuple | list) or len(grads) != count + len(at):
            return grads
        return tuple(grad for place, grad in enumerate(grads) if place not in at)

    return pull


def with_none(values: Sequence[Any], at: Places) -> list[Any]:
    """The values with None put in at these positions."""
    waiting = iter(values)
    return [None if place in at else next(waiting) for place in range(len(values) + len(at))]
