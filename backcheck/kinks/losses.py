"""The kinks of the losses."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = (
    Kink("mae", "no residual", ([0.0], [0.0]), (0,), (0,), (1,), "as for abs, which JAX has to write the loss with"),
    Kink(
        "margin_ranking", "at the hinge", ([1.0], [1.0], [1.0]), (-1,), (-1,), (-0.5,),
        "PyTorch's clamp_min counts the edge as inside; JAX's maximum with 0 splits the tie",
    ),
    Kink(
        "huber", "at both edges: no kink", ([-1.0, 1.0], [0.0, 0.0]), (-1, 1), (-1, 1), (-1, 1),
        "the two branches have one slope there", {"reduction": "sum"},
    ),
)  # fmt: skip
