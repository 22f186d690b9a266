"""Limits of the activations."""

import numpy as np

from backcheck_reference.frameworks.limits.limit import Limit


def softsign(party: str, dtype: str, eps: float, square_overflows: float = np.inf, flushed: float = 0.0) -> Limit:
    return Limit(
        party=party,
        rule="softsign",
        dtype=dtype,
        slope=lambda x: (4 * eps + (abs(x) > square_overflows)) / (1 + abs(x)),
        reason="autograd's slope is 1/s - |x|/s^2 with s = 1 + |x|, which cancels for large x"
        + (", and s^2 overflows" if np.isfinite(square_overflows) else "")
        + (", or dy / s^2 underflows" if flushed else ""),
        example={"bfloat16": 1e30, "float32": 1e4, "float64": 1e8}[dtype],
        lost=lambda x: flushed * abs(x),
    )


def elu(rule: str, dtype: str, eps: float) -> Limit:
    return Limit(
        party="jax",
        rule=rule,
        dtype=dtype,
        slope=lambda x: (8 if rule == "elu" else 16) * eps * (x <= 0),
        reason="JAX's slope below 0 is expm1(x) + 1, which cancels",
        example={"bfloat16": -6.0, "float32": -16.0, "float64": -34.0}[dtype],
        exhibit=dtype in ("float32", "float64"),
    )


def tanhshrink(party: str, dtype: str, eps: float) -> Limit:
    return Limit(
        party=party,
        rule="tanhshrink",
        dtype=dtype,
        slope=lambda x: np.asarray(4 * eps),
        reason="autograd's slope is 1 - (1 - tanh(x)^2), which cancels for small x",
        example={"bfloat16": 0.05, "float16": 0.00974, "float32": 1e-3, "float64": 1e-6}[dtype],
        cotangent=15.0 if dtype == "float16" else None,
        exhibit=dtype in ("float32", "float64"),
    )


def gelu(party: str, dtype: str, eps: float) -> Limit:
    by_tanh = party == "jax"  # JAX's formula with erf does not cancel
    if by_tanh:
        eps *= 2  # XLA's tanh is off by up to 7 units of 2^-53 near -1, others' by less than 4: a test measures it
        reason = "JAX's factor of x for approximate=True is 1 + tanh, which cancels for x far below 0: good to eps only"
    else:
        reason = "PyTorch's factor of x is 1 + erf or 1 + tanh, which cancels for x far below 0: good to eps only"
    # a kernel of its own for arrays of float32, not PyTorch's erf: a test measures it
    off = 8 if (party, dtype) == ("torch", "float32") else 2
    if off > 2:
        reason += "; in float32 arrays the factor is off by up to 7 units of 2^-24 for |x| near 3"
    return Limit(
        party=party,
        rule="gelu",
        dtype=dtype,
        value=lambda x: off * eps * abs(x),
        # 1 - tanh(u)^2 cancels as well, and is multiplied by x du/dx
        slope=lambda x: 4 * eps * (1 + abs(x) * (1 + np.minimum(x * x, 100))),
        reason=reason,
        example={"float32": -5.0, "float64": -6.0}[dtype],
        exhibit=not by_tanh,
        config={"approximate": "tanh"} if by_tanh else {},
    )


# XLA's tanh of softplus(x) is off by up to 7 units of 2^-53 near 1: twice that, times x, in 1 - tanh^2
MISH = Limit(
    party="jax",
    rule="mish",
    dtype="float64",
    slope=lambda x: 16 * 2.0**-53 * abs(x),
    reason="JAX's slope has x (1 - tanh^2) in it, which cancels, and XLA's tanh is off by up to 7 units of 2^-53",
    example=19.75,
    exhibit=False,  # forty units in the last place are no picture
)


# PyTorch's kernel for float64 multiplies by 1/6 rounded to float32
HARDSIGMOID = Limit(
    party="torch",
    rule="hardsigmoid",
    dtype="float64",
    slope=lambda x: 2.0**-25 / 6 * (abs(x) < 3),
    reason="PyTorch's slope is 1/6 rounded to float32, in float64 as well: off by 3e-8 of it",
    example=1.0,
)
