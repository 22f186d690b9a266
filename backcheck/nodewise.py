"""A network looked at node by node: which node's own rule is wrong, and what the gradient is when it is set right.

This walks the network with a reverse pass of its own, so it also judges the subject's: when every node is right and
the whole is not, the fault is in how the cotangents are put together.
"""

import inspect
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from backcheck.several import as_one, joined
from reference import exact
from reference.lazy import Unavailable, flint
from scratch_bp.network import Network, Node, named
from scratch_bp.rules import Rule

# Along one direction alone a wrong subgradient can look right: "copied to all ties" does along (0.5, -0.3).
DIRECTIONS = ((1, False), (2, True), (3, False), (4, True))

# Code with constants such as 3 * 0.044715 or 2 / n is exact up to their rounding only. No wrong rule is as near.
FLOAT_CONSTANTS = 2.0**-46

Choose = Callable[[Node, list[np.ndarray], np.ndarray], Rule]


class State(StrEnum):
    RIGHT = "right"
    KINK = "kink"
    WRONG = "wrong"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What exact arithmetic says of one node's rule at the values it had. `wrong` names arguments, worst first."""

    node: Node
    state: State
    residual: float
    wrong: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole network judged. `repaired` has, by node, a rule that serves where the node's own cannot.

    `lost` says why the walk ended at a wrong node: its repair is too large. There are no gradients then. `peak` is the
    largest value or cotangent that any node was given.
    """

    reports: tuple[NodeReport, ...]
    repaired: Mapping[str, Rule]
    value: np.ndarray
    grads: Mapping[str, np.ndarray]
    lost: str = ""
    peak: float = 0.0

    def of(self, *states: State) -> tuple[NodeReport, ...]:
        return tuple(report for report in self.reports if report.state in states)


def vjp(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray,
    rules: Mapping[str, Rule],
    choose: Choose | None = None,
    rounding: Any = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The output and the gradients, accumulated here and not by the subject.

    `choose(node, inputs, cotangent)` may give another rule to pull a node's cotangent back with. Every node's value and
    every gradient is multiplied by `rounding`, a ball around 1, where one is given.
    """

    def store(value: Any) -> np.ndarray:
        return np.asanyarray(value if rounding is None else value * rounding)

    values, saved = dict(arrays), {}
    for node in network.nodes:
        inputs = [values[name] for name in node.reads]
        value, saved[node.name] = rules[node.rule].forward(*inputs, **node.config)
        values.update({name: store(part) for name, part in named(node.name, value).items()})
    totals: dict[str, np.ndarray] = {network.output: dy}
    for node in reversed(network.nodes):
        cotangent = _cotangent(node.name, values, totals)
        if cotangent is None:
            continue
        inputs = [values[name] for name in node.reads]
        rule = choose(node, inputs, cotangent) if choose else rules[node.rule]
        own = rule is rules[node.rule]
        keep = saved[node.name] if own else rule.forward(*inputs, **node.config)[1]
        for name, part in zip(node.reads, rule.backward(keep, cotangent), strict=True):
            if part is not None:
                totals[name] = store(totals[name] + part if name in totals else part)
    grads = {name: totals.get(name, 0 * np.asanyarray(arrays[name])) for name in network.differentiable}
    return values[network.output], grads


def _cotangent(node: str, values: Mapping[str, np.ndarray], totals: Mapping[str, np.ndarray]) -> Any:
    """What has come together for a node's value; a tuple for several outputs, None where nobody reads any."""
    if node in values:
        return totals.get(node)
    parts = [values[f"{node}.{i}"] for i in range(sum(name.startswith(f"{node}.") for name in values))]
    if not any(f"{node}.{i}" in totals for i in range(len(parts))):
        return None
    return tuple(totals.get(f"{node}.{i}", 0 * part) for i, part in enumerate(parts))


