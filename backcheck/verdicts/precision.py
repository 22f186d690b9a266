"""Precision: is what was really computed off by more than the problem itself explains?

Two radii answer two questions. The *algorithm's* radius (the code on balls of the dtype) says what rounding could do to
this code: outside of it is a bug. The *problem's* radius says what half an ulp in the inputs does to the true answer.
It is measured in exact arithmetic, at a few inputs that are moved by half an ulp, and one rounding of the result is
added. A formula that cancels has a huge first radius, and so forgives itself; the second one does not.

    r     = max over the moves k and the entries of |g(x + move_k) - g(x)|  +  u max |g|,    u half an ulp of 1
    error = max over the entries of |got - g(x)|

*Imprecise* is an error beyond 2^10 r: three digits are lost that the inputs have. Rounded arithmetic by a good formula
stays within a few r times the root of the number of operations. Errors and radii are those of a whole tensor: an entry
that is small beside another one of its tensor may lose its digits, as 1 - tanh^2 does in every textbook.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from backcheck.keys import OUTPUT, TensorKey, keyed
from backcheck.outputs import as_one
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts import loss
from backcheck.verdicts.known_losses import REASONS
from backcheck.verdicts.measure import OTHER_FORMULA, Key, Measure, is_near_smallest, limit
from backcheck.verdicts.parties import FRAMEWORKS, Answer
from backcheck.verdicts.truth.node import State
from backcheck.verdicts.truth.tolerance import Known, lifted
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import BITS, LARGEST, SMALLEST
from backcheck_reports.number_format import got_and_want
from backcheck_reports.record import Verdict
from scratch_bp.rules import RULES

# how the entries are moved: away from zero, upwards, every other array downwards, each entry its own way
MOVES = ("out", "up", "against", "random", "random")
UNSURE = (Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE)


def many_times(dtype: str) -> float:
    """How many problem's radii are three digits, or half of the digits that a dtype has."""
    return float(2 ** min(10, BITS[dtype] / 2))


def rounding_of_result(known: Known) -> float:
    """Half an ulp of a tensor's largest entry: the least that a problem's radius can be."""
    return 2.0 ** -BITS[known.dtype] * max(known.scale, SMALLEST[known.dtype])


def is_suspect(found: Measure, known: Known | None) -> bool:
    """May more digits be lost than the problem loses? Costs nothing, and is False nearly always."""
    if known is None or known.kink:
        return False
    if found.verdict in UNSURE:
        return True
    return found.verdict is Verdict.AGREE and found.absolute > many_times(known.dtype) * rounding_of_result(known)


