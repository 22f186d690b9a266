"""Mirrors of the normalisations. JAX has none of its own: each is written from its pieces."""

from collections.abc import Mapping

from reference.lazy import F, jnp
from reference.mirrors.mirror import Mirror


def _standardise(x, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt(jnp.square(centred).mean(-1, keepdims=True) + eps)


def _rms(x, eps):
    return x / jnp.sqrt(jnp.square(x).mean(-1, keepdims=True) + eps)


def _batch(x, weight, bias, eps):
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    centred = x - x.mean(axes, keepdims=True)
    xhat = centred / jnp.sqrt(jnp.square(centred).mean(axes, keepdims=True) + eps)
    shape = [-1 if axis == 1 else 1 for axis in range(1, x.ndim)]
    return xhat * weight.reshape(shape) + bias.reshape(shape)


MIRRORS: Mapping[str, Mirror] = {
    "layer_norm": Mirror(
        torch=lambda x, gamma, beta, *, eps=1e-5: F.layer_norm(x, gamma.shape, gamma, beta, eps),
        jax=lambda x, gamma, beta, *, eps=1e-5: _standardise(x, eps) * gamma + beta,
    ),
    "rms_norm": Mirror(
        torch=lambda x, weight, *, eps=1e-5: F.rms_norm(x, weight.shape, weight, eps),
        jax=lambda x, weight, *, eps=1e-5: _rms(x, eps) * weight,
    ),
    "batch_norm": Mirror(
        torch=lambda x, weight, bias, *, eps=1e-5: F.batch_norm(x, None, None, weight, bias, training=True, eps=eps),
        jax=lambda x, weight, bias, *, eps=1e-5: _batch(x, weight, bias, eps),
    ),
}
