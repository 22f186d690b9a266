"""Pooling over windows."""

from scratch_bp.rules.rule import family

RULES = family(
    __name__,
    "max_pool1d",
    "max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "lp_pool2d",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "global_avg_pool",
    "global_max_pool",
)