@dataclass(frozen=True)
class Precision:
    """The precision of the answers to one problem whose truth is known. `told` is the cause, where that is known."""

    problem: Problem
    truth: Truth
    told: str = ""

    @property
    def is_to_be_had(self) -> bool:
        """Is the subject's own derivative the truth? Behind a wrong rule there is no problem's radius."""
        repaired = any(report.state in (State.WRONG, State.UNAVAILABLE) for report in self.truth.reports)
        return bool(self.truth.known) and not repaired and all(ruling.right for ruling in self.truth.rulings.values())

    @cached_property
    def moves(self) -> Mapping[TensorKey, np.ndarray]:
        """How far the true answer moves at each entry when the inputs do; infinite where that cannot be said."""
        problem = replace(self.problem, engine=None)
        if problem.standin and not self.truth.rulings:
            problem = replace(problem, rules={**problem.rules, **problem.standin})
        found = {key: np.zeros(known.hi.shape) for key, known in self.truth.known.items()}
        try:
            with exact.bits(exact.LADDER[0][0]):
                for number, how in enumerate(MOVES):
                    tensors = keyed(*problem.vjp(*_moved(problem, how, number)))
                    found = {key: np.maximum(far, self.apart(key, tensors[key])) for key, far in found.items()}
        except Exception:  # anybody's code on exact numbers: there the problem's radius is not known
            return {key: np.full(far.shape, np.inf) for key, far in found.items()}
        return found

    def apart(self, key: TensorKey, tensor: np.ndarray) -> np.ndarray:
        """How far an exact tensor is from the truth at each entry."""
        known = self.truth.known[key]
        apart = abs(exact.to_float(np.asarray(tensor) - exact.lift(known.hi)) - known.lo)
        return np.where(np.isnan(apart), np.inf, apart)

    def radius(self, key: TensorKey) -> float:
        """The problem's radius of a tensor."""
        return float(self.moves[key].max(initial=0.0)) + rounding_of_result(self.truth.known[key])

    def judge(self, key: TensorKey, party: str, answer: Answer, found: Measure) -> Measure:
        """The verdict on a suspect answer by the problem's radius; `found` where that changes nothing."""
        got = answer.tensors[key].astype(np.float64)
        finite, overflowed = bool(np.isfinite(got).all()), found.verdict is Verdict.OUT_OF_RANGE
        if (overflowed or not finite or self.problem.drawn) and not self.has_room:
            return found
        if not finite:
            # beside a cotangent of 0 a slope may be out of range, and 0 times that is nan; nor can a formula do better
            # where half an ulp of the inputs moves the truth itself out of range
            judged = party == SUBJECT and self.problem.dy.all() and self.radius(key) <= LARGEST[self.problem.dtype]
            return self._not_finite(key, found, got) if judged else found
        if found.fraction > 1 and not overflowed:  # rounding decides a choice, and between which answers no radius says
            return found
        return self._by_radius(key, party, found, got)

    def _by_radius(self, key: TensorKey, party: str, found: Measure, got: np.ndarray) -> Measure:
        known, radius = self.truth.known[key], self.radius(key)
        ill_conditioned = limit(known.dtype) * known.scale
        if not radius <= ill_conditioned or is_near_smallest(known):
            return found
        allowed = many_times(known.dtype) * radius
        seen = replace(found, resolution=min(found.resolution, allowed / known.scale))
        if found.absolute > allowed:
            worst = replace(_at_largest_error(seen, known, got), allowed=allowed)
            return replace(worst, verdict=Verdict.IMPRECISE, reason=self._lost(key, party, found, radius))
        if found.absolute <= ill_conditioned:
            return replace(seen, verdict=Verdict.AGREE, reason="")
        return found

    @cached_property
    def has_room(self) -> bool:
        """Are inputs and answers far enough from the ends of the dtype for any sensible formula?

        Drawn numbers must have squares that the dtype holds: beyond that the draw is to blame.
        """
        problem = self.problem
        largest, smallest = LARGEST[problem.dtype] / OTHER_FORMULA, SMALLEST[problem.dtype] * OTHER_FORMULA
        given = [each for each in (*problem.arrays.values(), problem.dy) if each.dtype.kind not in "iub"]
        sizes = np.concatenate([abs(each.astype(np.float64)).ravel() for each in given])
        answers = max(known.scale for known in self.truth.known.values())
        if problem.drawn:
            with np.errstate(all="ignore"):
                squares = sizes[sizes > 0] ** 2
            return bool(np.all((squares <= largest) & (squares >= smallest))) and answers <= largest
        return bool(max(sizes.max(initial=0.0), answers) <= largest)

    def _not_finite(self, key: TensorKey, found: Measure, got: np.ndarray) -> Measure:
        """The dtype holds the truth, and the answer is infinite or nan: that is no answer."""
        known = self.truth.known[key]
        at = tuple(map(int, np.argwhere(~np.isfinite(got))[0]))
        got_here, want = float(got[at]), float(known.hi[at])
        where = f" at {list(at)}" if at else ""
        cause = loss.first_failure(self.problem, ("over", "divide", "invalid"), key == OUTPUT)
        reason = f"is {got_here:g}{where}, want {want:.5g}" + (f": {cause}" if cause else "")
        return replace(found, verdict=Verdict.DISAGREE, index=at, got=got_here, want=want, reason=reason)

    def _lost(self, key: TensorKey, party: str, found: Measure, radius: float) -> str:
        known = self.truth.known[key]
        digits = np.log10(min(found.absolute, known.scale) / radius)
        said = "all digits are lost" if found.absolute >= known.scale / 2 else f"{digits:.0f} digits are lost"
        cause = (self.told or loss.cause(self.problem, key == OUTPUT)) if party == SUBJECT else ""
        rule = self.problem.network.nodes[0].rule
        ours = (RULES[rule], as_one(RULES[rule])) if rule in RULES else ()
        own = party == SUBJECT and not self.told and self.problem.rules[rule] in ours
        reason = f"; {REASONS[rule]}" if own and rule in REASONS else ""
        return said + (f": {cause}" if cause else "") + reason


def _at_largest_error(found: Measure, known: Known, got: np.ndarray) -> Measure:
    """The measure with the entry of the largest error: of the entries' own tolerances nothing is said."""
    with np.errstate(all="ignore"):
        error = abs((got - known.hi) - known.lo)
    at = tuple(map(int, np.unravel_index(int(error.argmax()), error.shape)))
    return replace(found, index=at, got=float(got[at]), want=float(known.hi[at]))


