"""Where a framework itself is known to be less accurate than its dtype allows: how far its answers may then be off."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.outputs import joined
from backcheck.problem import Problem
from backcheck.verdicts.measure import OTHER_FORMULA
from backcheck.verdicts.truth import truth
from backcheck_reference.frameworks.limits import FLUSHES, Limit, limits_of
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import balls, exact
from scratch_bp.network import forward as run
from scratch_bp.rules import Rule

Hulls = dict[str, tuple[np.ndarray, np.ndarray]]


def within_limits(problem: Problem, party: str) -> tuple[Hulls, str]:
    """The hulls for a party whose own accuracy is limited on some rule here, and the reason; empty without a limit."""
    limits, reasons = _limits(problem, party)
    return (_hulls(problem, limits), "; ".join(reasons)) if reasons else ({}, "")


def near_smallest(problem: Problem, party: str) -> tuple[Hulls, str]:
    """The hulls for tensors near the smallest numbers of a dtype, where every formula loses what another keeps.

    dy w / s may be dy w first, which underflows, and ours has w / s first: as a value may be larger on the way by
    another formula, it may be smaller.
    """
    limits, reasons = _limits(problem, party)
    lost = f"near the smallest numbers of {problem.dtype} its formula loses what ours keeps"
    return _hulls(problem, limits, OTHER_FORMULA), "; ".join([*reasons, lost])


def _hulls(problem: Problem, limits: dict[str, Limit], lost: float = 1.0) -> Hulls:
    rules = {name: _limited(rule, limits[name]) if name in limits else rule for name, rule in problem.rules.items()}
    limited = replace(problem, rules=rules)
    return truth.hulls(limited, lambda node, inputs, cotangent: rules[node.rule], lost)[0]


def reasons_of(problem: Problem, party: str) -> list[str]:
    """Why this party may be off here."""
    return _limits(problem, party)[1]


def _limits(problem: Problem, party: str) -> tuple[dict[str, Limit], list[str]]:
    limits = limits_of(party, problem.dtype, {node.rule for node in problem.network.nodes})
    flushes = [FLUSHES[party]] if party in FLUSHES and _has_subnormals(problem) else []
    return limits, [limit.reason for limit in limits.values()] + flushes


def _has_subnormals(problem: Problem) -> bool:
    """Among what goes in, and what the nodes make of it."""
    rules = {**problem.rules, **(problem.standin or {})}
    values = run(problem.network, problem.arrays, rules).values.values()
    sizes = [abs(np.asarray(each).astype(np.float64)) for each in (*values, problem.dy)]
    return any(bool(np.any((size > 0) & (size < balls.SMALLEST[problem.dtype]))) for size in sizes)


def _limited(rule: Rule, limit: Limit) -> Rule:
    """The rule on balls, widened by the party's own error."""

    def error(bound: Callable[..., np.ndarray], arrays: tuple[np.ndarray, ...]) -> np.ndarray:
        sizes = np.asarray(bound(*(exact.to_float(a) if a.dtype == object else a for a in arrays)))
        return exact.pack(sizes.shape, [flint.arb(0, float(size)) for size in np.ravel(sizes)])

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        value, saved = rule.forward(*arrays, **config)
        if not limit.config.items() <= config.items():
            return value, (saved, *np.zeros(2))
        off = error(limit.value, arrays)
        wider = tuple(part + off for part in value) if isinstance(value, tuple) else value + off
        return wider, (saved, error(limit.slope, arrays), error(limit.lost, arrays))

    def backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray | None, ...]:
        inner, slope, lost = saved
        off = joined(dy) * slope + lost
        return tuple(None if grad is None else grad + _spread(off, grad) for grad in rule.backward(inner, dy))

    return Rule(forward, backward)


def _spread(error: np.ndarray, grad: np.ndarray) -> Any:
    """The error entry by entry where the shapes allow; an array that was repeated gets the sum of all of it."""
    same = np.shape(error) in ((), np.shape(grad))
    return error if same else flint.arb(0, exact.total(abs(error)).abs_upper())
