"""Where an oracle itself is known to be less accurate than its dtype allows: data with a reason.

A limit never widens the tolerance of the subject. When a framework misses the derived tolerance on a network that has
the rule, and would not miss it if the rule were only as accurate as stated here, its verdict is *unavailable*, with
the reason. `tests/reference/frameworks/test_limits.py` fails for a limit that no longer shows.
"""

from collections.abc import Mapping

from backcheck_reference.frameworks.limits.activations import HARDSIGMOID, MISH, elu, gelu, softsign, tanhshrink
from backcheck_reference.frameworks.limits.layers import (
    gru,
    jax_divide,
    jax_normalize,
    jax_reciprocal,
    positions,
    prod,
    rms_norm,
    torch_batch_norm_eval,
    torch_divide,
    torch_reciprocal,
    torch_standardised,
    torch_weight_norm,
)
from backcheck_reference.frameworks.limits.limit import Limit
from backcheck_reference.frameworks.limits.losses import (
    COSINE_EMBEDDING,
    TRIPLET_MARGIN,
    bce_with_logits,
    cosine_of_nothing,
    gaussian_nll,
    jax_bce,
    soft_margin,
    torch_bce,
)

# half an ulp of 1
FINE, COARSE = (("float32", 2.0**-24), ("float64", 2.0**-53)), ("bfloat16", 2.0**-8)
HALF = ("float16", 2.0**-11)
LIMITS = (
    *(softsign("torch", dtype, eps) for dtype, eps in FINE),
    softsign("torch", "bfloat16", 2.0**-8, square_overflows=1.8e19),
    # XLA on a CPU takes a subnormal dy / s^2 as 0, and |x| times that is lost
    softsign("jax", "bfloat16", 2.0**-8, square_overflows=1.8e19, flushed=2.0**-126),
    softsign("jax", "float32", 2.0**-24, square_overflows=1.8e19, flushed=2.0**-126),
    softsign("jax", "float64", 2.0**-53, square_overflows=1.3e154, flushed=2.0**-1022),
    rms_norm("float32", 2.0**-126, example=1e14),
    rms_norm("float64", 2.0**-1022, example=1e120),
    *(elu(rule, dtype, eps) for dtype, eps in (COARSE, *FINE) for rule in ("elu", "celu", "selu")),
    jax_bce("bfloat16", 2.0**-126, example=2.0**-128),
    jax_bce("float32", 2.0**-126, example=2.0**-128),
    jax_bce("float64", 2.0**-1022, example=0.4142),
    *map(torch_bce, ("bfloat16", "float32", "float64")),
    TRIPLET_MARGIN,
    COSINE_EMBEDDING,
    *map(cosine_of_nothing, ("torch", "jax")),
    *map(positions, ("torch", "jax")),
    jax_normalize("bfloat16", 1.8e19, 1e27),
    jax_normalize("float32", 1.8e19, 1e27),
    jax_normalize("float64", 1.3e154, 1e200),
    prod("float32", 2.0**-149),
    prod("float64", 2.0**-1074),
    prod("float16", 2.0**-24),
    prod("bfloat16", 2.0**-133),
    torch_divide("float16", 2.0**-24, example=0.08, beside=1e-3, cotangent=1e-3),
    torch_divide("bfloat16", 2.0**-133, example=1.0, beside=1e23, cotangent=1e18),
    torch_divide("float32", 2.0**-149, example=1.0, beside=1e23, cotangent=1e18),
    torch_divide("float64", 2.0**-1074, example=1.0, beside=1e165, cotangent=1e150),
    torch_reciprocal("bfloat16", 2.0**-133, example=1e29, cotangent=1e27),
    torch_reciprocal("float32", 2.0**-149, example=1e29, cotangent=1e27),
    torch_reciprocal("float64", 2.0**-1074, example=1e244, cotangent=1e222),
    *(
        torch_standardised(rule, dtype, large)
        for rule in ("layer_norm", "group_norm", "instance_norm", "batch_norm", "batch_norm_with_statistics")
        for dtype, large in (("float32", 1e15), ("float64", 1e120))
    ),
    torch_batch_norm_eval("float32", 2.0**-149, x=1e-7, var=1e35, weight=1e30),
    torch_batch_norm_eval("float64", 2.0**-1074, x=1e-27, var=1e293, weight=1e200),
    torch_weight_norm("bfloat16", 2.0**-55, 2.0**-126, example=1e-30),
    torch_weight_norm("float32", 2.0**-51, 2.0**-126, example=1e-30),
    torch_weight_norm("float64", 2.0**-485, 2.0**-1022, example=1e-250),
    jax_reciprocal("bfloat16", 2.0**-126, example=1e29, cotangent=1e27),
    jax_reciprocal("float32", 2.0**-126, example=1e29, cotangent=1e27),
    jax_reciprocal("float64", 2.0**-1022, example=1e244, cotangent=1e222),
    jax_divide("bfloat16", 2.0**-126, example=1e23, cotangent=1e18),
    jax_divide("float32", 2.0**-126, example=1e23, cotangent=1e18),
    jax_divide("float64", 2.0**-1022, example=1e165, cotangent=1e150),
    gaussian_nll("bfloat16", 2.0**-133, x=1e15, var=1e25, cotangent=1e-15),
    gaussian_nll("float32", 2.0**-149, x=1e15, var=1e25, cotangent=2e-18),
    gaussian_nll("float64", 2.0**-1074, x=1e150, var=1e250, cotangent=1e-70),
    soft_margin("float16", 11.0, example=-12.0),
    soft_margin("bfloat16", 88.0, example=-100.0),
    soft_margin("float32", 88.0, example=-100.0),
    soft_margin("float64", 709.0, example=-1000.0, exhibit=True),
    bce_with_logits("float32", 2.0**-23, 2.0**-149),
    bce_with_logits("float64", 2.0**-52, 2.0**-1074),
    bce_with_logits("bfloat16", 2.0**-7, 2.0**-133, example=-1e4, target=1e-3),
    HARDSIGMOID,
    MISH,
    *(gelu(party, dtype, eps) for party in ("torch", "jax") for dtype, eps in FINE),
    *(tanhshrink(party, dtype, eps) for dtype, eps in (*FINE, COARSE, HALF) for party in ("torch", "jax")),
    *(gru(rule, dtype, eps) for rule in ("gru_cell", "gru") for dtype, eps in FINE),
)

# Parties that take subnormal numbers as 0, whatever the rule: where a slope is infinite at 0, theirs is inf or nan.
FLUSHES: Mapping[str, str] = {"jax": "XLA on a CPU takes subnormal numbers as 0"}


def limits_of(party: str, dtype: str, rules: set[str]) -> dict[str, Limit]:
    """The limits that apply to a party on a network of these rules, by rule."""
    return {each.rule: each for each in LIMITS if (each.party, each.dtype) == (party, dtype) and each.rule in rules}


__all__ = ["FLUSHES", "LIMITS", "Limit", "limits_of"]
