"""What is found of code with many entries: everybody's answers against the truth of balls, and what it does beside.

Only what leaves no question open is an answer here. A value that is not within its balls, a choice that rounding or a
kink leaves open, digits that may be lost, differences or a framework that say something else: all that is for exact
arithmetic, and `None` is returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from backcheck.keys import OUTPUT, TensorKey, promise
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE
from backcheck.subjects.full_size.balls import BallTruth, RuleOnBalls, own_radius
from backcheck.subjects.full_size.part import Part, part_of
from backcheck.subjects.result import exactness, missing_gradients
from backcheck.subjects.result.side_effects import with_side_effects
from backcheck.subjects.subject import Subject
from backcheck.verdicts import invariants, precision
from backcheck.verdicts.check import Checked
from backcheck.verdicts.differences import Slope, ask_differences, judge_differences
from backcheck.verdicts.measure import Key, Measure, fractions, measure
from backcheck.verdicts.parties import FRAMEWORKS, Answer, ask_framework, ask_subject, not_left_out
from backcheck.verdicts.truth.tolerance import Known
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.numbers.balls import SMALLEST
from backcheck_reports.record import Verdict

WHY = "its arrays have many entries: the truth is that of balls of float64"
SETTLED = (Verdict.AGREE, Verdict.VACUOUS)
# a framework may have no answer, and steps across kinks tell differences nothing: then a part has to be proved exactly
MAY_SAY = {**dict.fromkeys(FRAMEWORKS, (Verdict.UNAVAILABLE,)), "differences": (Verdict.ILL_CONDITIONED,)}
# what the ordinary check of a part may say beside a whole that agrees: its tensors have other sizes
OF_PART = (*SETTLED, Verdict.IMPRECISE, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE, Verdict.UNAVAILABLE)
IN_DOUBLE = 2.0**-28  # of what rounding in float32 explains: the truth's own share in float64, and the rule's
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
        """The gradients that are not what the balls hold."""
        measures = self.checked.measures
        return [key for key in self.checked.problem.gradients if measures[key, SUBJECT].verdict is Verdict.DISAGREE]


def examined_at_full_size(own: Subject, problem: Problem, truth: BallTruth) -> FullSize | None:
    """None where balls do not settle every question. Raises Unavailable where the forward has no form on balls."""
    in_floats = exactness.in_floats_only(problem, WHY)
    another = _another_cotangent(problem.dy)
    whole = truth.enclosed(problem.dy, another)
    known = {OUTPUT: truth.of_value(whole), **truth.of_gradients(whole.gradients)}
    asked = not_left_out(own.oracles)
    answers = {SUBJECT: ask_subject(in_floats)}
    answers |= {name: ask_framework(name, problem) for name in FRAMEWORKS if name in asked}
    if answers[SUBJECT].malformed:
        return None
    slopes = ask_differences(in_floats) if "differences" in asked else None
    rule = truth.rounding_of_rule(known) if problem.dtype != "float64" else None
    found = _of_floats(in_floats, rule.known if rule else known, answers, slopes)
    if not _is_settled(found) and problem.dtype == "float64":
        rule = truth.rounding_of_rule(known)
        found = _of_floats(in_floats, rule.known if rule else known, answers, slopes)
    if not _is_settled(found):
        return None
    faint = {key: places for key in problem.tensors if (places := _faint(found, key)).size}
    wrong = [key for key in problem.gradients if found.measures[key, SUBJECT].verdict is Verdict.DISAGREE]
    part = part_of(own, truth, whole, known, _telling_row(found, wrong, faint), bool(wrong))
    if not _is_confirmed(found, part) or not (wrong or _is_the_rule_right(found, part, rule)):
        return None
    proved = _proved(found, part)
    exact: dict[Key, Measure] = {(key, "exact"): _ruled(found, part, key, proved) for key in problem.gradients}
    if not wrong:
        if not _is_right_for(in_floats, another, truth.of_gradients(whole.others[0])):
            return None
        exact[promise("linear", NODE), invariants.PARTY] = KEPT
    found = with_side_effects(own, replace(found, measures={**found.measures, **exact}))
    found = missing_gradients.with_missing(own, replace(found, problem=problem))
    return FullSize(found, part, proved, {key: len(places) for key, places in faint.items()})


def _of_floats(
    problem: Problem,
    known: Mapping[TensorKey, Known],
    answers: Mapping[str, Answer],
    slopes: Mapping[TensorKey, Slope] | None,
) -> Checked:
    """Every answer against the truth, and finite differences of the forward."""
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
    for (key, party), each in found.measures.items():
        known = found.truth.known[key]
        if party == SUBJECT and key != OUTPUT and each.verdict is Verdict.DISAGREE:
            # a truth that is bounded, so that an equal answer would agree
            right = measure(found.problem, party, _with(found, key, known.hi), found.truth, key)
            if right.verdict not in SETTLED or not np.isfinite(each.got):
                return False
        elif each.verdict not in (*SETTLED, *MAY_SAY.get(party, ())):
            return False
        elif party == SUBJECT and precision.is_suspect(each, known):
            return False
    return True


def _with(found: Checked, key: TensorKey, tensor: np.ndarray) -> Answer:
    return replace(found.answers[SUBJECT], tensors={key: tensor})


def _faint(found: Checked, key: TensorKey) -> np.ndarray:
    """The flat places of entries that have no digit left beside far larger ones: of the answer, or of float64 itself."""
    known, got = found.truth.known[key], found.answers[SUBJECT].tensors[key]
    if found.measures[key, SUBJECT].verdict is not Verdict.AGREE:
        return np.empty(0, dtype=int)
    size, least = abs(known.hi), SMALLEST[known.dtype]
    lost = np.maximum(abs(got - known.hi), own_radius(known)) >= size / 2
    return np.flatnonzero(lost & (np.maximum(size, known.allowed) > least))


def _telling_row(found: Checked, wrong: list[TensorKey], faint: Mapping[TensorKey, np.ndarray]) -> int:
    """The row of the worst entry of what is wrong, of an entry that lost its digits, or of the worst one at all."""
    for key, places in faint.items():
        if not wrong:
            shape = found.problem.shape_of(key)
            return int(np.unravel_index(places[0], shape)[0]) if shape else 0
    keys = wrong or max(found.problem.gradients, key=lambda key: found.measures[key, SUBJECT].fraction)
    key = keys[0] if isinstance(keys, list) else keys
    return next(iter(found.measures[key, SUBJECT].index), 0)


def _is_confirmed(found: Checked, part: Part | str) -> bool:
    """Is the truth of balls seen by somebody else too: by differences of the forward, or exactly in a part?"""
    of_differences = [m.verdict for (_, party), m in found.measures.items() if party == "differences"]
    by_differences = bool(of_differences) and all(verdict in SETTLED for verdict in of_differences)
    return by_differences or (isinstance(part, Part) and part.is_same)


def _is_the_rule_right(found: Checked, part: Part | str, rule: RuleOnBalls | None) -> bool:
    """Is there no doubt of the rule itself, whose faults may be smaller than what rounding in its dtype explains?

    Exact arithmetic says so for a part; where there is none, the rule in float64 is the derivative in float64.
    """
    exact: Mapping[Key, Measure] = {}
    if isinstance(part, Part):
        exact = part.check.measures
        if part.check.verdict not in OF_PART or any(m.verdict is Verdict.DISAGREE for m in exact.values()):
            return False
    problem = found.problem
    shown = {key for key in problem.gradients if (key, "exact") in exact and exact[key, "exact"].verdict in SETTLED}
    left = [key for key in problem.gradients if key not in shown]
    if problem.dtype == "float64" or not left:
        return True
    return rule is not None and all(_is_right_in_double(found.truth.known[key], rule.gradients[key]) for key in left)


def _is_right_in_double(known: Known, got: np.ndarray) -> bool:
    """Is a gradient that was computed in float64 as near to the truth as rounding there explains?"""
    double = replace(known, allowed=known.allowed * IN_DOUBLE)
    return bool(fractions(got, double)[0].max(initial=0.0) <= 1)


def _proved(found: Checked, part: Part | str) -> dict[TensorKey, int]:
    """By gradient the number of entries whose exact truth is known."""
    if isinstance(part, str) or not part.is_same:
        return {}
    keys = [key for key in found.problem.gradients if key.name in part.names]
    return {key: exact.hi.size for key in keys if (exact := part.exact(key)) is not None}


def _ruled(found: Checked, part: Part | str, key: TensorKey, proved: Mapping[TensorKey, int]) -> Measure:
    """What exact arithmetic says of the answer in the part that it was asked about."""
    if isinstance(part, str):
        return Measure(Verdict.UNAVAILABLE, reason=f"none of its entries was proved exactly: {part}")
    own, known, ruling = found.measures[key, SUBJECT], found.truth.known[key], part.check.measures.get((key, "exact"))
    if own.verdict is Verdict.DISAGREE:
        if ruling is not None and ruling.verdict is Verdict.DISAGREE:
            return replace(ruling, reason=f"exact arithmetic was asked of {part.words} alone")
        return Measure(Verdict.UNAVAILABLE, reason=f"it was asked of {part.words} alone, and there it finds no fault")
    exact = part.exact(key)
    if key not in proved or exact is None:
        why = "all rows add up in it" if key.name not in part.names else part.check.checked.truth.why
        return Measure(Verdict.UNAVAILABLE, reason=f"none of its entries was proved exactly: {why}")
    got, allowed = found.answers[SUBJECT].tensors[key][part.rows].astype(np.float64), known.allowed[part.rows]
    fraction, error = fractions(got, replace(exact, allowed=allowed))
    worst, scale = float(error.max(initial=0.0)), known.scale
    return replace(
        own,
        absolute=worst,
        relative=worst / scale if scale else worst,
        fraction=float(fraction.max(initial=0.0)),
        allowed=float(allowed.max(initial=0.0)),
        resolution=float(allowed.max(initial=0.0)) / scale if scale else np.inf,
        reason=f"{proved[key]:,} of {known.hi.size:,} entries proved exactly",
    )


def _another_cotangent(dy: np.ndarray) -> np.ndarray:
    """A cotangent of other signs and sizes, without zeros."""
    factors = np.resize(np.array(invariants.FACTORS), dy.shape)
    return np.asarray(np.where(dy == 0, 1.0, dy) * factors).astype(dy.dtype)


def _is_right_for(problem: Problem, dy: np.ndarray, known: Mapping[TensorKey, Known]) -> bool:
    """Is backward right for this cotangent too? Else it is not linear."""
    _, grads = problem.vjp(problem.arrays, dy)
    return all(
        fractions(grads[key.name].astype(np.float64), known[key])[0].max(initial=0.0) <= 1
        and bool(np.isfinite(known[key].allowed).all())
        for key in problem.gradients
    )
