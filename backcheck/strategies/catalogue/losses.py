"""What can be drawn of the losses."""

from collections.abc import Mapping
from math import inf

from backcheck.strategies.catalogue.row import Binding, Config, Row, Shape

REDUCTION = {"reduction": ("mean", "sum", "none")}
SIGNS = {"target": lambda bound, config: 3}  # -1, 0 and 1
LOWEST = {"target": -1}


def _rescaling(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """The shape of the terms, and what is repeated to it."""
    shape = bound["*shape"]
    return (shape, shape[-1:], (*shape[:-1], 1), ()) if shape else ((),)


def _variances(bound: Binding, config: Config) -> tuple[Shape, ...]:
    shape = bound["*shape"]
    return (shape, (*shape[:-1], 1), shape[:-1]) if shape else ((),)


def _batched(bound: Binding, config: Config) -> bool:
    return config["reduction"] != "batchmean" or bool(bound["*shape"])


def _input_lengths(bound: Binding) -> tuple[tuple[int, ...], ...]:
    """All frames, and fewer for every other sample."""
    frames, batch = bound["frames"], bound["batch"]
    return _different((frames,) * batch, tuple(max(1, frames - i % 2) for i in range(batch)))


def _target_lengths(bound: Binding) -> tuple[tuple[int, ...], ...]:
    """One label each, as many as always fit, fewer and none, and more than there are frames."""
    frames, batch = bound["frames"], bound["batch"]
    most = (frames + 1) // 2
    fewer = tuple(max(0, most - 1 - i % 2) for i in range(batch))
    return _different((1,) * batch, (most,) * batch, fewer, (1,) * (batch - 1) + (frames + 1,))


def _different(*choices: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(dict.fromkeys(choices))


def _readable(bound: Binding, config: Config) -> bool:
    """A target may need a frame for each label and one between any two; only a loss of 0 is given to one that is too
    long. The blank is the first class or, where there are others still, the last."""
    pairs = zip(config["input_lengths"], config["target_lengths"], strict=True)
    short = all(2 * labels - 1 <= frames for frames, labels in pairs)
    endless = max(config["target_lengths"]) > bound["frames"]
    other = config["blank"] == 0 or bound["classes"] > 2
    return (short or (endless and config["zero_infinity"])) and other


def _labels(bound: Binding, config: Config) -> tuple[Shape, ...]:
    longest = max(config["target_lengths"])
    return (bound["batch"], longest), (bound["batch"], longest + 1)


ROWS: Mapping[str, Row] = {
    "mse": Row(REDUCTION),
    "mae": Row(REDUCTION),
    "huber": Row({"delta": (1.0, 0.5, 2.0), **REDUCTION}),
    "smooth_l1": Row({"beta": (1.0, 0.5, 0.0), **REDUCTION}),
    "bce_with_logits": Row(
        REDUCTION,
        shapes={"weight": _rescaling, "pos_weight": _rescaling},
        domain={"pos_weight": (0, inf)},
        fixed=("weight", "pos_weight"),
    ),
    "cross_entropy": Row(
        {"ignore_index": (-100, 0), "label_smoothing": (0.0, 0.25), **REDUCTION},
        fits=lambda bound, config: bound["classes"] > 1 or config["ignore_index"] < 0,
        indices={"target": "classes"},
        domain={"weight": (0, inf)},
        fixed=("weight",),
        weight=2,
    ),
    "cross_entropy_probabilities": Row(
        {"label_smoothing": (0.0, 0.25), **REDUCTION}, domain={"weight": (0, inf)}, fixed=("weight",)
    ),
    "margin_ranking": Row({"margin": (0.0, 0.5, 1.0), **REDUCTION}),
    "nll": Row(
        {"ignore_index": (-100, 0), **REDUCTION},
        fits=lambda bound, config: bound["classes"] > 1 or config["ignore_index"] < 0,
        indices={"target": "classes"},
        domain={"weight": (0, inf)},
        fixed=("weight",),
        weight=2,
    ),
    "bce": Row(REDUCTION, shapes={"weight": _rescaling}, domain={"x": (0, 1), "target": (0, 1)}, fixed=("weight",)),
    "kl_div": Row(
        {"reduction": ("mean", "sum", "none", "batchmean"), "log_target": (False, True)},
        fits=_batched,
        domain={"target": (0, inf)},
    ),
    "poisson_nll": Row(
        {"log_input": (True, False), "full": (False, True), "eps": (1e-8, 0.5), **REDUCTION},
        domain={"x": (0, inf), "target": (0, inf)},
    ),
    "gaussian_nll": Row(
        {"full": (False, True), "eps": (1e-6, 0.5), **REDUCTION}, shapes={"var": _variances}, domain={"var": (0, inf)}
    ),
    "hinge_embedding": Row({"margin": (1.0, 0.5), **REDUCTION}, indices=SIGNS, lowest=LOWEST),
    "soft_margin": Row(REDUCTION, indices=SIGNS, lowest=LOWEST),
    "multi_margin": Row(
        {"p": (1, 2), "margin": (1.0, 0.5), **REDUCTION},
        indices={"target": "classes"},
        fixed=("weight",),
    ),
    "cosine_embedding": Row({"margin": (0.0, 0.5), **REDUCTION}, indices=SIGNS, lowest=LOWEST),
    "triplet_margin": Row(
        {"margin": (1.0, 0.5), "p": (2.0, 1.0, 3.0), "eps": (1e-6, 0.25), "swap": (False, True), **REDUCTION}
    ),
    "ctc": Row(
        {
            "input_lengths": _input_lengths,
            "target_lengths": _target_lengths,
            "blank": lambda bound: (0, bound["classes"] - 1),
            "zero_infinity": (False, True),
            **REDUCTION,
        },
        fits=_readable,
        least={"classes": 2},
        shapes={"targets": _labels},
        indices={"targets": lambda bound, config: bound["classes"] - 1 - (config["blank"] > 0)},
        lowest={"targets": 1},
    ),
    "l2_penalty": Row({"weight_decay": (0.01, 0.5)}),
}
