"""What can be drawn of the recurrent rules."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {}
