"""What can be drawn of attention and of what a transformer is made of."""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import ONES, ZEROS, Array, Binding, Config, Row

ATTENTION = {"is_causal": (False, True), "scale": (None, 0.75), "enable_gqa": (False, True)}
BASE = {"base": (10000.0, 3.0)}


def _groups(bound: Binding) -> int:
    """By how much there may be fewer heads of keys than of queries: 1 where the heads do not divide."""
    heads = bound["*batch"][-1] if bound["*batch"] else 1
    return next((n for n in (2, 3) if heads % n == 0), 1)


def _fits(bound: Binding, config: Config) -> bool:
    # the first query alone sees one key only, whose weight is 1 whatever the scores are
    return (not config["enable_gqa"] or _groups(bound) > 1) and (not config["is_causal"] or bound["queries"] > 1)


def _keys(bound: Binding, config: Config) -> tuple[Shape, ...]:
    lead, queries = bound["*batch"], bound["queries"]
    if config["enable_gqa"]:
        lead = (*lead[:-1], lead[-1] // _groups(bound))
    return tuple((*lead, keys, bound["features"]) for keys in (queries + 1, 3, 2, queries, 5, 1))


def _masks(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """The same for all, by head and batch, for all queries, and for all heads of one batch."""
    lead, (queries, keys) = bound["*batch"], (bound["queries"], bound["keys"])
    return ((queries, keys), (*lead, queries, keys), (1, keys), (*lead[:-1], *(1,) * bool(lead), queries, keys))


def _attention(mask: Array) -> Row:
    return Row(ATTENTION, fits=_fits, arrays={"key": Array(shapes=_keys), "attn_mask": mask}, weight=2)


def _three(width: str) -> Array:
    """The weights of queries, keys and values in one."""

    def shapes(bound: Binding, config: Config) -> tuple[Shape, ...]:
        return ((3 * bound[width], bound[width]),)

    return Array(shapes=shapes)


ENCODER_RELU_AT_ZERO = Kink(
    "relu at 0",
    # src, then weight and bias of in_proj, out_proj, linear1, linear2, norm1 and norm2
    (
        *([[[1.0, 2.0]]], [[0.0, 0.0]] * 6, [0.0] * 6, [[0.0, 0.0]] * 2, [0.0] * 2, [[0.0, 0.0]], [0.0]),
        *([[1.0], [0.5]], [0.0] * 2, [1.0] * 2, [0.0] * 2, [1.0] * 2, [0.0] * 2),
    ),
    (0,),
    "all pass the cotangent for x > 0 only",
    {"nhead": 1, "norm_first": True},
    of="linear1_bias",
)

ROWS: Mapping[str, Row] = {
    "scaled_dot_product_attention": _attention(Array(shapes=_masks)),
    "masked_attention": _attention(Array(shapes=_masks, indices=2)),
    "multi_head_attention": Row(
        {"num_heads": (1, 2), "is_causal": (False, True)},
        fits=lambda bound, config: bound["embed"] % config["num_heads"] == 0,
        arrays={"in_proj_weight": _three("embed"), "in_proj_bias": ZEROS, "out_proj_bias": ZEROS},
        weight=2,
    ),
    "rotary_embedding": Row(BASE, fits=lambda bound, config: bound["width"] % 2 == 0),
    "positional_encoding": Row(BASE),
    "transformer_encoder_layer": Row(
        {"nhead": (1, 2), "activation": ("relu", "gelu"), "layer_norm_eps": (1e-5, 0.25), "norm_first": (False, True)},
        fits=lambda bound, config: bound["model"] % config["nhead"] == 0,
        axes={"model": 2},  # a norm of one number is 0 whatever it is
        arrays={
            "in_proj_weight": _three("model"),
            **{f"norm{i}_weight": ONES for i in (1, 2)},
            **{f"{name}_bias": ZEROS for name in ("in_proj", "out_proj", "linear1", "linear2", "norm1", "norm2")},
        },
        weight=4,
        kinks=(ENCODER_RELU_AT_ZERO,),
    ),
}
