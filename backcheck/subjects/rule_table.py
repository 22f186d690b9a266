"""The table of rules to judge: ours, or ours with those of MODULE:ATTR, or an engine that differentiates networks."""

import importlib
import inspect
import itertools
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.problem import Engine, RuleTable
from scratch_bp.network import FIXED, ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule

WEIGHTS = "weights of the output"


def load(where: str | None) -> Mapping[str, Rule]:
    """The rules to judge: ours, with those of MODULE:ATTR in place where it names them.

    The attribute maps a rule's name to a (forward, backward) pair, or is a function value_and_grad(network, arrays) or
    (network, arrays, dy) that returns the network's value and the gradient of its sum, or of sum(dy * value), by array.
    Raises BadInput when it cannot be loaded.
    """
    if where is None:
        return RULES
    module, separator, attribute = where.partition(":")
    if not separator:
        raise BadInput(f"--subject takes MODULE:ATTR, got {where!r}; for instance mylib.rules:RULES")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        table = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise BadInput(f"--subject: the module {module!r} cannot be imported: {error}") from error
    except AttributeError as error:
        raise BadInput(f"--subject: {module!r} has no {attribute!r}; it must map rule names to pairs") from error
    if callable(table) and not isinstance(table, Mapping):
        whole = RuleTable(RULES)
        whole.engine = _engine(table)
        return whole
    return {**RULES, **_pairs(where, table)}


def _engine(function: Callable[..., Any]) -> Engine:
    """The function with a cotangent: one that takes none is given the sum of the network's output, weighed by it."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    takes_dy = sum(p.kind in kinds for p in inspect.signature(function).parameters.values()) >= 3

    def engine(network: Network, arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Any:
        if takes_dy:
            return function(network, dict(arrays), dy)
        value, _ = function(network, dict(arrays))
        return value, function(_weighed(network, np.shape(value)), {**arrays, WEIGHTS: dy})[1]

    return engine


def _weighed(network: Network, shape: tuple[int, ...]) -> Network:
    """The network with sum(weights * output) for its output."""
    names = ["weighed", *(f"total over axis {axis}" for axis in reversed(range(len(shape))))]
    product = Node(names[0], "multiply", (network.output, WEIGHTS))
    sums = [Node(name, "sum", (before,)) for before, name in itertools.pairwise(names)]
    specs = {**network.arrays, WEIGHTS: ArraySpec(shape, FIXED)}
    return Network(specs, (*network.nodes, product, *sums), names[-1])


def _pairs(where: str, table: object) -> dict[str, Rule]:
    if not isinstance(table, Mapping):
        kind = type(table).__name__
        raise BadInput(f"--subject {where} must map rule names to (forward, backward) pairs, got {kind}")
    pairs = {}
    for name, pair in table.items():
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(callable(each) for each in pair)):
            raise BadInput(f"--subject {where}: {name!r} must be a (forward, backward) pair of functions, got {pair!r}")
        pairs[name] = Rule(*pair)
    return pairs
