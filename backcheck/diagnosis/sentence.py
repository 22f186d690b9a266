"""From a finding to what is known about the wrong tensor, and from that to a sentence that says the fault."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.diagnosis import sampled_truth
from backcheck.diagnosis.faults import Wrong, describe, explain
from backcheck.diagnosis.faults.fit import close, is_right, looked_at
from backcheck.diagnosis.locate import REVERSE_PASS, Finding
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts.truth import walk
from backcheck_reference.numbers import exact
from scratch_bp.network import Node

FLOAT_DIGITS = {"float64": 12.0, "float32": 5.0, "float16": 2.0, "bfloat16": 1.5}
EXACT_DIGITS = 15.0


def say(finding: Finding, problem: Problem) -> str:
    """The fault in words where a known one explains the wrong tensor exactly, else the plain facts about it."""
    if finding.party != SUBJECT:
        return ""
    try:
        with np.errstate(all="ignore"):
            wrong = _at_fan_out(finding, problem) if finding.rule == REVERSE_PASS else _at_node(finding)
            fault = explain(wrong) if wrong is not None else None
            return fault.sentence if fault else describe(wrong) if wrong is not None and not wrong.malformed else ""
    except Exception:  # an explanation is a service: where none can be had, the verdict and its proof stand without it
        return ""


def _at_node(finding: Finding) -> Wrong | None:
    alone = finding.alone
    if alone is None or not alone.network.nodes:
        return None
    node, facts = alone.network.nodes[0], _facts(alone)
    if _is_malformed(finding):
        empty = np.zeros(0)
        return Wrong(node.rule, finding.argument, empty, empty, malformed=finding.measure.reason, **facts)
    names = list(alone.arrays)
    if finding.argument not in names:
        return None
    got, digits, exactly = _answer(alone, names.index(finding.argument))
    plain = Wrong(node.rule, finding.argument, got, got, digits=digits, **facts)
    shape = alone.arrays[finding.argument].shape
    if got.shape != shape and not sampled_truth.affordable(alone.arrays[finding.argument], alone.dy):
        return replace(plain, malformed=f"has shape {list(got.shape)}, expected {list(shape)}")
    wrong = _with_truth(alone, plain, exactly)
    return replace(wrong, others=_others(alone, wrong))


def _with_truth(alone: Problem, wrong: Wrong, exactly: np.ndarray | None) -> Wrong:
    """With the truth in every entry or in some; in one of those that are wrong, if need be by looking for it."""
    point = _point(alone, wrong.argument)
    known = sampled_truth.known_at(
        point, sampled_truth.spots(wrong.got if wrong.got.shape == point.x.shape else point.x)
    )
    found = _filled(wrong, known, point.x.shape)
    if found.known is None or exactly is None or not is_right(found):
        return found
    place = sampled_truth.wrong_place(point, exactly)
    near = {} if place is None else sampled_truth.known_at(point, sampled_truth.beside(place, point.x.shape))
    return _filled(wrong, {**known, **near}, point.x.shape)


def _filled(wrong: Wrong, truth: Mapping[int, sampled_truth.Bound], shape: tuple[int, ...]) -> Wrong:
    """The truth at these flat places, and NaN at the others if there are any."""
    low, high = (np.full(math.prod(shape), np.nan) for _ in range(2))
    low[list(truth)], high[list(truth)] = np.array(list(truth.values())).reshape(-1, 2).T
    low, high = low.reshape(shape), high.reshape(shape)
    known = None if len(truth) == low.size else np.isfinite(low)
    if not np.any(high - low > 1e-9 * abs(high + low)):
        return replace(wrong, want=(low + high) / 2, known=known)
    return replace(wrong, want=(low + high) / 2, known=known, lower=low, upper=high)


def _others(alone: Problem, wrong: Wrong) -> dict[str, np.ndarray]:
    """The true gradients of the rule's other arrays: of small ones, and of those that may be in this one's place."""
    found = {}
    for name, array in alone.arrays.items():
        if name == wrong.argument or array.dtype.kind in "iub":
            continue
        if sampled_truth.affordable(array, alone.dy):
            found[name] = _filled(
                wrong, sampled_truth.known_at(_point(alone, name), range(array.size)), array.shape
            ).want
        elif array.shape == wrong.got.shape:
            found |= _if_swapped(alone, wrong, name)
    return found


def _if_swapped(alone: Problem, wrong: Wrong, name: str) -> dict[str, np.ndarray]:
    """The gradient of another array at the places looked at, where the first two say that it may be the answer."""
    places = sampled_truth.spots(wrong.got) if wrong.known is None else np.flatnonzero(wrong.known).tolist()
    for part in (places[:2], places):
        other = _filled(wrong, sampled_truth.known_at(_point(alone, name), part), wrong.got.shape)
        if not np.all(close(abs(looked_at(other, wrong.got)), abs(looked_at(other, other.want)), wrong.digits)):
            return {}
        if other.known is None:
            break
    return {name: other.want}


def _point(alone: Problem, argument: str) -> sampled_truth.GradientProbe:
    names = list(alone.arrays)
    return sampled_truth.GradientProbe(_function(alone), tuple(alone.arrays.values()), names.index(argument), alone.dy)


def _function(alone: Problem) -> Callable[..., np.ndarray]:
    node = alone.network.nodes[0]
    return lambda *arrays: alone.rules[node.rule].forward(*arrays, **node.config)[0]


def _is_malformed(finding: Finding) -> bool:
    return finding.measure.reason.startswith(("has shape", "has dtype", "raises"))


def _facts(alone: Problem) -> dict[str, Any]:
    node = alone.network.nodes[0]
    rule = alone.rules[node.rule]
    inputs = {n: a if a.dtype.kind in "iub" else a.astype(np.float64) for n, a in alone.arrays.items()}
    return {"inputs": inputs, "config": dict(node.config), "dy": alone.dy.astype(np.float64), "forward": rule.forward}


def _answer(alone: Problem, which: int) -> tuple[np.ndarray, float, np.ndarray | None]:
    """The subject's gradient, its digits, and in exact numbers: those where its code can, else what its floats are."""
    node = alone.network.nodes[0]
    rule = alone.rules[node.rule]
    if alone.engine is not None:
        grads = alone.vjp(alone.arrays, alone.dy)[1]
        return np.asarray(grads[list(alone.arrays)[which]]).astype(np.float64), FLOAT_DIGITS[alone.dtype], None
    _, saved = rule.forward(*alone.arrays.values(), **node.config)
    floats = np.asarray(rule.backward(saved, alone.dy)[which]).astype(np.float64)
    try:
        with exact.bits(exact.LADDER[0][0]):
            _, saved = rule.forward(*(exact.lift(a) for a in alone.arrays.values()), **node.config)
            grad = rule.backward(saved, exact.lift(alone.dy))[which]
            exact.require_exact("the gradient", grad)
            found = exact.to_float(grad)
    except Exception:  # code that cannot run on exact numbers answers in floats
        return floats, FLOAT_DIGITS[alone.dtype], None
    # a float run further off than its exact twin is what there is to be explained
    near = floats.shape == found.shape and _near(floats, found, alone.dtype)
    return (found, EXACT_DIGITS, np.asarray(grad)) if near else (floats, FLOAT_DIGITS[alone.dtype], None)


