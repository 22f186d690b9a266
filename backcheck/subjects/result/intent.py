"""A backward that is meant to be the derivative of another function than its forward's.

The declaration is proved like any other claim: by exact differences, of the function that was declared. A gradient that
is right so, and is not the derivative of the forward, has the verdict *convention*.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, promise
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE
from backcheck.subjects.pairs.meant import Intent
from backcheck.subjects.subject import Subject, named_rule
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Measure
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.scalars.steps import steps_seen
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

OF_FORWARD, OF_MEANT = "the derivative of its own forward", "the derivative of what it is meant to be"
AS_DECLARED = "{}, as declared: the gradient by {} is the derivative of `meant`"
NOT_NEEDED = "`meant` is not needed here: every gradient is the derivative of the forward itself"
LINEAR = (promise("linear", NODE), invariants.PARTY)


def intended(subject: Subject, problem: Problem) -> tuple[Subject, Problem]:
    """The same question about the function that is declared. Raises BadInput where it does not fit the forward."""
    intent = _of(subject)
    rule, node = problem.rules[subject.name], problem.network.nodes[0]
    value, kept = rule.forward(*(problem.arrays[name] for name in node.reads), **node.config)
    dy = intent.cotangent(kept[1], problem.dy)
    meant = Rule(
        _with_value(intent, rule, problem), _given(rule, problem.dy) if intent.said.cotangent else rule.backward
    )
    _require_shape(intent, problem, np.shape(value))
    code = subject.code
    if intent.value is not None:
        torch, jax = (intent.plain if code.kind == kind else None for kind in ("torch", "jax"))
        code = replace(code, standin=None, torch=torch, jax=jax)
    own = replace(subject, code=replace(code, rounds_to=_as_it_is))
    posed = replace(problem, rules={subject.name: named_rule(meant, subject.names)}, dy=dy)
    if intent.said.cotangent is not None:
        posed = replace(posed, given_dy=problem.dy)
    if intent.value is not None:
        posed = replace(posed, standin=None, mirrors={subject.name: own.mirror})
    return own, posed


def _as_it_is(arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> str:
    """What is declared is judged in the dtype that it is asked in."""
    return ""


def _of(subject: Subject) -> Intent:
    if subject.code.intent is None:
        raise BadInput(f"nothing is declared for {subject.name}")
    return subject.code.intent


def _with_value(intent: Intent, rule: Rule, problem: Problem) -> Callable[..., Any]:
    """The forward with the declared value, and with what its own backward needs."""
    if intent.value is None:
        return rule.forward
    declared, given = intent.value, [problem.arrays[name] for name in problem.network.nodes[0].reads]

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        here = map(_like, given, arrays)
        with steps_seen():  # the steps of the forward are none of the declared value's
            kept = rule.forward(*arrays, **config)[1]
        return declared(*here, *arrays, **config), kept

    return forward


def _like(array: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The array in numbers of the other's kind."""
    if other.dtype.kind in "iub":
        return array
    # times zero: what carries a watch or a slope still does
    return 0 * other + exact.lift(array) if other.dtype == object else array.astype(other.dtype)


def _given(rule: Rule, dy: np.ndarray) -> Callable[..., Any]:
    """The backward, which is given the caller's cotangent and not what takes its place."""

    def backward(kept: Any, other: np.ndarray) -> Any:
        return rule.backward(kept, _like(dy, other))

    return backward


def _require_shape(intent: Intent, problem: Problem, shape: tuple[int, ...]) -> None:
    if intent.value is None:
        return
    node = problem.network.nodes[0]
    try:
        arrays = [problem.arrays[name] for name in node.reads]
        found = np.shape(intent.value(*arrays, *arrays, **node.config))
    except BadInput:
        raise
    except (Exception, SystemExit) as error:
        raise BadInput(f"meant {raised(error)}; it is called as forward is") from error
    if found != shape:
        raise BadInput(f"meant returns an array of shape {list(found)}, and forward one of {list(shape)}")


def joined(subject: Subject, plain: Checked, found: Checked) -> Checked:
    """The verdicts on the gradients as declared, and on the value as it is."""
    values = {key: m for key, m in plain.measures.items() if key[0] == OUTPUT}
    kept = {key: m for key, m in found.measures.items() if key[0] != OUTPUT}
    if _of(subject).said.cotangent is not None:
        kept.pop(LINEAR, None)
    measures = {key: _as_declared(m) for key, m in kept.items()}
    for key in found.problem.gradients:
        own, usual = kept[key, SUBJECT], plain.measures[key, SUBJECT]
        stopped = own.verdict is Verdict.VACUOUS and usual.verdict is Verdict.DISAGREE
        if stopped or (own.verdict is Verdict.AGREE and usual.verdict is not Verdict.AGREE):
            measures[key, SUBJECT] = replace(own, verdict=Verdict.CONVENTION, reason="as declared")
    return replace(found, measures={**measures, **values})


def _as_declared(measure: Measure) -> Measure:
    return replace(measure, reason=measure.reason.replace(OF_FORWARD, OF_MEANT)) if measure.reason else measure


def sentence(subject: Subject, checked: Checked) -> str:
    """The reading in words; empty where a gradient is not as it was declared."""
    if any(party in (SUBJECT, "exact") for _, party in checked.disagreements):
        return ""
    keys = checked.problem.gradients
    declared = [str(key) for key in keys if checked.measures[key, SUBJECT].verdict is Verdict.CONVENTION]
    if not declared:
        agreed = any(checked.measures[key, SUBJECT].verdict is Verdict.AGREE for key in keys)
        return NOT_NEEDED if agreed else ""
    return AS_DECLARED.format(_nature(_of(subject), checked.problem), " and ".join(declared))


def _nature(intent: Intent, problem: Problem) -> str:
    """What it is called: seen from the function's values at these arrays."""
    if intent.said.cotangent is not None:
        dy = problem.given_dy
        ones = bool(np.all(problem.dy == 1)) and dy is not None and not np.all(dy == 1)
        return "a backward that takes no notice of the cotangent" if ones else "a gradient for a changed cotangent"
    for name in problem.wanted:
        if problem.arrays[name].shape == problem.dy.shape:
            try:
                found = _of_pairs(*_probed(problem, name))
            except Exception:  # these numbers are not for it
                continue
            if found:
                return found
    return "a surrogate"


def _probed(problem: Problem, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The array and the value at numbers that hide nothing, small ones and large ones."""
    rng = np.random.Generator(np.random.PCG64(0))
    xs, values = [], []
    for size in (0.3, 1.5, 6.0):
        given = problem.arrays.items()
        arrays = {n: (size * rng.normal(size=a.shape)).astype(a.dtype) if n == name else a for n, a in given}
        xs.append(arrays[name].astype(np.float64).ravel())
        values.append(np.ravel(problem.function(arrays)).astype(np.float64))
    return np.concatenate(xs), np.concatenate(values)


def _of_pairs(x: np.ndarray, value: np.ndarray) -> str:
    by = value / x
    if np.all(abs(by - by[0]) <= 1e-6 * abs(by[0])):
        return _of_factor(float(f"{by[0]:.6g}"))
    inside = value == x
    if np.any(inside) and np.unique(value[~inside]).size <= 2:
        return "straight-through inside a window"
    return ""


def _of_factor(by: float) -> str:
    if by == 1:
        return "straight-through"
    if by == 0:
        return "a stopped gradient"
    return f"gradient reversal, by {-by:.6g}" if by < 0 else f"a gradient scaled by {by:.6g}"
