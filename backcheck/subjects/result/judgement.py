"""A check of one's own code made: everybody is asked, answers are read as they may be meant, and verdicts given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.keys import OUTPUT, promise
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE, is_integer
from backcheck.subjects.result import (
    conventions,
    exactness,
    intent,
    known_intents,
    missing_gradients,
    noise,
    second_order,
)
from backcheck.subjects.result.chance import FAULT, other_draws
from backcheck.subjects.result.check import Check
from backcheck.subjects.result.side_effects import AGAIN, with_side_effects
from backcheck.subjects.subject import Subject
from backcheck.verdicts import invariants, precision
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import ask_subject, calm
from backcheck.verdicts.passes.outlier import NOT_JUDGED
from backcheck_reference.numbers import limits
from backcheck_reports.record import Verdict

# The promise of every rule that is looked at as for our own. What the copies that the code is called with hide (writes,
# shapes, a second call) is in `side_effects`.
PROMISES = ("linear",)


def judge(
    subject: Subject,
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    *,
    cotangent: Any = None,
    seed: int = 0,
    notes: Sequence[str] = (),
    order: int = 1,
) -> Check:
    """Ask everybody, read the answers as they may be meant, and give the verdicts; with `order` 2 on the second order
    too."""
    calm()
    with np.errstate(all="ignore"), limits.remembering():
        problem = subject.problem(arrays, config, cotangent, seed)
        found = examined(subject, problem)
        wider = _in_double(subject, found)
        found = found if wider is None else examined(subject, wider)
        checked, reading = conventions.read(subject, found, examined)
        known = "" if reading else known_intents.named(subject, checked)
    found_out = [*notes, *([reading.said] if reading else []), *conventions.stopped(subject, checked)]
    if wider is None and checked.problem.dtype != problem.dtype:
        found_out.append(f"{subject.name} rounds to {checked.problem.dtype} on the way, and is judged in that")
    found_out += [known] if known else []
    if wider is not None:
        found_out.append(f"it is judged in float64, since without exact arithmetic {problem.dtype} is too coarse")
    found_out += precision.lost_entries(checked.problem, checked.answers, checked.truth, checked.measures)
    again = checked.measures.get(AGAIN)
    found_out += [again.reason] if again is not None and again.reason and again.verdict is Verdict.AGREE else []
    check = Check(subject, checked, (*found_out, *_silent(checked)))
    return with_second_order(check) if order == 2 else check


def with_second_order(check: Check) -> Check:
    """The same with what is found of its second order."""
    with np.errstate(all="ignore"):
        found = second_order.second_order(check.subject, check.checked, examined)
    second = None if found.subject is None or found.checked is None else Check(found.subject, found.checked)
    return replace(check, checked=second_order.kept(check.checked, found), second=second)


def _silent(checked: Checked) -> list[str]:
    """Why a framework that was asked does not answer."""
    asked = {"PyTorch": checked.answers.get("torch"), "JAX": checked.answers.get("jax")}
    lost = {party: checked.measures[OUTPUT, party].reason for party in checked.answers}
    said = [f"{name} gives no answer: {a.unavailable}" for name, a in asked.items() if a is not None and a.unavailable]
    return said + [reason for reason in lost.values() if reason.endswith(NOT_JUDGED)]


def _in_double(subject: Subject, checked: Checked) -> Problem | None:
    """The question in float64, where differences are all there is and the code takes that."""
    problem = checked.problem
    if checked.truth.known or not checked.truth.finite or problem.dtype == "float64":
        return None
    arrays = {n: a if is_integer(a) else a.astype(np.float64) for n, a in problem.arrays.items()}
    wider = replace(problem, arrays=arrays, dy=problem.dy.astype(np.float64), dtype="float64")
    answer = ask_subject(wider)
    return None if answer.malformed else wider


def _as_it_rounds(own: Subject, checked: Checked) -> Problem | None:
    """The question in the dtype that the code itself goes through, where its answers are not right in their own."""
    problem = checked.problem
    if all(m.verdict is Verdict.AGREE for (_, party), m in checked.measures.items() if party == SUBJECT):
        return None
    config = problem.network.nodes[0].config
    dtype = own.code.rounds_to(list(problem.arrays.values()), config)
    if not dtype:
        return None
    arrays = [array if is_integer(array) else array.astype(np.dtype(dtype)) for array in problem.arrays.values()]
    return own.problem(arrays, config, problem.dy)


def _wrong(checked: Checked) -> set[Key]:
    return {key for key in checked.disagreements if key[1] == SUBJECT}


def examined(own: Subject, problem: Problem) -> Checked:
    """Everybody asked, about the forward; and about what is declared in its place, where its author does."""
    plain = _at_telling_draws(own, problem)
    if own.code.intent is None:
        return plain
    return intent.joined(own, plain, _examined(*intent.intended(own, problem)))


def _at_telling_draws(own: Subject, problem: Problem) -> Checked:
    """A backward that draws random numbers is judged at draws that show what they do to its answer."""
    found, other = _examined(own, problem), other_draws(own, problem)
    if other is None:
        return found
    if not any((key, SUBJECT) in found.disagreements for key in problem.gradients):
        found = _examined(own, other)
    wrong = any((key, SUBJECT) in found.disagreements for key in problem.gradients)
    measures = {**found.measures, AGAIN: Measure(Verdict.DISAGREE, reason=FAULT)} if wrong else found.measures
    return replace(found, measures=measures)


def _examined(own: Subject, problem: Problem) -> Checked:
    """Everybody asked, and what the code does beside computing."""
    noted, pulls = invariants.noting(problem)
    checked = replace(examine(noted, own.oracles), problem=problem)
    narrower = _as_it_rounds(own, checked)
    if narrower is not None:
        noted, other_pulls = invariants.noting(narrower)
        coarser = replace(examine(noted, own.oracles), problem=narrower)
        if _wrong(coarser) != _wrong(checked):  # what is wrong in either is said in the sharper numbers
            problem, pulls, checked = narrower, other_pulls, coarser
    alone = exactness.judged_in_floats(own, checked, problem) if exactness.looks_lost(checked) else None
    if alone is not None:
        (problem, checked), pulls = alone, []
    checked = noise.told_from_kinks(problem, checked)
    if any("raises" in said for said in (checked.answers[SUBJECT].malformed or {}).values()):
        return checked  # what answers nothing keeps and breaks no promise
    found = invariants.promises(problem, PROMISES, pulls, checked.truth.slopes)
    promised = {(key, invariants.PARTY): m for key, m in found}
    linear = promise("linear", NODE), invariants.PARTY
    if promised[linear].reason == invariants.NOT_LINEAR and exactness.is_linear_but_for_rounding(problem):
        promised[linear] = replace(promised[linear], verdict=Verdict.AGREE, reason="up to the rounding of a float64")
    found_out = with_side_effects(own, replace(checked, measures={**checked.measures, **promised}))
    return missing_gradients.with_missing(own, found_out)