def walk(network: Network, arrays: Mapping[str, np.ndarray], dy: np.ndarray, rules: Mapping[str, Rule]) -> Walk:
    """Judge every node on its own at its exact values, output first; repair what is wrong and go on with that.

    Raises Unavailable when a forward leaves exact arithmetic, or when a repair is too large and no rule is wrong.
    """
    reports: list[NodeReport] = []
    repaired: dict[str, Rule] = {}
    met: list[float] = []

    def choose(node: Node, inputs: list[np.ndarray], cotangent: Any) -> Rule:
        own = rules[node.rule]
        for each in (*inputs, *(cotangent if isinstance(cotangent, tuple) else (cotangent,))):
            if each.dtype == object:
                exact.require_finite(f"what {node.name} ({node.rule}) is given", each)
                met.append(float(abs(exact.to_float(each)).max(initial=0.0)))
        fixed = {at for at, read in enumerate(node.reads) if read in network.arrays and not network.moves(read)}
        middles = exact.middles(joined(cotangent))
        report = judge_node(node, [exact.middles(each) for each in inputs], middles, own, fixed)
        reports.append(report)
        if report.state in (State.RIGHT, State.KINK):
            return own
        repaired[node.name] = repair(own, node)
        return repaired[node.name]

    with exact.bits(exact.LADDER[0][0]):
        lifted = {name: exact.lift(array) for name, array in arrays.items()}
        try:
            value, grads = vjp(network, lifted, exact.lift(dy), rules, choose)
        except Unavailable as reason:
            if not any(report.state is State.WRONG for report in reports):
                raise
            return Walk(tuple(reports), repaired, np.empty(0), {}, str(reason))
        exact.require_exact("the forward value", value)
        met.append(float(abs(exact.to_float(value)).max(initial=0.0)))
    return Walk(tuple(reports), repaired, value, grads, peak=max(met))


