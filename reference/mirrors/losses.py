"""Mirrors of the losses. JAX has no losses of its own: each is written from the elementwise pieces it has."""

from collections.abc import Mapping

from reference.lazy import F, jax, jnp, torch
from reference.mirrors.mirror import Mirror


def _gather(terms, reduction):
    return terms.mean() if reduction == "mean" else terms.sum()


def _huber(r, delta):
    return jnp.where(jnp.abs(r) < delta, 0.5 * jnp.square(r), delta * (jnp.abs(r) - 0.5 * delta))


def _bce(x, target):
    # the usual two log_sigmoid terms cancel: their gradient by the target is -x only up to rounding of both
    return jax.nn.softplus(x) - target * x


def _nll(log_p, target):
    return -jnp.take_along_axis(log_p, target[:, None], axis=-1)


def _bce_of_probabilities(x, target):
    return -target * jnp.maximum(jnp.log(x), -100) - (1 - target) * jnp.maximum(jnp.log1p(-x), -100)


MIRRORS: Mapping[str, Mirror] = {
    "mse": Mirror(
        torch=lambda x, target, *, reduction="mean": F.mse_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(jnp.square(x - target), reduction),
    ),
    "mae": Mirror(
        torch=lambda x, target, *, reduction="mean": F.l1_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(jnp.abs(x - target), reduction),
    ),
    "huber": Mirror(
        torch=lambda x, target, *, delta=1.0, reduction="mean": F.huber_loss(
            x, target, reduction=reduction, delta=delta
        ),
        jax=lambda x, target, *, delta=1.0, reduction="mean": _gather(_huber(x - target, delta), reduction),
    ),
    "cross_entropy": Mirror(
        torch=lambda x, target, *, reduction="mean": F.cross_entropy(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(_nll(jax.nn.log_softmax(x, axis=-1), target), reduction),
    ),
    "bce_with_logits": Mirror(
        torch=lambda x, target, *, reduction="mean": F.binary_cross_entropy_with_logits(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(_bce(x, target), reduction),
    ),
    "margin_ranking": Mirror(
        torch=lambda x1, x2, target, *, margin=0.0, reduction="mean": F.margin_ranking_loss(
            x1, x2, target, margin=margin, reduction=reduction
        ),
        jax=lambda x1, x2, target, *, margin=0.0, reduction="mean": _gather(
            jnp.maximum(margin - target * (x1 - x2), 0), reduction
        ),
    ),
    "nll": Mirror(
        torch=lambda x, target, *, reduction="mean": F.nll_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(_nll(x, target), reduction),
    ),
    "bce": Mirror(
        torch=lambda x, target, *, reduction="mean": F.binary_cross_entropy(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(_bce_of_probabilities(x, target), reduction),
    ),
    # PyTorch has it inside its optimisers only: with a given weight there is only the formula
    "l2_penalty": Mirror(
        torch=lambda w, *, weight_decay: weight_decay / 2 * torch.square(w).sum(),
        jax=lambda w, *, weight_decay: weight_decay / 2 * jnp.square(w).sum(),
    ),
}