def _near(floats: np.ndarray, found: np.ndarray, dtype: str) -> bool:
    scale = abs(found).max(initial=0.0)
    return bool(abs(floats - found).max(initial=0.0) <= 10.0 ** -FLOAT_DIGITS[dtype] * scale)


def _at_fan_out(finding: Finding, problem: Problem) -> Wrong | None:
    """What each reader of the tensor contributes, against what the subject's reverse pass makes of it."""
    tensor = finding.argument
    parts: list[np.ndarray] = []

    def choose(node: Node, inputs: list[np.ndarray], cotangent: np.ndarray) -> Any:
        rule = problem.rules[node.rule]
        if tensor in node.reads:
            _, saved = rule.forward(*inputs, **node.config)
            grads = rule.backward(saved, cotangent)
            parts.extend(g.astype(np.float64) for name, g in zip(node.reads, grads, strict=True) if name == tensor)
        return rule

    walk.vjp(problem.network, problem.arrays, problem.dy, problem.rules, choose)
    _, grads = problem.vjp(problem.arrays, problem.dy)
    return Wrong(
        REVERSE_PASS,
        tensor,
        grads[tensor].astype(np.float64),
        np.sum(parts, axis=0),
        inputs={tensor: problem.arrays[tensor].astype(np.float64)},
        config={},
        dy=problem.dy.astype(np.float64),
        digits=FLOAT_DIGITS[problem.dtype],
        parts=tuple(parts),
    )
