"""The kinks of the reductions."""

import math

from backcheck.strategies.kinks.kink import Kink

TIES = "PyTorch and NumPy's {0} take the first of the {1}; JAX has only the {0}imum that splits over the ties"
EVEN = "the cotangent is split evenly over the ties"
ROOT = "0 / 0 is taken as 0, in JAX by the usual two where"
THIRD = 1 / 3

KINKS: tuple[Kink, ...] = (
    Kink(
        "max", "three largest", ([0.0, 2.0, 2.0, 2.0],),
        (0, 1, 0, 0), (0, 1, 0, 0), (0, THIRD, THIRD, THIRD), TIES.format("max", "largest"),
    ),
    Kink(
        "min", "three smallest", ([3.0, 2.0, 2.0, 2.0],),
        (0, 1, 0, 0), (0, 1, 0, 0), (0, THIRD, THIRD, THIRD), TIES.format("min", "smallest"),
    ),
    Kink(
        "amax", "three largest", ([0.0, 2.0, 2.0, 2.0],),
        (0, THIRD, THIRD, THIRD), (0, THIRD, THIRD, THIRD), (0, THIRD, THIRD, THIRD), EVEN,
    ),
    Kink(
        "amin", "two smallest, over both axes", ([[2.0, 3.0], [4.0, 2.0]],),
        (0.5, 0, 0, 0.5), (0.5, 0, 0, 0.5), (0.5, 0, 0, 0.5), EVEN, {"dim": None},
    ),
    Kink("norm", "at 0", ([0.0, 0.0],), (0, 0), (0, 0), (0, 0), ROOT),
    Kink("norm", "order 3, at 0", ([0.0, 0.0],), (0, 0), (0, 0), (0, 0), ROOT, {"ord": 3}),
    Kink(
        "norm", "order inf, two largest", ([2.0, -2.0, 1.0],), (0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, -0.5, 0), EVEN,
        {"ord": math.inf},
    ),
    Kink("std", "all equal", ([2.0, 2.0, 2.0],), (0, 0, 0), (0, 0, 0), (0, 0, 0), ROOT),
)  # fmt: skip
