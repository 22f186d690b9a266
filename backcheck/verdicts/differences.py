"""Finite differences as a party: one slope along a random direction for each gradient, and its estimated error."""

from dataclasses import dataclass, replace

import numpy as np

from backcheck.keys import TensorKey
from backcheck.problem import Problem
from backcheck.verdicts.measure import OTHER_FORMULA, Measure, limit, reach_of
from backcheck.verdicts.moving_part import MovingPart, moving_part
from backcheck.verdicts.truth.tolerance import Known
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.derivatives import along
from backcheck_reference.derivatives.differences import EXTENDED, STEPS, directional
from backcheck_reference.derivatives.fits import FIRST, SHORTEST, Estimate
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import balls, exact
from backcheck_reports.record import Verdict
from scratch_bp.network import forward

SCATTERED = 4  # runs beside the point that show what rounding does


@dataclass(frozen=True, slots=True)
class Slope:
    """A direction through one tensor and the estimated derivative along it."""

    v: np.ndarray
    estimate: Estimate


def ask_differences(problem: Problem, alone: bool = False) -> dict[TensorKey, Slope]:
    """A slope for each gradient, from float64 runs of the subject's forward. Empty when the forward raises.

    Code that does not take float64 runs in the problem's own dtype. With `alone`, where no truth stands beside them,
    the forward runs in extended doubles, if the code keeps that dtype, and the values may lie on any grid: see `fits`.
    """
    found = _slopes(problem, EXTENDED, alone) if alone and np.float64 != EXTENDED else {}
    found = found or _slopes(problem, np.dtype(np.float64), alone)
    return found or _slopes(problem, problem.dy.dtype, alone)  # of code that takes no other dtype than its own


def _slopes(problem: Problem, dtype: np.dtype, alone: bool) -> dict[TensorKey, Slope]:
    arrays = {n: a if a.dtype.kind in "iub" else a.astype(dtype) for n, a in problem.arrays.items()}
    dy = problem.dy.astype(dtype)
    found: dict[TensorKey, Slope] = {}
    try:
        with np.errstate(all="ignore"):
            values = None if problem.engine else forward(problem.network, arrays, problem.rules).values
            value = problem.function(arrays) if values is None else values[problem.network.output]
            if value.dtype != dtype and dtype == EXTENDED:
                return {}
            whole = MovingPart(problem.function, value, dy)
            for key in problem.gradients:
                v = direction(problem, key.name)
                stair = problem.stairs.get(key.name, 0.0)
                shortest = (FIRST if stair else SHORTEST) if alone else None
                part = whole if values is None else moving_part(problem, key.name, values, dy)
                estimate = directional(part.function, arrays, part.value, part.dy, {key.name: v}, shortest)
                found[key] = Slope(v, replace(estimate, error=estimate.error + stair))
    except Exception:  # the subject's own answer already carries what it raises
        return {}
    return found


def direction(problem: Problem, name: str) -> np.ndarray:
    """The direction along one array in which its slope is taken: of each entry's own size, and of 1 for those below."""
    x = problem.arrays[name].astype(np.float64)
    v = along.directions(problem.arrays, (name,), seed=5)[name]
    # where an entry is huge or tiny the direction has its size already
    return v * np.where(along.unit(x) == 1, np.maximum(abs(x), 1.0), 1.0)


