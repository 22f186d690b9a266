"""What a call does beside answering: to what it was given, to the next call, and in which shape it answers.

Each is a finding of its own kind and never a wrong gradient. A second answer may differ from the first by what rounding
explains, since a library may add in another order; one that is refused (the graph is freed, as PyTorch's is) is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.array_bits import bits
from backcheck.keys import TensorKey, gradient, promise
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE, others
from backcheck.subjects.first_call import OVERWRITTEN
from backcheck.subjects.pairs.outputs import each_of
from backcheck.subjects.pairs.pair import laid_out, split
from backcheck.subjects.stateful.call_history import all_doubled, is_gone
from backcheck.subjects.subject import Subject
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.measure import Key, Measure, measure
from backcheck_reference.derivatives import along
from backcheck_reference.derivatives.differences import directional
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

KEPT = Measure(Verdict.AGREE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
AGAIN: Key = (promise("again", NODE), invariants.PARTY)
WRITES: Key = (promise("untouched", NODE), invariants.PARTY)
SECOND_CALL = "a second call of backward gives another answer than the first"
SECOND_STEP = "a second step gives another gradient than the first: something of the first step is kept"

BETWEEN = "a forward on other arrays between forward and backward changes the gradient: backward goes by the last call"
ONE_STEP = "backward goes by the last forward, whatever it is handed: call it before the next forward"
ELSEWHERE = (
    "the gradient is the same at other arrays, and wrong there: backward goes by what an earlier call left, or by none"
)
LOOK = 0.01  # how far claim and differences may be apart before anybody looks

Gradients = Sequence[Any]
Arrays = Mapping[str, np.ndarray]


def with_side_effects(own: Subject, checked: Checked) -> Checked:
    """The check with what its code does beside computing: verdicts on promises, and those of odd shapes."""
    found: dict[Key, Measure] = {AGAIN: _again(own, checked)}
    # at arrays that somebody chose the first call has seen it
    overwritten = _overwritten(own, checked.problem) if checked.problem.drawn else []
    writes = (*own.seen.behaviour.writes, *overwritten)
    if writes:
        found[WRITES] = Measure(Verdict.SIDE_EFFECT, reason="; ".join(writes))
    for name, said in own.seen.behaviour.shapes.items():
        own_key = gradient(name), SUBJECT
        if own_key in checked.measures:
            found[own_key] = _of_odd_shape(checked.measures[own_key], said)
    for key in checked.problem.gradients:
        wide = _if_broadcast(own, checked, key)
        if wide is not None:
            found |= {(key, party): wide for party in (SUBJECT, "exact") if (key, party) in checked.measures}
    return replace(checked, measures={**checked.measures, **found})


def _of_odd_shape(own: Measure, said: str) -> Measure:
    """Right numbers in another shape are a finding of that kind; wrong ones are wrong in any shape."""
    if own.verdict in (Verdict.DISAGREE, Verdict.UNAVAILABLE):
        return own
    return replace(own, verdict=Verdict.SHAPE, reason=f"{said}; its numbers are right")


def _if_broadcast(own: Subject, checked: Checked, key: TensorKey) -> Measure | None:
    """The verdict on a smaller gradient, () for (3,), whose numbers are right at every entry when it is broadcast.

    Its truth has its own shape: that it is right was shown along directions, and there it was broadcast.
    """
    answer, shape = checked.answers[SUBJECT], checked.problem.shape_of(key)
    if key not in (answer.malformed or {}) or key not in checked.truth.known:
        return None
    try:
        grad = np.asarray(_gradients(own, checked.problem)[own.names.index(key.name)])
        np.broadcast_to(grad, shape)
    except Exception:  # of a shape that is none of the array's
        return None
    ruling = checked.truth.rulings.get(key)
    if ruling is None or not ruling.right or checked.truth.known[key].hi.shape != grad.shape:
        return None
    tensors = {**answer.tensors, key: grad}
    found = measure(checked.problem, SUBJECT, replace(answer, tensors=tensors, malformed=None), checked.truth, key)
    said = f"has shape {list(grad.shape)}, expected {list(shape)}"
    return None if found.verdict is not Verdict.AGREE else _of_odd_shape(found, said)


def _gradients(own: Subject, problem: Problem) -> Gradients:
    rule, config = own.rule, problem.network.nodes[0].config
    saved = rule.forward(*(array.copy() for array in problem.arrays.values()), **config)[1]
    return rule.backward(saved, problem.dy.copy())


def _again(own: Subject, checked: Checked) -> Measure:
    """Is a second call of backward, or a second step of an object, answered as the first was?"""
    problem = checked.problem
    rule = problem.rules[own.name]
    arrays, config = list(problem.arrays.values()), problem.network.nodes[0].config
    with np.errstate(all="ignore"):
        try:
            saved = rule.forward(*(array.copy() for array in arrays), **config)[1]
            first = _copies(rule.backward(saved, problem.dy.copy()))
        except Exception as error:  # what raises here has a verdict already
            return Measure(Verdict.UNAVAILABLE, reason=f"raises {type(error).__name__}: {error}")
        spent = _is_object(own, saved)
        try:
            second = _copies(rule.backward(saved, problem.dy.copy()))
        except Exception:  # it may be called once for each forward: the graph is freed
            second, spent = first, True
        by_object = _is_object(own, saved) and (is_gone(first, second) or all_doubled(first, second))
        if not by_object and _differ(own, checked, first, second):
            return Measure(Verdict.SIDE_EFFECT, reason=SECOND_CALL)
        elsewhere = others(problem.arrays)
        between = None if spent else saved  # arrays that were saved serve for a third backward
        kept, of_elsewhere = _kept_between(own, checked, rule, first, elsewhere, between)
        if kept is not None:
            return kept
        if own.code.another_step is not None:
            later = own.code.another_step(arrays, problem.dy, config, own.generators)
            if later is not None and _differ(own, checked, first, later):
                return Measure(Verdict.SIDE_EFFECT, reason=SECOND_STEP)
        if of_elsewhere is not None and _is_wrong_elsewhere(own, checked, rule, first, elsewhere, of_elsewhere):
            return Measure(Verdict.SIDE_EFFECT, reason=ELSEWHERE)
    return KEPT


def _overwritten(own: Subject, problem: Problem) -> list[str]:
    """In words, where a forward on other arrays writes into the value of the one before."""
    config = problem.network.nodes[0].config
    try:
        with own.generators.at(own.generators.start):
            values = [each for each in each_of(_raw(own, problem.arrays, config)) if isinstance(each, np.ndarray)]
            before = list(map(_bits, values))
            _raw(own, others(problem.arrays), config)
    except Exception:  # other arrays may be outside of what it is for
        return []
    return [OVERWRITTEN.format(own.name)] if list(map(_bits, values)) != before else []


def _raw(own: Subject, arrays: Mapping[str, np.ndarray], config: Mapping[str, Any]) -> Any:
    """The value as the code itself returns it."""
    return split(own.code.forward, own.code.forward(*(array.copy() for array in arrays.values()), **config))[0]


def _kept_between(
    own: Subject, checked: Checked, rule: Rule, first: Gradients, elsewhere: Arrays, saved: Any
) -> tuple[Measure | None, tuple[Any, Any] | None]:
    """What a forward on other arrays, between a forward and its backward, does to the answers of those; and what that
    forward returned, where it takes them.

    Where backward is handed arrays it is to go by them. Where it is handed nothing, or an object, the last forward is
    all that it can go by: that is said, and no fault. Without a `saved` that serves again there is another forward.
    """
    problem, config = checked.problem, checked.problem.network.nodes[0].config
    try:
        if saved is None:
            saved = rule.forward(*(array.copy() for array in problem.arrays.values()), **config)[1]
        of_elsewhere = rule.forward(*elsewhere.values(), **config)
        later = _copies(rule.backward(saved, problem.dy.copy()))
    except Exception:  # other arrays may be outside of what it is for
        return None, None
    if not _differ(own, checked, first, later):
        return None, of_elsewhere
    if own.code.kind == "pair" and (_has_object(saved.saved) or not _has_arrays(saved.saved)):
        return replace(KEPT, reason=ONE_STEP), None
    return Measure(Verdict.SIDE_EFFECT, reason=BETWEEN), None


def _is_wrong_elsewhere(
    own: Subject, checked: Checked, rule: Rule, first: Gradients, arrays: Arrays, forward: tuple[Any, Any]
) -> bool:
    """Is a gradient that is right here the same to the bit at other arrays, and wrong there?

    So it is where a cache keeps what it was given long ago. Differences say where to look, and the verdicts there prove
    it. Cases that are drawn are such other arrays themselves. `forward` is what it returned there.
    """
    problem = checked.problem
    if problem.drawn or own.code.kind == "jax" or own.code.intent is not None:
        return False
    elsewhere, before = replace(problem, arrays=arrays), dict(zip(own.names, first, strict=True))
    try:
        value, saved = forward
        later = dict(zip(own.names, rule.backward(saved, problem.dy.copy()), strict=True))
        wanted = [name for name in problem.wanted if later[name] is not None and np.any(later[name])]
        same = [name for name in wanted if _bits(later[name]) == _bits(before[name])]
        right = [name for name in same if checked.measures[gradient(name), SUBJECT].verdict is Verdict.AGREE]
        if not any(_is_off(elsewhere, name, value, later[name]) for name in right):
            return False
        wrong = examine(elsewhere, own.oracles).disagreements
    except Exception:  # other arrays may be outside of what it is for
        return False
    return any((gradient(name), SUBJECT) in wrong for name in right)


def _is_off(problem: Problem, name: str, value: np.ndarray, claimed: np.ndarray) -> bool:
    """Do differences along one direction of this array say something else than its gradient does?"""
    v = along.directions(problem.arrays, (name,), seed=1)
    found = directional(problem.function, problem.arrays, value, problem.dy.astype(np.float64), v)
    slope = float((claimed.astype(np.float64) * v[name]).sum())
    return abs(slope - found.value) > LOOK * (abs(slope) + abs(found.value)) + found.error


def _is_object(own: Subject, kept: Any) -> bool:
    """Is there an object with state that may have nothing left, or adds up? Plain arrays are as they were saved."""
    return own.code.kind != "pair" or _has_object(kept.saved)


def _has_arrays(value: Any) -> bool:
    if isinstance(value, Mapping | list | tuple):
        return any(map(_has_arrays, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, np.ndarray)


def _has_object(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_object, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_object, value))
    return not isinstance(value, np.ndarray | np.generic | str | bytes | int | float | None)


def _copies(grads: Gradients) -> list[Any]:
    return [None if grad is None else np.array(grad) for grad in grads]


def _differ(own: Subject, checked: Checked, first: Gradients, second: Gradients) -> bool:
    """Do two answers differ by more than rounding explains? Where no tolerance is known, nothing is said."""
    if len(first) != len(second):
        return True
    for name, one, answer in zip(own.names, first, second, strict=True):
        other = answer if one is None or answer is None else laid_out(np.asanyarray(answer), np.shape(one))
        if one is None or other is None or np.shape(one) != np.shape(other):
            if one is not other:
                return True
            continue
        allowed = _allowed(checked, gradient(name))
        with np.errstate(all="ignore"):
            apart = abs(np.asarray(other).astype(np.float64) - np.asarray(one).astype(np.float64))
        if _bits(one) == _bits(other) or allowed is None or np.shape(allowed) not in ((), apart.shape):
            continue
        if np.any(~(apart <= 2 * allowed)):  # each answer may be off by that much
            return True
    return False


def _bits(array: Any) -> bytes:
    return bits(np.asarray(array))


def _allowed(checked: Checked, key: TensorKey) -> Any:
    """What rounding explains at each entry of a gradient, by the truth or by differences; None where neither knows."""
    known = checked.truth.known.get(key)
    if known is not None:
        return known.allowed
    measures: Mapping[Key, Measure] = checked.measures
    found = [measures[each].allowed for each in ((key, SUBJECT), (key, "differences")) if each in measures]
    return next((each for each in found if np.isfinite(each)), None)
