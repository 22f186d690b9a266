"""A network judged node by node: which rule is wrong, and what the gradient is once that rule is repaired.

The walk has a reverse pass of its own, so it judges the subject's reverse pass too: when every node is right and the
whole is wrong, the cotangents are added up wrongly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.outputs import joined
from backcheck.verdicts.truth.node import NodeReport, State, judge_node
from backcheck.verdicts.truth.repair import repair
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact
from scratch_bp.network import Network, Node, named
from scratch_bp.rules import Rule

Choose = Callable[[Node, list[np.ndarray], np.ndarray], Rule]


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole network judged. `repaired` has, by node, a rule that serves where the node's own cannot.

    `lost` says why the walk ended early: the repair of a wrong node is too large. There are no gradients then. `peak`
    is the largest value or cotangent that any node was given.
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
    """The output and the gradients by this module's own reverse pass, not the subject's.

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
    read = network.differentiable
    grads = {name: totals[name] if name in totals else 0 * np.asanyarray(arrays[name]) for name in read}
    return values[network.output], grads


def _cotangent(node: str, values: Mapping[str, np.ndarray], totals: Mapping[str, np.ndarray]) -> Any:
    """The cotangent of a node's value: a tuple for several outputs, None where nothing reads any of them."""
    if node in values:
        return totals.get(node)
    parts = [values[f"{node}.{i}"] for i in range(sum(name.startswith(f"{node}.") for name in values))]
    if not any(f"{node}.{i}" in totals for i in range(len(parts))):
        return None
    return tuple(totals.get(f"{node}.{i}", 0 * part) for i, part in enumerate(parts))


def walk(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray,
    rules: Mapping[str, Rule],
    precision: int = exact.LADDER[0][0],
) -> Walk:
    """Judge every node on its own at its exact values, output first; repair what is wrong and go on with that.

    Raises Unavailable when a forward leaves exact arithmetic, or when a repair is too large and no rule is wrong.
    """
    reports: list[NodeReport] = []
    repaired: dict[str, Rule] = {}
    met: list[float] = []

    def choose(node: Node, inputs: list[np.ndarray], cotangent: Any) -> Rule:
        own = rules[node.rule]
        fixed = {at for at, read in enumerate(node.reads) if read in network.arrays and not network.moves(read)}
        # a mask of minus infinity is no bad input
        moved = [each for at, each in enumerate(inputs) if at not in fixed]
        for each in (*moved, *(cotangent if isinstance(cotangent, tuple) else (cotangent,))):
            if each.dtype == object:
                exact.require_finite(f"the input of {node.name} ({node.rule})", each)
                met.append(_largest(each))
        middles = exact.middles(joined(cotangent))
        report = judge_node(node, [exact.middles(each) for each in inputs], middles, own, fixed)
        reports.append(report)
        if report.state in (State.RIGHT, State.KINK):
            return own
        repaired[node.name] = repair(own, node)
        return repaired[node.name]

    with exact.bits(precision):
        lifted = {name: exact.lift(array) for name, array in arrays.items()}
        try:
            value, grads = vjp(network, lifted, exact.lift(dy), rules, choose)
        except Unavailable as reason:
            if not any(report.state is State.WRONG for report in reports):
                raise
            return Walk(tuple(reports), repaired, np.empty(0), {}, str(reason))
        exact.require_exact("the forward value", value)
        met.append(_largest(value))
    return Walk(tuple(reports), repaired, value, grads, peak=max(met))


def _largest(array: np.ndarray) -> float:
    """The largest number of an array, infinity for one that a float64 cannot hold: what is no number is no overflow."""
    return float(abs(exact.to_float(array)).max(initial=0.0, where=exact.finite(array)))
