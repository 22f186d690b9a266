"""Reductions along axes."""

from collections.abc import Mapping

from scratch_bp.rules.reductions import (
    amax,
    max,
    mean,
    norm,
    sum,
    var,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "max": Rule(max.forward, max.backward),
    "amax": Rule(amax.forward, amax.backward),
    "sum": Rule(sum.forward, sum.backward),
    "mean": Rule(mean.forward, mean.backward),
    "var": Rule(var.forward, var.backward),
    "norm": Rule(norm.forward, norm.backward),
}
