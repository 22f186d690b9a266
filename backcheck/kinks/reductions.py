"""The kinks of the reductions."""

from backcheck.kinks.kink import Kink

TIES = "PyTorch and NumPy's max take the first of the largest; JAX has only the maximum that splits over the ties"
EVEN = "the cotangent is split evenly over the ties"
THIRD = 1 / 3

KINKS: tuple[Kink, ...] = (
    Kink("max", "three largest", ([0.0, 2.0, 2.0, 2.0],), (0, 1, 0, 0), (0, 1, 0, 0), (0, THIRD, THIRD, THIRD), TIES),
    Kink(
        "amax", "three largest", ([0.0, 2.0, 2.0, 2.0],),
        (0, THIRD, THIRD, THIRD), (0, THIRD, THIRD, THIRD), (0, THIRD, THIRD, THIRD), EVEN,
    ),
    Kink("norm", "at 0", ([0.0, 0.0],), (0, 0), (0, 0), (0, 0), "0 / 0 is taken as 0, in JAX by the usual two where"),
)  # fmt: skip
