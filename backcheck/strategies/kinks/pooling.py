"""The kinks of the pooling."""

from backcheck.strategies.kinks.kink import Kink

FIRST = "each window gives all to the first of its largest, row by row; in JAX that is how select_and_scatter chooses"
EVEN = "PyTorch's adaptive maximum gives all to the first; JAX has only the maximum that splits over the ties"
THIRD = 1 / 3

KINKS: tuple[Kink, ...] = (
    Kink(
        "max_pool1d", "a tie in a window", ([[[2.0, 2.0, 1.0]]],), (1, 1, 0), (1, 1, 0), (1, 1, 0),
        "each window gives all to the first of its largest", {"kernel_size": 2, "stride": 1},
    ),
    Kink(
        "max_pool2d", "a tie in a window", ([[[[1.0, 2.0], [2.0, 0.0]]]],), (0, 1, 0, 0), (0, 1, 0, 0), (0, 1, 0, 0),
        FIRST, {"kernel_size": 2},
    ),
    Kink(
        "adaptive_max_pool2d", "a tie in a window", ([[[[1.0, 2.0], [2.0, 0.0]]]],),
        (0, 1, 0, 0), (0, 1, 0, 0), (0, 0.5, 0.5, 0), EVEN, {"output_size": 1},
    ),
    Kink(
        "global_max_pool", "three largest", ([[[0.0, 2.0, 2.0, 2.0]]],), (0, 1, 0, 0), (0, 1, 0, 0),
        (0, THIRD, THIRD, THIRD), EVEN,
    ),
    Kink(
        "lp_pool2d", "a window of zeros", ([[[[0.0, 0.0], [0.0, 0.0]]]],), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0),
        "0 / 0 is taken as 0; PyTorch multiplies the root's slope by the sign of 0", {"norm_type": 2, "kernel_size": 2},
    ),
)  # fmt: skip
