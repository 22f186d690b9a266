"""What can be drawn of the rules that combine several values."""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import (
    DIM,
    MASK,
    NEW_AXIS,
    NONZERO,
    Array,
    Binding,
    Config,
    Row,
    few_axes,
    unique,
)

TWO_EQUAL = Kink("two equal", ([1.0], [1.0]), (0.5,), "the cotangent is split evenly over the ties")


def _beside(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """Arrays that fit beside the first: along the axis as long as it, of one entry, and longer."""
    shape, dim = bound["*_part"], config["dim"] % len(bound["*_part"])
    return tuple((*shape[:dim], n, *shape[dim + 1 :]) for n in unique(shape[dim], 1, shape[dim] + 1))


ROWS: Mapping[str, Row] = {
    "add": Row(weight=2),
    "subtract": Row(),
    "multiply": Row(weight=2),
    "divide": Row(arrays={"x2": NONZERO}),
    "maximum": Row(kinks=(TWO_EQUAL,)),
    "minimum": Row(kinks=(TWO_EQUAL,)),
    "where": Row(arrays={"condition": MASK}),
    "concat": Row({"dim": (0, -1, 1, -2)}, axes=DIM, arrays={"xs": Array(shapes=_beside)}, weight=2),
    "stack": Row(NEW_AXIS, fits=few_axes),
}
