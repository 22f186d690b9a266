"""What one side answers about one case, and what exact arithmetic says of it: plain data that crosses processes."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.keys import TensorKey, keyed
from backcheck.outputs import as_one
from backcheck.problem import SUBJECT, pose
from backcheck.regression.sides.loader import Loaded
from backcheck.strategies.case import Case
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.records import records
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reports.record import Record, Verdict
from scratch_bp.network import NetworkError
from scratch_bp.rules import Rule


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor. `hi + lo` is the truth about this side's own function, to `allowed` at each entry; None without one.

    `verdict` is on the floats, `rule` on the rule itself; `value` is None where the side gives none, and `reason` says
    why.
    """

    value: np.ndarray | None
    verdict: Verdict
    rule: Verdict
    reason: str = ""
    hi: np.ndarray | None = None
    lo: np.ndarray | None = None
    allowed: np.ndarray | None = None
    resolution: float = np.nan

    @property
    def wrong(self) -> bool:
        """Shown wrong, by whoever."""
        return Verdict.DISAGREE in (self.verdict, self.rule)


@dataclass(frozen=True, slots=True)
class Answer:
    """`broken` holds the promises that a rule breaks, and how; `error` why there is no answer at all. The
    `records` are for the page."""

    tensors: Mapping[TensorKey, Tensor] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    records: tuple[Record, ...] = ()


def oracles() -> tuple[str, ...]:
    """Who knows the truth here: exact arithmetic, or finite differences where it is missing."""
    try:
        flint.load()
    except Unavailable:
        return ("differences",)
    return ("exact",)


def answer(side: Loaded, case: Case, promises: bool, whole: bool = False) -> Answer:
    """The side's answer. What its code raises is an answer too. `whole` has its own reverse pass run the network."""
    missing = [node.rule for node in case.network.nodes if node.rule not in side.rules]
    if missing:
        return Answer(error=f"has no rule {missing[0]!r}")
    asked = (*oracles(), *((invariants.PARTY,) if promises else ()))
    try:
        with np.errstate(all="ignore"):
            problem = pose(case.network, *case.make(), rules=_rules(side, case))
            if whole and problem.engine is None:
                problem = replace(problem, engine=side.whole)
            found = collected(examine(problem, asked), case)
            return _on_copies(side, case, found) if _writes(side, case, found) else found
    except (BadInput, NetworkError) as error:
        return Answer(error=str(error))
    except Exception as error:  # anybody's code, of any age
        return Answer(error=f"raises {type(error).__name__}: {error}")


def _rules(side: Loaded, case: Case) -> Mapping[str, Rule]:
    """The side's; a rule of several outputs that was taken out of a network alone has them joined, as there."""
    node = case.network.nodes[0]
    if len(case.network.nodes) > 1 or case.network.output != node.name or side.rules.engine is not None:
        return side.rules
    arrays, rule = case.make()[0], side.rules[node.rule]
    value, _ = rule.forward(*(arrays[name] for name in node.reads), **node.config)
    return {**side.rules, node.rule: as_one(rule)} if isinstance(value, tuple) else side.rules


def _writes(side: Loaded, case: Case, found: Answer) -> bool:
    """Is one of the case's rules known to write into what it is given?"""
    rules = {node.rule for node in case.network.nodes}
    if "untouched" in found.broken:
        side.writing.update(rules)
    return bool(rules & side.writing)


def _on_copies(side: Loaded, case: Case, found: Answer) -> Answer:
    """A rule that writes into what it is given spoils the numbers that it is judged by: it is judged on copies."""
    rules = {name: _copying(rule) for name, rule in _rules(side, case).items()}
    problem = pose(case.network, *case.make(), rules=rules)
    return replace(collected(examine(problem, oracles()), case), broken=found.broken)


def _copying(rule: Rule) -> Rule:
    def forward(*arrays: Any, **config: Any) -> Any:
        return rule.forward(*copy.deepcopy(arrays), **config)

    return Rule(forward, lambda saved, dy: rule.backward(copy.deepcopy(saved), dy.copy()))


def collected(checked: Checked, case: Case) -> Answer:
    broken = {
        key.name: found.reason
        for (key, party), found in checked.measures.items()
        if party == invariants.PARTY and found.verdict is Verdict.DISAGREE
    }
    kept = tuple(records(checked, case=case.id, network=0, profile=case.profile))
    return Answer({key: _tensor(checked, key) for key in checked.problem.tensors}, broken, records=kept)


def _tensor(checked: Checked, key: TensorKey) -> Tensor:
    own = checked.measures[key, SUBJECT]
    exact = checked.measures.get((key, "exact"))
    known, value = checked.truth.known.get(key), checked.answers[SUBJECT].tensors.get(key)
    reason = (exact.reason if exact and exact.verdict is Verdict.DISAGREE else "") or own.reason
    ruled = exact.verdict if exact else own.verdict
    if known is None:
        return Tensor(value, own.verdict, ruled, reason)
    return Tensor(value, own.verdict, ruled, reason, known.hi, known.lo, known.allowed, own.resolution)


def raw(side: Loaded, case: Case) -> dict[TensorKey, np.ndarray] | str:
    """The side's value and gradients of a whole network by its own reverse pass; a text says why there are none."""
    arrays, dy = case.make()
    try:
        with np.errstate(all="ignore"):
            value, grads = side.whole(case.network, arrays, dy)
        return {key: np.asarray(found) for key, found in keyed(value, grads).items()}
    except Exception as error:  # as in `answer`
        return f"raises {type(error).__name__}: {error}"
