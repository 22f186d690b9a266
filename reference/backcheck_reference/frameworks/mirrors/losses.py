"""Mirrors of the losses. JAX has no losses of its own: each is written from the elementwise pieces it has."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import F, jax, jnp, torch


def _gather(terms, reduction, total=None):
    if reduction == "mean":
        return terms.mean() if total is None else terms.sum() / total
    return terms.sum() if reduction == "sum" else terms


def _huber(r, delta):
    return jnp.where(jnp.abs(r) < delta, 0.5 * jnp.square(r), delta * (jnp.abs(r) - 0.5 * delta))


def _smooth_l1(r, beta):
    return _huber(r, beta) / beta if beta else jnp.abs(r)


def _bce(x, target, weight, pos_weight):
    if pos_weight is None:
        # the usual two log_sigmoid terms cancel: their gradient by the target is -x only up to rounding of both
        terms = jax.nn.softplus(x) - target * x
    else:
        terms = (1 - target) * jax.nn.softplus(x) + pos_weight * target * jax.nn.softplus(-x)
    return terms if weight is None else weight * terms


def _bce_of_probabilities(x, target, weight):
    terms = -target * jnp.maximum(jnp.log(x), -100) - (1 - target) * jnp.maximum(jnp.log1p(-x), -100)
    return terms if weight is None else weight * terms


def _nll(log_p, target, weight, ignore_index, reduction, smoothing=0.0):
    kept = target != ignore_index
    one_hot = jax.nn.one_hot(jnp.where(kept, target, 0), log_p.shape[1], axis=1, dtype=log_p.dtype)
    per_class = jnp.ones(log_p.shape[1], log_p.dtype) if weight is None else weight
    weights = per_class.reshape(-1, *(1,) * (log_p.ndim - 2))
    soft = (1 - smoothing) * one_hot + smoothing / log_p.shape[1]
    # where, and not a product: the log of 0 is allowed for a class that is not picked
    terms = -jnp.where(soft > 0, weights * soft * jnp.where(soft > 0, log_p, 0), 0).sum(axis=1)
    return _gather(jnp.where(kept, terms, 0), reduction, jnp.where(kept, (weights * one_hot).sum(axis=1), 0).sum())


def _soft_cross_entropy(x, target, weight, smoothing):
    soft = (1 - smoothing) * target + smoothing / x.shape[1]
    weights = 1 if weight is None else weight.reshape(-1, *(1,) * (x.ndim - 2))
    return -(weights * soft * jax.nn.log_softmax(x, axis=1)).sum(axis=1)


def _kl_div(x, target, log_target):
    return jnp.exp(target) * (target - x) if log_target else jax.scipy.special.xlogy(target, target) - target * x


def _torch_kl_div(x, target, log_target, reduction):
    # F.kl_div warns of its own mean
    number = {"none": 0, "mean": 1}.get(reduction, 2)
    value = torch.kl_div(x, target, number, log_target=log_target)
    return value / len(x) if reduction == "batchmean" else value


def _poisson(x, target, log_input, full, eps):
    terms = jnp.exp(x) - target * x if log_input else x - target * jnp.log(x + eps)
    many = jnp.where(target > 1, target, 1)
    stirling = many * jnp.log(many) - many + 0.5 * jnp.log(2 * jnp.pi * many)
    return terms + jnp.where(target > 1, stirling, 0) if full else terms


def _spread(var, x):
    return var[..., None] if var.ndim < x.ndim else var


def _gaussian(x, target, var, full, eps):
    v = jnp.maximum(_spread(var, x), eps)
    terms = 0.5 * (jnp.log(v) + jnp.square(x - target) / v)
    return terms + 0.5 * jnp.log(2 * jnp.pi) if full else terms


def _hinge_embedding(x, target, margin):
    return jnp.where(target != -1, x, 0) + jnp.where(target != 1, jnp.maximum(margin - x, 0), 0)


def _multi_margin(x, target, weight, p, margin):
    one_hot = jax.nn.one_hot(target, x.shape[1], dtype=x.dtype)
    own = jnp.take_along_axis(x, target[:, None], axis=1)
    missing = jnp.where(one_hot > 0, 0, jnp.maximum(margin - own + x, 0)) ** p
    factor = 1 if weight is None else weight[target][:, None]
    return (factor * missing).sum(axis=1) / x.shape[1]


def _cosine_embedding(x1, x2, target, margin):
    # each by its own length: the slope of one quotient by both lengths overflows in float16
    first, second = (x / jnp.sqrt(jnp.square(x).sum(axis=-1, keepdims=True) + 1e-12) for x in (x1, x2))
    cosine = (first * second).sum(axis=-1)
    return jnp.where(target == 1, 1 - cosine, 0) + jnp.where(target == -1, jnp.maximum(cosine - margin, 0), 0)


def _distance(a, b, p, eps):
    total = (jnp.abs(a - b + eps) ** p).sum(axis=-1)
    # the usual way around the gradient of a root at 0, which is nan
    return jnp.where(total > 0, jnp.where(total > 0, total, 1) ** (1 / p), 0)


def _triplet(anchor, positive, negative, margin, p, eps, swap):
    near, far = _distance(anchor, positive, p, eps), _distance(anchor, negative, p, eps)
    far = jnp.minimum(far, _distance(positive, negative, p, eps)) if swap else far
    return jnp.maximum(margin + near - far, 0)


def _either(a, b):
    """log(e^a + e^b), and of two impossible ones the same with no slope: that of jnp.logaddexp is nan now and then."""
    top = jax.lax.stop_gradient(jnp.maximum(a, b))
    possible = top > -jnp.inf
    top = jnp.where(possible, top, 0)
    total = jnp.where(possible, jnp.exp(a - top) + jnp.exp(b - top), 1)
    return jnp.where(possible, top + jnp.log(total), -jnp.inf)


def _ctc(x, targets, input_lengths, target_lengths, blank, zero_infinity, reduction):
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
    return _gather(jnp.stack(losses).astype(x.dtype), reduction)


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
    "smooth_l1": Mirror(
        torch=lambda x, target, *, beta=1.0, reduction="mean": F.smooth_l1_loss(
            x, target, reduction=reduction, beta=beta
        ),
        jax=lambda x, target, *, beta=1.0, reduction="mean": _gather(_smooth_l1(x - target, beta), reduction),
    ),
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
        jax=lambda x, target, weight=None, *, reduction="mean", label_smoothing=0.0: _gather(
            _soft_cross_entropy(x, target, weight, label_smoothing), reduction
        ),
    ),
    "bce_with_logits": Mirror(
        torch=lambda x, target, weight=None, pos_weight=None, *, reduction="mean": F.binary_cross_entropy_with_logits(
            x, target, weight, reduction=reduction, pos_weight=pos_weight
        ),
        jax=lambda x, target, weight=None, pos_weight=None, *, reduction="mean": _gather(
            _bce(x, target, weight, pos_weight), reduction
        ),
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
        torch=lambda x, target, weight=None, *, ignore_index=-100, reduction="mean": F.nll_loss(
            x, target, weight, ignore_index=ignore_index, reduction=reduction
        ),
        jax=lambda x, target, weight=None, *, ignore_index=-100, reduction="mean": _nll(
            x, target, weight, ignore_index, reduction
        ),
    ),
    "bce": Mirror(
        torch=lambda x, target, weight=None, *, reduction="mean": F.binary_cross_entropy(
            x, target, weight, reduction=reduction
        ),
        jax=lambda x, target, weight=None, *, reduction="mean": _gather(
            _bce_of_probabilities(x, target, weight), reduction
        ),
    ),
    "kl_div": Mirror(
        torch=lambda x, target, *, reduction="mean", log_target=False: _torch_kl_div(x, target, log_target, reduction),
        jax=lambda x, target, *, reduction="mean", log_target=False: (
            _kl_div(x, target, log_target).sum() / len(x)
            if reduction == "batchmean"
            else _gather(_kl_div(x, target, log_target), reduction)
        ),
    ),
    "poisson_nll": Mirror(
        torch=lambda x, target, *, log_input=True, full=False, eps=1e-8, reduction="mean": F.poisson_nll_loss(
            x, target, log_input=log_input, full=full, eps=eps, reduction=reduction
        ),
        jax=lambda x, target, *, log_input=True, full=False, eps=1e-8, reduction="mean": _gather(
            _poisson(x, target, log_input, full, eps), reduction
        ),
    ),
    # PyTorch clamps var where autograd does not see it: its gradient below eps is not that of its value. Clamped
    # before, all compute one function
    "gaussian_nll": Mirror(
        torch=lambda x, target, var, *, full=False, eps=1e-6, reduction="mean": F.gaussian_nll_loss(
            x, target, _spread(var, x).clamp(min=eps), full=full, eps=eps, reduction=reduction
        ),
        jax=lambda x, target, var, *, full=False, eps=1e-6, reduction="mean": _gather(
            _gaussian(x, target, var, full, eps), reduction
        ),
    ),
    "hinge_embedding": Mirror(
        torch=lambda x, target, *, margin=1.0, reduction="mean": F.hinge_embedding_loss(
            x, target, margin=margin, reduction=reduction
        ),
        jax=lambda x, target, *, margin=1.0, reduction="mean": _gather(_hinge_embedding(x, target, margin), reduction),
    ),
    "soft_margin": Mirror(
        torch=lambda x, target, *, reduction="mean": F.soft_margin_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": _gather(jax.nn.softplus(-target.astype(x.dtype) * x), reduction),
    ),
    "multi_margin": Mirror(
        torch=lambda x, target, weight=None, *, p=1, margin=1.0, reduction="mean": F.multi_margin_loss(
            x, target, p=p, margin=margin, weight=weight, reduction=reduction
        ),
        jax=lambda x, target, weight=None, *, p=1, margin=1.0, reduction="mean": _gather(
            _multi_margin(x, target, weight, p, margin), reduction
        ),
    ),
    "cosine_embedding": Mirror(
        torch=lambda x1, x2, target, *, margin=0.0, reduction="mean": F.cosine_embedding_loss(
            x1, x2, target, margin=margin, reduction=reduction
        ),
        jax=lambda x1, x2, target, *, margin=0.0, reduction="mean": _gather(
            _cosine_embedding(x1, x2, target, margin), reduction
        ),
    ),
    "triplet_margin": Mirror(
        torch=lambda anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean": (
            F.triplet_margin_loss(
                anchor, positive, negative, margin=margin, p=p, eps=eps, swap=swap, reduction=reduction
            )
        ),
        jax=lambda anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean": _gather(
            _triplet(anchor, positive, negative, margin, p, eps, swap), reduction
        ),
    ),
    # PyTorch's gradient by log-probabilities is the one by logits in front of a log-softmax: from logits, all compute
    # one function
    "ctc": Mirror(
        torch=lambda x, targets, *, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False: (
            F.ctc_loss(F.log_softmax(x, -1), targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
        ),
        jax=lambda x, targets, *, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False: _ctc(
            x, targets, input_lengths, target_lengths, blank, zero_infinity, reduction
        ),
    ),
    # PyTorch has it inside its optimisers only: with a given weight there is only the formula
    "l2_penalty": Mirror(
        torch=lambda w, *, weight_decay: weight_decay / 2 * torch.square(w).sum(),
        jax=lambda w, *, weight_decay: weight_decay / 2 * jnp.square(w).sum(),
    ),
}
