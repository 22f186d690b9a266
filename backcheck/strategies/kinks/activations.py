"""The kinks of the activations."""

import numpy as np

from backcheck.strategies.kinks.kink import Kink

LEFT = 1.0507009873554805 * 1.6732632423543772  # the slope of SELU left of 0
EDGES = {"min": -1.0, "max": 1.0}

KINKS: tuple[Kink, ...] = (
    Kink("relu", "at 0", ([0.0],), (0,), (0,), (0,), "all pass the cotangent for x > 0 only"),
    Kink("leaky_relu", "at 0", ([0.0],), (0.01,), (0.01,), (1,), "PyTorch's upper branch is x > 0, JAX's is x >= 0"),
    Kink("abs", "at 0", ([0.0],), (0,), (0,), (1,), "PyTorch multiplies by sign(x) = 0; JAX counts 0 as positive"),
    Kink(
        "clamp", "at both edges", ([-1.0, 1.0],), (1, 1), (1, 1), (0.5, 0.5),
        "PyTorch counts the edges as inside; JAX's clip is a minimum of a maximum, and each splits its tie", EDGES,
    ),
    Kink(
        "hardtanh", "at both edges", ([-1.0, 1.0],), (0, 0), (0, 0), (1, 1),
        "PyTorch counts the edges as outside; JAX's branches are x > 1 and x < -1",
    ),
    Kink("relu6", "at both edges", ([0.0, 6.0],), (0, 0), (0, 0), (0, 0), "all count the edges as outside"),
    Kink("elu", "at 0, alpha 2", ([0.0],), (2,), (2,), (2,), "all take the lower branch, alpha exp(x)", {"alpha": 2.0}),
    Kink("sqrt", "at 0", ([0.0],), (np.inf,), (np.inf,), (np.inf,), "1 / (2 sqrt 0); left of 0 there is no function"),
    Kink("prelu", "at 0", ([0.0], [0.25]), (0.25,), (0.25,), (0.25,), "all take the learned slope on the left"),
    Kink("selu", "at 0", ([0.0],), (LEFT,), (LEFT,), (LEFT,), "all take the lower branch, scale alpha exp(x)"),
    Kink("hardsigmoid", "at both edges", ([-3.0, 3.0],), (0, 0), (0, 0), (0, 0), "all count the edges as outside"),
    Kink("hardswish", "at both edges", ([-3.0, 3.0],), (0, 1), (0, 1), (0, 1), "all count the edges as outside"),
    Kink("hardshrink", "at both edges", ([-0.5, 0.5],), (0, 0), (0, 0), (0, 0), "all give 0 where it jumps"),
    Kink("softshrink", "at both edges", ([-0.5, 0.5],), (0, 0), (0, 0), (0, 0), "all count the edges as between"),
    Kink(
        "threshold", "at it", ([1.0],), (0,), (0,), (0,), "all pass the cotangent for x > threshold only",
        {"threshold": 1.0, "value": 1.0},
    ),
)  # fmt: skip
