"""The table of rules to judge: ours, or ours with those of MODULE:ATTR, or an engine that differentiates networks."""

import importlib
import inspect
import itertools
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from backcheck.containment import no_exit, without_exit
from backcheck.errors import BadInput, RuleError
from backcheck.problem import Engine, RuleTable
from backcheck.subjects.rule_form import formed, is_floating, told
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
    table = attribute_of(where)
    if callable(table) and not isinstance(table, Mapping):
        return whole_networks(table)
    return {**RULES, **_pairs(where, table)}


def attribute_of(where: str) -> Any:
    """What MODULE:ATTR names. Raises BadInput where it cannot be imported, or is not there."""
    module, _, attribute = where.partition(":")
    if not (all(module.split(".")) and attribute):
        raise BadInput(f"--subject takes MODULE:ATTR, got {where!r}; for instance mylib.rules:RULES")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        with no_exit(f"--subject: the module {module!r}"):
            return getattr(_imported(module), attribute)
    except BadInput:
        raise
    except Exception as error:  # a module may answer for the names that it does not have
        raise BadInput(f"--subject: {module!r} has no {attribute!r}; it must map rule names to pairs") from error


def _imported(name: str) -> ModuleType:
    """The module. Its code may do anything while it is imported; an interrupt of the user's goes through."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        last = traceback.extract_tb(error.__traceback__)[-1]
        # the last line is the module's own, unless there is no module, or Python could not read it and says where
        own = not isinstance(error, ModuleNotFoundError | SyntaxError)
        at = f" ({last.filename}, line {last.lineno})" if own else ""
        raise BadInput(f"--subject: the module {name!r} cannot be imported: {kind}{error}{at}") from error


def whole_networks(function: Callable[..., Any]) -> RuleTable:
    """Our rules, with a function value_and_grad that is judged in their place."""
    table = RuleTable(RULES)
    table.engine = without_exit(_engine(function))
    return table


def _engine(function: Callable[..., Any]) -> Engine:
    """The function with a cotangent: one that takes none is given the sum of the network's output, weighed by it."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        takes_dy = sum(p.kind in kinds for p in inspect.signature(function).parameters.values()) >= 3
    except ValueError as error:  # of some functions in C
        raise BadInput(f"--subject: {function!r} does not say what it takes, expected (network, arrays, dy)") from error

    def engine(network: Network, arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Any:
        if takes_dy:
            return _answer(network, function(network, dict(arrays), dy))
        value, _ = _answer(network, function(network, dict(arrays)))
        _, grads = _answer(network, function(_weighed(network, np.shape(value)), {**arrays, WEIGHTS: dy}))
        return value, grads

    return engine


def _answer(network: Network, found: Any) -> tuple[Any, Mapping[str, Any]]:
    """What an engine returned. Raises RuleError when that is no value with a gradient for each array."""
    if not (isinstance(found, tuple | list) and len(found) == 2 and isinstance(found[1], Mapping)):
        raise RuleError(f"the engine must return (value, gradients by array); it returned {told(found)}")
    value, grads = found
    missing = [name for name in network.differentiable if name not in grads]
    if missing:
        raise RuleError(f"the engine returned no gradient by {', '.join(missing)}")
    for what, each in {"the value": value, **grads}.items():
        if not is_floating(each) and what in ("the value", *network.differentiable):
            raise RuleError(f"the engine returned {told(each)} for {what}, expected an array of floats")
    return value, grads


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
        if not isinstance(name, str):
            raise BadInput(f"--subject {where} must map rule names to (forward, backward) pairs, got the name {name!r}")
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(callable(each) for each in pair)):
            raise BadInput(f"--subject {where}: {name!r} must be a (forward, backward) pair of functions, got {pair!r}")
        pairs[name] = formed(name, *pair)
    return pairs
