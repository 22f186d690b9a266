"""From a finding to what is known about the wrong tensor, and from that to a sentence that says the fault."""

from typing import Any

import numpy as np

from backcheck import nodewise
from backcheck.diagnosis import REVERSE_PASS, Finding
from backcheck.faults import Wrong, describe, explain
from backcheck.problem import SUBJECT, Problem
from reference import exact
from scratch_bp.network import Node

DIGITS = {"float64": 12.0, "float32": 5.0, "float16": 2.0, "bfloat16": 1.5}
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
    node = alone.network.nodes[0]
    if _is_malformed(finding):
        empty = np.zeros(0)
        facts = _facts(alone, node)
        return Wrong(node.rule, finding.argument, empty, empty, malformed=finding.measure.reason, **facts)
    names = list(alone.arrays)
    if finding.argument not in names:
        return None
    truth = _truth(alone, node)
    got, digits = _answer(alone, node, names.index(finding.argument))
    low, high = truth[finding.argument]
    others = {name: (a + b) / 2 for name, (a, b) in truth.items() if name != finding.argument}
    kink = bool(np.any(high - low > 1e-9 * abs(high + low)))
    return Wrong(
        node.rule,
        finding.argument,
        got,
        (low + high) / 2,
        digits=digits,
        lower=low if kink else None,
        upper=high if kink else None,
        others=others,
        **_facts(alone, node),
    )


def _is_malformed(finding: Finding) -> bool:
    return finding.measure.reason.startswith(("has shape", "has dtype", "raises"))


def _facts(alone: Problem, node: Node) -> dict[str, Any]:
    rule = alone.rules[node.rule]
    inputs = {n: a if a.dtype.kind in "iub" else a.astype(np.float64) for n, a in alone.arrays.items()}
    return {"inputs": inputs, "config": dict(node.config), "dy": alone.dy.astype(np.float64), "forward": rule.forward}


def _truth(alone: Problem, node: Node) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The one-sided slopes of every float array, from differences of the forward alone; equal where it is smooth."""
    rule = alone.rules[node.rule]
    with exact.bits(exact.LADDER[0][0]):
        inputs = tuple(exact.lift(array) for array in alone.arrays.values())
        dy = exact.lift(alone.dy)
        found = {}
        for which, (name, array) in enumerate(zip(alone.arrays, inputs, strict=True)):
            if array.dtype == object:
                ball = exact.pull_back(lambda *a: rule.forward(*a, **node.config)[0], inputs, which, dy)
                middle, reach = exact.to_float(ball), _reach(ball)
                found[name] = (middle - reach, middle + reach)
    return found


def _reach(balls: np.ndarray) -> np.ndarray:
    """The radii that matter: those of kinks, not those of 256-bit rounding."""
    radii = np.array([float(ball.rad()) for ball in balls.ravel()]).reshape(balls.shape)
    return np.where(radii > 1e-15 * (1e-300 + abs(exact.to_float(balls))), radii, 0.0)


def _answer(alone: Problem, node: Node, which: int) -> tuple[np.ndarray, float]:
    """The subject's gradient: in exact numbers where its code can, else as its floats are."""
    rule = alone.rules[node.rule]
    try:
        with exact.bits(exact.LADDER[0][0]):
            _, saved = rule.forward(*(exact.lift(a) for a in alone.arrays.values()), **node.config)
            grad = rule.backward(saved, exact.lift(alone.dy))[which]
            exact.require_exact("the gradient", grad)
            if not _low_precision(alone, node, which, exact.to_float(grad)):
                return exact.to_float(grad), EXACT_DIGITS
    except Exception:  # code that cannot run on exact numbers answers in floats
        pass
    _, saved = rule.forward(*alone.arrays.values(), **node.config)
    return np.asarray(rule.backward(saved, alone.dy)[which]).astype(np.float64), DIGITS[alone.dtype]


def _low_precision(alone: Problem, node: Node, which: int, found: np.ndarray) -> bool:
    """Is the float run further off than its exact twin? Then the floats are what is to be explained."""
    rule = alone.rules[node.rule]
    _, saved = rule.forward(*alone.arrays.values(), **node.config)
    floats = np.asarray(rule.backward(saved, alone.dy)[which]).astype(np.float64)
    scale = abs(found).max(initial=0.0)
    return bool(abs(floats - found).max(initial=0.0) > 10.0 ** -DIGITS[alone.dtype] * scale)


def _at_fan_out(finding: Finding, problem: Problem) -> Wrong | None:
    """What each reader of the tensor contributes, against what the subject's reverse pass makes of it."""
    tensor, parts = finding.argument, []

    def choose(node: Node, inputs: list[np.ndarray], cotangent: np.ndarray) -> Any:
        rule = problem.rules[node.rule]
        if tensor in node.reads:
            _, saved = rule.forward(*inputs, **node.config)
            grads = rule.backward(saved, cotangent)
            parts.extend(g.astype(np.float64) for name, g in zip(node.reads, grads, strict=True) if name == tensor)
        return rule

    nodewise.vjp(problem.network, problem.arrays, problem.dy, problem.rules, choose)
    _, grads = problem.vjp(problem.arrays, problem.dy)
    return Wrong(
        REVERSE_PASS,
        tensor,
        grads[tensor].astype(np.float64),
        np.sum(parts, axis=0),
        inputs={tensor: problem.arrays[tensor].astype(np.float64)},
        config={},
        dy=problem.dy.astype(np.float64),
        digits=DIGITS[problem.dtype],
        parts=tuple(parts),
    )
