"""What one side computes for one case, and what exact arithmetic says of it, as plain data for another process."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.containment import contained, raised
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey, gradient, keyed
from backcheck.outputs import as_one
from backcheck.problem import SUBJECT, pose
from backcheck.regression.own_rules.kernel import KernelRule
from backcheck.regression.sides.large_cases import entries
from backcheck.regression.sides.loader import LoadedSide
from backcheck.regression.sides.raw_runs import VALUE, raw_answers, raw_runs
from backcheck.strategies.case import Case
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.records import records
from backcheck_reference.lazy import flint
from backcheck_reports.record import FAULTS, Record, Verdict
from scratch_bp.network import NetworkError
from scratch_bp.rules import Rule

UNTOUCHED = "untouched"  # the promise not to write into what is given
MOST_JUDGED = 4000  # entries of a case
BESIDE = "within what its promised precision explains, beside its reference"
NOT_FINITE = "it was given a number that is not finite"


@dataclass(frozen=True, slots=True)
class SideTensor:
    """One tensor of a side's answer. `hi + lo` is the truth about this side's own function; None where there is none.

    `allowed` is the tolerance at each entry. `verdict` is that on the floats, `rule` that on the rule in exact
    arithmetic. `value` is None where the side gives none, and `reason` says why.
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
        """Do the floats disagree with the truth, or the rule with its own forward?"""
        return self.verdict in FAULTS or self.rule in FAULTS


@dataclass(frozen=True, slots=True)
class SideAnswer:
    """`broken` has the promises that a rule breaks, and how; `error` says why there is no answer at all. The `records`
    are for the page."""

    tensors: Mapping[TensorKey, SideTensor] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    records: tuple[Record, ...] = ()


def oracles() -> tuple[str, ...]:
    """Exact arithmetic, or finite differences where python-flint is not installed."""
    return ("exact",) if flint.installed else ("differences",)


@contained()
def answer(side: LoadedSide, case: Case, promises: bool, whole: bool = False) -> SideAnswer:
    """The side's answer, also where its code raises. With `promises` the promises of the rule are checked too. With
    `whole` the network is run by the side's own reverse pass."""
    missing = [node.rule for node in case.network.nodes if node.rule not in side.rules]
    if missing:
        return SideAnswer(error=f"has no rule {missing[0]!r}")
    if not is_finite(case):
        return _without_truth(side, case, Verdict.OUT_OF_RANGE, NOT_FINITE)
    if entries(case) > MOST_JUDGED and not whole:
        return _without_truth(side, case, Verdict.UNAVAILABLE, "it is too large for exact arithmetic")
    asked = (*oracles(), *((invariants.PARTY,) if promises else ()))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a rule warns is said where both sides are run
            own = side.own.get(case.network.nodes[0].rule)
            if own is not None and len(case.network.nodes) == 1 and not whole:
                (run,) = raw_runs(side, [(case, False)])
                if isinstance(own, KernelRule):
                    return _beside_reference(side, own, case) if not run.error else SideAnswer(error=run.error)
                # what backward raises is a verdict on its gradients, what forward raises leaves nothing to judge
                return SideAnswer(error=run.error) if run.stage == "forward" else collected(own.check(case), case)
            rules, writes = _rules(side, case), "" if whole else _writes(side, case)
            if writes:  # on copies: else it changes the numbers that it is judged by
                rules = {name: _copying(rule) for name, rule in rules.items()}
            problem = pose(case.network, *case.make(), rules=rules)
            if whole and problem.engine is None:
                problem = replace(problem, engine=side.whole)
            found = collected(examine(problem, asked), case)
            return replace(found, broken={**found.broken, UNTOUCHED: writes}) if writes else found
    except (BadInput, NetworkError) as error:
        return SideAnswer(error=str(error))
    except (Exception, SystemExit) as error:  # the code under test, of any age, may do anything
        return SideAnswer(error=raised(error))


def is_finite(case: Case) -> bool:
    """Are all its numbers? Only then a truth can be known."""
    arrays, dy = case.make()
    return all(np.isfinite(array.astype(np.float64)).all() for array in (*arrays.values(), dy))


