"""Second order: Hessian-vector products of L(x) = <dy, network(x)> along one fixed direction v.

The truth is the difference of the subject's backward in exact arithmetic, (g(x + h v) - g(x - h v)) / 2h, and the same
backward on dual numbers has to confirm it. Dual numbers whose parts are balls of the dtype's precision give the
tolerance. PyTorch's double backward and JAX's forward over reverse are measured against that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.keys import TensorKey, product
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts.framework_limits import reasons_of
from backcheck.verdicts.measure import Key, Measure, measure
from backcheck.verdicts.parties import Answer
from backcheck.verdicts.second_order.rounding import Movement, along_v, moving, rounding_of
from backcheck.verdicts.truth.tolerance import Known
from backcheck.verdicts.truth.truth import Truth, double
from backcheck_reference.derivatives import along, judgement
from backcheck_reference.frameworks import jax_oracle, torch_oracle
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import balls, duals, exact
from backcheck_reports.record import Verdict

SECOND = "second"
PARTIES = {"torch": torch_oracle.hessian_vector, "jax": jax_oracle.hessian_vector}
DIRECTION = 7  # the seed of v
JUMPS = Measure(Verdict.KINK, reason="the Hessian-vector product jumps here")
BEYOND = "it is beyond float64"

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Product:
    """H v in exact numbers by array, the arrays at which it jumps, and how far the dual numbers are from it."""

    values: Arrays
    kinks: frozenset[str]
    residuals: Mapping[str, float]


def hessian_measures(
    problem: Problem, oracles: Sequence[str] = (*PARTIES,), first: Mapping[Key, Measure] | None = None
) -> dict[Key, Measure]:
    """A verdict on H v for each array and party, the exact differences themselves among the parties.

    A party that disagrees at first order (`first`) is not asked again.
    """
    parties = [name for name in PARTIES if name in oracles]
    wrong = {party for (_, party), m in (first or {}).items() if m.verdict is Verdict.DISAGREE}
    v = direction(problem)
    try:
        if wrong & {SUBJECT, "exact"}:
            raise Unavailable("the subject is wrong at first order")
        exact_product, rounding = exactly(problem, v), rounding_of(problem, v)
    except Unavailable as reason:
        return _nobody(problem, parties, str(reason))
    except Exception as error:  # the subject's code on numbers of another kind: whatever it raises is its answer
        return _nobody(problem, parties, f"no second order for this code: it raises {type(error).__name__}: {error}")
    found = {(product(name), "exact"): _by_exact(problem, exact_product, name) for name in problem.wanted}
    for party in parties:
        answer = Answer({}, f"{party} is wrong at first order") if party in wrong else ask(party, problem, v)
        judged = _judge(problem, party, answer, exact_product, rounding, v)
        found |= {(key, party): m for key, m in judged.items()}
    return found


def _nobody(problem: Problem, parties: Sequence[str], reason: str) -> dict[Key, Measure]:
    every = (*parties, "exact")
    return {(product(name), p): Measure(Verdict.UNAVAILABLE, reason=reason) for p in every for name in problem.wanted}


def direction(problem: Problem) -> dict[str, np.ndarray]:
    """v, in numbers of the problem's own dtype."""
    drawn = along.directions(problem.arrays, problem.wanted, DIRECTION)
    return {name: part.astype(problem.arrays[name].dtype) for name, part in drawn.items()}


def exactly(problem: Problem, v: Arrays) -> Product:
    """H v by exact differences, confirmed by dual numbers. Raises Unavailable where there is no such thing."""
    arrays, dy = {name: exact.lift(a) for name, a in problem.arrays.items()}, exact.lift(problem.dy)
    judged = judgement.judge(problem.function, problem.vjp, arrays, dy, problem.wanted, levels=2)
    if judged.smooth and not judged.right and judged.slopes.residual > exact.SAME:
        raise Unavailable("the backward is not the gradient of the forward here")
    before: Arrays = {}
    for precision, step in exact.LADDER[:2]:
        with exact.bits(precision):
            centres, kinks, blurred = _differences(problem, arrays, dy, v, step)
            along = along_v(problem, moving(arrays, v, exact.lift), duals.lift(dy))
            off = {name: _distance(along[name], centres[name]) for name in problem.wanted}
            # a gradient that jumps by as much on both sides: its differences grow as h shrinks
            kinks |= {name for name in before if not _distance(before[name], centres[name]) <= exact.SAME}
        if not (kinks or blurred) and max(off.values()) <= exact.SAME:
            break
        before = centres
    odd = [name for name in problem.wanted if name not in kinks and not off[name] <= exact.SAME]
    if odd:
        raise Unavailable(
            f"no second order for this code: its backward on dual numbers is off by {off[odd[0]]:.0e} in {odd[0]}; "
            "a part of it is detached from its inputs, or it sits on a branch that holds at one point only"
        )
    return Product({**along, **{name: centres[name] for name in kinks}}, frozenset(kinks), off)


