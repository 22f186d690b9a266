"""Mutants of somebody's backward, each fuzzed as the code was, in processes of their own.

A process imports the user's package anew with the text of one file changed, finds the rule again by its name, and draws
until something disagrees. Files are never written. A mutant that is not noticed is looked at once more: are its lines
ever run, and does it give other numbers at all?
"""

import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from hypothesis import Phase

from backcheck.edits.edited_modules import edited_modules
from backcheck.errors import BackcheckError, BadInput
from backcheck.processes.pool import Cause, JobDone, NetworkDone, Pool
from backcheck.processes.worker import CaseLimits, Job, Steps
from backcheck.session import Asked, asked, asking
from backcheck.strategies.case import Case
from backcheck.subjects.drawn.cases import DrawnCases, DrawPlan
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.fuzz.rule_check import verified
from backcheck.subjects.fuzz.rule_question import RuleQuestion, first_look
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.pairs.outputs import each_of
from backcheck.subjects.power.address import Address, NoAddress, address_of
from backcheck.subjects.power.own_mutants import NoMutants, OwnMutant, own_mutants, unchanged
from backcheck.subjects.power.power_of_checks import Fate, MutantOutcome, PowerOfChecks
from backcheck.time_limit import OutOfTime, time_limit
from backcheck_reports.record import Verdict

MUTANTS = 50
SECONDS = 20.0  # for one mutant: a check of a few hundred draws takes a few
COMPARED = 40  # draws at which a mutant that was not noticed is laid beside the code
RAISES = "raises"
NO_CONTROL = "your code as it is, imported anew by another process, does not pass there ({})"


class _Sent(NamedTuple):
    """What a process is given of the question: the rule by its address, and everything else as it is."""

    question: RuleQuestion
    rule: Address | tuple[Address, Address]
    draws: int
    seed: int
    asked: Asked


def power_of(
    question: RuleQuestion, found: Verification, draws: int, seed: int, mutants: int = MUTANTS, workers: int = 1
) -> PowerOfChecks:
    """How many mutants of this rule's backward the same fuzzing notices. `found` is what it came to for the rule."""
    try:
        chosen = own_mutants(question.rule, question.handling.calls.backward, mutants, seed)
        sent = _sent(question, draws, seed)
    except (NoMutants, NoAddress) as why:
        return PowerOfChecks(draws, reason=str(why))
    chosen = [unchanged(chosen[0]), *chosen]
    jobs = {Job(_fate_of, (sent, each)): each for each in chosen}
    outcomes = {}
    with without_main(), Pool(workers, CaseLimits(seconds=SECONDS)) as pool:
        for event in pool.run(deque(jobs)):
            if isinstance(event, NetworkDone):
                continue
            mutant = jobs[event.job]
            if isinstance(event, JobDone):
                fate, said, draw = event.result
                outcomes[mutant] = MutantOutcome(mutant, fate, said, draw)
            else:
                ended = Fate.NOT_ENDED if event.cause is Cause.TIME else Fate.CRASHED
                outcomes[mutant] = MutantOutcome(mutant, ended, event.words)
    # what the code itself does not pass in such a process, of that no mutant of it tells anything
    control = outcomes[chosen[0]]
    if control.noticed:
        return PowerOfChecks(draws, reason=NO_CONTROL.format(f"{control.fate}: {control.said}"))
    told = [_with_lines(outcomes[each], found) for each in chosen[1:]]
    return PowerOfChecks(draws, tuple(told))


def _sent(question: RuleQuestion, draws: int, seed: int) -> _Sent:
    """The question for another process. Raises NoAddress where it cannot be sent."""
    rule = question.rule
    where = (address_of(rule[0]), address_of(rule[1])) if isinstance(rule, tuple) else address_of(rule)
    return _Sent(replace(question, rule=None), where, draws, seed, replace(asked(), coverage=False, shrinks=False))


@contextmanager
def without_main():  # type: ignore[no-untyped-def]
    """Processes that start within the block do not import the script that runs: it may have no guard against that."""
    own = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = own


