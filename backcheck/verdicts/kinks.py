"""Answers at a kink that lie between the one-sided slopes entry by entry, and are none of the function's as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from backcheck.keys import TensorKey, gradient
from backcheck.problem import Problem
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import Answer
from backcheck.verdicts.truth.node import DIRECTIONS
from backcheck.verdicts.truth.tolerance import lifted
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.derivatives import along
from backcheck_reference.derivatives.subgradients import Outside, PointOfKink
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.record import Verdict

AT_A_KINK = "the point is not differentiable; the answer lies between the one-sided slopes"
FEW = 32  # entries, each of which is a direction of its own
ULPS = 5  # as a power of two: how far rounding on the way may move an entry
OPEN = (Verdict.KINK, Verdict.ILL_CONDITIONED)  # what may be said of an answer at a kink without more proof


def judged(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> dict[Key, Measure]:
    """The measures of answers that are no convention at this kink, with the direction that shows it.

    Networks of several nodes are left out: there each node takes its convention, and the whole need not be one of the
    whole function. relu(x) - relu(-x) has the slope 1 at 0, and every framework says 0.
    """
    if len(problem.network.nodes) != 1 or problem.engine is not None:
        return {}
    kinks = [key for key in problem.gradients if key in truth.known and truth.known[key].kink]
    found: dict[Key, Measure] = {}
    for party, answer in answers.items():
        keys = [key for key in kinks if measures[key, party].verdict in OPEN and _is_finite(answer, key)]
        wrong = dict(_wrong(problem, truth, answer, keys))
        for key in keys:
            own = measures[key, party]
            if key in wrong:
                found[key, party] = _as_wrong(own, *wrong[key])
            elif own.verdict is Verdict.ILL_CONDITIONED and _is_inside(problem, truth, answer, key):
                found[key, party] = replace(own, verdict=Verdict.KINK, reason=AT_A_KINK)
    return found


def _is_finite(answer: Answer, key: TensorKey) -> bool:
    return key in answer.tensors and bool(np.isfinite(answer.tensors[key].astype(np.float64)).all())


def _wrong(
    problem: Problem, truth: Truth, answer: Answer, keys: list[TensorKey]
) -> Iterator[tuple[TensorKey, tuple[Outside, str]]]:
    """Each tensor by itself, and where all are conventions by themselves, all of them together."""
    alone = [(key, shown) for key in keys if (shown := _outside(problem, truth, answer, [key])) is not None]
    yield from ((key, (shown, key.name)) for key, shown in alone)
    together = _outside(problem, truth, answer, keys) if len(keys) > 1 and not alone else None
    if together is not None:
        yield from ((key, (together, " and ".join(each.name for each in keys))) for key in keys)


def _outside(problem: Problem, truth: Truth, answer: Answer, keys: list[TensorKey]) -> Outside | None:
    try:
        found = (_along(problem, truth, answer, v) for v in _directions(problem, tuple(key.name for key in keys)))
        return next((each for each in found if each is not None), None)
    except Exception:  # what the code raises on exact numbers is known already
        return None


def _is_inside(problem: Problem, truth: Truth, answer: Answer, key: TensorKey) -> bool:
    """Does each entry lie between its own slopes? Asked where balls give no hull, since the code has to choose."""
    x = problem.arrays[key.name]
    if x.size > FEW:
        return False
    units = (np.where(np.arange(x.size) == at, 1.0, 0.0).reshape(x.shape) for at in range(x.size))
    try:
        return all(_along(problem, truth, answer, {key.name: v}) is None for v in units)
    except Exception:  # as above
        return False


def _along(problem: Problem, truth: Truth, answer: Answer, v: Mapping[str, np.ndarray]) -> Outside | None:
    arrays, dy = lifted(problem)
    kink = PointOfKink(problem.function, arrays, dy, BITS[problem.dtype] - ULPS)
    grads = {name: answer.tensors[gradient(name)].astype(np.float64) for name in v}
    return kink.outside(grads, {name: truth.known[gradient(name)].allowed for name in v}, v)


def _directions(problem: Problem, names: tuple[str, ...]) -> Iterator[dict[str, np.ndarray]]:
    """First all entries alike, by which ties stay ties."""
    yield {name: along.unit(problem.arrays[name]) for name in names}
    for seed, positive in DIRECTIONS:
        yield along.directions(problem.arrays, names, seed, positive)


def _as_wrong(measure: Measure, found: Outside, names: str) -> Measure:
    has = f"{found.low:.4g}" if found.low == found.high else f"{found.low:.4g} to {found.high:.4g}"
    reason = f"at a kink, and none of its slopes: along one direction through {names} {found.slope:.4g} for {has}"
    return replace(measure, verdict=Verdict.DISAGREE, reason=reason)
