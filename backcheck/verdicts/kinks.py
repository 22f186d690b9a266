"""Answers at a kink that lie between the one-sided slopes entry by entry, and are none of the function's as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from backcheck.keys import TensorKey, gradient
from backcheck.problem import Problem
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import FRAMEWORKS, Answer
from backcheck.verdicts.truth.node import DIRECTIONS
from backcheck.verdicts.truth.tolerance import lifted, rounding
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.derivatives import along
from backcheck_reference.derivatives.subgradients import Outside, PointOfKink
from backcheck_reference.numbers import balls
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.number_format import apart
from backcheck_reports.record import Verdict

AT_A_KINK = "the point is not differentiable; the answer lies between the one-sided slopes"
FEW = 32  # entries, each of which is a direction of its own
PLACES = 4  # how far beside a kink rounding is looked at, as a power of two of ulps; and half of the digits away
ULPS = 5  # as a power of two: how far rounding on the way may move an entry
# what may be said of an answer at a kink without more proof; a truth of zeros is one convention there, and no more
OPEN = (Verdict.KINK, Verdict.ILL_CONDITIONED, Verdict.VACUOUS)


def judged(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: Mapping[Key, Measure]
) -> dict[Key, Measure]:
    """The measures of answers that are no convention at this kink, with the direction that shows it.

    In a network of several nodes each node is asked by itself, as `check` does: each takes its own convention, and the
    whole need not be one of the whole function. relu(x) - relu(-x) has the slope 1 at 0, and every framework says 0.
    """
    if problem.engine is not None:
        return {}
    kinks = [key for key in problem.gradients if key in truth.known and truth.known[key].kink]
    found = dict(_of_frameworks(problem, answers, truth, measures, kinks))
    if len(problem.network.nodes) != 1:
        return found
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


def _of_frameworks(
    problem: Problem,
    answers: Mapping[str, Answer],
    truth: Truth,
    measures: Mapping[Key, Measure],
    kinks: Sequence[TensorKey],
) -> Iterator[tuple[Key, Measure]]:
    """Answers of frameworks that lie between the forward's own slopes, and not in the hull: the subject's backward made
    that, and it may be wrong beside the kink."""
    for party in FRAMEWORKS:
        for key in kinks:
            own, answer = measures.get((key, party)), answers.get(party)
            if own is None or own.verdict is not Verdict.DISAGREE or answer is None or not _is_finite(answer, key):
                continue
            if _is_inside(problem, truth, answer, key) and _outside(problem, truth, answer, [key]) is None:
                yield (key, party), replace(own, verdict=Verdict.KINK, reason=AT_A_KINK)


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
        for v in _directions(problem, tuple(key.name for key in keys)):
            if _along(problem, answer, v, {key: truth.known[key].allowed for key in keys}) is not None:
                # at the kink itself balls take either branch, and say nothing of what rounding does on the other
                shown = _along(problem, answer, v, _rounding_beside(problem, truth, answer, keys, v))
                if shown is not None:
                    return shown
    except Exception:  # what the code raises on exact numbers is known already
        return None
    return None


def _rounding_beside(
    problem: Problem, truth: Truth, answer: Answer, keys: list[TensorKey], v: Mapping[str, np.ndarray]
) -> dict[TensorKey, np.ndarray]:
    """What rounding may do to each entry at points beside the kink, on either side: the most of it.

    Those along v, and those with every array moved: a kink that v does not leave, as that of a ReLU in front of the
    weight that v moves, has been decided by rounding on the way. An entry may be huge at the kink alone, as beside a
    vector of zeros. So it is granted a few roundings of itself, as one that differences judge.
    """
    once = balls.SLACK * 2.0 ** -BITS[problem.dtype]
    own = {key: once * abs(answer.tensors[key].astype(np.float64)) for key in keys}
    found = {key: np.maximum(truth.known[key].allowed, own[key]) for key in keys}
    everything = along.directions(problem.arrays, tuple(problem.network.differentiable), *DIRECTIONS[0])
    for moves in (v, everything):
        for places in (PLACES, BITS[problem.dtype] // 2):
            for step in (2.0 ** (places - BITS[problem.dtype]), -(2.0 ** (places - BITS[problem.dtype]))):
                arrays = {n: _moved(a, step * moves[n]) if n in moves else a for n, a in problem.arrays.items()}
                at = replace(problem, arrays=arrays)
                spans = rounding(at, lifted(at))
                found = {key: np.fmax(allowed, balls.SLACK * spans[key][1]) for key, allowed in found.items()}
    return found


def _moved(array: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The array with each entry moved by a part of its size, a zero by one of the smallest entry; in its dtype."""
    x = array.astype(np.float64)
    least = abs(x).min(where=x != 0, initial=np.inf)
    size = np.where(x != 0, abs(x), least if np.isfinite(least) else 1.0)
    # a direction has the size of entries that are huge or tiny already
    moved: np.ndarray = (x + by * np.where(along.unit(x) == 1, size, 1.0)).astype(array.dtype)
    return moved


def _is_inside(problem: Problem, truth: Truth, answer: Answer, key: TensorKey) -> bool:
    """Does each entry lie between its own slopes? Asked where balls give no hull, since the code has to choose."""
    x = problem.arrays[key.name]
    if x.size > FEW:
        return False
    units = (np.where(np.arange(x.size) == at, 1.0, 0.0).reshape(x.shape) for at in range(x.size))
    try:
        allowed = {key: truth.known[key].allowed}
        return all(_along(problem, answer, {key.name: v}, allowed) is None for v in units)
    except Exception:  # as above
        return False


def _along(
    problem: Problem, answer: Answer, v: Mapping[str, np.ndarray], allowed: Mapping[TensorKey, np.ndarray]
) -> Outside | None:
    arrays, dy = lifted(problem)
    kink = PointOfKink(problem.function, arrays, dy, BITS[problem.dtype] - ULPS)
    grads = {name: answer.tensors[gradient(name)].astype(np.float64) for name in v}
    return kink.outside(grads, {name: allowed[gradient(name)] for name in v}, v)


def _directions(problem: Problem, names: tuple[str, ...]) -> Iterator[dict[str, np.ndarray]]:
    """First all entries alike, by which ties stay ties."""
    yield {name: along.unit(problem.arrays[name]) for name in names}
    for seed, positive in DIRECTIONS:
        yield along.directions(problem.arrays, names, seed, positive)


def _as_wrong(measure: Measure, found: Outside, names: str) -> Measure:
    nearest = found.low if found.slope < found.low else found.high
    slope, end = apart(found.slope, nearest, digits=4)
    low, high = (end if each == nearest else f"{each:.4g}" for each in (found.low, found.high))
    has = end if found.low == found.high else f"{low} to {high}"
    reason = f"at a kink, and none of its slopes: along one direction through {names} {slope} for {has}"
    return replace(measure, verdict=Verdict.DISAGREE, reason=reason)
