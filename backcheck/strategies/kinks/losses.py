"""The kinks of the losses."""

from backcheck.strategies.kinks.kink import Kink

HINGE = "PyTorch's clamp_min counts the edge as inside; JAX's maximum with 0 splits the tie"
LONG = 2.0**20  # beside it PyTorch's 1e-12 under the root is nothing

KINKS: tuple[Kink, ...] = (
    Kink("mae", "no residual", ([0.0], [0.0]), (0,), (0,), (1,), "as for abs, which JAX has to write the loss with"),
    Kink("margin_ranking", "at the hinge", ([1.0], [1.0], [1.0]), (-1,), (-1,), (-0.5,), HINGE),
    Kink(
        "huber", "at both edges: no kink", ([-1.0, 1.0], [0.0, 0.0]), (-1, 1), (-1, 1), (-1, 1),
        "the two branches have one slope there", {"reduction": "sum"},
    ),
    Kink(
        "smooth_l1", "no residual, beta 0", ([0.0], [0.0]), (0,), (0,), (1,),
        "without its smooth part it is the absolute error", {"beta": 0.0},
    ),
    Kink("hinge_embedding", "at the hinge", ([1.0], [-1]), (-1,), (-1,), (-0.5,), HINGE),
    Kink(
        "multi_margin", "at the hinge", ([[0.0, 1.0]], [1]), (0, 0), (0, 0), (0.25, -0.25),
        "PyTorch counts a gap above 0 only; JAX's maximum with 0 splits the tie",
    ),
    Kink(
        "cosine_embedding", "at the hinge", ([LONG, 0.0], [0.0, LONG], -1),
        (0, 1 / LONG), (0, 1 / LONG), (0, 0.5 / LONG), HINGE,
    ),
    Kink("triplet_margin", "at the hinge", ([[0.0]], [[1.0]], [[-2.0]]), (-2,), (-2,), (-1,), HINGE, {"eps": 0.0}),
)  # fmt: skip
