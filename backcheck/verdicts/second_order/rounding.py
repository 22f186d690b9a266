"""How far rounding can push a Hessian-vector product: the subject's rules on dual numbers whose parts are balls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.outputs import joined
from backcheck.problem import Problem
from backcheck.verdicts.truth import walk
from backcheck_reference.numbers import balls, duals
from scratch_bp.rules import Rule

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Movement:
    """How far rounding may move each entry, the largest number on the way, and which choice it may change."""

    allowed: Arrays
    peak: float
    undecided: str


def moving(arrays: Arrays, v: Arrays, lift: Any) -> dict[str, np.ndarray]:
    return {name: duals.lift(lift(a), lift(v[name]) if name in v else None) for name, a in arrays.items()}


def along_v(problem: Problem, arrays: Arrays, dy: np.ndarray, once: Any = None) -> dict[str, np.ndarray]:
    """The derivatives of the subject's gradients, from one run of its rules on dual numbers."""
    _, grads = walk.vjp(problem.network, arrays, dy, problem.rules, rounding=once)
    return {name: duals.slopes_of(f"the gradient of {name}", grads[name]) for name in problem.wanted}


def rounding_of(problem: Problem, v: Arrays, wide: bool = False) -> Movement:
    """The same run on balls of the dtype: SLACK times their radii; or `wide`, with the slack in every operation."""
    times = balls.SLACK if wide else 1
    floor = balls.SLACK * balls.SMALLEST[problem.dtype] / 2 if wide else 0.0

    def lift(array: np.ndarray) -> np.ndarray:
        return balls.half_ulp(array, problem.dtype, times)

    if wide:
        problem = replace(problem, rules={name: _coarse(rule, problem.dtype) for name, rule in problem.rules.items()})

    with balls.run_at(problem.dtype, balls.SLACK_BITS if wide else 0), duals.watching(floor) as watch:
        once = balls.rounded(problem.dtype, times)
        along = along_v(problem, moving(problem.arrays, v, lift), duals.lift(lift(problem.dy)), once)
    factor = 1 if wide else balls.SLACK
    undecided = "a comparison of numbers that are nearly equal" if watch.undecided else ""
    return Movement({name: factor * balls.radii(a) for name, a in along.items()}, watch.peak, undecided)


def _coarse(rule: Rule, dtype: str) -> Rule:
    """The rule with a second derivative known to an ulp of 1 and no further, times the movement of what goes in.

    Movement inside the rule counts as well: the gates of a cell move by more than its arrays do. Frameworks compute the
    second derivative from the rounded first one: for the logistic function y (1 - y) (1 - 2y), which cancels at y = 1.
    """

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[np.ndarray, Any]:
        (value, saved), inside = duals.steepest(lambda: rule.forward(*arrays, **config))
        return value, (saved, max(inside, *(duals.largest(array, "slope") for array in arrays)))

    def backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray | None, ...]:
        inner, moved = saved
        noise = duals.noise(balls.SLACK * 2.0 ** (1 - balls.BITS[dtype]) * moved * duals.largest(joined(dy), "value"))
        return tuple(None if grad is None else grad + noise for grad in rule.backward(inner, dy))

    return Rule(forward, backward)
