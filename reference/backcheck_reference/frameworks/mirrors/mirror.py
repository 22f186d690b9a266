"""What a mirror is, and the names that annotations in this folder use."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from backcheck_reference.lazy import jnp, torch

# PyTorch and JAX are imported on first use only, so a type checker cannot see their classes. These two say which
# framework's arrays a function takes.
Tensor: TypeAlias = Any
Array: TypeAlias = Any
Sizes: TypeAlias = int | tuple[int, ...]  # one number for every axis, or one for each
Axes: TypeAlias = int | tuple[int, ...] | None  # None stands for all axes


class Mirror(NamedTuple):
    """One rule in both frameworks: each takes the rule's arrays and configuration and returns the value."""

    torch: Callable[..., Any]
    jax: Callable[..., Any]


def joined(mirror: Mirror) -> Mirror:
    """The mirror of a rule with several outputs, these laid end to end."""
    return Mirror(
        torch=lambda *arrays, **config: torch.cat([part.reshape(-1) for part in mirror.torch(*arrays, **config)]),
        jax=lambda *arrays, **config: jnp.concatenate([part.reshape(-1) for part in mirror.jax(*arrays, **config)]),
    )


def per_axis(value: Sizes, axes: int) -> tuple[int, ...]:
    """One number for each axis, as the frameworks' own functions take it."""
    return value if isinstance(value, tuple) else (value,) * axes
