"""A gradient that backward leaves out: None for an array of floats.

None means that there is no derivative to speak of: the value does not depend on the array. Where it does, the gradient
is missing, which is a finding of its own and no wrong gradient. Who means not to differentiate an array says so with
`fixed`.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from backcheck.diagnosis.locate import Finding
from backcheck.keys import TensorKey, TensorKind, gradient
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE
from backcheck.subjects.stateful.hidden_arrays import BUFFERS
from backcheck.subjects.subject import Subject
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Measure
from backcheck_reference.derivatives import along, judgement
from backcheck_reference.derivatives.differences import directional
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict

MISSING = "no gradient"  # what the reason of every such finding begins with
SAID = f"{MISSING}: backward returns None, and the derivative is not zero"
SAID_OF_OBJECT = f"{MISSING}: backward leaves none, and the derivative is not zero; `grads` can say where it is"
ZERO = "backward returns None, and the derivative is zero"
UNKNOWN = "backward returns None, and whether the derivative is zero cannot be told here"
DIRECTIONS = (1, 2)  # seeds
HIDDEN = "no gradient of it was found, and the value depends on it: `params` and `grads` can say where they are"


def with_missing(subject: Subject, checked: Checked) -> Checked:
    """The check with a verdict on every array of floats that backward returned None for."""
    problem, said = checked.problem, SAID_OF_OBJECT if subject.code.kind == "layer" else SAID
    found = dict(checked.measures)
    silent = [name for name in subject.seen.silent if name in problem.arrays and name not in problem.wanted]
    for name in silent:
        if subject.code.kind == "layer" and name.rpartition(".")[2].startswith(BUFFERS):
            continue  # kept among the parameters, and never trained
        found[gradient(name), SUBJECT] = _measured(depends(problem, name), said)
    for name in subject.seen.hidden.unjudged:
        key = gradient(name if name not in problem.arrays else f"self.{name}")
        found[key, SUBJECT] = Measure(Verdict.UNAVAILABLE, reason=f"{HIDDEN}, and fixed={name!r} that there is none")
    for key in _left_out(checked):
        found[key, SUBJECT] = Measure(Verdict.DISAGREE, reason=said)
        if found[key, "exact"].verdict is Verdict.DISAGREE:
            found[key, "exact"] = replace(found[key, "exact"], reason=said)
    return replace(checked, measures=found)


def _measured(moves: bool | None, said: str) -> Measure:
    if moves is None:
        return Measure(Verdict.UNAVAILABLE, reason=UNKNOWN)
    return Measure(Verdict.DISAGREE, reason=said) if moves else Measure(Verdict.VACUOUS, reason=ZERO)


def _left_out(checked: Checked) -> list[TensorKey]:
    """The gradients that were judged as zeros, and wrong, since this time backward returned None for them."""
    problem, tensors = checked.problem, checked.answers[SUBJECT].tensors
    wrong = {key for key, party in checked.disagreements if party in (SUBJECT, "exact")}
    zeros = [key for key in problem.gradients if key in wrong and key in tensors and not np.any(tensors[key])]
    return [key for key in zeros if key.name in _none_now(problem)] if zeros else []


def _none_now(problem: Problem) -> Iterable[str]:
    node = problem.network.nodes[0]
    rule = problem.rules[node.rule]
    try:
        with np.errstate(all="ignore"):
            saved = rule.forward(*(problem.arrays[name] for name in node.reads), **node.config)[1]
            grads = rule.backward(saved, problem.dy)
    except Exception:  # what it raises has a verdict already
        return []
    return [name for name, grad in zip(node.reads, grads, strict=True) if grad is None]


def depends(problem: Problem, name: str) -> bool | None:
    """Is the derivative of the value by this array anything but zero? None where nobody can tell."""
    try:
        arrays, dy = {n: exact.lift(a) for n, a in problem.arrays.items()}, exact.lift(problem.dy)

        def zeros(at: exact.Arrays, _: np.ndarray) -> tuple[np.ndarray, exact.Arrays]:
            return problem.function(at), {name: 0 * at[name]}

        # is zero the derivative?
        tried = [judgement.judge(problem.function, zeros, arrays, dy, (name,), seed=seed) for seed in DIRECTIONS]
        return not all(each.right for each in tried)
    except Exception:  # code that does not run on exact numbers
        return _depends_by_differences(problem, name)


def _depends_by_differences(problem: Problem, name: str) -> bool | None:
    arrays = {n: a if a.dtype.kind in "iub" else a.astype(np.float64) for n, a in problem.arrays.items()}
    try:
        value, found = problem.function(arrays), []
        for seed in DIRECTIONS:
            v = along.directions(problem.arrays, (name,), seed=seed)
            found.append(directional(problem.function, arrays, value, problem.dy.astype(np.float64), v))
    except Exception:  # nor on these floats
        return None
    if not all(np.isfinite(each.error) for each in found):
        return None
    return any(abs(each.value) > each.error for each in found)


def missing(checked: Checked) -> list[TensorKey]:
    """The gradients that are missing."""
    return [key for (key, party), m in checked.measures.items() if party == SUBJECT and is_missing(key, m)]


def is_missing(key: TensorKey, measure: Measure) -> bool:
    """Does the verdict say that there is no gradient?"""
    wrong = key.kind is TensorKind.GRADIENT and measure.verdict is Verdict.DISAGREE
    return wrong and measure.reason.startswith(MISSING)


def without_missing(checked: Checked) -> Checked:
    """The check without what is said of missing gradients: what else is wrong?"""
    gone = set(missing(checked))
    return replace(checked, measures={key: m for key, m in checked.measures.items() if key[0] not in gone})


def sentence(checked: Checked) -> str:
    """The finding in words; empty where no gradient is missing."""
    keys = missing(checked)
    if not keys:
        return ""
    names, reason = " and ".join(map(str, keys)), checked.measures[keys[0], SUBJECT].reason
    option = repr(keys[0].name) if len(keys) == 1 else repr(tuple(key.name for key in keys))
    return f"{MISSING} for {names}{reason.removeprefix(MISSING)}. Where none is meant, say fixed={option}"


def finding(checked: Checked) -> Finding:
    """The finding of the first gradient that is missing."""
    key = missing(checked)[0]
    rule = checked.problem.network.nodes[0].rule
    return Finding(SUBJECT, rule, key, NODE, sentence(checked), checked.measures[key, SUBJECT])
