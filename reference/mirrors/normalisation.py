"""Mirrors of the normalisations, and of dropout. JAX has none of its own: each is written from its pieces."""

from reference.lazy import F, jnp
from reference.mirrors.mirror import Mirror


def _rms(x, eps):
    return x / jnp.sqrt(jnp.square(x).mean(-1, keepdims=True) + eps)


def _batch(x, weight, bias, eps):
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    centred = x - x.mean(axes, keepdims=True)
    xhat = centred / jnp.sqrt(jnp.square(centred).mean(axes, keepdims=True) + eps)
    shape = [-1 if axis == 1 else 1 for axis in range(1, x.ndim)]
    return xhat * weight.reshape(shape) + bias.reshape(shape)


rms_norm = Mirror(
    torch=lambda x, weight, *, eps=1e-5: F.rms_norm(x, weight.shape, weight, eps),
    jax=lambda x, weight, *, eps=1e-5: _rms(x, eps) * weight,
)

batch_norm = Mirror(
    torch=lambda x, weight, bias, *, eps=1e-5: F.batch_norm(x, None, None, weight, bias, training=True, eps=eps),
    jax=lambda x, weight, bias, *, eps=1e-5: _batch(x, weight, bias, eps),
)

# both frameworks draw the mask themselves: with a given one there is only the formula
dropout = Mirror(
    torch=lambda x, mask, *, p=0.5: x * mask / (1 - p),
    jax=lambda x, mask, *, p=0.5: x * mask / (1 - p),
)
