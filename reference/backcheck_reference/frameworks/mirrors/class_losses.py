"""Mirrors of the losses of classes and of labels in a row. JAX has none: each is written from its pieces."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.losses import reduced
from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror
from backcheck_reference.lazy import F, jax, jnp


def _nll(
    log_p: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, smoothing: float = 0.0
) -> Array:
    kept = target != ignore_index
    one_hot = jax.nn.one_hot(jnp.where(kept, target, 0), log_p.shape[1], axis=1, dtype=log_p.dtype)
    per_class = jnp.ones(log_p.shape[1], log_p.dtype) if weight is None else weight
    weights = per_class.reshape(-1, *(1,) * (log_p.ndim - 2))
    soft = (1 - smoothing) * one_hot + smoothing / log_p.shape[1]
    # where, and not a product: the log of 0 is allowed for a class that is not picked
    terms = -jnp.where(soft > 0, weights * soft * jnp.where(soft > 0, log_p, 0), 0).sum(axis=1)
    return reduced(jnp.where(kept, terms, 0), reduction, jnp.where(kept, (weights * one_hot).sum(axis=1), 0).sum())


def _soft_cross_entropy(
    x: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean", label_smoothing: float = 0.0
) -> Array:
    soft = (1 - label_smoothing) * target + label_smoothing / x.shape[1]
    weights = 1 if weight is None else weight.reshape(-1, *(1,) * (x.ndim - 2))
    return reduced(-(weights * soft * jax.nn.log_softmax(x, axis=1)).sum(axis=1), reduction)


def _either(a: Array, b: Array) -> Array:
    """log(e^a + e^b); of two that are -inf it is -inf with the slope 0, where that of jnp.logaddexp may be nan."""
    top = jax.lax.stop_gradient(jnp.maximum(a, b))
    possible = top > -jnp.inf
    top = jnp.where(possible, top, 0)
    total = jnp.where(possible, jnp.exp(a - top) + jnp.exp(b - top), 1)
    return jnp.where(possible, top + jnp.log(total), -jnp.inf)


def _ctc(
    x: Array,
    targets: Array,
    *,
    input_lengths: tuple[int, ...],
    target_lengths: tuple[int, ...],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    """Each sample's own small recursion over the states of its target, unrolled."""
    log_p = jax.nn.log_softmax(x, axis=-1)
    losses = []
    for n, (frames, length) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        own = targets[n, :length]
        labels = jnp.full(2 * length + 1, blank).at[1::2].set(own)
        skips = jnp.concatenate([jnp.zeros(2, bool), labels[2:] != labels[:-2]])[: len(labels)]
        emitted = log_p[:frames, n, labels]
        score = jnp.where(jnp.arange(len(labels)) < 2, emitted[0], -jnp.inf)
        for t in range(1, frames):
            moved = jnp.concatenate([jnp.full(1, -jnp.inf), score])[: len(labels)]
            skipped = jnp.where(skips, jnp.concatenate([jnp.full(2, -jnp.inf), score])[: len(labels)], -jnp.inf)
            score = _either(_either(score, moved), skipped) + emitted[t]
        loss = -(_either(score[-1], score[-2]) if length else score[-1])
        loss = jnp.where(jnp.isinf(loss), 0, loss) if zero_infinity else loss
        losses.append(loss / max(length, 1) if reduction == "mean" else loss)
    return reduced(jnp.stack(losses).astype(x.dtype), reduction)


MIRRORS: Mapping[str, Mirror] = {
    "cross_entropy": Mirror(
        torch=lambda x, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0: (
            F.cross_entropy(
                x, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
            )
        ),
        jax=lambda x, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0: _nll(
            jax.nn.log_softmax(x, axis=1), target, weight, ignore_index, reduction, label_smoothing
        ),
    ),
    "cross_entropy_probabilities": Mirror(
        torch=lambda x, target, weight=None, *, reduction="mean", label_smoothing=0.0: F.cross_entropy(
            x, target, weight, reduction=reduction, label_smoothing=label_smoothing
        ),
        jax=_soft_cross_entropy,
    ),
    "nll": Mirror(
        torch=lambda x, target, weight=None, *, ignore_index=-100, reduction="mean": F.nll_loss(
            x, target, weight, ignore_index=ignore_index, reduction=reduction
        ),
        jax=lambda x, target, weight=None, *, ignore_index=-100, reduction="mean": _nll(
            x, target, weight, ignore_index, reduction
        ),
    ),
    # PyTorch's gradient by log-probabilities is the one by logits in front of a log-softmax: from logits, all compute
    # one function
    "ctc": Mirror(
        torch=lambda x, targets, *, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False: (
            F.ctc_loss(F.log_softmax(x, -1), targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
        ),
        jax=_ctc,
    ),
}
