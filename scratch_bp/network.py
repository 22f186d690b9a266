"""Networks as plain data, the forward run, and the reverse pass over them.

A network is a list of nodes. Each names a rule, its configuration and the values it reads: arrays from outside or
results of earlier nodes. Chains, residuals, branches and tied weights are all this one thing, and it turns into JSON
as it is. The outputs of a node `h1` whose rule has several are read as `h1.0`, `h1.1` and so on.
"""

import itertools
import math
from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import zeros_like
from scratch_bp.rules import RULES, Rule


class NetworkError(ValueError):
    """A network that cannot be run: an unknown rule, a name read before it exists, shapes that do not fit."""


FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array from outside.

    `classes` is set for an array of integers: it holds `lowest` to lowest + classes - 1 and has no gradient. An array
    in the role FIXED has none either. `domain` is the open interval, without 0, from which its numbers are drawn.
    """

    shape: tuple[int, ...]
    role: str = "parameter"
    classes: int | None = None
    lowest: int = 0
    domain: tuple[float, float] | None = None


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
            missing = [name for name in node.reads if not _given(name, known)]
            if missing:
                raise NetworkError(
                    f"node {node.name!r} ({node.rule}) reads {missing[0]!r}, which no array or earlier node gives"
                )
            if node.name in known:
                raise NetworkError(f"the name {node.name!r} is given twice; every array and node needs its own")
            known.add(node.name)
        if not _given(self.output, known):
            raise NetworkError(f"the output {self.output!r} is neither an array nor a node; known are {sorted(known)}")

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The arrays that have a gradient, in order."""
        return tuple(name for name in self.arrays if self.moves(name))

    def moves(self, name: str) -> bool:
        """Has this array a gradient?"""
        return self.arrays[name].classes is None and self.arrays[name].role != FIXED

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        for node in data["nodes"]:  # JSON has no infinity
            node["config"] = {name: _written(choice) for name, choice in node["config"].items()}
        for spec in data["arrays"].values():
            if spec["domain"] is not None:
                # 0 and 0.0 are one end, and must be one text: a case is known by it
                spec["domain"] = [float(end) if math.isfinite(end) else None for end in spec["domain"]]
            for name, usual in (("lowest", 0), ("domain", None)):  # left out where they say nothing
                if spec[name] == usual:
                    del spec[name]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Network":
        arrays = {name: _spec(_tuples(spec)) for name, spec in data["arrays"].items()}
        nodes = tuple(Node(n["name"], n["rule"], tuple(n["reads"]), _tuples(n["config"])) for n in data["nodes"])
        return cls(arrays, nodes, data["output"])


def _spec(data: Mapping[str, Any]) -> ArraySpec:
    low, high = data.get("domain") or (None, None)
    ends = (-math.inf if low is None else low, math.inf if high is None else high)
    return ArraySpec(**{**data, "domain": ends if data.get("domain") else None})


def _written(choice: Any) -> Any:
    return str(choice) if isinstance(choice, float) and math.isinf(choice) else choice


def _tuples(value: Any) -> Any:
    """JSON has no tuples and no infinity: lists are read as tuples, and "inf" and "-inf" as numbers."""
    if isinstance(value, str) and value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _tuples(each) for name, each in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _given(name: str, known: Container[str]) -> bool:
    """Is this an array, a node, or one of the outputs of a node?"""
    node, _, number = name.rpartition(".")
    return name in known or (node in known and number.isdigit())


def named(node: str, value: Any) -> dict[str, Any]:
    """What a node gives, by the names under which later nodes read it."""
    return {f"{node}.{i}": part for i, part in enumerate(value)} if isinstance(value, tuple) else {node: value}


def run(network: Network, arrays: Mapping[str, Any], apply: Callable[..., Any]) -> Any:
    """The network's value, each node computed by `apply(rule, *arrays, **config)`: ours, PyTorch's or JAX's."""
    values = dict(arrays)
    for node in network.nodes:
        value = apply(node.rule, *(values[name] for name in node.reads), **node.config)
        values.update(named(node.name, value))
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
        values.update({name: np.asanyarray(part) for name, part in named(node.name, value).items()})
    return Trace(values, saved)


def reverse(network: Network, trace: Trace, dy: np.ndarray, rules: Mapping[str, Rule] = RULES) -> dict[str, np.ndarray]:
    """The cotangent of every value that the output depends on, by name. Where a value is read twice, both add."""
    cotangents = {network.output: dy}
    for node in reversed(network.nodes):
        dy_node = _cotangent(node.name, trace.values, cotangents)
        if dy_node is None:
            continue
        grads = _rule(rules, node).backward(trace.saved[node.name], dy_node)
        if len(grads) != len(node.reads):
            raise NetworkError(
                f"{node.rule}: backward must return one gradient per array, {len(node.reads)} here, got {len(grads)}"
            )
        for name, grad in zip(node.reads, grads, strict=True):
            if grad is not None:
                cotangents[name] = np.asanyarray(cotangents[name] + grad if name in cotangents else grad)
    return cotangents


def _cotangent(node: str, values: Mapping[str, Any], cotangents: Mapping[str, Any]) -> Any:
    """The cotangent of a node's value; None where nothing depends on it. An output that nobody reads has zeros."""
    if node in values:
        return cotangents.get(node)
    names = list(itertools.takewhile(values.__contains__, (f"{node}.{i}" for i in itertools.count())))
    if not any(name in cotangents for name in names):
        return None
    return tuple(cotangents[name] if name in cotangents else zeros_like(values[name]) for name in names)


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