def _without_truth(side: LoadedSide, case: Case, verdict: Verdict, why: str) -> SideAnswer:
    """What the side answers where nothing is there to judge it by."""
    found = raw_answers(side, case)
    if not found:
        return SideAnswer(error=raw_runs(side, [(case, False)])[0].error)
    keys = {name: OUTPUT if name == VALUE else gradient(name.removeprefix("d")) for name in found}
    judged = verdict, Verdict.UNAVAILABLE, why
    return SideAnswer({keys[name]: SideTensor(np.asarray(array), *judged) for name, array in found.items()})


def _beside_reference(side: LoadedSide, own: KernelRule, case: Case) -> SideAnswer:
    """What a kernel answers, judged beside its reference."""
    told, tensors = own.verdicts(case), dict[TensorKey, SideTensor]()
    for name, array in raw_answers(side, case).items():
        verdict, why = told.get(name, (Verdict.UNAVAILABLE, "its reference says nothing of it"))
        ruled = verdict if verdict in FAULTS else Verdict.UNAVAILABLE
        reason = why or (BESIDE if verdict is Verdict.AGREE else "")
        key = OUTPUT if name == VALUE else gradient(name.removeprefix("d"))
        tensors[key] = SideTensor(np.asarray(array), verdict, ruled, reason)
    return SideAnswer(tensors)


def _rules(side: LoadedSide, case: Case) -> Mapping[str, Rule]:
    """The side's rules. A node of several outputs that was taken out of its network has them joined into one."""
    node = case.network.nodes[0]
    if len(case.network.nodes) > 1 or case.network.output != node.name or side.rules.engine is not None:
        return side.rules
    arrays, rule = case.make()[0], side.rules[node.rule]
    value, _ = rule.forward(*(arrays[name] for name in node.reads), **node.config)
    return {**side.rules, node.rule: as_one(rule)} if isinstance(value, tuple) else side.rules


def _writes(side: LoadedSide, case: Case) -> str:
    """Into what of that which it is given the rule of a single node writes."""
    if len(case.network.nodes) > 1 or side.rules.engine is not None:
        return ""
    return raw_runs(side, [(case, False)])[0].writes


def _copying(rule: Rule) -> Rule:
    def forward(*arrays: Any, **config: Any) -> Any:
        return rule.forward(*copy.deepcopy(arrays), **config)

    return Rule(forward, lambda saved, dy: rule.backward(copy.deepcopy(saved), dy.copy()))


def collected(checked: Checked, case: Case) -> SideAnswer:
    """The answer as plain data."""
    broken = {
        key.name: found.reason
        for (key, party), found in checked.measures.items()
        if party == invariants.PARTY and found.verdict in FAULTS
    }
    kept = tuple(records(checked, case=case.id, network=0, profile=case.profile))
    return SideAnswer({key: _tensor(checked, key) for key in checked.problem.tensors}, broken, records=kept)


def _tensor(checked: Checked, key: TensorKey) -> SideTensor:
    own = checked.measures[key, SUBJECT]
    exact = checked.measures.get((key, "exact"))
    known, value = checked.truth.known.get(key), checked.answers[SUBJECT].tensors.get(key)
    # of a gradient that is none its own verdict says why
    ruling = exact.reason if exact and exact.verdict is Verdict.DISAGREE and value is not None else ""
    reason = ruling or own.reason
    ruled = exact.verdict if exact else own.verdict
    if known is None or known.absent is not None:
        return SideTensor(value, own.verdict, ruled, reason)
    return SideTensor(value, own.verdict, ruled, reason, known.hi, known.lo, known.allowed, own.resolution)


@contained()
def raw(side: LoadedSide, case: Case) -> dict[TensorKey, np.ndarray] | str:
    """Value and gradients of a whole network by the side's own reverse pass; a text says why there are none."""
    arrays, dy = case.make()
    try:
        with np.errstate(all="ignore"):
            value, grads = side.whole(case.network, arrays, dy)
        return {key: np.asarray(found) for key, found in keyed(value, grads).items()}
    except (Exception, SystemExit) as error:  # as in `answer`
        return raised(error)
