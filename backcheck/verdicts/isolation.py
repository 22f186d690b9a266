"""One node of a network as a network of its own, at the values that it had in the run."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.outputs import as_one, joined
from backcheck.problem import Problem
from backcheck.verdicts.truth.node import argument_names
from backcheck_reference.frameworks.mirrors.mirror import joined as joined_mirror
from scratch_bp.network import ArraySpec, Network, Node, forward, reverse
from scratch_bp.rules import RULES, Rule


def isolate(problem: Problem, name: str) -> Problem | None:
    """One node as a network of its own, with the values and the cotangent it had in the subject's run."""
    node = next(each for each in problem.network.nodes if each.name == name)
    try:
        with np.errstate(all="ignore"):
            trace = forward(problem.network, problem.arrays, problem.rules)
            later = _after(problem.network, node)
            cotangents = reverse(later, trace, problem.dy, problem.rules)
    except Exception:  # the subject raises on the way: this node cannot be reached, or it is the one that raises
        return _where_it_stops(problem, node)
    names = argument_names(problem.rules[node.rule], len(node.reads))
    inputs = dict(zip(names, (trace.values[read] for read in node.reads), strict=True))
    outputs = [key for key in trace.values if key == name or key.rpartition(".")[0] == name]
    if not any(key in cotangents for key in outputs):
        return None
    parts = [cotangents[key] if key in cotangents else np.zeros_like(trace.values[key]) for key in outputs]
    cotangent = parts[0] if outputs == [name] else joined(tuple(parts))
    if outputs != [name]:
        problem = _in_one(problem, node.rule)
    if not all(np.isfinite(a.astype(np.float64)).all() for a in (*inputs.values(), cotangent)):
        return None
    network = Network({n: _spec(problem, r, inputs[n]) for n, r in zip(names, node.reads, strict=True)}, (), names[0])
    value = "y" if "y" not in names else node.name  # an argument of somebody's function may be called so
    single = replace(network, nodes=(Node(value, node.rule, names, node.config),), output=value)
    return replace(problem, network=single, arrays=inputs, dy=np.asarray(cotangent))


def _where_it_stops(problem: Problem, node: Node) -> Problem | None:
    """The node whose forward raises, with the inputs that it had and a cotangent in the shape that the rule of ours
    with this name gives. None for any other node."""
    if node.rule not in RULES or problem.engine is not None:
        return None
    nodes = problem.network.nodes
    before = Network(problem.network.arrays, nodes[: nodes.index(node)], next(iter(problem.network.arrays)))
    try:
        with np.errstate(all="ignore"):
            values = forward(before, problem.arrays, problem.rules).values
            inputs = [values[read] for read in node.reads]
            value = RULES[node.rule].forward(*inputs, **node.config)[0]
    except Exception:  # another node before it does
        return None
    try:
        with np.errstate(all="ignore"):
            problem.rules[node.rule].forward(*inputs, **node.config)
    except Exception:
        names = argument_names(RULES[node.rule], len(node.reads))
        arrays = dict(zip(names, inputs, strict=True))
        specs = {n: _spec(problem, read, arrays[n]) for n, read in zip(names, node.reads, strict=True)}
        network = Network(specs, (Node("y", node.rule, names, node.config),), "y")
        single = replace(problem, network=network, arrays=arrays, dy=np.ones_like(joined(value)))
        return _in_one(single, node.rule) if isinstance(value, tuple) else single
    return None


def _in_one(problem: Problem, rule: str) -> Problem:
    """The problem with the outputs of this rule, and of its mirror, joined into one."""
    mirrors = dict(problem.mirrors)
    if rule in mirrors:
        mirrors[rule] = joined_mirror(mirrors[rule])
    own, one = problem.rules[rule], as_one(problem.rules[rule])
    named = Rule(functools.wraps(own.forward)(one.forward), one.backward)  # the arguments keep their names
    return replace(problem, rules={**problem.rules, rule: named}, mirrors=mirrors)


def _after(network: Network, node: Node) -> Network:
    """The network with only the nodes behind this one, so that its own backward is not run."""
    at = network.nodes.index(node)
    before = {each.name: ArraySpec((), "value") for each in network.nodes[: at + 1]}
    return Network({**network.arrays, **before}, network.nodes[at + 1 :], network.output)


def _spec(problem: Problem, read: str, value: np.ndarray) -> ArraySpec:
    known: Mapping[str, Any] = problem.network.arrays
    return known[read] if read in known else ArraySpec(value.shape, "value")
