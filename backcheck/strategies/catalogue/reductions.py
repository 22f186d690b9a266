"""What can be drawn of the reductions."""

import math
from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import AXIS, DIM, KEEPDIM, Binding, Config, Row

# one axis, several in either order, and all
SEVERAL = {"dim": (-1, 0, 1, None, (1, 0), (0, 2), -2, (-1, -3)), **KEEPDIM}
# less of everything, where there are more options
FEW = {"dim": (-1, 0, None, (0, 2), (-2, -1)), **KEEPDIM}

THREE_LARGEST, THREE_SMALLEST = ([0.0, 2.0, 2.0, 2.0],), ([3.0, 2.0, 2.0, 2.0],)
THIRD = 1 / 3
SPLIT = (0, THIRD, THIRD, THIRD)
EVEN = "the cotangent is split evenly over the ties"
ROOT = "0 / 0 is taken as 0, in JAX by the usual two where"


def _spread(bound: Binding, config: Config) -> bool:
    """Are there more entries than the correction takes away?"""
    shape: Shape = bound["*shape"]
    dim = config.get("dim", -1)
    axes = range(len(shape)) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    return math.prod(shape[axis] for axis in axes) > int(config.get("correction", 1))


ROWS: Mapping[str, Row] = {
    "max": Row({**AXIS, **KEEPDIM}, axes=DIM, kinks=(Kink(
        "three largest", THREE_LARGEST, (0, 1, 0, 0),
        "PyTorch and NumPy's max take the first of the largest; JAX has only the maximum that splits over the ties",
        jax=SPLIT, calls=("a.max(dim=-1).values", "a.max(axis=-1)")),)),
    "min": Row({**AXIS, **KEEPDIM}, axes=DIM, kinks=(Kink(
        "three smallest", THREE_SMALLEST, (0, 1, 0, 0),
        "PyTorch and NumPy's min take the first of the smallest; JAX has only the minimum that splits over the ties",
        jax=SPLIT, calls=("a.min(dim=-1).values", "a.min(axis=-1)")),)),
    "amax": Row(SEVERAL, axes=DIM, kinks=(Kink("three largest", THREE_LARGEST, SPLIT, EVEN),)),
    "amin": Row(SEVERAL, axes=DIM, kinks=(Kink(
        "two smallest, over both axes", ([[2.0, 3.0], [4.0, 2.0]],), (0.5, 0, 0, 0.5), EVEN, {"dim": None}),)),
    "sum": Row(SEVERAL, axes=DIM),
    "mean": Row(SEVERAL, axes=DIM),
    "prod": Row({"dim": (-1, 0, 1, None, -2), **KEEPDIM}, axes=DIM),
    "cumsum": Row(AXIS, axes=DIM),
    "logsumexp": Row(SEVERAL, axes=DIM),
    "var": Row({"correction": (1, 0), **FEW}, fits=_spread, axes=DIM),
    "std": Row({"correction": (1, 0), **FEW}, fits=_spread, axes=DIM, kinks=(Kink(
        "all equal", ([2.0, 2.0, 2.0],), (0, 0, 0), ROOT),)),
    "norm": Row(
        {"ord": (2, 1, 3, math.inf), **FEW}, axes=DIM,
        kinks=(
            Kink("at 0", ([0.0, 0.0],), (0, 0), ROOT),
            Kink("order 3, at 0", ([0.0, 0.0],), (0, 0), ROOT, {"ord": 3}),
            Kink("order inf, two largest", ([2.0, -2.0, 1.0],), (0.5, -0.5, 0), EVEN, {"ord": math.inf}))),
}  # fmt: skip