def judge_differences(problem: Problem, slope: Slope | None, truth: Truth, key: TensorKey) -> Measure:
    """The verdict on the differences: is their slope that of the truth, within the error that they estimate?"""
    if slope is None or not np.isfinite(slope.estimate.error):
        return Measure(Verdict.UNAVAILABLE, reason="no finite difference could be formed")
    if key not in truth.known:
        return Measure(Verdict.UNAVAILABLE, reason=f"no reference value: {truth.why}")
    known, estimate = truth.known[key], slope.estimate
    if known.absent is not None:
        return Measure(Verdict.UNAVAILABLE, reason=f"no truth: {known.why}")
    with np.errstate(all="ignore"):
        want = float((known.hi * slope.v).sum())
        size = float(abs(known.hi * slope.v).sum())
        reach = float((reach_of(known) * abs(slope.v)).sum()) if known.kink else 0.0
    allowed = estimate.error + reach
    away = abs(estimate.value - want)
    verdict, reason = _verdict(problem, slope, known, key.name, away, allowed, size)
    return Measure(
        verdict,
        absolute=away,
        relative=away / size if size else away,
        ulps=away / float(balls.ulp(np.asarray(size), "float64")),
        fraction=away / allowed if allowed else (0.0 if away == 0 else np.inf),
        allowed=allowed,
        resolution=allowed / size if size else np.inf,
        got=estimate.value,
        want=want,
        reason=reason,
    )


def _verdict(
    problem: Problem, slope: Slope, known: Known, name: str, away: float, allowed: float, size: float
) -> tuple[Verdict, str]:
    if known.scale == 0 and (away <= allowed or not np.isfinite(away)):
        return Verdict.VACUOUS, "the truth is zero in every entry here"
    if not np.isfinite(away) or not allowed <= limit("float64") * size:
        if known.kink:
            return Verdict.KINK, "the point is not differentiable; the slope lies between the one-sided ones"
        return Verdict.ILL_CONDITIONED, "differences cannot tell here: their own error is more than a thousandth"
    if away <= allowed:
        return (Verdict.KINK, "at a kink") if known.kink else (Verdict.AGREE, "")
    if _cannot_tell(problem, slope, name):
        return Verdict.ILL_CONDITIONED, "exact differences at the same steps are as far off, or rounding explains it"
    return Verdict.DISAGREE, "float64 differences are not those of the exact forward"


def _cannot_tell(problem: Problem, slope: Slope, name: str) -> bool:
    """Can the differences be off for a reason that is nobody's fault, or can this not be ruled out?"""
    if problem.standin:
        problem = replace(problem, rules={**problem.rules, **problem.standin})
    try:
        return _explained(problem, slope, name)
    except Exception:  # code that cannot run on exact numbers: its differences are all that it has
        return True


def _explained(problem: Problem, slope: Slope, name: str) -> bool:
    """Do the same steps in exact arithmetic give the same quotient, up to what rounding does to the values?

    Then the differences are off because the steps are long or because values are rounded. Nobody is to blame.
    """
    with exact.bits(exact.LADDER[1][0]):
        arrays = {n: exact.lift(a) for n, a in problem.arrays.items()}
        dy, v = exact.lift(problem.dy), exact.lift(slope.v)
        quotients = []
        for h in STEPS[1:]:
            up, down = (problem.function({**arrays, name: arrays[name] + t * v}) for t in (h, -h))
            quotients.append(float(exact.total(dy * (up - down)) / (2 * h)))
    exactly = (16 * quotients[1] - quotients[0]) / 15
    rounding = _rounding_of_ends(problem, slope, name) / STEPS[-1]
    return not abs(slope.estimate.value - exactly) > max(rounding, balls.SLACK * slope.estimate.noise)


def _rounding_of_ends(problem: Problem, slope: Slope, name: str) -> float:
    """What rounding may do to the forward's weighed value at the two ends of the shortest step."""
    found = []
    watch = balls.Watch("float64")
    with balls.run_at("float64", balls.SLACK_BITS):
        dy = watch.lift(problem.dy, "float64")
        for h in (STEPS[-1], -STEPS[-1]):
            moved = problem.arrays[name].astype(np.float64) + h * slope.v
            arrays = {n: watch.lift(moved if n == name else a, "float64") for n, a in problem.arrays.items()}
            found.append(float(exact.total(dy * problem.function(arrays)).rad()))
    overflows = watch.peak * OTHER_FORMULA > balls.LARGEST["float64"]
    return np.inf if overflows else max(found)


