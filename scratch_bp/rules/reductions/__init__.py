"""Reductions along axes: the last one unless told otherwise."""

from scratch_bp.rules.rule import family

RULES = family(
    __name__,
    "max",
    "min",
    "amax",
    "amin",
    "sum",
    "mean",
    "prod",
    "cumsum",
    "logsumexp",
    "var",
    "std",
    "norm",
)
