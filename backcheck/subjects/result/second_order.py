"""The second order of somebody's code: is the derivative of its backward right as well?

Of a PyTorch or JAX callable the backward is a function of the arrays and of the cotangent, and double backward (or
reverse over reverse) is a backward of that function: the question is posed once more, and all of the engine answers it.
The truth is exact differences of the first backward, which was judged right before.

A NumPy backward has no derivative of its own. What can be judged is that it is the derivative of forward at points
beside the arrays as well: its differences along v are then the second differences of forward, and so H v.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from backcheck.diagnosis.locate import Finding
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey, TensorKind, product
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE, distinct
from backcheck.subjects.first_call import first_call
from backcheck.subjects.result.missing_gradients import MISSING
from backcheck.subjects.subject import Subject
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key, Measure
from backcheck_reference.derivatives import along, judgement
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict

Examine = Callable[[Subject, Problem], Checked]

OF_FORWARD, OF_BACKWARD = "the derivative of its own forward", "the derivative of its backward"
LOST = "no second derivative, and there is one: double backward finds no way from the gradient back to it"
ADVICE = "what backward uses has to be computed from saved inputs and outputs, since all else is a constant to it"
ONCE = "the backward is marked as once differentiable, so that there is no second order to judge"
BESIDE = "backward is the derivative of forward here, and it is not at a point beside it"
BY_DIFFERENCES = "by differences of backward and second differences of forward"
SEEDS = (11, 12)  # of the directions in which the points beside lie
STEPS = (12, 30)  # how far: 2^-12 and 2^-30 of each entry's size


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """What was found: the verdicts by product keys, and for a framework's code the question behind them."""

    measures: dict[Key, Measure]
    subject: Subject | None = None
    checked: Checked | None = None


def second_order(subject: Subject, checked: Checked, examine: Examine) -> SecondOrder:
    """The verdicts on the second order, by the product keys of the arrays; none where the first order is wrong."""
    if any(party in (SUBJECT, "exact") for _, party in checked.disagreements):
        return SecondOrder({})
    if subject.code.gradients is None:
        return SecondOrder(_beside(checked.problem))
    try:
        other, problem = _posed(subject, checked.problem)
    except Exception as error:
        return SecondOrder(_nobody(checked.problem, _why(error)))
    found = examine(other, problem)
    measures = {(product(k.name), party): _said(m) for (k, party), m in found.measures.items() if _is_of_array(k)}
    return SecondOrder(measures, other, found)


def _posed(subject: Subject, problem: Problem) -> tuple[Subject, Problem]:
    """The question about the backward. Raises what double backward itself raises."""
    names, node = list(problem.arrays), problem.network.nodes[0]
    wanted = tuple(at for at, name in enumerate(names) if name in problem.wanted)
    if subject.code.gradients is None:
        raise BadInput(f"{subject.name} has no backward of its own to differentiate")
    code = subject.code.gradients(wanted)
    arrays, named = [*problem.arrays.values(), problem.dy], distinct((*subject.names, "dy"))
    with np.errstate(all="ignore"):
        value, saved = code.forward(*arrays, **node.config)
        code.backward(saved, value)
    seen = first_call(code, named, arrays, node.config)
    still = [name for name in names if name not in problem.wanted]
    seen = replace(seen, fixed=seen.fixed | set(still), silent=tuple(n for n in seen.silent if n not in still))
    other = Subject(code, code.rule(seen.behaviour.generators), named, seen)
    return other, other.problem(arrays, node.config, seed=1)


def _why(error: Exception) -> tuple[Verdict, str]:
    cause = error.__cause__ if isinstance(error, BadInput) and error.__cause__ is not None else error
    if "once_differentiable" in str(cause):
        return Verdict.UNAVAILABLE, ONCE
    said = str(cause).partition("\n")[0]
    return Verdict.DISAGREE, f"its double backward raises {type(cause).__name__}: {said}"


def _nobody(problem: Problem, why: tuple[Verdict, str]) -> dict[Key, Measure]:
    return {(product(name), SUBJECT): Measure(why[0], reason=why[1]) for name in problem.wanted}


def _is_of_array(key: TensorKey) -> bool:
    return key != OUTPUT and key.kind is TensorKind.GRADIENT and not key.node


def _said(measure: Measure) -> Measure:
    reason = LOST if measure.reason.startswith(MISSING) else measure.reason.replace(OF_FORWARD, OF_BACKWARD)
    return replace(measure, reason=reason)


def _beside(problem: Problem) -> dict[Key, Measure]:
    """NumPy code: is backward the derivative of forward beside the arrays too, in directions through all of them?"""
    try:
        right, smooth = _right_beside(problem)
    except Exception as error:  # code that does not run on exact numbers
        reason = f"the second order needs exact arithmetic, and this code cannot run on it ({type(error).__name__})"
        return _nobody(problem, (Verdict.UNAVAILABLE, reason))
    verdict = (Verdict.AGREE if smooth else Verdict.KINK) if right else Verdict.DISAGREE
    reason = BY_DIFFERENCES if right else BESIDE
    measure = Measure(verdict, resolution=exact.SAME, ulps=0.0, reason=reason)
    return {(product(name), SUBJECT): measure for name in problem.wanted}


def _right_beside(problem: Problem) -> tuple[bool, bool]:
    arrays, dy = {name: exact.lift(array) for name, array in problem.arrays.items()}, exact.lift(problem.dy)
    judged = []
    for seed in SEEDS:
        v = along.directions(problem.arrays, problem.wanted, seed=seed)
        for step in STEPS:
            with exact.bits(exact.LADDER[0][0]):
                moved = {name: arrays[name] + exact.lift(np.ldexp(part, -step)) for name, part in v.items()}
            at = {**arrays, **moved}
            judged.append(judgement.judge(problem.function, problem.vjp, at, dy, problem.wanted, seed=seed))
    right = all(each.right or each.residual <= exact.FLOAT_CONSTANTS for each in judged)
    return right, all(each.smooth for each in judged)


def is_wrong(checked: Checked) -> bool:
    """Is the second order wrong, and nothing before it?"""
    wrong = [key for key, party in checked.disagreements if party in (SUBJECT, "exact")]
    return bool(wrong) and all(key.kind is TensorKind.PRODUCT for key in wrong)


def finding(checked: Checked) -> Finding:
    """The finding of the first second derivative that is wrong."""
    wrong = [key for key, party in checked.disagreements if party in (SUBJECT, "exact")]
    key = next((key for key in wrong if checked.measures[key, SUBJECT].reason), wrong[0])
    measure, rule = checked.measures[key, SUBJECT], checked.problem.network.nodes[0].rule
    said = measure.reason or f"its double backward is not {OF_BACKWARD} by {key.name}"
    if measure.reason == LOST:
        said = f"{LOST.replace('derivative,', f'derivative by {key.name},')}; {ADVICE}"
    return Finding(SUBJECT, rule, key, NODE, f"{rule}, second order: {said}", measure)


def kept(checked: Checked, found: SecondOrder) -> Checked:
    """The check with the verdicts on the second order beside the others."""
    return replace(checked, measures={**checked.measures, **found.measures})
