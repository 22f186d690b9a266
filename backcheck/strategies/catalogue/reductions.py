"""What can be drawn of the reductions."""

import math
from collections.abc import Mapping

from backcheck.strategies.catalogue.row import AXIS, KEEPDIM, Binding, Config, Row

# one axis, several in either order, and all
AXES = {"dim": (-1, 0, 1, None, (1, 0), (0, 2))}
ONE = Row({**AXIS, **KEEPDIM}, axes=("dim",))
SEVERAL = Row({**AXES, **KEEPDIM}, axes=("dim",))
# less of everything, where there are more options
FEW = {"dim": (-1, 0, None, (0, 2)), **KEEPDIM}


def _spread(bound: Binding, config: Config) -> bool:
    """Are there more entries than the correction takes away?"""
    shape, dim = bound["*shape"], config.get("dim", -1)
    axes = range(len(shape)) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    return math.prod(shape[axis] for axis in axes) > config.get("correction", 1)


ROWS: Mapping[str, Row] = {
    "max": ONE,
    "min": ONE,
    "amax": SEVERAL,
    "amin": SEVERAL,
    "sum": SEVERAL,
    "mean": SEVERAL,
    "prod": Row({"dim": (-1, 0, 1, None), **KEEPDIM}, axes=("dim",)),
    "cumsum": Row(AXIS, axes=("dim",)),
    "logsumexp": SEVERAL,
    "var": Row({"correction": (1, 0), **FEW}, fits=_spread, axes=("dim",)),
    "std": Row({"correction": (1, 0), **FEW}, fits=_spread, axes=("dim",)),
    "norm": Row({"ord": (2, 1, 3, math.inf), **FEW}, axes=("dim",)),
}
