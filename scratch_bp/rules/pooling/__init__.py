"""Pooling over windows."""

from collections.abc import Mapping

from scratch_bp.rules.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    global_max_pool,
    lp_pool2d,
    max_pool1d,
    max_pool2d,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "max_pool1d": Rule(max_pool1d.forward, max_pool1d.backward),
    "max_pool2d": Rule(max_pool2d.forward, max_pool2d.backward),
    "avg_pool1d": Rule(avg_pool1d.forward, avg_pool1d.backward),
    "avg_pool2d": Rule(avg_pool2d.forward, avg_pool2d.backward),
    "lp_pool2d": Rule(lp_pool2d.forward, lp_pool2d.backward),
    "adaptive_avg_pool1d": Rule(adaptive_avg_pool1d.forward, adaptive_avg_pool1d.backward),
    "adaptive_avg_pool2d": Rule(adaptive_avg_pool2d.forward, adaptive_avg_pool2d.backward),
    "adaptive_max_pool2d": Rule(adaptive_max_pool2d.forward, adaptive_max_pool2d.backward),
    "global_avg_pool": Rule(global_avg_pool.forward, global_avg_pool.backward),
    "global_max_pool": Rule(global_max_pool.forward, global_max_pool.backward),
}
