"""The kinks of the pooling."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = (
    Kink(
        "max_pool1d", "a tie in a window", ([[[2.0, 2.0, 1.0]]],), (1, 1, 0), (1, 1, 0), (1, 1, 0),
        "each window gives all to the first of its largest", {"kernel_size": 2, "stride": 1},
    ),
)  # fmt: skip
