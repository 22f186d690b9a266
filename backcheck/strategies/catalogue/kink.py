"""A kink point, as the catalogue's row of a rule declares it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Kink:
    """A point at which a rule has a kink or a tie, and the slope that each party is known to take there.

    The slope is the gradient of one array under a cotangent of ones, entry by entry: of the first array, or of the one
    that `of` names. `numpy` is what our own rule gives, and PyTorch and JAX too unless `torch` or `jax` says another.
    Tests ask all three. A party that gives another slope has changed its convention.

    Where PyTorch and JAX differ, `calls` is how a person writes the call in each of them, with the array as `a`.
    """

    point: str
    arrays: tuple[Any, ...]
    numpy: tuple[float, ...]
    why: str
    config: Mapping[str, Any] = field(default_factory=dict)
    torch: tuple[float, ...] | None = None
    jax: tuple[float, ...] | None = None
    of: str = ""
    calls: tuple[str, str] = ("", "")

    def slope(self, party: str) -> tuple[float, ...]:
        """What `numpy`, `torch` or `jax` is known to say."""
        known: tuple[float, ...] | None = getattr(self, party)
        return self.numpy if known is None else known
