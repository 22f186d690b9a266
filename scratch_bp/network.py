"""Networks as plain data, the forward run, and the reverse pass over them.

A network is a list of nodes. Each names a rule, its configuration and the values it reads: arrays from outside or
results of earlier nodes. Chains, residuals, branches and tied weights are all this one thing, and it turns into JSON
as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.rules import RULES, Rule


class NetworkError(ValueError):
    """A network that cannot be run: an unknown rule, a name read before it exists, shapes that do not fit."""


FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array from outside. `classes` is set for an array of class indices 0..classes-1, which has no gradient; nor
    has any array in the role FIXED."""

    shape: tuple[int, ...]
    role: str = "parameter"
    classes: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    rule: str
    reads: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """Arrays by name, nodes in the order they run, and the name of the value that the network returns."""

    arrays: Mapping[str, ArraySpec]
    nodes: tuple[Node, ...]
    output: str

    def __post_init__(self) -> None:
        known = set(self.arrays)
        for node in self.nodes:
            missing = [name for name in node.reads if name not in known]
            if missing:
                raise NetworkError(
                    f"node {node.name!r} ({node.rule}) reads {missing[0]!r}, which no array or earlier node gives"
                )
            if node.name in known:
                raise NetworkError(f"the name {node.name!r} is given twice; every array and node needs its own")
            known.add(node.name)
        if self.output not in known:
            raise NetworkError(f"the output {self.output!r} is neither an array nor a node; known are {sorted(known)}")

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The arrays that have a gradient, in order."""
        return tuple(name for name in self.arrays if self.moves(name))

    def moves(self, name: str) -> bool:
        """Has this array a gradient?"""
        return self.arrays[name].classes is None and self.arrays[name].role != FIXED

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Network":
        arrays = {name: ArraySpec(tuple(s["shape"]), s["role"], s["classes"]) for name, s in data["arrays"].items()}
        nodes = tuple(Node(n["name"], n["rule"], tuple(n["reads"]), dict(n["config"])) for n in data["nodes"])
        return cls(arrays, nodes, data["output"])


def run(network: Network, arrays: Mapping[str, Any], apply: Callable[..., Any]) -> Any:
    """The network's value, each node computed by `apply(rule, *arrays, **config)`: ours, PyTorch's or JAX's."""
    values = dict(arrays)
    for node in network.nodes:
        values[node.name] = apply(node.rule, *(values[name] for name in node.reads), **node.config)
    return values[network.output]


class Trace(NamedTuple):
    """Everything a forward run leaves behind: each value by name and what each node saved for its backward."""

    values: dict[str, np.ndarray]
    saved: dict[str, Any]


def forward(network: Network, arrays: Mapping[str, np.ndarray], rules: Mapping[str, Rule] = RULES) -> Trace:
    """Run the network, keeping what the reverse pass needs."""
    values, saved = dict(arrays), {}
    for node in network.nodes:
        rule = _rule(rules, node)
        inputs = [values[name] for name in node.reads]
        try:
            value, saved[node.name] = rule.forward(*inputs, **node.config)
        except (ValueError, TypeError, IndexError) as error:
            shapes = ", ".join(f"{name}{list(np.shape(value))}" for name, value in zip(node.reads, inputs, strict=True))
            raise NetworkError(
                f"node {node.name!r} ({node.rule}) cannot run on {shapes} with {dict(node.config)}: {error}"
            ) from error
        # NumPy hands out a bare element, not an array, for an object array without axes
        values[node.name] = np.asanyarray(value)
    return Trace(values, saved)


def reverse(network: Network, trace: Trace, dy: np.ndarray, rules: Mapping[str, Rule] = RULES) -> dict[str, np.ndarray]:
    """The cotangent of every value that the output depends on, by name. Where a value is read twice, both add."""
    cotangents = {network.output: dy}
    for node in reversed(network.nodes):
        if node.name not in cotangents:
            continue
        grads = _rule(rules, node).backward(trace.saved[node.name], cotangents[node.name])
        if len(grads) != len(node.reads):
            raise NetworkError(
                f"{node.rule}: backward must return one gradient per array, {len(node.reads)} here, got {len(grads)}"
            )
        for name, grad in zip(node.reads, grads, strict=True):
            if grad is not None:
                cotangents[name] = np.asanyarray(cotangents[name] + grad if name in cotangents else grad)
    return cotangents


def value_and_grad(
    network: Network, arrays: Mapping[str, np.ndarray], dy: np.ndarray, rules: Mapping[str, Rule] = RULES
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The output [its shape] and the gradient of sum(dy * output) by each differentiable array [the array's shape]."""
    trace = forward(network, arrays, rules)
    cotangents = reverse(network, trace, dy, rules)
    grads = {name: cotangents[name] if name in cotangents else 0 * arrays[name] for name in network.differentiable}
    return trace.values[network.output], grads


def _rule(rules: Mapping[str, Rule], node: Node) -> Rule:
    try:
        return rules[node.rule]
    except KeyError:
        raise NetworkError(
            f"node {node.name!r} asks for the rule {node.rule!r}; known are {', '.join(sorted(rules))}"
        ) from None
