"""What can be drawn of the pooling rules."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {
    # a length of 3 takes every window here, padded or not
    "max_pool1d": Row(
        {"kernel_size": (2, 3), "stride": (None, 1, 2, 3), "padding": (0, 1)}, least={"length": 3}, weight=4
    ),
}
