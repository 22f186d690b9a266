"""Mirrors of the losses with a margin. JAX has none: each is written from its pieces."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.losses import reduced
from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Tensor
from backcheck_reference.lazy import F, jax, jnp


def _multi_margin(
    x: Array, target: Array, weight: Array | None = None, *, p: float = 1, margin: float = 1.0, reduction: str = "mean"
) -> Array:
    one_hot = jax.nn.one_hot(target, x.shape[1], dtype=x.dtype)
    own = jnp.take_along_axis(x, target[:, None], axis=1)
    missing = jnp.where(one_hot > 0, 0, jnp.maximum(margin - own + x, 0)) ** p
    factor = 1 if weight is None else weight[target][:, None]
    return reduced((factor * missing).sum(axis=1) / x.shape[1], reduction)


def _torch_cosine_embedding(
    x1: Tensor, x2: Tensor, target: Tensor, *, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    if target.ndim < 2:
        return F.cosine_embedding_loss(x1, x2, target, margin=margin, reduction=reduction)
    # PyTorch knows one axis of vectors and one target for each of them: several axes are laid together to be one
    rows = x1.flatten(0, -2), x2.flatten(0, -2), target.flatten()
    value = F.cosine_embedding_loss(*rows, margin=margin, reduction=reduction)
    return value.reshape(target.shape) if reduction == "none" else value


def _jax_cosine_embedding(
    x1: Array, x2: Array, target: Array, *, margin: float = 0.0, reduction: str = "mean"
) -> Array:
    # each by its own length: the slope of one quotient by both lengths overflows in float16
    first, second = (x / jnp.sqrt(jnp.square(x).sum(axis=-1, keepdims=True) + 1e-12) for x in (x1, x2))
    cosine = (first * second).sum(axis=-1)
    apart = jnp.where(target == -1, jnp.maximum(cosine - margin, 0), 0)
    return reduced(jnp.where(target == 1, 1 - cosine, 0) + apart, reduction)


def _distance(a: Array, b: Array, p: float, eps: float) -> Array:
    total = (jnp.abs(a - b + eps) ** p).sum(axis=-1)
    # the usual way around the gradient of a root at 0, which is nan
    return jnp.where(total > 0, jnp.where(total > 0, total, 1) ** (1 / p), 0)


def _triplet(anchor: Array, positive: Array, negative: Array, margin: float, p: float, eps: float, swap: bool) -> Array:
    near, far = _distance(anchor, positive, p, eps), _distance(anchor, negative, p, eps)
    far = jnp.minimum(far, _distance(positive, negative, p, eps)) if swap else far
    return jnp.maximum(margin + near - far, 0)


MIRRORS: Mapping[str, Mirror] = {
    "margin_ranking": Mirror(
        torch=lambda x1, x2, target, *, margin=0.0, reduction="mean": F.margin_ranking_loss(
            x1, x2, target, margin=margin, reduction=reduction
        ),
        jax=lambda x1, x2, target, *, margin=0.0, reduction="mean": reduced(
            jnp.maximum(margin - target * (x1 - x2), 0), reduction
        ),
    ),
    "hinge_embedding": Mirror(
        torch=lambda x, target, *, margin=1.0, reduction="mean": F.hinge_embedding_loss(
            x, target, margin=margin, reduction=reduction
        ),
        jax=lambda x, target, *, margin=1.0, reduction="mean": reduced(
            jnp.where(target != -1, x, 0) + jnp.where(target != 1, jnp.maximum(margin - x, 0), 0), reduction
        ),
    ),
    "soft_margin": Mirror(
        torch=lambda x, target, *, reduction="mean": F.soft_margin_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": reduced(jax.nn.softplus(-target.astype(x.dtype) * x), reduction),
    ),
    "multi_margin": Mirror(
        torch=lambda x, target, weight=None, *, p=1, margin=1.0, reduction="mean": F.multi_margin_loss(
            x, target, p=p, margin=margin, weight=weight, reduction=reduction
        ),
        jax=_multi_margin,
    ),
    "cosine_embedding": Mirror(torch=_torch_cosine_embedding, jax=_jax_cosine_embedding),
    "triplet_margin": Mirror(
        torch=lambda anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean": (
            F.triplet_margin_loss(
                anchor, positive, negative, margin=margin, p=p, eps=eps, swap=swap, reduction=reduction
            )
        ),
        jax=lambda anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean": reduced(
            _triplet(anchor, positive, negative, margin, p, eps, swap), reduction
        ),
    ),
}
