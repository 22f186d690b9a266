"""A rule in every form that is none: it raises, or returns what no gradient is. Used as `--subject`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scratch_bp.rules import RULES

Pair = tuple[Callable[..., Any], Callable[..., Any]]


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*given: Any) -> Any:
        raise error

    return fail


def of_value(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What forward returns with its value changed."""

    def changed(result: Any) -> Any:
        value, saved = result
        return (tuple(map(change, value)) if isinstance(value, tuple) else change(value)), saved

    return changed


def of_gradients(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda grads: tuple(None if grad is None else change(grad) for grad in grads)


def shorter(array: Any) -> Any:
    return np.ravel(array)[:-1] if np.size(array) > 1 else np.stack([array, array])


def integers(array: Any) -> Any:
    return np.zeros(np.shape(array), int)


def only_batch_one(result: Any) -> Any:
    first = result[0][0] if isinstance(result[0], tuple) else result[0]
    if np.shape(first)[:1] == (1,):
        raise ValueError("more than one row, please")
    return result


# what is done to the answer of the function, by what is wrong then
FORWARD: dict[str, Callable[[Any], Any]] = {
    "raises a RuntimeError": raising(RuntimeError("no")),
    "raises a ValueError": raising(ValueError("no")),
    "raises a ZeroDivisionError": raising(ZeroDivisionError("division by zero")),
    "raises a KeyError": raising(KeyError("gamma")),
    "raises for a batch of 1": only_batch_one,
    "None": lambda result: None,
    "a text": lambda result: "y",
    "the value alone": lambda result: result[0],
    "None for the value": of_value(lambda array: None),
    "lists": of_value(lambda array: np.asarray(array).tolist()),
    "another shape": of_value(shorter),
    "one axis more": of_value(lambda array: array[None]),
    "integers": of_value(integers),
    "one output less or more": lambda r: ((r[0][:-1] if isinstance(r[0], tuple) else (r[0], r[0])), r[1]),
}
BACKWARD: dict[str, Callable[[Any], Any]] = {
    "raises a RuntimeError": raising(RuntimeError("no")),
    "raises a KeyError": raising(KeyError("gamma")),
    "raises for a batch of 1": only_batch_one,
    "None": lambda grads: None,
    "a bare array of another shape": lambda grads: shorter(grads[0]),
    "lists": of_gradients(lambda grad: np.asarray(grad).tolist()),
    "another shape": of_gradients(shorter),
    "one axis more": of_gradients(lambda grad: grad[None]),
    "integers": of_gradients(integers),
    "one less": lambda grads: grads[:-1],
    "one more": lambda grads: (*grads, grads[0]),
    "texts": of_gradients(lambda grad: "dx"),
    "numbers": of_gradients(lambda grad: 0.5),
    "a dictionary": lambda grads: dict(enumerate(grads)),
    "a generator": lambda grads: (grad for grad in grads),
}


def forward_as(rule: str, how: str) -> Pair:
    own, change = RULES[rule], FORWARD[how]
    return lambda *arrays, **config: change(own.forward(*arrays, **config)), own.backward


def backward_as(rule: str, how: str) -> Pair:
    own, change = RULES[rule], BACKWARD[how]
    return own.forward, lambda saved, dy: change(own.backward(saved, dy))


class Tired:
    """A forward that raises from its n-th call on."""

    def __init__(self, rule: str, calls: int) -> None:
        self.rule, self.left = RULES[rule], calls

    def forward(self, *arrays: Any, **config: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("too tired")
        return self.rule.forward(*arrays, **config)


def bare(rule: str) -> Pair:
    """A backward of one array that returns no tuple, which is right."""
    own = RULES[rule]
    return own.forward, lambda saved, dy: own.backward(saved, dy)[0]


MUTATED = ("tanh", "lstm_cell")  # one output, and two
TABLES: dict[str, dict[str, Pair]] = {
    **{f"forward: {how}": {rule: forward_as(rule, how) for rule in MUTATED} for how in FORWARD},
    **{f"backward: {how}": {rule: backward_as(rule, how) for rule in MUTATED} for how in BACKWARD},
}
BARE = {"tanh": bare("tanh"), "relu": bare("relu")}
TABLE: dict[str, Pair] = {}
