"""Mirrors of pooling."""

from collections.abc import Mapping

from reference.lazy import F, jax, jnp
from reference.mirrors.mirror import Mirror


def _pooled(x, kernel_size, stride, padding):
    window, step = (1, 1, kernel_size), (1, 1, stride or kernel_size)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, step, ((0, 0), (0, 0), (padding, padding)))


MIRRORS: Mapping[str, Mirror] = {
    "max_pool1d": Mirror(
        torch=lambda x, *, kernel_size, stride=None, padding=0: F.max_pool1d(x, kernel_size, stride, padding),
        jax=lambda x, *, kernel_size, stride=None, padding=0: _pooled(x, kernel_size, stride, padding),
    ),
}
