"""What can be drawn of the regularisation."""

from collections.abc import Mapping

from backcheck.strategies.catalogue.row import Row

ROWS: Mapping[str, Row] = {
    "dropout": Row({"p": (0.5, 0.25, 0.0)}, indices={"mask": "2"}),
    "spatial_dropout": Row({"p": (0.5, 0.25, 0.0)}, indices={"mask": "2"}),
    "stochastic_depth": Row(
        {"p": (0.5, 0.25, 0.0), "mode": ("row", "batch")},
        indices={"mask": "2"},
        shapes={"mask": lambda bound, config: ((bound["batch"] if config["mode"] == "row" else 1,),)},
    ),
}
