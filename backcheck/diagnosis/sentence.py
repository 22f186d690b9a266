"""From a finding to all that is known about the wrong tensor, and from there to a sentence about the fault."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.diagnosis import lost_number, sampled_truth
from backcheck.diagnosis.faults import Fault, Wrong, describe, explain
from backcheck.diagnosis.faults.alternatives import EXACT_DIGITS
from backcheck.diagnosis.faults.fit import close, is_right, looked_at, off
from backcheck.diagnosis.locate import REVERSE_PASS, Finding
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts.truth import walk
from backcheck_reference.numbers import exact
from scratch_bp.network import Node

# to how many digits a gradient computed in this dtype is compared; the last ones are rounding
FLOAT_DIGITS = {"float64": 12.0, "float32": 5.0, "float16": 2.0, "bfloat16": 1.5}


@dataclass(frozen=True, slots=True)
class Account:
    """What the numbers of one case say: the known fault, if there is one, and the plain facts about the tensor.

    `wrong_entries` is how many entries are known to be wrong; the fewer they are, the more faults look alike. `wrong`
    is the tensor that it is said of, where it is one of a node.
    """

    fault: Fault | None = None
    facts: str = ""
    wrong_entries: int = 0
    wrong: Wrong | None = None

    @property
    def words(self) -> str:
        return self.facts if self.fault is None else self.fault.sentence


NOTHING_KNOWN = Account()


def say(finding: Finding, problem: Problem) -> str:
    """The fault in words, if a known one explains the wrong tensor exactly; else the plain facts about the tensor."""
    return account(finding, problem).words


def account(finding: Finding, problem: Problem) -> Account:
    """What can be said of the wrong tensor of a finding, from the numbers of this problem alone."""
    if finding.party != SUBJECT:
        return NOTHING_KNOWN
    try:
        with np.errstate(all="ignore"):
            lost = _what_is_lost(finding)
            if lost is not None:
                return lost
            wrong = _at_fan_out(finding, problem) if finding.rule == REVERSE_PASS else _at_node(finding)
            return NOTHING_KNOWN if wrong is None else _account(wrong)
    except Exception:  # the verdict and its proof do not need an explanation, so a failed one must not hide them
        return NOTHING_KNOWN


def _account(wrong: Wrong) -> Account:
    """What one wrong tensor says. Where every entry is right when the code is called once more, that is nothing."""
    if wrong.known is None and is_right(wrong):
        return NOTHING_KNOWN
    facts = "" if wrong.malformed else describe(wrong)
    comparable = not wrong.malformed and wrong.got.shape == wrong.want.shape
    return Account(explain(wrong), facts, int(off(wrong).sum()) if comparable else 0, wrong)


def _what_is_lost(finding: Finding) -> Account | None:
    """What to say where numbers are not finite; None where all are.

    Beside a forward that is not finite what is known stands in the verdict, and is no fault of a formula.
    """
    alone = finding.alone
    if (
        alone is None
        or not alone.network.nodes
        or finding.measure.reason.startswith(("has ", "forward", "backward", "the engine"))
    ):
        return None
    if not np.isfinite(np.asarray(alone.function(alone.arrays)).astype(np.float64)).all():
        return NOTHING_KNOWN
    if np.isfinite(finding.measure.got) or np.isnan(finding.measure.want):
        return None
    said = lost_number.said(alone)
    return Account(facts=f"backward computes {said}", wrong_entries=1) if said else None


def _at_node(finding: Finding) -> Wrong | None:
    """What is known of the wrong gradient of the node at fault, from the node alone."""
    alone = finding.alone
    if alone is None or not alone.network.nodes:
        return None
    node, facts = alone.network.nodes[0], _facts(alone)
    if finding.measure.reason.startswith(("has shape", "has dtype", "forward of", "backward of")):
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
    """With the truth at every entry, or at some. If these are all right, a wrong entry is looked for and added."""
    probe = _probe(alone, wrong.argument)
    shape = probe.x.shape
    places = sampled_truth.places_to_look_at(wrong.got if wrong.got.shape == shape else probe.x)
    known = sampled_truth.known_at(probe, places)
    found = _filled(wrong, known, shape)
    if found.known is None or exactly is None or not is_right(found):
        return found
    place = sampled_truth.wrong_place(probe, exactly)
    if place is None:
        return found
    near = sampled_truth.known_at(probe, sampled_truth.neighbours(place, shape))
    return _filled(wrong, {**known, **near}, shape)


def _filled(wrong: Wrong, truth: Mapping[int, sampled_truth.OneSidedSlopes], shape: tuple[int, ...]) -> Wrong:
    """With the truth at these flat places, and NaN at the others if there are any."""
    bounds = np.full((2, math.prod(shape)), np.nan)
    bounds[:, list(truth)] = np.array(list(truth.values())).reshape(-1, 2).T
    low, high = bounds.reshape(2, *shape)
    told = np.isfinite(low)  # where the forward has no slope there is no truth
    known = None if len(truth) == low.size and told.all() else told
    found = replace(wrong, want=(low + high) / 2, known=known)
    has_kink = np.any(high - low > 1e-9 * abs(high + low))
    return replace(found, lower=low, upper=high) if has_kink else found


def _others(alone: Problem, wrong: Wrong) -> dict[str, np.ndarray]:
    """The true gradients of the rule's other arrays, where one of them may be the answer."""
    found: dict[str, np.ndarray] = {}
    for name, array in alone.arrays.items():
        if name != wrong.argument and array.dtype.kind not in "iub" and array.shape == wrong.got.shape:
            found |= _if_swapped(alone, wrong, name)
    return found


