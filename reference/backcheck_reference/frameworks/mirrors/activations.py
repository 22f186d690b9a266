"""Mirrors of the activations and the elementwise functions."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import F, jax, jnp, torch

MIRRORS: Mapping[str, Mirror] = {
    "identity": Mirror(torch=lambda x: x.clone(), jax=lambda x: x),
    "sigmoid": Mirror(torch=lambda x: torch.sigmoid(x), jax=lambda x: jax.nn.sigmoid(x)),
    "tanh": Mirror(torch=lambda x: torch.tanh(x), jax=lambda x: jnp.tanh(x)),
    "relu": Mirror(torch=lambda x: F.relu(x), jax=lambda x: jax.nn.relu(x)),
    "leaky_relu": Mirror(
        torch=lambda x, *, negative_slope=0.01: F.leaky_relu(x, negative_slope),
        jax=lambda x, *, negative_slope=0.01: jax.nn.leaky_relu(x, negative_slope),
    ),
    "softplus": Mirror(
        torch=lambda x, *, beta=1.0, threshold=20.0: F.softplus(x, beta, threshold),
        # jax.nn.softplus has neither beta nor threshold: both are put around it
        jax=lambda x, *, beta=1.0, threshold=20.0: jnp.where(beta * x > threshold, x, jax.nn.softplus(beta * x) / beta),
    ),
    "gelu": Mirror(
        torch=lambda x, *, approximate="none": F.gelu(x, approximate=approximate),
        jax=lambda x, *, approximate="none": jax.nn.gelu(x, approximate=approximate == "tanh"),
    ),
    "silu": Mirror(torch=lambda x: F.silu(x), jax=lambda x: jax.nn.silu(x)),
    "softmax": Mirror(
        torch=lambda x, *, dim=-1: torch.softmax(x, dim),
        jax=lambda x, *, dim=-1: jax.nn.softmax(x, axis=dim),
    ),
    "log_softmax": Mirror(
        torch=lambda x, *, dim=-1: torch.log_softmax(x, dim),
        jax=lambda x, *, dim=-1: jax.nn.log_softmax(x, axis=dim),
    ),
    "square": Mirror(torch=lambda x: torch.square(x), jax=lambda x: jnp.square(x)),
    "exp": Mirror(torch=lambda x: torch.exp(x), jax=lambda x: jnp.exp(x)),
    "sqrt": Mirror(torch=lambda x: torch.sqrt(x), jax=lambda x: jnp.sqrt(x)),
    "log": Mirror(torch=lambda x: torch.log(x), jax=lambda x: jnp.log(x)),
    "softsign": Mirror(torch=lambda x: F.softsign(x), jax=lambda x: jax.nn.soft_sign(x)),
    "abs": Mirror(torch=lambda x: torch.abs(x), jax=lambda x: jnp.abs(x)),
    "clamp": Mirror(
        torch=lambda x, *, min=None, max=None: torch.clamp(x, min, max),
        jax=lambda x, *, min=None, max=None: jnp.clip(x, min, max),
    ),
    "hardtanh": Mirror(
        torch=lambda x, *, min_val=-1.0, max_val=1.0: F.hardtanh(x, min_val, max_val),
        # jax.nn.hard_tanh, which knows only -1 and 1
        jax=lambda x, *, min_val=-1.0, max_val=1.0: jnp.where(x > max_val, max_val, jnp.where(x < min_val, min_val, x)),
    ),
    "relu6": Mirror(torch=lambda x: F.relu6(x), jax=lambda x: jax.nn.relu6(x)),
    "elu": Mirror(
        torch=lambda x, *, alpha=1.0: F.elu(x, alpha),
        jax=lambda x, *, alpha=1.0: jax.nn.elu(x, alpha),
    ),
    "prelu": Mirror(
        torch=lambda x, weight: F.prelu(x, weight),
        jax=lambda x, weight: jnp.where(
            x > 0, x, (weight[0] if weight.size == 1 else weight.reshape(-1, *(1,) * (x.ndim - 2))) * x
        ),
    ),
    "selu": Mirror(torch=lambda x: F.selu(x), jax=lambda x: jax.nn.selu(x)),
    "celu": Mirror(
        torch=lambda x, *, alpha=1.0: F.celu(x, alpha),
        jax=lambda x, *, alpha=1.0: jax.nn.celu(x, alpha),
    ),
    "mish": Mirror(torch=lambda x: F.mish(x), jax=lambda x: jax.nn.mish(x)),
    "hardsigmoid": Mirror(torch=lambda x: F.hardsigmoid(x), jax=lambda x: jax.nn.hard_sigmoid(x)),
    "hardswish": Mirror(torch=lambda x: F.hardswish(x), jax=lambda x: jax.nn.hard_swish(x)),
    # JAX has no shrinkage and no threshold: their usual formulas
    "hardshrink": Mirror(
        torch=lambda x, *, lambd=0.5: F.hardshrink(x, lambd),
        jax=lambda x, *, lambd=0.5: jnp.where(jnp.abs(x) > lambd, x, 0),
    ),
    "softshrink": Mirror(
        torch=lambda x, *, lambd=0.5: F.softshrink(x, lambd),
        jax=lambda x, *, lambd=0.5: jnp.where(x > lambd, x - lambd, jnp.where(x < -lambd, x + lambd, 0)),
    ),
    "tanhshrink": Mirror(torch=lambda x: F.tanhshrink(x), jax=lambda x: x - jnp.tanh(x)),
    "threshold": Mirror(
        torch=lambda x, *, threshold, value: F.threshold(x, threshold, value),
        jax=lambda x, *, threshold, value: jnp.where(x > threshold, x, value),
    ),
    "log_sigmoid": Mirror(torch=lambda x: F.logsigmoid(x), jax=lambda x: jax.nn.log_sigmoid(x)),
    "glu": Mirror(
        torch=lambda x, *, dim=-1: F.glu(x, dim),
        jax=lambda x, *, dim=-1: jax.nn.glu(x, axis=dim),
    ),
    # neither framework has it: what the models that use it write
    "swiglu": Mirror(
        torch=lambda x, *, dim=-1: F.silu(x.chunk(2, dim)[0]) * x.chunk(2, dim)[1],
        jax=lambda x, *, dim=-1: jax.nn.silu(jnp.split(x, 2, dim)[0]) * jnp.split(x, 2, dim)[1],
    ),
    "softmin": Mirror(
        torch=lambda x, *, dim=-1: F.softmin(x, dim),
        jax=lambda x, *, dim=-1: jax.nn.softmax(-x, axis=dim),
    ),
    "reciprocal": Mirror(torch=lambda x: torch.reciprocal(x), jax=lambda x: jnp.reciprocal(x)),
    "power": Mirror(
        torch=lambda x, *, exponent: torch.pow(x, exponent),
        jax=lambda x, *, exponent: jnp.power(x, exponent),
    ),
    "array_power": Mirror(
        torch=lambda x, exponent: torch.pow(x, exponent),
        jax=lambda x, exponent: jnp.power(x, exponent),
    ),
}
