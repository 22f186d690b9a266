"""Mirrors of the rules that are made of pieces: what they agree on away from the kinks, they need not on them."""

from reference.lazy import F, jax, jnp, torch
from reference.mirrors.mirror import Mirror


def _pooled(x, kernel_size, stride, padding):
    window, step = (1, 1, kernel_size), (1, 1, stride or kernel_size)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, step, ((0, 0), (0, 0), (padding, padding)))


abs = Mirror(torch=lambda x: torch.abs(x), jax=lambda x: jnp.abs(x))

clamp = Mirror(
    torch=lambda x, *, min=None, max=None: torch.clamp(x, min, max),
    jax=lambda x, *, min=None, max=None: jnp.clip(x, min, max),
)

hardtanh = Mirror(
    torch=lambda x, *, min_val=-1.0, max_val=1.0: F.hardtanh(x, min_val, max_val),
    # jax.nn.hard_tanh, which knows only -1 and 1
    jax=lambda x, *, min_val=-1.0, max_val=1.0: jnp.where(x > max_val, max_val, jnp.where(x < min_val, min_val, x)),
)

relu6 = Mirror(torch=lambda x: F.relu6(x), jax=lambda x: jax.nn.relu6(x))

elu = Mirror(
    torch=lambda x, *, alpha=1.0: F.elu(x, alpha),
    jax=lambda x, *, alpha=1.0: jax.nn.elu(x, alpha),
)

maximum = Mirror(torch=lambda x1, x2: torch.maximum(x1, x2), jax=lambda x1, x2: jnp.maximum(x1, x2))

minimum = Mirror(torch=lambda x1, x2: torch.minimum(x1, x2), jax=lambda x1, x2: jnp.minimum(x1, x2))

max = Mirror(
    torch=lambda x, *, dim=-1, keepdim=False: torch.max(x, dim, keepdim).values,
    # JAX has no other maximum than the one that splits the cotangent over ties
    jax=lambda x, *, dim=-1, keepdim=False: jnp.max(x, axis=dim, keepdims=keepdim),
)

amax = Mirror(
    torch=lambda x, *, dim=-1, keepdim=False: torch.amax(x, dim, keepdim),
    jax=lambda x, *, dim=-1, keepdim=False: jnp.max(x, axis=dim, keepdims=keepdim),
)

max_pool1d = Mirror(
    torch=lambda x, *, kernel_size, stride=None, padding=0: F.max_pool1d(x, kernel_size, stride, padding),
    jax=lambda x, *, kernel_size, stride=None, padding=0: _pooled(x, kernel_size, stride, padding),
)
