"""What can be drawn of the rules that are linear in each of their arrays."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {
    "dense": Row(plain={"b": "zeros"}, weight=4),
}
