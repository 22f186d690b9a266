"""What a mirror is."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Mirror(NamedTuple):
    """One rule in both frameworks: each takes the rule's arrays and configuration and returns the value."""

    torch: Callable[..., Any]
    jax: Callable[..., Any]
