"""What can be drawn of the losses."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

REDUCTION = {"reduction": ("mean", "sum")}

ROWS: Mapping[str, Row] = {
    "mse": Row(REDUCTION),
    "mae": Row(REDUCTION),
    "huber": Row({"delta": (1.0, 0.5, 2.0), **REDUCTION}),
    "bce_with_logits": Row(REDUCTION),
    "cross_entropy": Row(REDUCTION, indices={"target": "classes"}, weight=2),
    "margin_ranking": Row({"margin": (0.0, 0.5, 1.0), **REDUCTION}),
    "nll": Row(REDUCTION, indices={"target": "classes"}, weight=2),
    "bce": Row(REDUCTION, domain={"x": (0, 1)}),
    "l2_penalty": Row({"weight_decay": (0.01, 0.5)}),
}
