"""What can be drawn of the activations and the elementwise functions."""

from collections.abc import Mapping
from math import inf

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import AXIS, DIM, NONZERO, POSITIVE, Array, Binding, Config, Row

SELU_LEFT = 1.0507009873554805 * 1.6732632423543772  # the slope of SELU left of 0
OUTSIDE = "all count the edges as outside"


def _slopes(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """One slope for all, or one for each channel."""
    shape = bound["*shape"]
    return ((1,), (shape[1],)) if len(shape) > 1 else ((1,),)


def _even(bound: Binding, config: Config) -> bool:
    """Can the axis be cut in halves?"""
    return bool(bound["*pairs"][config["dim"]] % 2 == 0)


ROWS: Mapping[str, Row] = {
    "identity": Row(),
    "relu": Row(kinks=(Kink("at 0", ([0.0],), (0,), "all pass the cotangent for x > 0 only"),)),
    # beyond 1, max(x, slope x) is another function; below 0, the sign of y no longer tells the branch
    "leaky_relu": Row({"negative_slope": (0.01, 0.25, 1.5, -0.5)}, kinks=(Kink(
        "at 0", ([0.0],), (0.01,), "PyTorch's upper branch is x > 0, JAX's is x >= 0", jax=(1,),
        calls=("F.leaky_relu(a)", "jax.nn.leaky_relu(a)")),)),
    "tanh": Row(),
    "sigmoid": Row(),
    # the function jumps where beta x = threshold: 1.9 is no binary fraction, so lattice values never meet the jump
    "softplus": Row({"beta": (1.0, 2.0, 0.5), "threshold": (20.0, 1.9)}, kinks=(Kink(
        "at the threshold", ([0.0],), (0.5,), "x = threshold counts as below", {"threshold": 0.0}),)),
    "silu": Row(),
    "gelu": Row({"approximate": ("none", "tanh")}),
    "softmax": Row(AXIS, axes=DIM),
    "log_softmax": Row(AXIS, axes=DIM),
    "abs": Row(kinks=(Kink(
        "at 0", ([0.0],), (0,), "PyTorch multiplies by sign(x) = 0; JAX counts 0 as positive", jax=(1,),
        calls=("a.abs()", "jnp.abs(a)")),)),
    "square": Row(),
    "exp": Row(),
    "sqrt": Row(arrays={"x": POSITIVE}, kinks=(Kink(
        "at 0", ([0.0],), (inf,), "1 / (2 sqrt 0); left of 0 there is no function"),)),
    "log": Row(arrays={"x": POSITIVE}),
    "softsign": Row(),
    "clamp": Row(
        {"min": (None, -0.5, -2.0), "max": (None, 1.0, 0.5)},
        fits=lambda bound, config: (config["min"], config["max"]) != (None, None),
        kinks=(Kink(
            "at both edges", ([-1.0, 1.0],), (1, 1),
            "PyTorch counts the edges as inside; JAX's clip is a minimum of a maximum, and each splits its tie",
            {"min": -1.0, "max": 1.0}, jax=(0.5, 0.5), calls=("a.clamp(-1, 1)", "jnp.clip(a, -1, 1)")),)),
    "hardtanh": Row({"min_val": (-1.0, -0.5, -2.0), "max_val": (1.0, 0.5, 2.0)}, kinks=(Kink(
        "at both edges", ([-1.0, 1.0],), (0, 0),
        "PyTorch counts the edges as outside; JAX's branches are x > 1 and x < -1", jax=(1, 1),
        calls=("F.hardtanh(a)", "jax.nn.hard_tanh(a)")),)),
    "relu6": Row(kinks=(Kink("at both edges", ([0.0, 6.0],), (0, 0), OUTSIDE),)),
    "elu": Row({"alpha": (1.0, 0.5, 2.0)}, kinks=(Kink(
        "at 0, alpha 2", ([0.0],), (2,), "all take the lower branch, alpha exp(x)", {"alpha": 2.0}),)),
    "prelu": Row(arrays={"weight": Array(shapes=_slopes)}, kinks=(Kink(
        "at 0", ([0.0], [0.25]), (0.25,), "all take the learned slope on the left"),)),
    "selu": Row(kinks=(Kink("at 0", ([0.0],), (SELU_LEFT,), "all take the lower branch, scale alpha exp(x)"),)),
    "celu": Row({"alpha": (1.0, 0.5, 2.0)}),
    "mish": Row(),
    "hardsigmoid": Row(kinks=(Kink("at both edges", ([-3.0, 3.0],), (0, 0), OUTSIDE),)),
    "hardswish": Row(kinks=(Kink("at both edges", ([-3.0, 3.0],), (0, 1), OUTSIDE),)),
    # the functions jump where |x| = lambd and x = threshold
    "hardshrink": Row({"lambd": (0.5, 0.3, 1.1)}, kinks=(Kink(
        "at both edges", ([-0.5, 0.5],), (0, 0), "all give 0 where it jumps"),)),
    "softshrink": Row({"lambd": (0.5, 1.5, 0.25)}, kinks=(Kink(
        "at both edges", ([-0.5, 0.5],), (0, 0), "all count the edges as between"),)),
    "tanhshrink": Row(),
    "threshold": Row({"threshold": (0.0, 0.3, -0.7), "value": (0.0, 2.0, -0.7)}, kinks=(Kink(
        "at it", ([1.0],), (0,), "all pass the cotangent for x > threshold only", {"threshold": 1.0, "value": 1.0}),)),
    "log_sigmoid": Row(),
    "glu": Row(AXIS, axes=DIM, fits=_even),
    "swiglu": Row(AXIS, axes=DIM, fits=_even),
    "softmin": Row(AXIS, axes=DIM),
    "reciprocal": Row(arrays={"x": NONZERO}),
    "power": Row({"exponent": (2.0, 3.0, -1.0, 0.5, 1.0, -1.5)}, arrays={"x": POSITIVE}),
    "array_power": Row(arrays={"x": POSITIVE}),
}  # fmt: skip
