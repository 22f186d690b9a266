"""What a mirror is."""

from collections.abc import Callable
from typing import Any, NamedTuple

from backcheck_reference.lazy import jnp, torch


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
