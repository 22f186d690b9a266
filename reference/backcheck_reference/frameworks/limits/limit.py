"""What a limit is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def _no_error(*arrays: np.ndarray) -> np.ndarray:
    return np.zeros(())


@dataclass(frozen=True, slots=True)
class Limit:
    """How far one party's rule may be off beyond rounding.

    `value(*arrays)` bounds the absolute error of the value and `slope(*arrays)` that of each slope, in shapes that
    broadcast with the value and the gradients; `lost` bounds what underflow takes from a gradient, whatever its
    cotangent. `example` is an input at which it shows, with `beside` in the rule's other arrays; `arrays` stands for
    both where a rule does not take vectors, and `cotangent` is given where it must not be of a usual size. The limit
    holds where a node has the options `config`; the example has the options `asked` besides. `exhibit` is off where the
    error would make no picture in the gallery.
    """

    party: str
    rule: str
    dtype: str
    reason: str
    value: Callable[..., Any] = _no_error
    slope: Callable[..., Any] = _no_error
    example: float = 0.0
    beside: tuple[float, ...] = ()
    exhibit: bool = True
    arrays: tuple[Any, ...] = ()
    lost: Callable[..., Any] = _no_error
    config: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    cotangent: float | None = None
