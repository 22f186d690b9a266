"""Rules that move entries about: shapes, parts, padding, sizes."""

from scratch_bp.rules.rule import family

RULES = family(
    __name__,
    "reshape",
    "flatten",
    "squeeze",
    "unsqueeze",
    "transpose",
    "permute",
    "expand",
    "split",
    "slice",
    "gather",
    "pad",
    "upsample",
    "pixel_shuffle",
)
