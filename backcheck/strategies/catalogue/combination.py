"""What can be drawn of the rules that combine several values."""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import DIM, MASK, NONZERO, Array, Binding, Choices, Config, Kink, Row

TWO_EQUAL = Kink("two equal", ([1.0], [1.0]), (0.5,), "the cotangent is split evenly over the ties")


def _beside(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """Arrays that fit beside the first: along the axis as long as it, of one entry, and longer."""
    shape, dim = bound["*_part"], config["dim"] % len(bound["*_part"])
    sizes = dict.fromkeys((shape[dim], 1, shape[dim] + 1))
    return tuple((*shape[:dim], size, *shape[dim + 1 :]) for size in sizes)


def _new_axes(bound: Binding) -> Choices:
    rank = len(bound["*shape"]) + 1
    return tuple(dim for dim in (0, -1, 1, -2) if -rank <= dim < rank)


ROWS: Mapping[str, Row] = {
    "add": Row(weight=2),
    "subtract": Row(),
    "multiply": Row(weight=2),
    "divide": Row(arrays={"x2": NONZERO}),
    "maximum": Row(kinks=(TWO_EQUAL,)),
    "minimum": Row(kinks=(TWO_EQUAL,)),
    "where": Row(arrays={"condition": MASK}),
    "concat": Row({"dim": (0, -1, 1, -2)}, axes=DIM, arrays={"xs": Array(shapes=_beside)}, weight=2),
    "stack": Row({"dim": _new_axes}, fits=lambda bound, config: len(bound["*shape"]) < 5),
}
