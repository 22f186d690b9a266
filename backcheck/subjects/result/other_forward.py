"""Readings of a gradient as that of another forward: without a small constant, or before a softmax at its end.

Each is proved in exact arithmetic: the gradient is the derivative of that other function, or the reading is not given.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.problem import Problem
from backcheck.subjects.pairs.small_constants import small
from backcheck.subjects.subject import Subject
from backcheck_reference.derivatives import along, judgement
from backcheck_reference.numbers import exact, limits
from scratch_bp.rules import Rule

BESIDE = 2.0**-20  # as far as one looks beside a kink
Squash = tuple[str, Callable[[Any], Any], np.ndarray]


def without_epsilon(subject: Subject, problem: Problem) -> str:
    """The gradient is that of the forward without one of its small constants, exactly so."""
    # a loop whose tolerance is taken away goes on, and without an epsilon nothing is done more often than with it
    with limits.at_most(2 * _work(problem)):
        for label, value, rule in _without(subject, problem):
            other = Rule(_with_saved_of(subject.rule, rule.forward), subject.rule.backward)
            if _right(replace(problem, rules={subject.name: other})):
                only = "an epsilon in the forward only"
                return f"the gradient is that of the forward without its {label} {value!r}: {only}"
    return ""


def _work(problem: Problem) -> int:
    """The operations of a run of forward or of backward on exact numbers."""
    with limits.counting() as found, exact.bits(exact.LADDER[0][0]):
        try:
            problem.vjp({name: exact.lift(array) for name, array in problem.arrays.items()}, exact.lift(problem.dy))
        except Exception:  # no reading is proved on numbers that the code does not take
            return 1
    return max(found, default=limits.OPERATIONS)


def _without(subject: Subject, problem: Problem) -> Iterator[tuple[str, float, Rule]]:
    for label, (value, rule) in subject.code.without().items():
        yield label, value, rule
    for name, value in problem.network.nodes[0].config.items():
        if small(value):
            yield name, value, Rule(_with_zero(subject.rule, name), subject.rule.backward)


def _with_zero(rule: Rule, name: str) -> Callable[..., Any]:
    return lambda *arrays, **config: rule.forward(*arrays, **{**config, name: 0.0})


def _with_saved_of(rule: Rule, other: Callable[..., Any]) -> Callable[..., Any]:
    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        return other(*arrays, **config)[0], rule.forward(*arrays, **config)[1]

    return forward


def _right(problem: Problem) -> bool:
    """At a kink nearly anything may pass. There the reading must hold beside it too, where nothing else is a slope."""
    arrays, dy = {name: exact.lift(array) for name, array in problem.arrays.items()}, exact.lift(problem.dy)
    v = along.directions(problem.arrays, problem.wanted, seed=11)
    beside = {**arrays, **{name: arrays[name] + exact.lift(v[name] * BESIDE) for name in v}}
    try:
        found = judgement.judge(problem.function, problem.vjp, arrays, dy, problem.wanted)
        if found.right and not found.smooth:
            found = judgement.judge(problem.function, problem.vjp, beside, dy, problem.wanted)
        return found.right and found.smooth
    except Exception:  # a forward that does not run so is no reading
        return False


def before_squashing(subject: Subject, problem: Problem, value: np.ndarray) -> str:
    """Forward ends in a softmax or a sigmoid, and the cotangent is taken as that of what goes into it.

    Then the gradient is that of the logarithm of the forward, for a cotangent without a sum along the softmax; and
    that of log(y / (1 - y)) before a sigmoid.
    """
    for name, inverse, dy in _squashed(value):
        other = Rule(_followed_by(inverse, subject.rule), subject.rule.backward)
        if _right(replace(problem, rules={subject.name: other}, dy=dy.astype(problem.dy.dtype))):
            said = (
                f"forward ends in a {name} and backward takes dy as if it did not: its derivative is left to the loss"
            )
            return f"{said}. Check the two together, as one function"
    return ""


def _followed_by(inverse: Callable[[Any], Any], rule: Rule) -> Callable[..., Any]:
    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        value, saved = rule.forward(*arrays, **config)
        return inverse(value), saved

    return forward


def _squashed(value: np.ndarray) -> Iterator[Squash]:
    """What the value may have come out of, how that is undone, and a cotangent of whole numbers to try it with."""
    value = value.astype(np.float64)
    if not value.size or np.any(value <= 0) or np.any(value >= 1):
        return
    numbers = 1.0 + np.arange(value.size).reshape(value.shape) % 7
    for axis in range(value.ndim):
        if value.shape[axis] > 1 and np.allclose(value.sum(axis), 1):
            yield "softmax", np.log, _without_sum(numbers, axis)
    yield "sigmoid", lambda y: np.log(y) - np.log(1 - y), numbers


def _without_sum(numbers: np.ndarray, axis: int) -> np.ndarray:
    """The last entry along the axis is what makes the sum zero."""
    first = np.delete(numbers, -1, axis)
    return np.concatenate([first, -first.sum(axis, keepdims=True)], axis)
