"""Where a framework itself is known to be less accurate than its dtype allows: how far its answers may then be off.

A framework that misses only because of such a limit cannot answer here: its verdict is *unavailable*, with the reason.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.keys import TensorKey
from backcheck.outputs import joined
from backcheck.problem import Problem
from backcheck.verdicts.measure import OTHER_FORMULA, Key, Measure, explained, hull_fractions, is_near_smallest
from backcheck.verdicts.parties import FRAMEWORKS, Answer, ask_framework
from backcheck.verdicts.truth import tolerance
from backcheck.verdicts.truth.node import State
from backcheck.verdicts.truth.tolerance import Known, Spans
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.frameworks.limits import FLUSHES, Limit, limits_of
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import balls, exact
from backcheck_reports.number_format import apart
from backcheck_reports.record import Verdict
from scratch_bp.network import forward as run
from scratch_bp.rules import Rule

ASKED_AGAIN = 3  # times, a framework that disagrees
# a repair has no formula whose rounding could be followed
NO_WIDTH = "the truth is 0 behind a wrong rule, and how far rounding may be from it there nobody can tell"


def excuse(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> dict[Key, Measure]:
    """The verdicts of frameworks that miss only because of a known limit of their own: unavailable, and why."""
    return {key: found for party in FRAMEWORKS for key, found in _excused(problem, party, answers, truth, measures)}


def wavering(problem: Problem, answers: Mapping[str, Answer], measures: Mapping[Key, Measure]) -> dict[Key, Measure]:
    """The verdicts of frameworks that give another answer when they are asked again: unavailable, and what they gave.

    PyTorch's bfloat16 convolution, for one, reads memory on a CPU that nobody has written.
    """
    found: dict[Key, Measure] = {}
    for party in FRAMEWORKS:
        missed = [key for key, who in measures if who == party and measures[key, who].verdict is Verdict.DISAGREE]
        for _ in range(ASKED_AGAIN if missed else 0):
            again = ask_framework(party, problem)
            for key in missed:
                before, after = answers[party].tensors.get(key), again.tensors.get(key)
                if before is None or after is None or before.tobytes() == after.tobytes():
                    continue
                at = tuple(map(int, np.argwhere(_apart(before, after))[0]))
                where = f" at {list(at)}" if at else ""
                first, second = apart(float(before[at]), float(after[at]))
                said = f"{party} gives {first}{where}, and {second} when it is asked again"
                found[key, party] = replace(measures[key, party], verdict=Verdict.UNAVAILABLE, reason=said)
    return found


def overflowing(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> dict[Key, Measure]:
    """The verdicts of frameworks whose answer is no finite number, and is the truth when they are asked in float64.

    Autograd multiplies a cotangent by a slope. The slope may overflow where the product does not: 0 times infinity.
    """
    found: dict[Key, Measure] = {}
    for party in FRAMEWORKS:
        missed = [key for key, who in measures if who == party and measures[key, who].verdict is Verdict.DISAGREE]
        for key in missed:
            got = answers[party].tensors.get(key)
            if (
                got is None
                or np.isfinite(got.astype(np.float64)).all()
                or not is_the_truth_in_float64(problem, party, truth, key)
            ):
                continue
            said = f"{problem.dtype} does not hold a number on {party}'s way; asked in float64 it gives the truth"
            found[key, party] = replace(measures[key, party], verdict=Verdict.UNAVAILABLE, reason=said)
    return found


def is_the_truth_in_float64(problem: Problem, party: str, truth: Truth, key: TensorKey) -> bool:
    """Is a framework's answer right when it is asked in float64? Never for a problem of float64 itself."""
    if problem.dtype == "float64" or key not in truth.known:
        return False
    arrays = {n: a if a.dtype.kind in "iub" else a.astype(np.float64) for n, a in problem.arrays.items()}
    wide = replace(problem, arrays=arrays, dy=problem.dy.astype(np.float64), dtype="float64")
    answer, known = ask_framework(party, wide).tensors.get(key), truth.known[key]
    return answer is not None and answer.shape == known.hi.shape and bool(np.all(explained(answer, known) <= 1))


