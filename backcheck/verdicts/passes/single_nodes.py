"""Each node of a network judged by itself, at the values that it had, where the network as a whole tells too little."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from backcheck.keys import OUTPUT, TensorKey
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts import precision
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import Answer
from backcheck.verdicts.passes.examination import Examination
from backcheck.verdicts.truth.node import State
from backcheck_reports.record import Verdict


class SingleCheck(Protocol):
    """The outcome of a check of one node, which `check.Checked` is."""

    @property
    def problem(self) -> Problem: ...
    @property
    def answers(self) -> Mapping[str, Answer]: ...
    @property
    def measures(self) -> Mapping[Key, Measure]: ...
    @property
    def disagreements(self) -> tuple[Key, ...]: ...


Examine = Callable[[Problem, Sequence[str]], SingleCheck]  # `check.examine`, which calls this module


def judge_alone(found: Examination, examine: Examine) -> None:
    """Where a network is too ill-conditioned to be judged in floats, or digits are lost, each node is judged alone.

    So are the nodes that are at a kink: each has to take a convention of its own function, along every direction. Of
    the whole that cannot be asked: relu(x) - relu(-x) has the slope 1 at 0, and with right conventions 0.

    A network of good rules may lose digits as a whole, which is nobody's fault. It is imprecise where a node is, at the
    values that it had.
    """
    problem, known = found.problem, found.truth.known
    if "exact" not in found.oracles or len(problem.network.nodes) < 2:
        return
    own = {key: found.measures[key, SUBJECT] for key in problem.tensors}
    suspects = {key: m for key, m in own.items() if precision.is_suspect(m, known.get(key))}
    everything = any(own[key].verdict is Verdict.ILL_CONDITIONED for key in problem.gradients)
    bent = {report.node.name for report in found.truth.reports if report.state is State.KINK}
    imprecise: dict[str, Measure] = {}
    for node in reversed(problem.network.nodes):
        if not (suspects or everything or node.name in bent):
            continue
        alone = isolate(problem, node.name)
        if alone is None:
            continue
        said = (Verdict.IMPRECISE, Verdict.DISAGREE) if suspects or everything else (Verdict.DISAGREE,)
        for key, m in _alone(examine(alone, ("exact",)), node.name, said, everything):
            found.measures[key, SUBJECT] = m
            if m.verdict is Verdict.IMPRECISE:
                imprecise.setdefault(f"{node.name} ({node.rule})", m)
    for name, m in list(imprecise.items())[:1]:
        whole = precision.of_network(problem, found.answers[SUBJECT], found.truth, suspects, f"{name}: {m.reason}")
        found.measures |= {(key, SUBJECT): judged for key, judged in whole.items()}


def _alone(
    single: SingleCheck, node: str, said: Sequence[Verdict], everything: bool
) -> Iterator[tuple[TensorKey, Measure]]:
    """The verdicts on one node by itself; without `everything` those alone that are to be `said`."""
    for key in single.problem.tensors:
        m = single.measures[key, SUBJECT]
        if (everything and key != OUTPUT) or m.verdict in said:
            yield replace(key, node=node), m


def look_beyond_the_range(found: Examination, examine: Examine) -> None:
    """An answer that is not finite is no fault where a right gradient on the way does not fit the dtype."""
    if "exact" not in found.oracles or found.problem.engine is not None or len(found.problem.network.nodes) < 2:
        return
    lost = [
        (key, SUBJECT)
        for key, got in found.answers[SUBJECT].tensors.items()
        if found.measures[key, SUBJECT].verdict is Verdict.DISAGREE and not np.isfinite(got.astype(np.float64)).all()
    ]
    reason = _beyond_the_range(found.problem, examine) if lost else ""
    if reason:
        found.measures |= {k: replace(found.measures[k], verdict=Verdict.OUT_OF_RANGE, reason=reason) for k in lost}


def _beyond_the_range(problem: Problem, examine: Examine) -> str:
    """The node whose gradient is not finite, and rightly so, at the values that it had. Empty where there is none, or
    where another one is at fault."""
    said = ""
    for node in reversed(problem.network.nodes):
        alone = isolate(problem, node.name)
        if alone is None:
            continue
        single = examine(alone, ("exact",))
        if any(party == SUBJECT for _, party in single.disagreements):
            return ""
        for key, got in single.answers[SUBJECT].tensors.items():
            if key != OUTPUT and not np.isfinite(got.astype(np.float64)).all():
                said = f"the gradient of {node.name} ({node.rule}) by {key.name} is beyond {problem.dtype} here"
    return said