def judge_node(
    node: Node, inputs: list[np.ndarray], dy: np.ndarray, rule: Rule, fixed: Container[int] = ()
) -> NodeReport:
    """One rule at exact inputs, along several directions; where it is wrong, argument by argument.

    The inputs at the positions in `fixed` have no gradient to be judged.
    """
    names = argument_names(rule, len(inputs))
    rule, dy = as_one(rule), joined(dy)
    arrays = dict(zip(names, inputs, strict=True))
    free = tuple(n for at, (n, value) in enumerate(arrays.items()) if value.dtype == object and at not in fixed)

    def function(at: Mapping[str, np.ndarray]) -> np.ndarray:
        return rule.forward(*(at[name] for name in names), **node.config)[0]

    def pull(at: Mapping[str, np.ndarray], cotangent: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        value, saved = rule.forward(*(at[name] for name in names), **node.config)
        grads = zip(names, rule.backward(saved, cotangent), strict=True)
        # no gradient at all says that there is none to speak of, which is judged as zero
        return value, {name: 0 * at[name] if grad is None else grad for name, grad in grads if name in free}

    def judge(wanted: tuple[str, ...]) -> list[exact.Judgement]:
        tried = []
        for seed, positive in DIRECTIONS:
            tried.append(exact.judge(function, pull, arrays, dy, wanted, seed=seed, positive=positive))
            if tried[-1].smooth:
                break  # at a smooth point one generic direction settles it, either way
        return tried

    try:
        whole = judge(free)
        if all(each.right for each in whole):
            if any(each.smooth for each in whole):
                return NodeReport(node, State.RIGHT, whole[-1].residual)
            # the interval that a kink of one output leaves open is none of the other outputs'
            others = _away_from_kinks(exact.smooth_outputs(function, arrays, free, DIRECTIONS[0][0]), dy)
            report = None if others is None else judge_node(node, inputs, others, rule, fixed)
            if report is not None and report.state is State.WRONG:
                return report
            return NodeReport(node, State.KINK, whole[-1].residual)
        parts = {name: judge((name,)) for name in free} if len(free) > 1 else {free[0]: whole}
        off = {name: _worst(tried) for name, tried in parts.items() if not all(each.right for each in tried)}
        residual = max(off.values(), default=_worst(whole))
        if residual <= FLOAT_CONSTANTS:
            residual = max(residual, _hidden(function, pull, arrays, dy, free))
    except Exception as error:  # the subject's code is anybody's: whatever it raises on exact numbers is its answer
        return NodeReport(node, State.UNAVAILABLE, np.nan, reason=_in_words(error))
    wrong = tuple(sorted(off, key=lambda name: -off[name]))
    if residual <= FLOAT_CONSTANTS:
        reason = (
            f"a number in {node.rule} is a rounded float64: exact arithmetic agrees to {residual:.0e} and no further"
        )
        kink = not any(each.smooth for each in whole)
        return NodeReport(node, State.KINK if kink else State.RIGHT, residual, reason=reason)
    return NodeReport(node, State.WRONG, residual, wrong or free)


def _hidden(function: exact.Function, pull: Any, arrays: exact.Arrays, dy: np.ndarray, free: tuple[str, ...]) -> float:
    """How far off it is along a direction that takes all entries alike: beside one of 1e30 an error of 1 is small."""
    alike = exact.judge(function, pull, arrays, dy, free, alike=True)
    return 0.0 if alike.right else alike.residual


def _away_from_kinks(smooth: np.ndarray, dy: np.ndarray) -> np.ndarray | None:
    """The cotangent with zeros at the outputs that are at a kink; None where that leaves all of it or nothing."""
    counts = np.asarray(dy != 0, dtype=bool)
    return np.where(smooth, dy, 0 * dy) if (counts & smooth).any() and (counts & ~smooth).any() else None


def _worst(tried: list[exact.Judgement]) -> float:
    return max(each.residual for each in tried if not each.right)


def _in_words(error: Exception) -> str:
    return (
        str(error) if isinstance(error, Unavailable) else f"on exact numbers it raises {type(error).__name__}: {error}"
    )


def argument_names(rule: Rule, count: int) -> tuple[str, ...]:
    """The names of a rule's first `count` arrays, from the signature of its forward; those of `*xs` have a number."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = list(inspect.signature(rule.forward).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in kinds]
    any_number = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    names += [f"{name}{i + 1}" for name in any_number for i in range(count - len(names))]
    return tuple(names[:count]) if len(names) >= count else tuple(f"array{i}" for i in range(count))


def repair(rule: Rule, node: Node) -> Rule:
    """The same function with its true derivative, entry by entry from exact differences of the forward."""

    def forward(*inputs: np.ndarray, **config: Any) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        return rule.forward(*inputs, **config)[0], inputs

    def function(*inputs: np.ndarray) -> np.ndarray:
        return joined(rule.forward(*inputs, **node.config)[0])

    # the walk comes first; what follows runs on balls around nearly always the same middles
    met: dict[int, tuple[exact.Inputs, exact.Columns]] = {}

    def derive(inputs: exact.Inputs, which: int) -> exact.Columns:
        if which in met and exact.same(met[which][0], inputs):
            return met[which][1]
        columns = exact.jacobian(function, inputs, which)
        met.setdefault(which, (inputs, columns))
        return columns

    def backward(inputs: tuple[np.ndarray, ...], cotangent: Any) -> tuple[np.ndarray | None, ...]:
        dy = joined(cotangent)
        return tuple(
            _as_rounded(exact.pull_back(function, inputs, which, dy, derive), dy) if x.dtype == object else None
            for which, x in enumerate(inputs)
        )

    return Rule(forward, backward)


def _as_rounded(grad: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """With the width that a formula's own rounding may give each entry, at the precision in force.

    There is no formula here to run on balls. Most let numbers as large as the largest entry cancel, and a slope such
    as y (1 - y) numbers of order 1.
    """
    others = dy if np.shape(dy) == grad.shape else grad
    largest = max(abs(exact.to_float(each)).max(initial=0.0) for each in (grad, others))
    return grad + flint.arb(0, largest) * flint.arb(2) ** -flint.ctx.prec if np.isfinite(largest) else grad
