"""A wrong rule repaired: the same forward with its true derivative, so that nodes behind it can be judged too."""

from typing import Any

import numpy as np

from backcheck.outputs import joined
from backcheck_reference.derivatives import jacobians
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from scratch_bp.network import Node
from scratch_bp.rules import Rule


def repair(rule: Rule, node: Node) -> Rule:
    """The same function with its true derivative, entry by entry from exact differences of the forward."""

    def forward(*inputs: np.ndarray, **config: Any) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        return rule.forward(*inputs, **config)[0], inputs

    def function(*inputs: np.ndarray) -> np.ndarray:
        return joined(rule.forward(*inputs, **node.config)[0])

    # the walk comes first; what follows runs on balls around nearly always the same middles
    met: dict[int, tuple[jacobians.Inputs, jacobians.Columns]] = {}

    def derive(inputs: jacobians.Inputs, which: int) -> jacobians.Columns:
        if which in met and jacobians.same(met[which][0], inputs):
            return met[which][1]
        columns = jacobians.jacobian(function, inputs, which)
        met.setdefault(which, (inputs, columns))
        return columns

    def backward(inputs: tuple[np.ndarray, ...], cotangent: Any) -> tuple[np.ndarray | None, ...]:
        dy = joined(cotangent)
        return tuple(
            _as_rounded(jacobians.pull_back(function, inputs, which, dy, derive), dy) if x.dtype == object else None
            for which, x in enumerate(inputs)
        )

    return Rule(forward, backward)


def _as_rounded(grad: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """The gradient, with the radius that the rounding of a formula could give each entry at this precision.

    A repair has no formula that could run on balls. In most formulas numbers as large as the largest entry cancel, and
    in a slope such as y (1 - y) numbers of order 1.
    """
    others = dy if np.shape(dy) == grad.shape else grad
    sizes = [abs(exact.to_float(each)) for each in (grad, others)]
    largest = max(float(each.max(initial=0.0, where=np.isfinite(each))) for each in sizes)
    wider: np.ndarray = grad + flint.arb(0, largest) * flint.arb(2) ** -flint.ctx.prec
    return wider
