"""Small networks and planted faults that several tests share."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck.strategies.catalogue import signature_of
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule


def one_node(rule: str, arrays: Mapping[str, np.ndarray], **config: Any) -> Network:
    """A network of one node that reads these arrays in order, with its first output; integers are class indices."""
    specs = {
        name: ArraySpec(a.shape, classes=int(a.max()) + 1 if a.dtype.kind in "iu" else None)
        for name, a in arrays.items()
    }
    several = rule in RULES and signature_of(rule).several
    return Network(specs, (Node("y", rule, tuple(arrays), config),), "y.0" if several else "y")


def with_backward(rule: str, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> dict[str, Rule]:
    """The rules, with one whose gradients are changed on their way out."""
    own = RULES[rule]
    return {**RULES, rule: Rule(own.forward, lambda saved, dy: change(own.backward(saved, dy)))}


def scaled(position: int, factor: Any) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Multiply one of the gradients."""
    return lambda grads: tuple(g * factor if i == position else g for i, g in enumerate(grads))
