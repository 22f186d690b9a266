"""How long each rule takes, in units of a fixed piece of arithmetic: so times of other days can be compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck.problem import RuleTable
from backcheck.regression.baseline.run import table_of
from backcheck.regression.sides import clock
from backcheck.regression.sides.draws import ComparisonPlan, timed_cases
from backcheck.regression.sides.loader import LoadedSide
from backcheck.strategies.case import Case
from scratch_bp.network import value_and_grad
from scratch_bp.rules import RULES, Rule

REPEATS = 5  # the shortest counts
UNIT = "unit"


def measured(where: str | None, seed: int, rules: tuple[str, ...] = ()) -> tuple[dict[str, float], float]:
    """By rule and phase, the time on a large case in units; and the unit in microseconds."""
    side = table_of(where)
    if side.rules.engine is not None:
        return {}, 0.0
    side.rules[UNIT] = Rule(_unit, lambda saved, dy: (dy,))
    plan = ComparisonPlan(seed=seed)
    names = rules or tuple(name for name in side.names if name != UNIT)
    timed = timed_cases(side, plan, names)
    watch = clock.Clock(side)
    watch.prepare(UNIT, _unit_case(timed_cases(LoadedSide(RuleTable(RULES), value_and_grad), plan, ("tanh",))))
    unit = _shortest(watch, UNIT, "forward")
    found = {}
    for name, cases in timed.items():
        if cases and clock.runs(side, Case.from_json(cases[-1])):
            watch.prepare(name, cases[-1])
            # the machine may become slower or faster meanwhile: the unit is read again beside each rule
            for phase in clock.PHASES:
                found[f"{name} {phase}"] = round(_shortest(watch, name, phase) / _shortest(watch, UNIT, "forward"), 3)
    return found, unit / 1000


def _shortest(watch: clock.Clock, key: str, phase: str) -> float:
    calls = watch.calls(key, phase)
    return min(watch.read(key, phase, calls) for _ in range(REPEATS))


def _unit(x: Any, **config: Any) -> tuple[Any, Any]:
    """The fixed piece of arithmetic, as the forward of a rule."""
    return np.exp(x * 0.5).sum(-1), None


def _unit_case(timed: Mapping[str, Any]) -> Mapping[str, Any]:
    """An activation's large case, under the unit's name."""
    case = dict(timed["tanh"][-1])
    node = {**case["network"]["nodes"][0], "rule": UNIT, "config": {}}
    return {**case, "network": {**case["network"], "nodes": [node]}}
