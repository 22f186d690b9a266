"""The kinks of the activations."""

import numpy as np

from backcheck.kinks.kink import Kink

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
)  # fmt: skip
