"""Does somebody's code lose exact numbers on the way, without a word?

`math.exp(x[0])`, `float(s)` and a bare `zeros` bring a float into the middle of an exact computation. What comes out is
an exact number again, but the float did not move with the inputs: the slope by steps of 2^-112 lacks the part that went
through it. Longer steps, which show on a float's grid, still have that part.

So the slopes by steps of 2^-4 to 2^-60 are compared with the one by 2^-112. For a function without floats the distance
falls as the square of the step: from 2^-20 to 2^-30 by 2^-20. With a float64 in the middle it stays there. With a
float32 or a float16 some entry has it at one step as at the step before, and at 2^-60 nothing of it, which a steep
function cannot do: what does not fall from 2^-12 to 2^-20 has a part of 2^-80 left at 2^-60. The grid of a float is
finer near 0, so the entries are looked at one by one.

An iteration that ends at a tolerance, or after so many halvings, looks the same, and is another thing: see `staircase`.
"""

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.result import conventions, solvers, staircase
from backcheck.subjects.subject import Subject
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.differences import ask_differences, direction
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck_reference.derivatives import along
from backcheck_reference.derivatives.fits import LONGEST
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.scalars.steps import steps_seen
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

STEPS, FINE = (4, 8, 12, 20, 30, 60), (112, 400)  # bisection may halve 200 times
FALLING = 2.0**-5  # of 2^-16 or less: room for what is not yet near its limit
LOST = "exact arithmetic is not available for this code: it turns exact numbers into floats"
SHORT = ("into float16", "into bfloat16")  # longer steps than its stairs are too long for a slope
STAIRCASE = (
    "the forward is a staircase with jumps such as {:.0e}, as of an iteration that ends at a tolerance; "
    "it is judged by steps above those"
)
SOLVES = "the forward solves to a tolerance ({}); it is judged to no more digits than that leaves"
TOLD = (Verdict.AGREE, Verdict.VACUOUS, Verdict.DISAGREE)  # what differences say where they can tell
SEEN, GONE = 2.0**-20, 2.0**-110  # the part of a slope that a short float takes with it, and what is left at 2^-60


def looks_lost(checked: Checked) -> bool:
    """Is there a reason to ask: no truth, anybody who disagrees, or differences that do not agree?"""
    seen = [m.verdict for (_, party), m in checked.measures.items() if party == "differences"]
    return not _is_known(checked) or bool(checked.disagreements) or any(v is not Verdict.AGREE for v in seen)


def _is_known(checked: Checked) -> bool:
    return bool(checked.truth.known or checked.truth.rulings)


def _unsloped(problem: Problem) -> Problem:
    """The same question, with no slope by differences to be believed."""
    return replace(problem, stairs=dict.fromkeys(problem.wanted, np.inf))


def _through_a_short_float(subject: Subject, checked: Checked, problem: Problem) -> tuple[Problem, Checked] | None:
    """The answer without differences, where all that comes out went through a float16: what they said is not told."""
    told = any(checked.measures[key, SUBJECT].verdict in TOLD for key in problem.gradients)
    if not (told and subject.code.is_numpy and flint.installed) or "stopped" in checked.truth.why:
        return None
    if not conventions.where_it_ends(subject, problem).endswith(SHORT):
        return None
    alone = _unsloped(problem)
    return alone, examine(alone, subject.oracles)


def _to_a_tolerance(subject: Subject, checked: Checked, problem: Problem) -> tuple[Problem, Checked] | None:
    """The answer to no more digits than the solver in the forward leaves, where differences alone say that it is wrong.

    Those saw the slope of its errors too.
    """
    wrong = [key for key in problem.gradients if checked.measures[key, SUBJECT].verdict is Verdict.DISAGREE]
    slopes = ask_differences(problem, alone=True) if wrong else {}
    found = {
        key.name: seen
        for key in wrong
        if key in slopes and (seen := solvers.solver(problem, key.name, slopes[key])) is not None
    }
    if not found:
        return None
    why = SOLVES.format(next(iter(found.values())).said)
    alone = replace(in_floats_only(problem, why), stairs={n: seen.stair.resolution for n, seen in found.items()})
    return alone, examine(alone, subject.oracles)


