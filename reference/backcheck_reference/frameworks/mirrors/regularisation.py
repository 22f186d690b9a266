"""Mirrors of the regularisation."""

from collections.abc import Callable, Mapping
from typing import Any

from backcheck_reference.frameworks.mirrors.mirror import Mirror


def _in_both(formula: Callable[..., Any]) -> Mirror:
    return Mirror(torch=formula, jax=formula)


MIRRORS: Mapping[str, Mirror] = {
    # both frameworks draw the mask themselves: with a given one there is only the formula
    "dropout": _in_both(lambda x, mask, *, p=0.5: x * mask / (1 - p)),
    "spatial_dropout": _in_both(
        lambda x, mask, *, p=0.5: x * mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)) / (1 - p)
    ),
    "stochastic_depth": _in_both(lambda x, mask, *, p, mode: x * mask.reshape(-1, *(1,) * (x.ndim - 1)) / (1 - p)),
}
