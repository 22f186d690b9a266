"""What can be drawn of the regularisation."""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import MASK, Array, Binding, Config, Row

P = {"p": (0.5, 0.25, 0.0)}


def _drops(bound: Binding, config: Config) -> tuple[Shape, ...]:
    return ((bound["batch"] if config["mode"] == "row" else 1,),)


ROWS: Mapping[str, Row] = {
    "dropout": Row(P, arrays={"mask": MASK}),
    "spatial_dropout": Row(P, arrays={"mask": MASK}),
    "stochastic_depth": Row({**P, "mode": ("row", "batch")}, arrays={"mask": Array(shapes=_drops, indices=2)}),
}
