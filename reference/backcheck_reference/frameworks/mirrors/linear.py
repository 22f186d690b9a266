"""Mirrors of the linear rules."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Tensor
from backcheck_reference.lazy import F, jnp, torch


def _torch_embedding(x: Tensor, weight: Tensor, *, padding_idx: int | None = None) -> Tensor:
    # nn.Embedding keeps the row of the padding at zero; a row that is not is taken out of the value here
    y = F.embedding(x, weight, padding_idx=padding_idx)
    return y if padding_idx is None else y.masked_fill((x == padding_idx % len(weight))[..., None], 0)


def _jax_embedding(x: Array, weight: Array, *, padding_idx: int | None = None) -> Array:
    y = jnp.take(weight, x, axis=0)
    return y if padding_idx is None else jnp.where((x == padding_idx % len(weight))[..., None], 0, y)


def _jax_bilinear(x1: Array, x2: Array, weight: Array, bias: Array | None = None) -> Array:
    y = jnp.einsum("...i,oij,...j->...o", x1, weight, x2)
    return y if bias is None else y + bias


MIRRORS: Mapping[str, Mirror] = {
    "dense": Mirror(
        torch=lambda x, w, b=None: F.linear(x, w.T, b),
        jax=lambda x, w, b=None: jnp.dot(x, w) if b is None else jnp.dot(x, w) + b,
    ),
    "matmul": Mirror(torch=lambda x1, x2: torch.matmul(x1, x2), jax=lambda x1, x2: jnp.matmul(x1, x2)),
    "bilinear": Mirror(torch=lambda x1, x2, weight, bias=None: F.bilinear(x1, x2, weight, bias), jax=_jax_bilinear),
    "embedding": Mirror(torch=_torch_embedding, jax=_jax_embedding),
    "einsum": Mirror(
        torch=lambda x1, x2, *, equation: torch.einsum(equation, x1, x2),
        jax=lambda x1, x2, *, equation: jnp.einsum(equation, x1, x2),
    ),
}
