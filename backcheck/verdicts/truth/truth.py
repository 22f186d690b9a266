"""The truth about one problem, and how far from it rounding can push an answer.

Quick first: the subject's own gradient at 256 bits, if differences of its forward say it is right, with a tolerance
from one run on balls. Where anything is out of the ordinary (a kink, a wrong rule, a party outside) the careful way
follows: every node is judged on its own, wrong ones are repaired, and hulls of balls cover every branch that rounding
or a convention could take.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from backcheck.keys import TensorKey, gradient, keyed
from backcheck.problem import Problem
from backcheck.verdicts.truth import walk as nodewise
from backcheck.verdicts.truth.node import DIRECTIONS, NodeReport, State, in_words
from backcheck_reference.derivatives import along, judgement
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact

# An exact hull wider than this part of its entry depends on a convention; one below TINY of the tensor is rounding.
KINK_WIDTH, TINY = 1e-12, 1e-40
# Two reverse passes over the same right rules differ by the rounding of 256 bits only, however ill-conditioned.
SAME = 1e-20


@dataclass(frozen=True)
class Known:
    """The truth about one tensor: `hi + lo` to 32 digits, and the allowed distance from it at each entry.

    After the careful way `centre` and `reach` hold the hull instead: an answer may be anywhere within.
    """

    dtype: str
    hi: np.ndarray
    lo: np.ndarray
    allowed: np.ndarray
    centre: np.ndarray | None = None
    reach: np.ndarray | None = None
    kink: bool = False

    @cached_property
    def scale(self) -> float:
        return float(abs(self.hi).max(initial=0.0))

    @cached_property
    def unit(self) -> np.ndarray:
        """An ulp of each entry."""
        return balls.ulp(self.hi, self.dtype)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What exact arithmetic says of the subject's gradient for one tensor."""

    right: bool
    kink: bool
    residual: float
    resolution: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """`known` by tensor (empty when the truth is not to be had, `why` says it), `rulings` by gradient tensor.

    `slopes` are those that a right gradient at a smooth point was found right by.
    """

    known: Mapping[TensorKey, Known]
    rulings: Mapping[TensorKey, Ruling]
    why: str = ""
    reports: tuple[NodeReport, ...] = ()
    peak: float = 0.0
    undecided: str = ""
    careful: bool = False
    composed: bool = True
    finite: bool = True
    slopes: along.Slopes | None = None

    @property
    def ordinary(self) -> bool:
        """Nothing calls for the careful way."""
        return bool(self.known) and all(r.right and not r.kink for r in self.rulings.values())


# the arrays and the cotangent as exact numbers
Lifted = tuple[dict[str, np.ndarray], np.ndarray]


def _lifted(problem: Problem) -> Lifted:
    return {name: exact.lift(array) for name, array in problem.arrays.items()}, exact.lift(problem.dy)


def quick(problem: Problem) -> Truth:
    """The truth where the point is smooth and the subject's rules are right, which is nearly everywhere."""
    try:
        lifted = _lifted(problem)
        pieces = len(problem.network.nodes)
        judged = judgement.judge(problem.function, problem.vjp, *lifted, problem.wanted, levels=2, pieces=pieces)
        if not (judged.right and judged.smooth):
            return Truth({}, {}, why="not smooth and right at the first precision")
        found = _rounding(problem, lifted)
        tensors = keyed(judged.value, judged.grads)
        known = {key: _known(problem, key, each, *found[key]) for key, each in tensors.items()}
    except Unavailable as reason:
        return Truth({}, {}, why=str(reason))
    except Exception as error:  # the subject's code on exact numbers: whatever it raises, the careful way looks again
        return Truth({}, {}, why=in_words(error))
    ruling = Ruling(True, False, judged.residual, judged.slopes.resolution)
    return Truth(known, dict.fromkeys(problem.gradients, ruling), slopes=judged.slopes)