def _differences(
    problem: Problem, arrays: Arrays, dy: np.ndarray, v: Arrays, step: int
) -> tuple[dict[str, np.ndarray], set[str], bool]:
    """The central differences of the gradient, the arrays whose one-sided ones differ, and whether more bits help."""
    h = flint.arb(2) ** -step

    def grads(side: int) -> Arrays:
        moved = {name: arrays[name] + side * h * exact.lift(part) for name, part in v.items()}
        found = problem.vjp({**arrays, **moved}, dy)[1]
        for name in problem.wanted:
            exact.require_exact(f"the gradient of {name}", found[name])
            exact.require_finite(f"the gradient of {name}", found[name])
        return found

    below, here, above = grads(-1), grads(0), grads(1)
    centres, kinks, blurred = {}, set(), False
    for name in problem.wanted:
        up, down = (above[name] - here[name]) / h, (here[name] - below[name]) / h
        centres[name] = (up + down) / 2
        size = max(_most(up), _most(down))
        if any(gap.abs_lower() > exact.SAME * size for gap in np.ravel(up - down)):
            kinks.add(name)
        blurred |= any(ball.rad() > exact.SAME * size for ball in np.ravel(centres[name]))
    return centres, kinks, blurred


def _most(array: np.ndarray) -> Any:
    """The largest magnitude among the midpoints, as an exact number: a float64 would overflow at 1e600."""
    return max((abs(ball.mid()) for ball in np.ravel(array)), default=flint.arb(0))


def _distance(got: np.ndarray, want: np.ndarray) -> float:
    """The part of the tensor by which two exact answers are certainly apart."""
    if not all(ball.is_finite() for ball in np.ravel(got)):
        return np.inf
    apart = max((gap.abs_lower() for gap in np.ravel(got - want)), default=flint.arb(0))
    return float(apart / _most(want).max(_most(got))) if apart > 0 else 0.0


def ask(party: str, problem: Problem, v: Arrays) -> Answer:
    """A framework's H v, or why there is none."""
    try:
        found = PARTIES[party](problem.program, problem.arrays, problem.dy, problem.wanted, v, problem.mirrors)
    except Unavailable as reason:
        return Answer({}, str(reason))
    except Exception as error:  # a second derivative that a framework lacks is its limit, not our crash
        return Answer({}, f"{party} raises {type(error).__name__}: {error}")
    right = {product(n): a for n, a in found.items() if (a.shape, a.dtype) == (v[n].shape, v[n].dtype)}
    asked = {product(name) for name in found}
    return Answer(right, malformed=dict.fromkeys(asked - right.keys(), "has another shape or dtype"))


def _judge(
    problem: Problem, party: str, answer: Answer, exact_product: Product, rounding: Movement, v: Arrays
) -> dict[TensorKey, Measure]:
    """A party's verdict for each array. What is outside the tolerance is judged again with wider balls and limits."""

    keys = [product(name) for name in problem.wanted]

    def all_of(truth: Truth) -> dict[TensorKey, Measure]:
        jumps = frozenset() if answer.unavailable else exact_product.kinks
        return {k: JUMPS if k.name in jumps else measure(problem, party, answer, truth, k) for k in keys}

    found = all_of(Truth(_known(problem.dtype, exact_product, rounding), {}, BEYOND, undecided=rounding.undecided))
    if any(m.verdict in (Verdict.DISAGREE, Verdict.ILL_CONDITIONED) for m in found.values()):
        wide = rounding_of(problem, v, wide=True)
        known = _known(problem.dtype, exact_product, rounding, wide)
        found = all_of(Truth(known, {}, BEYOND, peak=wide.peak, undecided=wide.undecided))
    lost = {n: m for n, m in found.items() if m.verdict is Verdict.DISAGREE}
    reason = "; ".join(reasons_of(problem, party)) if lost else ""
    excused = {n: replace(m, verdict=Verdict.UNAVAILABLE, reason=reason) for n, m in lost.items()}
    return {**found, **excused} if reason else found


def _known(
    dtype: str, exact_product: Product, rounding: Movement, wide: Movement | None = None
) -> dict[TensorKey, Known]:
    with exact.bits(exact.LADDER[0][0]):
        doubles = {name: double(value) for name, value in exact_product.values.items()}
    return {
        product(name): Known(
            dtype, hi, lo, rounding.allowed[name], hi if wide else None, wide.allowed[name] if wide else None
        )
        for name, (hi, lo) in doubles.items()
        if np.isfinite(hi).all()
    }


def _by_exact(problem: Problem, exact_product: Product, name: str) -> Measure:
    """The exact oracle's own verdict: its error is the distance between the differences and the dual numbers."""
    if name in exact_product.kinks:
        return JUMPS
    hi, off = double(exact_product.values[name])[0], exact_product.residuals[name]
    scale = float(abs(hi).max(initial=0.0))
    return Measure(
        Verdict.AGREE if scale else Verdict.VACUOUS,
        absolute=off * scale,
        relative=off,
        ulps=off * 2.0 ** balls.BITS[problem.dtype],
        fraction=off / exact.SAME,
        allowed=exact.SAME * scale,
        resolution=exact.SAME,
        reason="" if scale else "the truth is zero in every entry here",
    )
