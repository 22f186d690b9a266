"""What can be drawn of the attention rules."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {}
