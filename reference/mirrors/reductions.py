"""Mirrors of the reductions along axes."""

from collections.abc import Mapping

from reference.lazy import jnp, torch
from reference.mirrors.mirror import Mirror


def _root(square):
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)


MIRRORS: Mapping[str, Mirror] = {
    "max": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.max(x, dim, keepdim).values,
        # JAX has no other maximum than the one that splits the cotangent over ties
        jax=lambda x, *, dim=-1, keepdim=False: jnp.max(x, axis=dim, keepdims=keepdim),
    ),
    "amax": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.amax(x, dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.max(x, axis=dim, keepdims=keepdim),
    ),
    "sum": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.sum(x, dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.sum(x, axis=dim, keepdims=keepdim),
    ),
    "mean": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.mean(x, dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.mean(x, axis=dim, keepdims=keepdim),
    ),
    "var": Mirror(
        torch=lambda x, *, dim=-1, correction=1, keepdim=False: torch.var(
            x, dim, correction=correction, keepdim=keepdim
        ),
        jax=lambda x, *, dim=-1, correction=1, keepdim=False: jnp.var(x, axis=dim, ddof=correction, keepdims=keepdim),
    ),
    "norm": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.linalg.vector_norm(x, 2, dim, keepdim),
        # jnp.linalg.norm has the gradient nan at 0; this is the usual way around it, and its gradient there is 0
        jax=lambda x, *, dim=-1, keepdim=False: _root(jnp.square(x).sum(axis=dim, keepdims=keepdim)),
    ),
}
