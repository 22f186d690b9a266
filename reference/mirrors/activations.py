"""Mirrors of the activations and the elementwise functions."""

from collections.abc import Mapping

from reference.lazy import F, jax, jnp, torch
from reference.mirrors.mirror import Mirror

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
        torch=lambda x: F.gelu(x, approximate="none"),
        jax=lambda x: jax.nn.gelu(x, approximate=False),
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
}
