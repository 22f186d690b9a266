"""Mirrors of the regularisation."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror

MIRRORS: Mapping[str, Mirror] = {
    # both frameworks draw the mask themselves: with a given one there is only the formula
    "dropout": Mirror(
        torch=lambda x, mask, *, p=0.5: x * mask / (1 - p),
        jax=lambda x, mask, *, p=0.5: x * mask / (1 - p),
    ),
    "spatial_dropout": Mirror(
        torch=lambda x, mask, *, p=0.5: x * mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)) / (1 - p),
        jax=lambda x, mask, *, p=0.5: x * mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)) / (1 - p),
    ),
    "stochastic_depth": Mirror(
        torch=lambda x, mask, *, p, mode: x * mask.reshape(-1, *(1,) * (x.ndim - 1)) / (1 - p),
        jax=lambda x, mask, *, p, mode: x * mask.reshape(-1, *(1,) * (x.ndim - 1)) / (1 - p),
    ),
}
