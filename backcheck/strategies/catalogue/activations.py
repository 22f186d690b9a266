"""What can be drawn of the activations and the elementwise functions."""

from collections.abc import Mapping
from math import inf

from backcheck.strategies.catalogue.row import AXIS, Row, Shape

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
    "gelu": Row({"approximate": ("none", "tanh")}),
    "softmax": Row(AXIS, axes=("dim",)),
    "log_softmax": Row(AXIS, axes=("dim",)),
    "abs": Row(),
    "square": Row(),
    "exp": Row(),
    "sqrt": Row(domain={"x": (0, inf)}),
    "log": Row(domain={"x": (0, inf)}),
    "softsign": Row(),
    "clamp": Row(
        {"min": (None, -0.5, -2.0), "max": (None, 1.0, 0.5)},
        fits=lambda bound, config: (config["min"], config["max"]) != (None, None),
    ),
    "hardtanh": Row({"min_val": (-1.0, -0.5, -2.0), "max_val": (1.0, 0.5, 2.0)}),
    "relu6": Row(),
    "elu": Row({"alpha": (1.0, 0.5, 2.0)}),
    "prelu": Row(shapes={"weight": lambda bound, config: _slopes(bound["*shape"])}),
    "selu": Row(),
    "celu": Row({"alpha": (1.0, 0.5, 2.0)}),
    "mish": Row(),
    "hardsigmoid": Row(),
    "hardswish": Row(),
    # the functions jump where |x| = lambd and x = threshold
    "hardshrink": Row({"lambd": (0.5, 0.3, 1.1)}),
    "softshrink": Row({"lambd": (0.5, 1.5, 0.25)}),
    "tanhshrink": Row(),
    "threshold": Row({"threshold": (0.0, 0.3, -0.7), "value": (0.0, 2.0, -0.7)}),
    "log_sigmoid": Row(),
    "glu": Row(AXIS, axes=("dim",), fits=lambda bound, config: bound["*pairs"][config["dim"]] % 2 == 0),
    "swiglu": Row(AXIS, axes=("dim",), fits=lambda bound, config: bound["*pairs"][config["dim"]] % 2 == 0),
    "softmin": Row(AXIS, axes=("dim",)),
    "reciprocal": Row(domain={"x": (-inf, inf)}),
    "power": Row({"exponent": (2.0, 3.0, -1.0, 0.5, 1.0, -1.5)}, domain={"x": (0, inf)}),
    "array_power": Row(domain={"x": (0, inf)}),
}


def _slopes(shape: Shape) -> tuple[Shape, ...]:
    """One slope for all, or one for each channel."""
    return ((1,), (shape[1],)) if len(shape) > 1 else ((1,),)