def _known(problem: Problem, key: TensorKey, tensor: np.ndarray, middles: np.ndarray, radii: np.ndarray) -> Known:
    """The truth about one tensor, and what rounding may do to it. Raises NotFinite where it is no finite number.

    Nothing is left to ask where balls of few bits lie apart from zero already: they hold the same numbers.
    """
    apart = bool(np.all(2 * radii < abs(middles)))
    if not apart:
        exact.require_finite(str(key), tensor)
    return Known(problem.dtype, *double(tensor, cancelled=not apart), balls.SLACK * radii)


Spans = dict[TensorKey, tuple[np.ndarray, np.ndarray]]


def _rounding(problem: Problem, lifted: Lifted, choose: nodewise.Choose | None = None) -> Spans:
    """The same computation on balls of the dtype's precision: for each tensor their midpoints and radii."""
    numbers, weights = lifted
    arrays = {n: balls.half_ulp(array, problem.dtype, numbers=numbers[n]) for n, array in problem.arrays.items()}
    dy = balls.half_ulp(problem.dy, problem.dtype, numbers=weights)
    with balls.run_at(problem.dtype):
        once = balls.rounded(problem.dtype)
        value, grads = nodewise.vjp(problem.network, arrays, dy, problem.rules, choose, once)
    return {key: balls.spans(tensor) for key, tensor in keyed(value, grads).items()}


