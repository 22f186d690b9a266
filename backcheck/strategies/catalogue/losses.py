"""What can be drawn of the losses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.ctc import CTC
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import (
    NO_GRADIENT,
    POSITIVE,
    PROBABILITY,
    REDUCTION,
    Array,
    Binding,
    Config,
    Row,
)

IGNORED = {"ignore_index": (-100, 0)}
SIGNS = {"target": Array(indices=3, lowest=-1)}  # -1, 0 and 1
CLASSES = Array(indices="classes")
CLASS_WEIGHTS = replace(POSITIVE, fixed=True)

FAR = 2.0**20  # beside it PyTorch's 1e-12 under the root is nothing


def _rescaling(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """The shape of the terms, and what is repeated to it."""
    shape = bound["*shape"]
    return (shape, shape[-1:], (*shape[:-1], 1), ()) if shape else ((),)


def _variances(bound: Binding, config: Config) -> tuple[Shape, ...]:
    shape = bound["*shape"]
    return (shape, (*shape[:-1], 1), shape[:-1]) if shape else ((),)


def _batched(bound: Binding, config: Config) -> bool:
    return config["reduction"] != "batchmean" or bool(bound["*shape"])


def _not_all_ignored(bound: Binding, config: Config) -> bool:
    return bool(bound["classes"] > 1 or config["ignore_index"] < 0)


def _hinge(
    arrays: tuple[Any, ...], slopes: tuple[float, ...], calls: tuple[str, str], config: Config | None = None
) -> Kink:
    why = "PyTorch's clamp_min counts the edge as inside; JAX's maximum with 0 splits the tie"
    halves = tuple(slope / 2 for slope in slopes)
    return Kink("at the hinge", arrays, slopes, why, config or {}, jax=halves, calls=calls)


RESCALING = Array(shapes=_rescaling, fixed=True)

ROWS: Mapping[str, Row] = {
    "mse": Row(REDUCTION),
    "mae": Row(REDUCTION, kinks=(Kink(
        "no residual", ([0.0], [0.0]), (0,), "as for abs, which JAX has to write the loss with", jax=(1,),
        calls=("F.l1_loss(a, torch.zeros_like(a))", "jnp.abs(a).mean()")),)),
    "huber": Row({"delta": (1.0, 0.5, 2.0), **REDUCTION}, kinks=(Kink(
        "at both edges: no kink", ([-1.0, 1.0], [0.0, 0.0]), (-1, 1), "the two branches have one slope there",
        {"reduction": "sum"}),)),
    "smooth_l1": Row({"beta": (1.0, 0.5, 0.0), **REDUCTION}, kinks=(Kink(
        "no residual, beta 0", ([0.0], [0.0]), (0,), "without its smooth part it is the absolute error", {"beta": 0.0},
        jax=(1,), calls=("F.smooth_l1_loss(a, torch.zeros_like(a), beta=0)", "jnp.abs(a).mean()")),)),
    "bce_with_logits": Row(
        REDUCTION, arrays={"weight": RESCALING, "pos_weight": replace(RESCALING, domain=POSITIVE.domain)}),
    "cross_entropy": Row(
        {**IGNORED, "label_smoothing": (0.0, 0.25), **REDUCTION}, fits=_not_all_ignored,
        arrays={"target": CLASSES, "weight": CLASS_WEIGHTS}, weight=2),
    "cross_entropy_probabilities": Row({"label_smoothing": (0.0, 0.25), **REDUCTION}, arrays={"weight": CLASS_WEIGHTS}),
    "margin_ranking": Row({"margin": (0.0, 0.5, 1.0), **REDUCTION}, kinks=(_hinge(
        ([1.0], [1.0], [1.0]), (-1,),
        ("F.margin_ranking_loss(a, torch.ones_like(a), torch.ones_like(a))", "jnp.maximum(1 - a, 0).mean()")),)),
    "nll": Row(
        {**IGNORED, **REDUCTION}, fits=_not_all_ignored, arrays={"target": CLASSES, "weight": CLASS_WEIGHTS}, weight=2),
    "bce": Row(REDUCTION, arrays={"x": PROBABILITY, "target": PROBABILITY, "weight": RESCALING}),
    "kl_div": Row(
        {"reduction": ("mean", "sum", "none", "batchmean"), "log_target": (False, True)}, fits=_batched,
        arrays={"target": POSITIVE}),
    "poisson_nll": Row(
        {"log_input": (True, False), "full": (False, True), "eps": (1e-8, 0.5), **REDUCTION},
        arrays={"x": POSITIVE, "target": POSITIVE},
        kinks=(Kink(
            "target at 1, full", ([0.0], [1.0]), (0,),
            "a count of 1 is given none of Stirling's term, which jumps there", {"full": True}, of="target"),)),
    "gaussian_nll": Row(
        {"full": (False, True), "eps": (1e-6, 0.5), **REDUCTION},
        arrays={"var": Array(shapes=_variances, domain=POSITIVE.domain)},
        kinks=(Kink(
            "var at eps", ([0.0], [0.0], [0.5]), (1,),
            "PyTorch counts the edge as inside; JAX's maximum with eps splits the tie",
            {"eps": 0.5}, jax=(0.5,), of="var",
            calls=("F.gaussian_nll_loss(torch.zeros_like(a), torch.zeros_like(a), a, eps=0.5)",
                   "(jnp.log(jnp.maximum(a, 0.5)) / 2).mean()")),),
    ),
    "hinge_embedding": Row({"margin": (1.0, 0.5), **REDUCTION}, arrays=SIGNS, kinks=(_hinge(
        ([1.0], [-1]), (-1,), ("F.hinge_embedding_loss(a, torch.tensor([-1]))", "jnp.maximum(1 - a, 0).mean()")),)),
    "soft_margin": Row(REDUCTION, arrays=SIGNS),
    "multi_margin": Row(
        {"p": (1, 2), "margin": (1.0, 0.5), **REDUCTION}, arrays={"target": CLASSES, "weight": NO_GRADIENT},
        kinks=(Kink(
            "at the hinge", ([[0.0, 1.0]], [1]), (0, 0),
            "PyTorch counts a gap above 0 only; JAX's maximum with 0 splits the tie", jax=(0.25, -0.25),
            calls=("F.multi_margin_loss(a, torch.tensor([1]))",
                   "(jnp.maximum(1 + a - a[:, 1:], 0) * jnp.array([1, 0])).mean()")),)),
    "cosine_embedding": Row({"margin": (0.0, 0.5), **REDUCTION}, arrays=SIGNS, kinks=(_hinge(
        ([FAR, 0.0], [0.0, FAR], -1), (0, 1 / FAR),
        ("F.cosine_embedding_loss(a, a.detach().flip(0), torch.tensor(-1))",
         "jnp.maximum(a[1] / jnp.sqrt((a * a).sum()), 0)")),)),
    "triplet_margin": Row(
        {"margin": (1.0, 0.5), "p": (2.0, 1.0, 3.0), "eps": (1e-6, 0.25), "swap": (False, True), **REDUCTION},
        kinks=(_hinge(
            ([[0.0]], [[1.0]], [[-2.0]]), (-2,),
            ("F.triplet_margin_loss(a, a.detach() + 1, a.detach() - 2, eps=0)",
             "jnp.maximum(1 + jnp.abs(a - 1) - jnp.abs(a + 2), 0).mean()"), {"eps": 0.0}),)),
    "ctc": CTC,
    "l2_penalty": Row({"weight_decay": (0.01, 0.5)}),
}  # fmt: skip
