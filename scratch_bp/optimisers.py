"""Optimisers as pure pairs: init(params) -> state, step(params, grads, state, *, lr) -> (new params, new state).

Parameters and gradients are dictionaries of arrays by name. Nothing is changed in place: whoever holds the old
parameters still holds them. An optimiser with a memory (momentum, Adam) keeps it in `state`; callers only pass it on.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like

Params = Mapping[str, np.ndarray]
State = Any


class Optimiser(NamedTuple):
    init: Callable[..., State]
    step: Callable[..., tuple[dict[str, np.ndarray], State]]


def sgd_init(params: Params) -> State:
    """Plain gradient descent remembers nothing."""
    return None


def sgd_step(params: Params, grads: Params, state: State, *, lr: float) -> tuple[dict[str, np.ndarray], State]:
    """W - lr dE/dW for every parameter. Gradients of other arrays (the inputs, say) are passed over.

    Raises ValueError for a parameter without a gradient or with one of another shape.
    """
    _check(params, grads)
    # lr in the numbers of the array: a float64 scalar would turn float32 weights into float64 ones
    return {name: w - like(w, lr) * grads[name] for name, w in params.items()}, state


OPTIMISERS: Mapping[str, Optimiser] = {"sgd": Optimiser(sgd_init, sgd_step)}


def _check(params: Params, grads: Params) -> None:
    for name, w in params.items():
        if name not in grads:
            raise ValueError(f"no gradient for the parameter {name!r}; gradients came for {sorted(grads)}")
        if np.shape(grads[name]) != np.shape(w):
            raise ValueError(f"{name!r} is {list(np.shape(w))}, its gradient is {list(np.shape(grads[name]))}")
