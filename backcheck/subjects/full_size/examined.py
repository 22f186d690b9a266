"""What is found of code with many entries: everybody's answers against the truth of balls, and what it does beside.

Only what leaves no question open is an answer here. A value that is not within its balls, a choice that rounding or a
kink leaves open, digits that may be lost, a framework that says something else, an exact truth of a part that is
another one: all that is for exact arithmetic, and `None` is returned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backcheck.keys import OUTPUT, TensorKey
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.full_size import proof
from backcheck.subjects.full_size.balls import BallTruth, RuleOnBalls, own_radius
from backcheck.subjects.full_size.linear import LINEAR, is_linear
from backcheck.subjects.full_size.part import Part, part_of
from backcheck.subjects.full_size.proof import SETTLED
from backcheck.subjects.result import exactness, missing_gradients
from backcheck.subjects.result.side_effects import with_side_effects
from backcheck.subjects.subject import Subject
from backcheck.verdicts import precision
from backcheck.verdicts.check import Checked
from backcheck.verdicts.differences import Slope, ask_differences, judge_differences
from backcheck.verdicts.measure import Key, Measure, measure
from backcheck.verdicts.parties import FRAMEWORKS, Answer, ask_framework, ask_subject, not_left_out
from backcheck.verdicts.truth.tolerance import Known
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.numbers.balls import SMALLEST
from backcheck_reports.record import Verdict

WHY = "its arrays have many entries: the truth is that of balls of float64"
# a framework may have no answer, and steps across kinks tell differences nothing: then a part has to be proved exactly
MAY_SAY = {**dict.fromkeys(FRAMEWORKS, (Verdict.UNAVAILABLE,)), "differences": (Verdict.ILL_CONDITIONED,)}
KEPT = Measure(Verdict.AGREE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class FullSize:
    """The outcome; the part that exact arithmetic was asked about, or why none; and by gradient the entries it proved.

    `faint` has by tensor how many entries are too small for float64, or for the answer, to have a digit of.
    """

    checked: Checked
    part: Part | str
    proved: Mapping[TensorKey, int]
    faint: Mapping[TensorKey, int]

    @property
    def wrong(self) -> list[TensorKey]:
        """The gradients that are not what the balls hold, else those that exact arithmetic finds wrong in the part."""
        return outside(self.checked) or proof.wrong_exactly(self.checked, self.part)


def outside(found: Checked) -> list[TensorKey]:
    return [key for key in found.problem.gradients if found.measures[key, SUBJECT].verdict is Verdict.DISAGREE]


def examined_at_full_size(own: Subject, problem: Problem, truth: BallTruth) -> FullSize | None:
    """None where balls do not settle every question. Raises Unavailable where the forward has no form on balls."""
    in_floats = exactness.in_floats_only(problem, WHY)
    whole = truth.enclosed(problem.dy)
    known = {OUTPUT: truth.of_value(whole), **truth.of_gradients(whole.gradients)}
    found, rule = _answered(own, in_floats, truth, known)
    if found is None:
        return None
    faint = {key: places for key in problem.tensors if (places := _faint(found, key)).size}
    wrong = outside(found)
    part = part_of(own, truth, whole, known, _telling_row(found, wrong, faint), bool(wrong))
    wrong = wrong or proof.wrong_exactly(found, part)
    if not proof.is_confirmed(found, part) or not (wrong or proof.is_the_rule_right(found, part, rule)):
        return None
    exact: dict[Key, Measure] = {(key, "exact"): proof.ruling(found, part, key) for key in problem.gradients}
    if not wrong:
        if not is_linear(found, part, truth):
            return None
        exact[LINEAR] = KEPT
    proved = proof.proved(found, part)
    found = with_side_effects(own, replace(found, measures={**found.measures, **exact}))
    found = missing_gradients.with_missing(own, replace(found, problem=problem))
    return FullSize(found, part, proved, {key: len(places) for key, places in faint.items()})


def _answered(
    own: Subject, problem: Problem, truth: BallTruth, known: Mapping[TensorKey, Known]
) -> tuple[Checked | None, RuleOnBalls | None]:
    """Everybody's answers measured, where that settles them, and the rule on balls, where it was needed.

    In float32 the tolerance is far from the truth's own radius, and the rule's own is better known than that of another
    formula; in float64 the rule is run on balls only where that other formula does not do.
    """
    asked = not_left_out(own.oracles)
    answers = {SUBJECT: ask_subject(problem)}
    answers |= {name: ask_framework(name, problem) for name in FRAMEWORKS if name in asked}
    if answers[SUBJECT].malformed:
        return None, None
    slopes = ask_differences(problem) if "differences" in asked else None
    rule = None
    for of_rule in (False, True) if problem.dtype == "float64" else (True,):
        rule = truth.rounding_of_rule(known) if of_rule else None
        found = _measured(problem, rule.known if rule else known, answers, slopes)
        if _is_settled(found):
            return found, rule
    return None, rule


def _measured(
    problem: Problem,
    known: Mapping[TensorKey, Known],
    answers: Mapping[str, Answer],
    slopes: Mapping[TensorKey, Slope] | None,
) -> Checked:
    truth = Truth(known, {}, WHY)
    measures: dict[Key, Measure] = {
        (key, party): measure(problem, party, answer, truth, key)
        for party, answer in answers.items()
        for key in problem.tensors
    }
    for key in problem.gradients if slopes is not None else ():
        measures[key, "differences"] = judge_differences(problem, (slopes or {}).get(key), truth, key)
    return Checked(problem, truth, answers, measures)


def _is_settled(found: Checked) -> bool:
    """Is the value right, every gradient right or wrong without a doubt, and does nobody say otherwise?"""
    return all(_is_clear(found, key, party) for key, party in found.measures)


def _is_clear(found: Checked, key: TensorKey, party: str) -> bool:
    each, known = found.measures[key, party], found.truth.known[key]
    if party == SUBJECT and key != OUTPUT and each.verdict is Verdict.DISAGREE:
        # beside a truth that is bounded, so that an equal answer would agree
        equal = replace(found.answers[SUBJECT], tensors={key: known.hi})
        right = measure(found.problem, party, equal, found.truth, key)
        return right.verdict in SETTLED and bool(np.isfinite(each.got))
    if each.verdict not in (*SETTLED, *MAY_SAY.get(party, ())):
        return False
    return party != SUBJECT or not precision.is_suspect(each, known)


def _faint(found: Checked, key: TensorKey) -> np.ndarray:
    """The flat places of entries without a digit left beside far larger ones: in the answer, or in float64 itself."""
    known, got = found.truth.known[key], found.answers[SUBJECT].tensors[key]
    if found.measures[key, SUBJECT].verdict is not Verdict.AGREE:
        return np.empty(0, dtype=int)
    size = abs(known.hi)
    lost = np.maximum(abs(got - known.hi), own_radius(known)) >= size / 2
    return np.flatnonzero(lost & (np.maximum(size, known.allowed) > SMALLEST[known.dtype]))


def _telling_row(found: Checked, wrong: Sequence[TensorKey], faint: Mapping[TensorKey, np.ndarray]) -> int:
    """The row of the worst entry of what is wrong, of an entry that lost its digits, or of the worst one at all."""
    if not wrong and faint:
        key, places = next(iter(faint.items()))
        return next(map(int, np.unravel_index(places[0], found.truth.known[key].hi.shape)), 0)
    of_subject = {key: found.measures[key, SUBJECT] for key in found.problem.gradients}
    worst = of_subject[wrong[0]] if wrong else max(of_subject.values(), key=lambda each: each.fraction)
    return next(iter(worst.index), 0)
