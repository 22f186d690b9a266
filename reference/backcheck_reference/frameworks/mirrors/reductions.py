"""Mirrors of the reductions along axes."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Array, Axes, Mirror, Tensor
from backcheck_reference.lazy import jax, jnp, torch


def _root(square: Array) -> Array:
    """The root with the gradient 0 at 0, by the usual two `where`: jnp.linalg.norm and jnp.std have nan there."""
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)


def norm(x: Array, *, ord: float = 2, dim: Axes = -1, keepdim: bool = False) -> Array:
    """The norm in JAX, with a gradient at 0."""
    if ord == 2:
        return _root(jnp.square(x).sum(axis=dim, keepdims=keepdim))
    if ord in (1, jnp.inf):
        return (jnp.sum if ord == 1 else jnp.max)(jnp.abs(x), axis=dim, keepdims=keepdim)
    total = (jnp.abs(x) ** ord).sum(axis=dim, keepdims=keepdim)
    return jnp.where(total > 0, jnp.where(total > 0, total, 1) ** (1 / ord), 0)


def torch_norm(x: Tensor, *, ord: float = 2, dim: Axes = -1, keepdim: bool = False) -> Tensor:
    """PyTorch's norm, and for orders other than 1, 2 and infinity its formula in pieces.

    PyTorch's gradient divides by y^(ord - 1), which underflows long before y does where the axis has one entry.
    """
    if ord in (1, 2, float("inf")):
        return torch.linalg.vector_norm(x, ord, dim, keepdim)
    total = (x.abs() ** ord).sum(dim, keepdim)
    return torch.where(total > 0, torch.where(total > 0, total, 1) ** (1 / ord), 0)


MIRRORS: Mapping[str, Mirror] = {
    "max": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.max(x, dim, keepdim).values,
        # JAX has no other maximum than the one that splits the cotangent over ties
        jax=lambda x, *, dim=-1, keepdim=False: jnp.max(x, axis=dim, keepdims=keepdim),
    ),
    "min": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.min(x, dim, keepdim).values,
        jax=lambda x, *, dim=-1, keepdim=False: jnp.min(x, axis=dim, keepdims=keepdim),
    ),
    "amax": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.amax(x, () if dim is None else dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.max(x, axis=dim, keepdims=keepdim),
    ),
    "amin": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.amin(x, () if dim is None else dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.min(x, axis=dim, keepdims=keepdim),
    ),
    "sum": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.sum(x, dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.sum(x, axis=dim, keepdims=keepdim),
    ),
    "mean": Mirror(
        torch=lambda x, *, dim=-1, keepdim=False: torch.mean(x, dim, keepdim),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.mean(x, axis=dim, keepdims=keepdim),
    ),
    "prod": Mirror(
        # torch.prod has no keepdim for all axes
        torch=lambda x, *, dim=-1, keepdim=False: (
            torch.prod(x).reshape((1,) * (x.ndim * keepdim)) if dim is None else torch.prod(x, dim, keepdim)
        ),
        jax=lambda x, *, dim=-1, keepdim=False: jnp.prod(x, axis=dim, keepdims=keepdim),
    ),
    "cumsum": Mirror(
        torch=lambda x, *, dim=-1: torch.cumsum(x, dim),
        jax=lambda x, *, dim=-1: jnp.cumsum(x, axis=dim),
    ),
    "logsumexp": Mirror(
        # it cannot be asked for all axes but by number
        torch=lambda x, *, dim=-1, keepdim=False: torch.logsumexp(
            x, tuple(range(x.ndim)) if dim is None else dim, keepdim
        ),
        jax=lambda x, *, dim=-1, keepdim=False: jax.nn.logsumexp(x, axis=dim, keepdims=keepdim),
    ),
    "var": Mirror(
        torch=lambda x, *, dim=-1, correction=1, keepdim=False: torch.var(
            x, dim, correction=correction, keepdim=keepdim
        ),
        jax=lambda x, *, dim=-1, correction=1, keepdim=False: jnp.var(x, axis=dim, ddof=correction, keepdims=keepdim),
    ),
    "std": Mirror(
        torch=lambda x, *, dim=-1, correction=1, keepdim=False: torch.std(
            x, dim, correction=correction, keepdim=keepdim
        ),
        jax=lambda x, *, dim=-1, correction=1, keepdim=False: _root(
            jnp.var(x, axis=dim, ddof=correction, keepdims=keepdim)
        ),
    ),
    "norm": Mirror(torch=torch_norm, jax=norm),
}
