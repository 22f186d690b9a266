"""What can be drawn of the rules that combine several values."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {
    "add": Row(weight=2),
    "multiply": Row(weight=2),
    "maximum": Row(),
    "minimum": Row(),
}
