"""Reductions along axes: the last one unless told otherwise."""

from collections.abc import Mapping

from scratch_bp.rules.reductions import (
    amax,
    amin,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    std,
    sum,
    var,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "max": Rule(max.forward, max.backward),
    "min": Rule(min.forward, min.backward),
    "amax": Rule(amax.forward, amax.backward),
    "amin": Rule(amin.forward, amin.backward),
    "sum": Rule(sum.forward, sum.backward),
    "mean": Rule(mean.forward, mean.backward),
    "prod": Rule(prod.forward, prod.backward),
    "cumsum": Rule(cumsum.forward, cumsum.backward),
    "logsumexp": Rule(logsumexp.forward, logsumexp.backward),
    "var": Rule(var.forward, var.backward),
    "std": Rule(std.forward, std.backward),
    "norm": Rule(norm.forward, norm.backward),
}
