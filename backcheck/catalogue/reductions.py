"""What can be drawn of the reductions."""

from collections.abc import Mapping

from backcheck.catalogue.row import AXIS, KEEPDIM, Row

ROWS: Mapping[str, Row] = {
    "max": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "amax": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "sum": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "mean": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "var": Row({**AXIS, "correction": (1, 0), **KEEPDIM}, axes=("dim",), least={"dim": 2}),
    "norm": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
}