def double(array: np.ndarray, cancelled: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Exact numbers as an unevaluated sum of two float64. A ball around zero is zero, left by what has `cancelled`.

    At kinks that were set right there are wide balls too, which say something else.
    """
    array = np.asarray(array, dtype=object).view(np.ndarray)
    hi = exact.to_float(array)
    if cancelled:
        hi = np.where(exact.zeros(array) & np.isfinite(hi), 0.0, hi)
    safe = np.where(np.isfinite(hi), hi, 0.0)
    with exact.bits(exact.ROUGH):
        return hi, exact.to_float(array - safe)


def careful(problem: Problem) -> Truth:
    """The truth the long way round; see the module's text."""
    try:
        walk = nodewise.walk(problem.network, problem.arrays, problem.dy, problem.rules)
        if not walk.lost and any(map(exact.unseen, walk.grads.values())):
            walk = nodewise.walk(problem.network, problem.arrays, problem.dy, problem.rules, exact.LADDER[1][0])
    except Unavailable as reason:
        return Truth({}, {}, why=str(reason), careful=True, finite=not isinstance(reason, exact.NotFinite))
    except Exception as error:  # as in `quick`
        return Truth({}, {}, why=in_words(error), careful=True)
    if walk.lost:
        return Truth({}, _along_directions(problem, walk), why=walk.lost, reports=walk.reports, careful=True)

    def choose(node, inputs, cotangent):
        return walk.repaired.get(node.name, problem.rules[node.rule])

    with exact.bits(exact.LADDER[0][0]):
        rulings = _rulings(problem, walk)
        tensors = keyed(walk.value, walk.grads)
        doubles = {key: double(tensor, not walk.repaired) for key, tensor in tensors.items()}
    try:
        spans = _rounding(problem, _lifted(problem), choose)
    except Exception as error:  # balls that overlap are not what everybody's code expects of numbers
        why = f"on balls of {problem.dtype}'s precision it raises {type(error).__name__}: {error}"
        return Truth({}, rulings, why=why, reports=walk.reports, careful=True)
    radii = {key: balls.SLACK * reach for key, (_, reach) in spans.items()}
    allowed = _with_constants(radii, doubles, walk)
    wide, peak, undecided = hulls(problem, choose)
    kinks, met = _kinked(problem, choose, walk)
    known = {
        key: replace(Known(problem.dtype, *doubles[key], allowed[key], *wide.get(key, ())), kink=key in kinks)
        for key in tensors
        if np.isfinite(doubles[key][0]).all()
    }
    composed = all(ruling.reason != COMPOSED_WRONG for ruling in rulings.values())
    rulings = {key: replace(ruling, kink=ruling.right and key in kinks) for key, ruling in rulings.items()}
    why = "" if len(known) == len(tensors) else "it is not a finite number here"
    largest, finite = max(peak, met, walk.peak), bool(known)  # beyond float64 in every tensor: differences are too
    return Truth(known, rulings, why, walk.reports, largest, undecided, True, composed, finite)


def _with_constants(
    allowed: dict[TensorKey, np.ndarray],
    doubles: Mapping[TensorKey, tuple[np.ndarray, np.ndarray]],
    walk: nodewise.Walk,
) -> dict[TensorKey, np.ndarray]:
    """The tolerance, wider by what rounded constants in the code do to the truth: a part of the largest entry."""
    off = balls.SLACK * max((r.residual for r in walk.of(State.RIGHT, State.KINK) if r.reason), default=0.0)
    return {n: each + off * abs(doubles[n][0]).max(initial=0.0) if off else each for n, each in allowed.items()}


def of_standin(problem: Problem, lost: Truth) -> Truth:
    """The truth about a subject that cannot run on exact numbers: that of the same function written otherwise.

    It says how far the subject's answers are off, and nothing of its rule. `lost` where that is not to be had either.
    """
    other = replace(problem, rules={**problem.rules, **(problem.standin or {})}, standin=None)
    truth = quick(other)
    if not truth.ordinary:
        truth = careful(other)
    return replace(truth, rulings={}, reports=(), why=lost.why) if truth.known else lost


COMPOSED_WRONG = "every node is right on its own, but the cotangents are put together wrongly"


def _rulings(problem: Problem, walk: nodewise.Walk) -> dict[TensorKey, Ruling]:
    """The subject's own exact gradient against the walk's, tensor by tensor."""
    broken, lost = walk.of(State.WRONG), walk.of(State.UNAVAILABLE)
    if lost and not broken:
        return dict.fromkeys(problem.gradients, Ruling(True, False, np.nan, np.inf, lost[0].reason))
    try:
        _, grads = problem.vjp(*_lifted(problem))
    except Exception as error:  # one node is wrong, and another's backward is none for exact numbers
        return dict.fromkeys(problem.gradients, Ruling(True, False, np.nan, np.inf, in_words(error)))
    nodes = max((report.residual for report in walk.reports if report.state is State.RIGHT), default=0.0)
    reason = _blame(broken[0]) if broken else COMPOSED_WRONG
    constants = next((report.reason for report in walk.of(State.RIGHT, State.KINK) if report.reason), "")
    found = {
        key: _compare(grads[key.name], walk.grads[key.name], nodes, reason, constants) for key in problem.gradients
    }
    if not broken or not all(ruling.right for ruling in found.values()):
        return found
    # between the one-sided slopes entry by entry, and perhaps not as a whole: dy copied to all ties
    whole = _along_directions(problem, walk)
    return {key: ruling if whole[key].right else whole[key] for key, ruling in found.items()}


def _compare(got: np.ndarray, want: np.ndarray, nodes: float, reason: str, constants: str) -> Ruling:
    try:
        exact.require_exact("the gradient", got)
    except Unavailable as lost:
        return Ruling(True, False, np.nan, np.inf, str(lost))
    got, want = np.asarray(got, dtype=object), np.asarray(want, dtype=object)
    if exact.overlap(got, want):
        return Ruling(True, False, nodes, exact.FLOAT_CONSTANTS if constants else exact.RESOLVED, constants)
    off = float(abs(exact.to_float(got - want)).max(initial=0.0)) / _size(want)
    right = off <= SAME
    return Ruling(right, False, max(off, nodes) if right else off, SAME, "" if right else reason)


def _along_directions(problem: Problem, walk: nodewise.Walk) -> dict[TensorKey, Ruling]:
    """Without the truth entry by entry a wrong gradient is still shown wrong by differences of the whole network."""
    reason = _blame(walk.of(State.WRONG)[0])
    return {key: _along(problem, key.name, reason, walk.lost) for key in problem.gradients}


def _along(problem: Problem, name: str, reason: str, lost: str) -> Ruling:
    arrays, dy = _lifted(problem)
    for seed, positive in DIRECTIONS:
        try:
            judged = judgement.judge(
                problem.function, problem.vjp, arrays, dy, (name,), seed=seed, positive=positive, levels=2
            )
        except Exception as error:  # as in `quick`
            return Ruling(True, False, np.nan, np.inf, in_words(error))
        residual, resolution = judged.residual, judged.slopes.resolution
        if not judged.right:
            return Ruling(False, False, residual, resolution, reason)
        if judged.smooth:
            return Ruling(True, False, residual, resolution)
    return Ruling(True, False, np.nan, np.inf, lost)


def _blame(report: NodeReport) -> str:
    wrong = ", ".join(report.wrong)
    return f"{report.node.rule} ({report.node.name}) is not the derivative of its own forward by {wrong}"


def hulls(problem: Problem, choose: nodewise.Choose, lost: float = 1.0) -> tuple[Spans, float, str]:
    """Middle and radius of the ball in which every answer at this dtype must lie, for each tensor.

    `lost` says how many times more than here may be lost to underflow.
    """
    watch = balls.Watch(problem.dtype, times=lost)
    try:
        with balls.run_at(problem.dtype, balls.SLACK_BITS):
            arrays = {name: watch.lift(array, problem.dtype) for name, array in problem.arrays.items()}
            dy = watch.lift(problem.dy, problem.dtype)
            once = balls.rounded(problem.dtype, balls.SLACK)
            value, grads = nodewise.vjp(problem.network, arrays, dy, problem.rules, choose, once)
    except balls.Undecidable as reason:
        return {}, watch.peak, str(reason)
    except Exception as error:  # code that cannot run on hulls leaves the plain tolerance in force
        return {}, watch.peak, f"{type(error).__name__}: {error}"
    found = {key: _hull(np.asarray(tensor).view(np.ndarray)) for key, tensor in keyed(value, grads).items()}
    return found, watch.peak, ""


def _hull(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middles, reach = balls.spans(tensor)
    return np.where(np.isfinite(reach), middles, 0.0), reach


def _kinked(problem: Problem, choose: nodewise.Choose, walk: nodewise.Walk) -> tuple[set[TensorKey], float]:
    """The tensors whose gradient depends on the convention taken at an exact kink, and the largest number on the way.

    These balls are so small that they stay finite where the dtype's own have become everything.
    """
    watch = balls.Watch(problem.dtype, floor=0)
    at_kink = bool(walk.of(State.KINK, State.WRONG))
    try:
        with exact.bits(exact.LADDER[0][0]):
            arrays = {name: watch.point(array) for name, array in problem.arrays.items()}
            _, grads = nodewise.vjp(problem.network, arrays, watch.point(problem.dy), problem.rules, choose)
    except Exception:  # no hull: every tensor may depend on the convention
        return set(problem.gradients) if at_kink else set(), watch.peak
    hulls_of = {name: np.asarray(grad).view(np.ndarray) for name, grad in grads.items()} if at_kink else {}
    return {gradient(n) for n, hull in hulls_of.items() if _moved(hull, walk.grads[n])}, watch.peak


def _moved(hull: np.ndarray, grad: np.ndarray) -> bool:
    """Does any entry's exact hull have a width that the tiny balls it was made from do not explain?"""
    width, sizes = balls.radii(hull), abs(exact.to_float(np.asarray(grad)))
    return bool(np.any((width > KINK_WIDTH * sizes) & (width > TINY * sizes.max(initial=0.0))))


def _size(grad: np.ndarray) -> float:
    return max(float(abs(exact.to_float(np.asarray(grad))).max(initial=0.0)), 1e-290)
