"""The part of a network that moves with one of its arrays: all that a difference along this array has to run.

The other nodes keep the values that they had. Outputs that the array cannot reach are left out, so that the rounding of
a branch of huge numbers is not taken for what rounding does to another branch.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from backcheck.problem import Problem
from scratch_bp.network import ArraySpec, Network, forward
from scratch_bp.rules import RULES

JOINING = ("concat", "stack")  # rules that put whole values side by side


class MovingPart(NamedTuple):
    """The outputs that move with an array: the function that computes them, their values, and their cotangents."""

    function: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    value: np.ndarray
    dy: np.ndarray


def moving_part(problem: Problem, name: str, values: Mapping[str, np.ndarray], dy: np.ndarray) -> MovingPart:
    """What moves with the array of this name, at the `values` that the arrays and nodes of the network have."""
    network, moved = problem.network, {name}
    for node in network.nodes:
        if moved.intersection(node.reads):
            moved.update(key for key in values if key == node.name or key.rpartition(".")[0] == node.name)
    nodes = tuple(node for node in network.nodes if moved.intersection(node.reads))
    still = {read for node in nodes for read in node.reads if read not in moved}
    specs = {key: ArraySpec(np.shape(values[key]), "value") for key in (name, *still)}
    value, known = values[network.output], {key: values[key] for key in still}
    if network.output not in moved:
        return MovingPart(lambda arrays: value, value, dy)
    part, reached = Network(specs, nodes, network.output), _reached(problem, moved, values)

    def function(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        moving = forward(part, {**known, name: arrays[name]}, problem.rules).values[network.output]
        return moving if reached is None else moving[reached]

    return MovingPart(function, *((value, dy) if reached is None else (value[reached], dy[reached])))


def _reached(problem: Problem, moved: set[str], values: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Which entries of the output can move, where it puts values side by side that do not all move."""
    last = next(node for node in problem.network.nodes if node.name == problem.network.output.partition(".")[0])
    own = problem.rules[last.rule] is RULES.get(last.rule)
    if last.rule not in JOINING or not own or moved.issuperset(last.reads):
        return None
    marks = [np.full(np.shape(values[read]), float(read in moved)) for read in last.reads]
    return np.asarray(RULES[last.rule].forward(*marks, **last.config)[0]) > 0