def judged(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> dict[Key, Measure]:
    """The verdicts that precision changes, for one rule. In a network each node is judged alone."""
    suspects = [(key, party) for (key, party), m in measures.items() if is_suspect(m, truth.known.get(key))]
    suspects = [(key, party) for key, party in suspects if party in answers and key in answers[party].tensors]
    precision = Precision(problem, truth)
    if not suspects or len(problem.network.nodes) > 1 or problem.engine is not None or not precision.is_to_be_had:
        return {}
    return {(key, party): precision.judge(key, party, answers[party], measures[key, party]) for key, party in suspects}


def excused(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> dict[Key, Measure]:
    """A framework's version that misses the truth in floats, and on exact numbers *is* the truth, has lost digits.

    It is accused of nothing, and nor is the subject of computing another function.
    """
    party = next((name for name in FRAMEWORKS if name in answers), "")
    missed = [key for (key, who), m in measures.items() if who == party and m.verdict is Verdict.DISAGREE]
    missed = [key for key in missed if key in truth.known and key in answers[party].tensors]
    if not missed or not problem.standin:
        return {}
    same = replace(problem, rules={**problem.rules, **problem.standin}, engine=None)
    try:
        with exact.bits(exact.LADDER[0][0]):
            tensors = keyed(*same.vjp(*lifted(same)))
            exactly = Precision(problem, truth)
            right = [k for k in missed if exactly.apart(k, tensors[k]).max() <= exact.SAME * truth.known[k].scale]
    except Exception:  # code of a framework that cannot run on exact numbers: nothing is proved
        return {}
    reason = f"{party} loses digits here; on exact numbers it gives the truth"
    return {(key, party): replace(measures[key, party], verdict=Verdict.IMPRECISE, reason=reason) for key in right}


def of_network(
    problem: Problem, answer: Answer, truth: Truth, suspects: Mapping[TensorKey, Measure], told: str
) -> dict[TensorKey, Measure]:
    """The tensors of a whole network that are imprecise, where one of its nodes is."""
    precision = Precision(problem, truth, told)
    if not precision.is_to_be_had:
        return {}
    found = {key: precision.judge(key, SUBJECT, answer, m) for key, m in suspects.items() if key in answer.tensors}
    return {key: m for key, m in found.items() if m.verdict is Verdict.IMPRECISE}


def _moved(problem: Problem, how: str, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The inputs as exact numbers, every entry that is not 0 moved by half an ulp."""
    rng = np.random.Generator(np.random.PCG64(seed))

    def move(array: np.ndarray, turn: int) -> np.ndarray:
        if array.dtype.kind in "iub":
            return array
        values = array.astype(np.float64)
        least = SMALLEST[problem.dtype] * 2.0 ** -BITS[problem.dtype]
        by = np.where(values == 0, 0.0, np.maximum(np.ldexp(abs(values), -BITS[problem.dtype]), least))
        signs = {"out": np.sign(values), "up": np.ones(values.shape), "against": np.full(values.shape, (-1.0) ** turn)}
        sign = signs[how] if how in signs else rng.choice([-1.0, 1.0], values.shape)
        return np.asarray(exact.lift(array) + exact.lift(np.asarray(sign * by)))

    moved = {name: move(array, turn) for turn, (name, array) in enumerate(problem.arrays.items())}
    return moved, move(problem.dy, len(moved))


def lost_entries(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> Iterator[str]:
    """What to say of single entries that have no right digit left, beside far larger ones that are right.

    That is no verdict: most uses of a gradient see the tensor as a whole.
    """
    for key, known in truth.known.items():
        found, got = measures[key, SUBJECT], answers[SUBJECT].tensors.get(key)
        if got is None or found.verdict is not Verdict.AGREE or found.ulps < many_times(known.dtype):
            continue
        error, size = abs(got.astype(np.float64) - known.hi), abs(known.hi)
        gone = (error >= size / 2) & (size > SMALLEST[known.dtype])
        precision = Precision(problem, truth)
        if gone.any() and precision.is_to_be_had:
            gone &= precision.moves[key] * many_times(known.dtype) < size
        if gone.any():
            yield _of_entries(problem, key, known, got, gone)


def _of_entries(problem: Problem, key: TensorKey, known: Known, got: np.ndarray, gone: np.ndarray) -> str:
    at = tuple(map(int, np.argwhere(gone)[0]))
    cause = loss.cause(problem, key == OUTPUT, at)
    return (
        f"{key}: {int(gone.sum())} of {gone.size} entries, far below the largest, have lost all digits: "
        f"{got_and_want(float(got[at]), float(known.hi[at]), at)}" + (f": {cause}" if cause else "")
    )
