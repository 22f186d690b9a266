"""Mirrors of the rules that combine several values."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import jnp, torch

MIRRORS: Mapping[str, Mirror] = {
    "add": Mirror(torch=lambda x1, x2: torch.add(x1, x2), jax=lambda x1, x2: jnp.add(x1, x2)),
    "subtract": Mirror(torch=lambda x1, x2: torch.sub(x1, x2), jax=lambda x1, x2: jnp.subtract(x1, x2)),
    "multiply": Mirror(torch=lambda x1, x2: torch.mul(x1, x2), jax=lambda x1, x2: jnp.multiply(x1, x2)),
    "divide": Mirror(torch=lambda x1, x2: torch.div(x1, x2), jax=lambda x1, x2: jnp.divide(x1, x2)),
    "maximum": Mirror(torch=lambda x1, x2: torch.maximum(x1, x2), jax=lambda x1, x2: jnp.maximum(x1, x2)),
    "minimum": Mirror(torch=lambda x1, x2: torch.minimum(x1, x2), jax=lambda x1, x2: jnp.minimum(x1, x2)),
    "where": Mirror(
        torch=lambda condition, x1, x2: torch.where(condition != 0, x1, x2),
        jax=lambda condition, x1, x2: jnp.where(condition != 0, x1, x2),
    ),
    "concat": Mirror(
        torch=lambda *xs, dim=0: torch.cat(xs, dim),
        jax=lambda *xs, dim=0: jnp.concatenate(xs, axis=dim),
    ),
    "stack": Mirror(torch=lambda *xs, dim=0: torch.stack(xs, dim), jax=lambda *xs, dim=0: jnp.stack(xs, axis=dim)),
}
