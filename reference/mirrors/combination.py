"""Mirrors of the rules that combine several values."""

from collections.abc import Mapping

from reference.lazy import jnp, torch
from reference.mirrors.mirror import Mirror

MIRRORS: Mapping[str, Mirror] = {
    "add": Mirror(torch=lambda x1, x2: torch.add(x1, x2), jax=lambda x1, x2: jnp.add(x1, x2)),
    "multiply": Mirror(torch=lambda x1, x2: torch.mul(x1, x2), jax=lambda x1, x2: jnp.multiply(x1, x2)),
    "maximum": Mirror(torch=lambda x1, x2: torch.maximum(x1, x2), jax=lambda x1, x2: jnp.maximum(x1, x2)),
    "minimum": Mirror(torch=lambda x1, x2: torch.minimum(x1, x2), jax=lambda x1, x2: jnp.minimum(x1, x2)),
}
