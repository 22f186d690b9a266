"""What exact arithmetic says of the subject's own gradients, tensor by tensor, once every node has been judged."""

from dataclasses import dataclass

import numpy as np

from backcheck.keys import TensorKey
from backcheck.problem import Problem
from backcheck.verdicts.truth import walk as nodewise
from backcheck.verdicts.truth.node import DIRECTIONS, NodeReport, State, in_words
from backcheck.verdicts.truth.tolerance import lifted
from backcheck_reference.derivatives import judgement
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact
from backcheck_reports.statistics.findings import gradients_wrong

NOT_THERE = "it is not the derivative, at an entry where the forward has one"
COMPOSED_WRONG = "every node is right on its own, but the cotangents are put together wrongly"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What exact arithmetic says of the subject's gradient for one tensor."""

    right: bool
    kink: bool
    residual: float
    resolution: float
    reason: str = ""


def rulings_of(problem: Problem, walk: nodewise.Walk) -> dict[TensorKey, Ruling]:
    """The subject's own exact gradients compared with those of the walk, tensor by tensor."""
    broken, lost = walk.of(State.WRONG), walk.of(State.UNAVAILABLE)
    if lost and not broken and all(report.finite for report in lost):
        return dict.fromkeys(problem.gradients, Ruling(True, False, np.nan, np.inf, lost[0].reason))
    try:
        _, grads = problem.vjp(*lifted(problem))
    except Exception as error:  # one node is wrong, and another's backward is none for exact numbers
        return dict.fromkeys(problem.gradients, Ruling(True, False, np.nan, np.inf, in_words(error)))
    nodes = max((report.residual for report in walk.reports if report.state is State.RIGHT), default=0.0)
    reason = _blame(broken[0]) if broken else NOT_THERE if lost else COMPOSED_WRONG
    constants = next((report.reason for report in walk.of(State.RIGHT, State.KINK) if report.reason), "")
    found = {
        key: _compare(grads[key.name], walk.grads[key.name], nodes, reason, constants, proved=bool(broken))
        for key in problem.gradients
    }
    if not broken or not all(ruling.right for ruling in found.values()):
        return found
    # between the one-sided slopes entry by entry, and perhaps not as a whole: dy copied to all ties
    whole = along_directions(problem, walk)
    if all(ruling.right for ruling in whole.values()):
        # and perhaps not all arrays together: the whole of dy for both sides of a tie
        together = _along(problem, problem.wanted, reason, "")
        at_kink = {key for key, ruling in whole.items() if np.isnan(ruling.residual)}
        whole = whole if together.right else {**whole, **dict.fromkeys(at_kink, together)}
    return {key: ruling if whole[key].right else whole[key] for key, ruling in found.items()}


def _compare(got: np.ndarray, want: np.ndarray, nodes: float, reason: str, constants: str, *, proved: bool) -> Ruling:
    """The subject's exact gradient against the truth; `proved` where a rule is known to be wrong."""
    try:
        exact.require_exact("the gradient", got)
    except Unavailable as lost:
        return Ruling(True, False, np.nan, np.inf, str(lost))
    got, want = np.asarray(got, dtype=object), np.asarray(want, dtype=object)
    told = exact.finite(want)  # elsewhere there is no truth
    if got.size != want.size or not told.any():
        return Ruling(True, False, np.nan, np.inf, "there is no finite slope to compare with")
    got, want = (each.view(np.ndarray).ravel()[told.ravel()] for each in (got, want))
    if not exact.finite(got).all():  # as too few bits for an exponential make it, too
        return Ruling(not proved, False, np.inf if proved else np.nan, exact.SAME, reason)
    if exact.overlap(got, want):
        return Ruling(True, False, nodes, exact.FLOAT_CONSTANTS if constants else exact.RESOLVED, constants)
    size = max(float(abs(exact.to_float(want)).max(initial=0.0)), 1e-290)
    off = float(abs(exact.to_float(got - want)).max(initial=0.0)) / size
    right = off <= exact.SAME
    return Ruling(right, False, max(off, nodes) if right else off, exact.SAME, "" if right else reason)


def along_directions(problem: Problem, walk: nodewise.Walk) -> dict[TensorKey, Ruling]:
    """Where the truth is not known entry by entry, differences along directions still show a wrong gradient."""
    reason = _blame(walk.of(State.WRONG)[0])
    return {key: _along(problem, (key.name,), reason, walk.lost) for key in problem.gradients}


def _along(problem: Problem, names: tuple[str, ...], reason: str, lost: str) -> Ruling:
    arrays, dy = lifted(problem)
    for seed, positive in DIRECTIONS:
        try:
            judged = judgement.judge(
                problem.function, problem.vjp, arrays, dy, names, seed=seed, positive=positive, levels=2
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
    if not report.finite:
        return f"in {report.node.rule} ({report.node.name}) {report.reason}"
    wrong = gradients_wrong(report.wrong)
    return f"{report.node.rule} ({report.node.name}): {wrong}, which is not the derivative of its own forward"