def _scatter(problem: Problem, slope: Slope, key: TensorKey) -> float:
    """How far the subject's own slope moves where each number that it is given moves by an ulp, up or down.

    Without balls this shows what the rounding of its backward may do, where terms cancel in it for instance.
    """
    rng = np.random.Generator(np.random.PCG64(3))
    found: list[float] = []
    for _ in range(SCATTERED + 1):
        moved = {n: a if a.dtype.kind in "iub" else _beside(rng, a) for n, a in problem.arrays.items()}
        try:
            grad = problem.vjp(moved if found else problem.arrays, problem.dy)[1][key.name]
        except Exception:  # what it raises is its own answer, and no scatter
            return 0.0
        found.append(float((grad.astype(np.float64) * slope.v).sum()))
    return max(abs(each - found[0]) for each in found)


def _beside(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """The array with each entry replaced by a neighbour in its dtype, or by itself."""
    ulps = 2.0 ** (1 - balls.BITS[array.dtype.name]) * rng.integers(-1, 2, array.shape)
    moved: np.ndarray = (array.astype(np.float64) * (1 + ulps)).astype(array.dtype)
    return moved


def _installed() -> bool:
    try:
        flint.load()
    except Unavailable:
        return False
    return True


def _not_finite(problem: Problem, estimate: Estimate) -> Measure:
    """The verdict on an answer that is not finite, where differences of the forward are."""
    if estimate.kink:
        return Measure(Verdict.ILL_CONDITIONED, reason="the answer is not finite; differences see a kink here")
    if problem.dtype != "float64" and len(problem.network.nodes) > 1:
        said = f"not finite in {problem.dtype}; without exact arithmetic an overflow on the way cannot be ruled out"
        return Measure(Verdict.UNAVAILABLE, reason=said)
    return Measure(Verdict.DISAGREE, reason="the answer is not finite, and finite differences of the forward are")


def judge_party(problem: Problem, slope: Slope, got: np.ndarray, key: TensorKey) -> Measure:
    """The verdict on another party's gradient by differences, where there is no other truth."""
    estimate = slope.estimate
    if not np.isfinite(estimate.error):
        return Measure(Verdict.UNAVAILABLE, reason="no exact arithmetic, and no finite difference could be formed")
    if not np.isfinite(got.astype(np.float64)).all():
        return _not_finite(problem, estimate)
    with np.errstate(all="ignore"):
        terms = got.astype(np.float64) * slope.v
    projected, size = float(terms.sum()), float(abs(terms).sum())
    # each product may carry one rounding for every node that it came through
    allowed = estimate.error + balls.SLACK * len(problem.network.nodes) * 2.0 ** -balls.BITS[problem.dtype] * size
    away = abs(projected - estimate.value)
    narrow = problem.dtype != "float64"
    if allowed < away < np.inf and narrow:
        allowed += balls.SLACK * _scatter(problem, slope, key)
    scale = max(size, abs(estimate.value))
    verdict, reason = Verdict.AGREE, "judged by finite differences alone"
    if not away <= allowed and estimate.kink:
        verdict, reason = Verdict.ILL_CONDITIONED, "differences see a kink here, and cannot tell which slopes it allows"
    elif not away <= allowed:
        verdict, reason = Verdict.DISAGREE, "finite differences disagree by more than their own error"
        if narrow and not _installed():
            # whole networks of our own rules too: what rounding does to them in this dtype is not known
            verdict, reason = Verdict.UNAVAILABLE, f"{problem.dtype} needs ball arithmetic, which is not installed"
    elif scale == 0:
        verdict, reason = Verdict.VACUOUS, "the slope is zero"
    elif allowed > limit(problem.dtype) * scale:
        verdict, reason = Verdict.ILL_CONDITIONED, "differences cannot tell here: their own error is too large"
    return Measure(
        verdict,
        absolute=away,
        relative=away / scale if scale else away,
        fraction=away / allowed if allowed else 0.0,
        allowed=allowed,
        resolution=allowed / scale if scale else np.inf,
        got=projected,
        want=estimate.value,
        reason=reason,
    )
