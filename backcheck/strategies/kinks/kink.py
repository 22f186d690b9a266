"""What a row of the table of kinks is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Kink:
    """A point of a rule, the gradient of its first array that each party is known to give there, and why.

    A party that says something else than it is known for has changed its convention; a test holds this table to it.
    """

    rule: str
    point: str
    arrays: tuple[Any, ...]
    numpy: tuple[float, ...]
    torch: tuple[float, ...]
    jax: tuple[float, ...]
    why: str
    config: Mapping[str, Any] = field(default_factory=dict)
