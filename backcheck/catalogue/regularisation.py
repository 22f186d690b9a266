"""What can be drawn of the regularisation."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {
    "dropout": Row({"p": (0.5, 0.25, 0.0)}, indices={"mask": "2"}),
}
