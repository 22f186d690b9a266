"""What can be drawn of the activations and the elementwise functions."""

from collections.abc import Mapping
from math import inf

from backcheck.catalogue.row import AXIS, Row

ROWS: Mapping[str, Row] = {
    "identity": Row(),
    "relu": Row(),
    # beyond 1, max(x, slope x) is another function; below 0, the sign of y no longer tells the branch
    "leaky_relu": Row({"negative_slope": (0.01, 0.25, 1.5, -0.5)}),
    "tanh": Row(),
    "sigmoid": Row(),
    # the function jumps where beta x = threshold: 1.9 is no binary fraction, so that lattice values never meet the jump
    "softplus": Row({"beta": (1.0, 2.0, 0.5), "threshold": (20.0, 1.9)}),
    "silu": Row(),
    "gelu": Row(),
    "softmax": Row(AXIS, axes=("dim",)),
    "log_softmax": Row(AXIS, axes=("dim",)),
    "abs": Row(),
    "square": Row(),
    "exp": Row(),
    "sqrt": Row(domain={"x": (0, inf)}),
    "log": Row(domain={"x": (0, inf)}),
    "softsign": Row(),
    # the default leaves both ends out, which is refused: here max always stands
    "clamp": Row({"min": (None, -0.5, -2.0), "max": (1.0, 0.5, 2.0)}),
    "hardtanh": Row({"min_val": (-1.0, -0.5, -2.0), "max_val": (1.0, 0.5, 2.0)}),
    "relu6": Row(),
    "elu": Row({"alpha": (1.0, 0.5, 2.0)}),
}
