"""Mirrors of the rules that are linear in each of their arrays."""

from collections.abc import Mapping

from reference.lazy import F, jnp
from reference.mirrors.mirror import Mirror

MIRRORS: Mapping[str, Mirror] = {
    "dense": Mirror(
        torch=lambda x, w, b=None: F.linear(x, w.T, b),
        jax=lambda x, w, b=None: jnp.dot(x, w) if b is None else jnp.dot(x, w) + b,
    ),
}