def judged_in_floats(subject: Subject, checked: Checked, problem: Problem) -> tuple[Problem, Checked] | None:
    """The question and its answer without exact arithmetic, where that does not see the function; else None.

    Slopes by long steps are others too where the function turns many times within one, as a cosine at 1e13. So a loss
    is believed where a line of the code is seen to lose, or where the values lie on stairs.
    """
    if not _is_known(checked):
        if _claims_to_be_flat(checked) and _jumps_nearby(problem):
            alone = _unsloped(problem)
            return alone, examine(alone, subject.oracles)
        return _through_a_short_float(subject, checked, problem) or _to_a_tolerance(subject, checked, problem)
    lost = loses(problem)
    where = conventions.where_it_ends(subject, problem) if lost and subject.code.is_numpy else ""
    if where:
        alone = _unsloped(in_floats_only(problem)) if where.endswith(SHORT) else in_floats_only(problem)
        found = examine(alone, subject.oracles)
        if _jumps_nearby(problem) and _verdicts(found) != _verdicts(checked):
            alone = _unsloped(alone)  # whole numbers that a float is made of: steps as long as theirs tell nothing
            return alone, examine(alone, subject.oracles)
        return _to_a_tolerance(subject, found, alone) or (alone, found)
    lines = ({name: direction(problem, name)} for name in problem.wanted)
    stairs = [each for v in lines if (each := staircase.stair(problem, v, by_values=lost)) is not None]
    return _above_the_stairs(subject, checked, problem, stairs) if stairs else None


def _jumps_nearby(problem: Problem) -> bool:
    """Does a function with jumps that the forward calls, as floor, give another number where differences look? Where
    the forward raises after such a call it may."""

    def seen(t: Any) -> tuple[list[str], bool]:
        ended = False
        with exact.bits(exact.LADDER[0][0]), np.errstate(all="ignore"), steps_seen() as found, suppress(Exception):
            arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
            problem.function({**arrays, **{name: arrays[name] + t * exact.lift(v) for name, v in moves.items()}})
            ended = True
        return found, ended

    moves = {name: direction(problem, name) for name in problem.wanted}
    here, ended = seen(flint.arb(0))
    beside = (seen(sign * flint.arb(2) ** LONGEST) for sign in (1, -1))
    return bool(here) and (not ended or any(each != (here, True) for each in beside))


def _claims_to_be_flat(checked: Checked) -> bool:
    """Is what differences call wrong a gradient of zeros? Over many steps of floor they see the slope of x."""
    tensors, problem = checked.answers[SUBJECT].tensors, checked.problem
    wrong = [key for key in problem.gradients if checked.measures[key, SUBJECT].verdict is Verdict.DISAGREE]
    return bool(wrong) and all(key in tensors and not np.any(tensors[key]) for key in wrong)


def _verdicts(checked: Checked) -> list[Verdict]:
    return [checked.measures[key, SUBJECT].verdict for key in checked.problem.gradients]


def _above_the_stairs(
    subject: Subject, checked: Checked, problem: Problem, stairs: Sequence[staircase.Stair]
) -> tuple[Problem, Checked] | None:
    """The answer by steps longer than the stairs, where it can tell and says another thing than the exact one."""
    off = max(each.resolution for each in stairs)
    why = STAIRCASE.format(max(each.height for each in stairs))
    alone = replace(in_floats_only(problem, why), stairs=dict.fromkeys(problem.wanted, off))
    found = examine(alone, subject.oracles)
    verdicts = _verdicts(found)
    told = all(verdict in TOLD for verdict in verdicts)
    # where both find it wrong by the same slope, the exact truth says more
    better = Verdict.DISAGREE not in verdicts or _contradicted(checked, alone)
    return (alone, replace(found, measures=_excused(found))) if told and better else None


def _excused(checked: Checked) -> dict[Key, Measure]:
    """A framework differentiates what one stair does, which is not the slope of the staircase."""
    reason = "it differentiates the steps of the iteration, which is a staircase"
    return {
        key: Measure(Verdict.UNAVAILABLE, reason=reason)
        if key[1] in FRAMEWORKS and key[0] in checked.problem.gradients and measure.verdict is Verdict.DISAGREE
        else measure
        for key, measure in checked.measures.items()
    }


