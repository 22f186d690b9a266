"""Mirrors of the losses. JAX has no losses of its own: each is written from the elementwise pieces it has."""

from reference.lazy import F, jax, jnp
from reference.mirrors.mirror import Mirror


def _gather(terms, reduction):
    return terms.mean() if reduction == "mean" else terms.sum()


def _huber(r, delta):
    return jnp.where(jnp.abs(r) < delta, 0.5 * jnp.square(r), delta * (jnp.abs(r) - 0.5 * delta))


def _bce(x, target):
    # the usual two log_sigmoid terms cancel: their gradient by the target is -x only up to rounding of both
    return jax.nn.softplus(x) - target * x


def _nll(x, target):
    return -jnp.take_along_axis(jax.nn.log_softmax(x, axis=-1), target[:, None], axis=-1)


mse = Mirror(
    torch=lambda x, target, *, reduction="mean": F.mse_loss(x, target, reduction=reduction),
    jax=lambda x, target, *, reduction="mean": _gather(jnp.square(x - target), reduction),
)

mae = Mirror(
    torch=lambda x, target, *, reduction="mean": F.l1_loss(x, target, reduction=reduction),
    jax=lambda x, target, *, reduction="mean": _gather(jnp.abs(x - target), reduction),
)

huber = Mirror(
    torch=lambda x, target, *, delta=1.0, reduction="mean": F.huber_loss(x, target, reduction=reduction, delta=delta),
    jax=lambda x, target, *, delta=1.0, reduction="mean": _gather(_huber(x - target, delta), reduction),
)

cross_entropy = Mirror(
    torch=lambda x, target, *, reduction="mean": F.cross_entropy(x, target, reduction=reduction),
    jax=lambda x, target, *, reduction="mean": _gather(_nll(x, target), reduction),
)

bce_with_logits = Mirror(
    torch=lambda x, target, *, reduction="mean": F.binary_cross_entropy_with_logits(x, target, reduction=reduction),
    jax=lambda x, target, *, reduction="mean": _gather(_bce(x, target), reduction),
)