def _if_swapped(alone: Problem, wrong: Wrong, name: str) -> dict[str, np.ndarray]:
    """The gradient of another array at the places looked at, if it is the answer there up to sign."""
    places = sampled_truth.places_to_look_at(wrong.got) if wrong.known is None else np.flatnonzero(wrong.known).tolist()
    for part in (places[:2], places):  # mostly two places are enough to say no
        other = _filled(wrong, sampled_truth.known_at(_probe(alone, name), part), wrong.got.shape)
        if not np.all(close(abs(looked_at(other, wrong.got)), abs(looked_at(other, other.want)), wrong.digits)):
            return {}
        if other.known is None:
            break
    return {name: other.want}


def _probe(alone: Problem, argument: str) -> sampled_truth.GradientProbe:
    node = alone.network.nodes[0]

    def function(*arrays: np.ndarray) -> Any:
        return alone.rules[node.rule].forward(*arrays, **node.config)[0]

    which = list(alone.arrays).index(argument)
    return sampled_truth.GradientProbe(function, tuple(alone.arrays.values()), which, alone.dy)


def _facts(alone: Problem) -> dict[str, Any]:
    """The fields of a wrong gradient that hold for every argument of the node."""
    node = alone.network.nodes[0]
    rule = alone.rules[node.rule]
    inputs = {n: a if a.dtype.kind in "iub" else a.astype(np.float64) for n, a in alone.arrays.items()}
    return {"inputs": inputs, "config": dict(node.config), "dy": alone.dy.astype(np.float64), "forward": rule.forward}


def _answer(alone: Problem, which: int) -> tuple[np.ndarray, float, np.ndarray | None]:
    """The subject's gradient, to how many digits it is known, and the gradient in exact numbers if its code has one."""
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
    except Exception:  # code that cannot run on exact numbers
        return floats, FLOAT_DIGITS[alone.dtype], None
    # if the floats are further off than rounding, they are wrong in a way that the exact run does not show
    if floats.shape != found.shape or not _near(floats, found, alone.dtype):
        return floats, FLOAT_DIGITS[alone.dtype], None
    return found, EXACT_DIGITS, np.asarray(grad)


def _near(floats: np.ndarray, found: np.ndarray, dtype: str) -> bool:
    scale = abs(found).max(initial=0.0)
    return bool(abs(floats - found).max(initial=0.0) <= 10.0 ** -FLOAT_DIGITS[dtype] * scale)


def _at_fan_out(finding: Finding, problem: Problem) -> Wrong | None:
    """What the subject's reverse pass makes of a tensor, and what each reader of the tensor contributes."""
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