def _contradicted(checked: Checked, problem: Problem) -> bool:
    """Is the exact slope of the forward by tiny steps another than the one that floats see by longer ones?"""
    for key, slope in ask_differences(problem, alone=True).items():
        known = checked.truth.known.get(key)
        if known is None or abs(float((known.hi * slope.v).sum()) - slope.estimate.value) > slope.estimate.error:
            return True
    return False


def loses(problem: Problem) -> bool:
    """Has the slope of the forward by tiny steps less in it than the slopes by steps that floats can see?"""
    try:
        with exact.bits(exact.LADDER[1][0]), np.errstate(all="ignore"):
            found = [_slopes(problem, step) for step in STEPS]
            return any(_lacks(found, _slopes(problem, step)) for step in FINE)
    except Exception:  # what it raises on exact numbers is known already
        return False


def _lacks(found: list[Any], fine: Any) -> bool:
    largest = max(map(_size, found))
    if not largest or _size(fine) > largest * 2.0**40:  # at a jump slopes grow as steps shrink
        return False
    away = dict(zip(STEPS, (_sizes(each - fine) for each in found), strict=True))
    near, nearest = (away[step].max(initial=0.0) for step in STEPS[3:5])
    if nearest > FALLING * near and nearest > exact.FLOAT_CONSTANTS * largest:  # a float64
        return True
    own = np.maximum.reduce([_sizes(each) for each in found])
    pairs = itertools.pairwise(away[step] for step in STEPS[:4])
    stays = np.logical_or.reduce([(near > FALLING * far) & (near > SEEN * own) for far, near in pairs])
    return bool(np.any(stays & (away[STEPS[-1]] < GONE * own)))


def _slopes(problem: Problem, step: int) -> Any:
    """The central differences of every output along one direction through all arrays."""
    h = flint.arb(2) ** -step
    arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
    v = along.directions(problem.arrays, problem.wanted, seed=9)
    ends = [problem.function({**arrays, **{n: arrays[n] + exact.lift(v[n]) * t for n in v}}) for t in (h, -h)]
    for end in ends:
        exact.require_exact("the forward value", end)
    return (ends[0] - ends[1]) / (2 * h)


def _sizes(numbers: Any) -> np.ndarray:
    # an output without a number, such as a root below 0, tells nothing
    return np.asarray(np.nan_to_num(abs(exact.to_float(np.asarray(numbers))), nan=0.0))


def _size(numbers: Any) -> float:
    return float(_sizes(numbers).max(initial=0.0))


def in_floats_only(problem: Problem, why: str = LOST) -> Problem:
    """The same question about code that exact arithmetic is not to be asked of."""
    return replace(problem, rules={name: _refusing(rule, why) for name, rule in problem.rules.items()})


def _refusing(rule: Rule, why: str) -> Rule:
    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        if any(array.dtype == object for array in arrays):
            raise Unavailable(why)
        return rule.forward(*arrays, **config)

    forward.__signature__ = rule.forward.__signature__  # type: ignore[attr-defined]
    return Rule(forward, rule.backward)


def is_linear_but_for_rounding(problem: Problem) -> bool:
    """Is backward linear in dy up to the rounding of a float64 in it?"""
    node = problem.network.nodes[0]
    rule = problem.rules[node.rule]
    try:
        with exact.bits(exact.LADDER[0][0]), np.errstate(all="ignore"):
            # not the problem's own, in which an entry that is zero or small may hide what is not linear
            dy = invariants.cotangent(problem.dy)
            lifted, one = [exact.lift(array) for array in problem.arrays.values()], exact.lift(dy)
            other = exact.lift(-np.flip(dy))
            answers = [
                [g for g in rule.backward(rule.forward(*lifted, **node.config)[1], dy) if g is not None]
                for dy in (3 * one + 5 * other, one, other)
            ]
            return all(
                _size(np.asarray(both - 3 * a - 5 * b)) <= exact.FLOAT_CONSTANTS * max(_size(3 * a), _size(5 * b))
                for both, a, b in zip(*answers, strict=True)
            )
    except Exception:  # then there is nothing to say for it
        return False
