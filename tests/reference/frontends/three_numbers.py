"""One function of a framework, with its gradients, on its own floats, on exact numbers and on balls."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.numbers import balls, exact

Answers = list[Any]


def answers(pair: Any, lift: Callable[[Any], Any], arrays: Any, dy: np.ndarray) -> Answers:
    """The value and the gradients, on one kind of number."""
    y, saved = pair.forward(*map(lift, arrays))
    return [y, *(grad for grad in pair.backward(saved, lift(dy)) if grad is not None)]


def cotangent(pair: Any, arrays: Any) -> np.ndarray:
    """One that is nowhere zero, of the shape of the value."""
    return np.asarray(np.random.default_rng(1).uniform(0.5, 1.5, np.shape(pair.forward(*arrays)[0])))


def on_three_numbers(pair: Any, arrays: Any, dy: np.ndarray) -> tuple[Answers, Answers, Answers]:
    """By the framework, on exact numbers of 256 bits, and on balls whose radii hold what rounding can do."""
    floats = answers(pair, np.asarray, arrays, dy)
    with exact.bits(256):
        truths = answers(pair, exact.lift, arrays, dy)
    with balls.run_at("float64"):
        wide = answers(pair, lambda a: balls.half_ulp(a, "float64"), arrays, dy)
    return floats, truths, wide
