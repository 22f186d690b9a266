"""What can be drawn of the convolution rules."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {}