def _fate_of(sent: _Sent, mutant: OwnMutant, steps: Steps) -> tuple[Fate, str, int]:
    """The job of a process: what became of the mutant, in words, and at which draw."""
    steps.begin(0)
    try:
        right = replace(sent.question, rule=_rule(sent.rule))
    except Exception as error:  # of its import as it is: the code that is not changed meets it too, and tells
        return Fate.RAISED, f"{type(error).__name__}: {error}", 1
    package = mutant.module.partition(".")[0]
    anew = {name for name in sys.modules if name == package or name.startswith(f"{package}.")}
    with (
        asking(replace(sent.asked, seconds=min(sent.asked.seconds, SECONDS / 2))),
        edited_modules({mutant.module: (mutant.file, mutant.edit.text)}, anew),
    ):
        try:
            changed = replace(sent.question, rule=_rule(sent.rule))
            found = verified(changed, sent.draws, sent.seed, coverage=False)
        except BackcheckError as error:
            return Fate.RAISED, str(error), 1
        except Exception as error:  # of its import: the change may stand in code that runs there
            return Fate.RAISED, f"{type(error).__name__}: {error}", 1
        if found.failure is not None:
            return _noticed(found)
        if found.late:
            return Fate.NOT_ENDED, next(iter(found.notes), ""), found.cases
        return (*_beside(right, changed, sent), found.cases)


def _rule(where: Address | tuple[Address, Address]) -> Any:
    return tuple(each.value() for each in where) if isinstance(where, tuple) else where.value()


def _noticed(found: Verification) -> tuple[Fate, str, int]:
    failure = found.failure
    assert failure is not None
    reasons = [each.reason for each in failure.records if each.verdict in (Verdict.DISAGREE, Verdict.SIDE_EFFECT)]
    raised = next((each for each in reasons if RAISES in each), "")
    return (Fate.RAISED, raised, found.cases) if raised else (Fate.NOTICED, next(iter(reasons), ""), found.cases)


def _beside(right: RuleQuestion, changed: RuleQuestion, sent: _Sent) -> tuple[Fate, str]:
    """The gradients of both at the same draws: does the mutant give other numbers anywhere?"""
    plans = []
    for question in (right, changed):
        try:
            plans.append(first_look(question.plan(), sent.seed, question.fixed))
        except (BadInput, OutOfTime):
            return Fate.SURVIVED, "it could not be laid beside your code"
    cases: list[Case] = []

    def enough(case: Case) -> bool:
        cases.append(case)
        return len(cases) >= COMPARED

    search(DrawnCases(plans[0]), enough, COMPARED, sent.seed, [Phase.generate])
    apart = [each for case in cases if (each := _apart(plans, case)) is not None]
    if not apart:
        return Fate.SURVIVED, "it could not be laid beside your code: that answers at none of the draws"
    if not any(apart):
        return Fate.SAME, f"the same numbers as yours at each of {len(apart)} draws"
    share = sum(each > 0 for each in apart)
    return Fate.SURVIVED, f"other numbers in {share} of {len(apart)} draws, by {max(apart):.1g} of the largest at most"


def _apart(plans: Sequence[DrawPlan], case: Case) -> float | None:
    """How far the gradients of both are apart at one case, as a part of the largest entry; None where the code itself
    gives none."""
    arrays, dy = case.make()
    answers = [_gradients(plan, list(arrays.values()), dy, case.network.nodes[0].config) for plan in plans]
    if not answers[0]:
        return None
    if len(answers[0]) != len(answers[1]):
        return np.inf
    found = 0.0
    for one, other in zip(*answers, strict=True):
        if (one is None) != (other is None):
            return np.inf
        if one is not None:
            first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
            if first.shape != second.shape:
                return np.inf
            largest = float(np.max(abs(first), initial=0.0)) or 1.0
            equal = (first == second) | (np.isnan(first) & np.isnan(second))
            found = max(found, float(np.max(np.where(equal, 0.0, abs(first - second)), initial=0.0)) / largest)
    return found


def _gradients(plan: DrawPlan, values: list[np.ndarray], dy: np.ndarray, config: Mapping[str, Any]) -> list[Any]:
    with np.errstate(all="ignore"), time_limit(asked().seconds):
        try:
            rule = plan.family.at(config, values).rule(plan.seen.behaviour.generators)
            _, saved = rule.forward(*values, **config)
            return list(each_of(rule.backward(saved, dy)))
        except Exception:  # it answers nothing here
            return []


def _with_lines(outcome: MutantOutcome, found: Verification) -> MutantOutcome:
    """A mutant of lines that no draw reaches survives for that, and the condition says what a draw would need."""
    if outcome.noticed:
        return outcome
    line = outcome.mutant.edit.line
    for each in found.code.never:
        if not each.always and each.first <= line <= each.last and outcome.mutant.file.endswith(each.file):
            why = f"no draw runs it{f' ({each.condition})' if each.condition else ''}"
            return replace(outcome, fate=Fate.NEVER_RUN, said=why)
    return outcome