def _apart(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Which entries are not the same number. NaN is the same as NaN; where all are, only their bits differ."""
    a, b = before.astype(np.float64), after.astype(np.float64)
    apart: np.ndarray = np.asarray((a != b) & ~(np.isnan(a) & np.isnan(b)))
    return apart if apart.any() else np.ones(a.shape, dtype=bool)


def _excused(
    problem: Problem, party: str, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> Iterator[tuple[Key, Measure]]:
    missed = [key for key, who in measures if who == party and measures[key, who].verdict is Verdict.DISAGREE]
    limits = [within_limits(problem, party)] if missed else []
    tiny = [key for key in missed if is_near_smallest(truth.known[key])]
    wider = [*limits, near_smallest(problem, party)] if tiny else limits
    repaired = any(report.state is State.WRONG for report in truth.reports)
    for key in missed:
        known, answer = truth.known[key], answers[party]
        reasons = (why for hulls, why in (wider if key in tiny else limits) if _holds(hulls, answer, known, key))
        reason = NO_WIDTH if repaired and _only_at_zeros(answer, known, key) else next(reasons, "")
        if reason:
            yield (key, party), replace(measures[key, party], verdict=Verdict.UNAVAILABLE, reason=reason)


def _holds(hulls: Spans, answer: Answer, known: Known, key: TensorKey) -> bool:
    """Does a party's answer for a tensor lie in its hull?"""
    if key not in hulls or key not in answer.tensors:
        return False
    centre, reach = hulls[key]
    # beyond an infinite limit is nothing, nan neither
    got = np.where(np.isinf(reach), centre, answer.tensors[key].astype(np.float64))
    return bool(np.all(hull_fractions(got, replace(known, centre=centre, reach=reach)) <= 1))


def _only_at_zeros(answer: Answer, known: Known, key: TensorKey) -> bool:
    """Is the truth 0, with a tolerance of 0, at every entry that is not explained?"""
    if key not in answer.tensors or answer.tensors[key].shape != known.hi.shape:
        return False
    off = explained(answer.tensors[key].astype(np.float64), known) > 1
    return bool(off.any()) and bool(np.all((known.hi == 0) & (known.allowed == 0) | ~off))


def within_limits(problem: Problem, party: str) -> tuple[Spans, str]:
    """The hulls for a party that has a known limit on a rule of this network, and the reason. Empty without a limit."""
    limits, reasons = _limits(problem, party)
    return (_hulls(problem, limits), "; ".join(reasons)) if reasons else ({}, "")


def near_smallest(problem: Problem, party: str) -> tuple[Spans, str]:
    """The hulls for tensors near the smallest numbers of a dtype, where every formula loses what another keeps.

    For instance dy w / s: a framework may compute dy w first, which underflows, where our formula computes w / s first.
    """
    limits, reasons = _limits(problem, party)
    lost = f"near the smallest numbers of {problem.dtype} its formula loses what ours keeps"
    return _hulls(problem, limits, OTHER_FORMULA), "; ".join([*reasons, lost])


def _hulls(problem: Problem, limits: dict[str, Limit], lost: float = 1.0) -> Spans:
    rules = {
        name: _limited(rule, limits[name]) if name in limits else _passed_on(rule) if limits else rule
        for name, rule in problem.rules.items()
    }
    limited = replace(problem, rules=rules)
    return tolerance.hulls(limited, lambda node, inputs, cotangent: rules[node.rule], lost)[0]


def reasons_of(problem: Problem, party: str) -> list[str]:
    """The reasons why this party may be less accurate here."""
    return _limits(problem, party)[1]


def _limits(problem: Problem, party: str) -> tuple[dict[str, Limit], list[str]]:
    limits = limits_of(party, problem.dtype, {node.rule for node in problem.network.nodes})
    flushes = [FLUSHES[party]] if party in FLUSHES and _has_subnormals(problem) else []
    return limits, [limit.reason for limit in limits.values()] + flushes


def _has_subnormals(problem: Problem) -> bool:
    """Is any input or any node's value subnormal?"""
    rules = {**problem.rules, **(problem.standin or {})}
    values = run(problem.network, problem.arrays, rules).values.values()
    sizes = [abs(np.asarray(each).astype(np.float64)) for each in (*values, problem.dy)]
    return any(bool(np.any((size > 0) & (size < balls.SMALLEST[problem.dtype]))) for size in sizes)


def _limited(rule: Rule, limit: Limit) -> Rule:
    """The rule on balls, widened by the party's own error."""

    def error(bound: Callable[..., np.ndarray], arrays: tuple[np.ndarray, ...]) -> np.ndarray:
        # a party's own number may be at either end of a ball, where an exponential overflows sooner
        at = [np.asarray(bound(*(_at(a, side) for a in arrays))) for side in (0, -1, 1)]
        sizes = np.fmax(at[0], np.fmax(at[1], at[2]))
        return exact.pack(sizes.shape, [flint.arb(0, float(size)) for size in np.ravel(sizes)])

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        value, saved = rule.forward(*arrays, **config)
        if not limit.config.items() <= config.items():
            return value, (saved, *np.zeros(2))
        off = error(limit.value, arrays)
        wider = tuple(part + off for part in value) if isinstance(value, tuple) else value + off
        return wider, (saved, error(limit.slope, arrays), error(limit.lost, arrays))

    def backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray | None, ...]:
        inner, slope, lost = saved
        off = joined(dy) * slope + lost
        return tuple(None if grad is None else grad + _spread(off, grad) for grad in rule.backward(inner, dy))

    return Rule(forward, backward)


def _passed_on(rule: Rule) -> Rule:
    """The rule on balls behind another party's limit. Where our rule takes 0, as a mask does, that party may multiply
    by it, and 0 times infinity is nan."""

    def backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray | None, ...]:
        told = exact.finite(joined(dy))
        grads = rule.backward(saved, dy)
        return tuple(
            grad if grad is None or np.shape(grad) != told.shape else np.where(told, grad, flint.arb(0, np.inf))
            for grad in grads
        )

    return Rule(rule.forward, backward)


def _at(array: np.ndarray, side: int) -> np.ndarray:
    """The middles of an array of balls, or their ends to one side; what holds no balls as it is."""
    if array.dtype != object:
        return array
    middles, radii = balls.spans(array)
    ends: np.ndarray = middles + side * np.where(np.isfinite(radii), radii, 0.0)
    return ends


def _spread(error: np.ndarray, grad: np.ndarray) -> Any:
    """The error entry by entry where the shapes allow; an array that was repeated gets the sum of all of it."""
    same = np.shape(error) in ((), np.shape(grad))
    return error if same else flint.arb(0, exact.total(abs(error)).abs_upper())
