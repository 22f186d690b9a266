"""Mirrors of the losses of values and probabilities. JAX has none: each is written from its pieces."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Tensor
from backcheck_reference.lazy import F, jax, jnp, torch


def reduced(terms: Array, reduction: str, total: Array | None = None) -> Array:
    """All terms, their sum, or their mean; `total` is what a weighted mean divides by."""
    if reduction == "mean":
        return terms.mean() if total is None else terms.sum() / total
    return terms.sum() if reduction == "sum" else terms


def _huber(r: Array, delta: float) -> Array:
    return jnp.where(jnp.abs(r) < delta, 0.5 * jnp.square(r), delta * (jnp.abs(r) - 0.5 * delta))


def _bce_with_logits(
    x: Array, target: Array, weight: Array | None = None, pos_weight: Array | None = None, *, reduction: str = "mean"
) -> Array:
    if pos_weight is None:
        # the usual two log_sigmoid terms cancel: their gradient by the target is -x only up to rounding of both
        terms = jax.nn.softplus(x) - target * x
    else:
        terms = (1 - target) * jax.nn.softplus(x) + pos_weight * target * jax.nn.softplus(-x)
    return reduced(terms if weight is None else weight * terms, reduction)


def _bce(x: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean") -> Array:
    terms = -target * jnp.maximum(jnp.log(x), -100) - (1 - target) * jnp.maximum(jnp.log1p(-x), -100)
    return reduced(terms if weight is None else weight * terms, reduction)


def _jax_kl_div(x: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    terms = jnp.exp(target) * (target - x) if log_target else jax.scipy.special.xlogy(target, target) - target * x
    return terms.sum() / len(x) if reduction == "batchmean" else reduced(terms, reduction)


def _torch_kl_div(x: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    # F.kl_div warns of its own mean
    number = {"none": 0, "mean": 1}.get(reduction, 2)
    value = torch.kl_div(x, target, number, log_target=log_target)
    return value / len(x) if reduction == "batchmean" else value


def _poisson(
    x: Array, target: Array, *, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Array:
    terms = jnp.exp(x) - target * x if log_input else x - target * jnp.log(x + eps)
    many = jnp.where(target > 1, target, 1)
    stirling = many * jnp.log(many) - many + 0.5 * jnp.log(2 * jnp.pi * many)
    return reduced(terms + jnp.where(target > 1, stirling, 0) if full else terms, reduction)


def _spread(var: Array, x: Array) -> Array:
    return var[..., None] if var.ndim < x.ndim else var


def _gaussian(
    x: Array, target: Array, var: Array, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Array:
    v = jnp.maximum(_spread(var, x), eps)
    terms = 0.5 * (jnp.log(v) + jnp.square(x - target) / v)
    return reduced(terms + 0.5 * jnp.log(2 * jnp.pi) if full else terms, reduction)


MIRRORS: Mapping[str, Mirror] = {
    "mse": Mirror(
        torch=lambda x, target, *, reduction="mean": F.mse_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": reduced(jnp.square(x - target), reduction),
    ),
    "mae": Mirror(
        torch=lambda x, target, *, reduction="mean": F.l1_loss(x, target, reduction=reduction),
        jax=lambda x, target, *, reduction="mean": reduced(jnp.abs(x - target), reduction),
    ),
    "huber": Mirror(
        torch=lambda x, target, *, delta=1.0, reduction="mean": F.huber_loss(
            x, target, reduction=reduction, delta=delta
        ),
        jax=lambda x, target, *, delta=1.0, reduction="mean": reduced(_huber(x - target, delta), reduction),
    ),
    "smooth_l1": Mirror(
        torch=lambda x, target, *, beta=1.0, reduction="mean": F.smooth_l1_loss(
            x, target, reduction=reduction, beta=beta
        ),
        jax=lambda x, target, *, beta=1.0, reduction="mean": reduced(
            _huber(x - target, beta) / beta if beta else jnp.abs(x - target), reduction
        ),
    ),
    "bce_with_logits": Mirror(
        torch=lambda x, target, weight=None, pos_weight=None, *, reduction="mean": F.binary_cross_entropy_with_logits(
            x, target, weight, reduction=reduction, pos_weight=pos_weight
        ),
        jax=_bce_with_logits,
    ),
    "bce": Mirror(
        torch=lambda x, target, weight=None, *, reduction="mean": F.binary_cross_entropy(
            x, target, weight, reduction=reduction
        ),
        jax=_bce,
    ),
    "kl_div": Mirror(torch=_torch_kl_div, jax=_jax_kl_div),
    "poisson_nll": Mirror(
        torch=lambda x, target, *, log_input=True, full=False, eps=1e-8, reduction="mean": F.poisson_nll_loss(
            x, target, log_input=log_input, full=full, eps=eps, reduction=reduction
        ),
        jax=_poisson,
    ),
    # PyTorch clamps var where autograd does not see it: its gradient below eps is not that of its value. Clamped
    # before, all compute one function
    "gaussian_nll": Mirror(
        torch=lambda x, target, var, *, full=False, eps=1e-6, reduction="mean": F.gaussian_nll_loss(
            x, target, _spread(var, x).clamp(min=eps), full=full, eps=eps, reduction=reduction
        ),
        jax=_gaussian,
    ),
    # PyTorch has it inside its optimisers only: with a given weight there is only the formula
    "l2_penalty": Mirror(
        torch=lambda w, *, weight_decay: weight_decay / 2 * torch.square(w).sum(),
        jax=lambda w, *, weight_decay: weight_decay / 2 * jnp.square(w).sum(),
    ),
}
