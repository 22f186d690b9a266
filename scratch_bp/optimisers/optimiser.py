"""What an optimiser is: a pure pair init(params) -> state, step(params, grads, state, *, lr, ...) -> (params, state).

Parameters and gradients are dictionaries of arrays by name. Nothing is changed in place: whoever holds the old
parameters still holds them. What an optimiser remembers (momentum, moments) is in `state`; callers only pass it on.

An optimiser's file has the mathematics for one array w with the gradient g: start(w) -> slots, what is remembered of
it, and update(w, g, slots, t, *, lr, ...) -> (new w, new slots) at step t = 1, 2, ... `over_dictionaries`
makes the pair.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like

Params = Mapping[str, np.ndarray]
Slots = tuple[np.ndarray, ...]


class OptimiserState(NamedTuple):
    """How many steps were taken, and what is remembered of each parameter."""

    t: int
    slots: Mapping[str, Any]


class Optimiser(NamedTuple):
    init: Callable[..., OptimiserState]
    step: Callable[..., tuple[dict[str, np.ndarray], OptimiserState]]


def over_dictionaries(start: Callable[..., Any], update: Callable[..., tuple[np.ndarray, Any]]) -> Optimiser:
    """The optimiser that does this to each parameter.

    Its step passes over gradients of other arrays (the inputs, say), and raises ValueError for a parameter without a
    gradient or with one of another shape, and for options that are out of range.
    """

    def init(params: Params, **options: Any) -> OptimiserState:
        return OptimiserState(0, {name: start(w, **options) for name, w in params.items()})

    def step(
        params: Params, grads: Params, state: OptimiserState, **options: Any
    ) -> tuple[dict[str, np.ndarray], OptimiserState]:
        _check(params, grads)
        t = state.t + 1
        done = {name: update(w, grads[name], state.slots[name], t, **options) for name, w in params.items()}
        return {name: w for name, (w, _) in done.items()}, OptimiserState(
            t, {name: kept for name, (_, kept) in done.items()}
        )

    return Optimiser(init, step)


def decayed(w: np.ndarray, g: np.ndarray, weight_decay: float) -> np.ndarray:
    """The gradient of the loss plus weight_decay / 2 |w|^2."""
    return g + like(w, weight_decay) * w if weight_decay else g


def mixed(old: np.ndarray, new: np.ndarray, beta: float) -> np.ndarray:
    """A moving average: beta old + (1 - beta) new."""
    average: np.ndarray = like(old, beta) * old + like(old, 1 - beta) * new
    return average


def power(w: np.ndarray, base: float, exponent: float) -> Any:
    """base ** exponent, computed with the digits that the numbers in `w` have, and float64's at least."""
    return like(w, base) ** exponent if np.asanyarray(w).dtype == object else base**exponent


def number(w: np.ndarray, constant: Any) -> Any:
    """A number that was computed with `power`, in the kind of numbers that `w` holds."""
    return constant if np.asanyarray(w).dtype == object else like(w, constant)


def require(optimiser: str, **options: tuple[float, float, float]) -> None:
    """Each option is (value, least, bound): least <= value < bound. Raises ValueError naming the one that is not."""
    for name, (value, least, bound) in options.items():
        if not least <= value < bound:
            below = "" if bound == np.inf else f" and below {bound}"
            raise ValueError(f"{optimiser}: {name} must be at least {least}{below}, got {value}")


def _check(params: Params, grads: Params) -> None:
    for name, w in params.items():
        if name not in grads:
            raise ValueError(f"no gradient for the parameter {name!r}; gradients came for {sorted(grads)}")
        if np.shape(grads[name]) != np.shape(w):
            raise ValueError(f"{name!r} is {list(np.shape(w))}, its gradient is {list(np.shape(grads[name]))}")
