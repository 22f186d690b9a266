"""What a gradient that is not the derivative may be meant as. Each reading is proved before it is said.

A library may scale every gradient by one convention, leave an epsilon of its forward out of the backward, or end a
network in a loss that takes no cotangent. That is not a wrong gradient, and it is not agreement either: the verdict is
*convention*, with the reading as its reason.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from backcheck.keys import OUTPUT, TensorKey, promise
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE
from backcheck.subjects.result import intent
from backcheck.subjects.result.missing_gradients import is_missing
from backcheck.subjects.result.other_forward import before_squashing, without_epsilon
from backcheck.subjects.result.shared_memory import Examine, read_alone
from backcheck.subjects.result.size_factor import common_factor
from backcheck.subjects.subject import Subject
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key, Measure
from backcheck_reference.frontends.numpy_code import leak
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict

LINEAR = (promise("linear", NODE), invariants.PARTY)
ExamineIt = Callable[[Problem], Checked]


class Reading(NamedTuple):
    """What the gradients are meant as, in a sentence. `labels` are the sizes that a factor may be; with `ignores` the
    backward looks at no cotangent."""

    said: str
    labels: frozenset[str] = frozenset()
    ignores: bool = False


def read(
    subject: Subject, checked: Checked, examine: Examine, labels: frozenset[str] | None = None
) -> tuple[Checked, Reading | None]:
    """The check with its disagreements read as a convention where one is proved, and that reading.

    With `labels` a factor must be one of these: what it was in every case before. Code whose author declares what it is
    meant to be is read so and in no other way.
    """
    if subject.code.intent is not None:
        said = intent.sentence(subject, checked)
        return checked, Reading(said) if said else None
    checked, said = read_alone(subject, checked, examine)
    if said:
        return checked, Reading(said)
    found = _reading(subject, checked, functools.partial(examine, subject), labels) if _wrong(checked) else None
    if found is None or (labels is not None and found.labels and not found.labels & labels):
        return checked, None
    measures = {key: _as_convention(key, m, found) for key, m in checked.measures.items()}
    return replace(checked, measures=measures), found


def _reading(subject: Subject, checked: Checked, examine: ExamineIt, labels: frozenset[str] | None) -> Reading | None:
    if _ignores_cotangent(checked.problem):
        return _at_the_end(subject, checked, examine)
    factor = common_factor(checked, _wrong(checked), examine, labels)
    if factor is not None:
        return Reading(*factor)
    # what turns exact numbers into floats is constant for exact steps, and everything of it would be proved
    if not (checked.truth.known or checked.truth.rulings):
        return None
    said = _another_forward(subject, checked.problem, checked.answers[SUBJECT].tensors[OUTPUT])
    return Reading(said) if said else None


def _another_forward(subject: Subject, problem: Problem, value: np.ndarray) -> str:
    if not flint.installed:  # a reading is proved by exact arithmetic
        return ""
    return without_epsilon(subject, problem) or before_squashing(subject, problem, value)


def _wrong(checked: Checked) -> list[TensorKey]:
    """The gradients that disagree, when nothing else does."""
    wrong = {key for key, party in checked.disagreements if party in (SUBJECT, "exact")}
    if OUTPUT in wrong or any(checked.answers[SUBJECT].malformed or {}):
        return []
    return [key for key in checked.problem.gradients if key in wrong]


def _as_convention(key: Key, measure: Measure, reading: Reading) -> Measure:
    """A broken promise stays broken, and a missing gradient missing; that of linearity is what taking no notice of the
    cotangent means."""
    mine = key[1] in (SUBJECT, "exact") or (reading.ignores and key == LINEAR)
    if not mine or measure.verdict is not Verdict.DISAGREE or is_missing(key[0], measure):
        return measure
    return replace(measure, verdict=Verdict.CONVENTION, reason=reading.said)


def _ignores_cotangent(problem: Problem) -> bool:
    """Its backward gives the same whatever the cotangent of its one output."""
    if problem.dy.size != 1:
        return False
    once, doubled = (problem.vjp(problem.arrays, factor * problem.dy)[1] for factor in (1, 2))
    same = all(np.array_equal(once[name], doubled[name]) for name in problem.wanted)
    return same and any(np.any(once[name]) for name in problem.wanted)


def _at_the_end(subject: Subject, checked: Checked, examine: ExamineIt) -> Reading | None:
    """A loss at the end of a network, which need not look at the cotangent: it is 1 there."""
    at_one = examine(replace(checked.problem, dy=np.ones_like(checked.problem.dy)))
    said = "its backward takes no notice of the cotangent, and is right for 1: the end of a network"
    if not [key for key in at_one.disagreements if key[1] in (SUBJECT, "exact")]:
        return Reading(said, ignores=True)
    other = _another_forward(subject, at_one.problem, at_one.answers[SUBJECT].tensors[OUTPUT]) if _wrong(at_one) else ""
    return Reading(f"{said}; {other}", ignores=True) if other else None


def stopped(subject: Subject, checked: Checked) -> tuple[str, ...]:
    """Where exact arithmetic could not follow the code: what stopped it, as far as that is knowable."""
    why = checked.truth.why
    if checked.truth.known or checked.truth.rulings or not why:
        return ()
    if not flint.installed or "staircase" in why or "stopped" in why:
        return (why,)
    if not subject.code.is_numpy:
        return ()
    said = where_it_ends(subject, checked.problem)
    where = f" ({said})" if said else ""
    own = [checked.measures[key, SUBJECT].verdict for key in checked.problem.gradients]
    rest = "; the other oracles judged it" if any(verdict is not Verdict.UNAVAILABLE for verdict in own) else ""
    return (f"exact arithmetic cannot follow this code{where}{rest}",)


def where_it_ends(subject: Subject, problem: Problem) -> str:
    """The line of the code that exact numbers do not come past, as far as that is knowable; else empty."""
    node = problem.network.nodes[0]

    def both(*arrays: np.ndarray) -> Any:
        value, saved = subject.rule.forward(*arrays, **node.config)
        return value, subject.rule.backward(saved, exact.lift(problem.dy))

    lifted = [exact.lift(array) for array in problem.arrays.values()]
    try:
        with exact.bits(exact.LADDER[0][0]):
            both(*lifted)
            return leak.where_it_left(both, lifted)
    except Exception as error:  # the user's code on numbers it was not written for
        return leak.where_it_stopped(error)
