"""Mirrors of the layers."""

from reference.lazy import F, jax, jnp, torch
from reference.mirrors.mirror import Mirror


def _standardise(x, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt(jnp.square(centred).mean(-1, keepdims=True) + eps)


dense = Mirror(
    torch=lambda x, w, b=None: F.linear(x, w.T, b),
    jax=lambda x, w, b=None: jnp.dot(x, w) if b is None else jnp.dot(x, w) + b,
)

identity = Mirror(torch=lambda x: x.clone(), jax=lambda x: x)

sigmoid = Mirror(torch=lambda x: torch.sigmoid(x), jax=lambda x: jax.nn.sigmoid(x))

tanh = Mirror(torch=lambda x: torch.tanh(x), jax=lambda x: jnp.tanh(x))

relu = Mirror(torch=lambda x: F.relu(x), jax=lambda x: jax.nn.relu(x))

leaky_relu = Mirror(
    torch=lambda x, *, negative_slope=0.01: F.leaky_relu(x, negative_slope),
    jax=lambda x, *, negative_slope=0.01: jax.nn.leaky_relu(x, negative_slope),
)

softplus = Mirror(
    torch=lambda x, *, beta=1.0, threshold=20.0: F.softplus(x, beta, threshold),
    # jax.nn.softplus has neither beta nor threshold: both are put around it
    jax=lambda x, *, beta=1.0, threshold=20.0: jnp.where(beta * x > threshold, x, jax.nn.softplus(beta * x) / beta),
)

gelu = Mirror(
    torch=lambda x: F.gelu(x, approximate="none"),
    jax=lambda x: jax.nn.gelu(x, approximate=False),
)

silu = Mirror(torch=lambda x: F.silu(x), jax=lambda x: jax.nn.silu(x))

softmax = Mirror(
    torch=lambda x, *, dim=-1: torch.softmax(x, dim),
    jax=lambda x, *, dim=-1: jax.nn.softmax(x, axis=dim),
)

log_softmax = Mirror(
    torch=lambda x, *, dim=-1: torch.log_softmax(x, dim),
    jax=lambda x, *, dim=-1: jax.nn.log_softmax(x, axis=dim),
)

layer_norm = Mirror(
    torch=lambda x, gamma, beta, *, eps=1e-5: F.layer_norm(x, gamma.shape, gamma, beta, eps),
    jax=lambda x, gamma, beta, *, eps=1e-5: _standardise(x, eps) * gamma + beta,
)

add = Mirror(torch=lambda x1, x2: torch.add(x1, x2), jax=lambda x1, x2: jnp.add(x1, x2))

multiply = Mirror(torch=lambda x1, x2: torch.mul(x1, x2), jax=lambda x1, x2: jnp.multiply(x1, x2))

square = Mirror(torch=lambda x: torch.square(x), jax=lambda x: jnp.square(x))

exp = Mirror(torch=lambda x: torch.exp(x), jax=lambda x: jnp.exp(x))

sqrt = Mirror(torch=lambda x: torch.sqrt(x), jax=lambda x: jnp.sqrt(x))

log = Mirror(torch=lambda x: torch.log(x), jax=lambda x: jnp.log(x))

softsign = Mirror(torch=lambda x: F.softsign(x), jax=lambda x: jax.nn.soft_sign(x))
