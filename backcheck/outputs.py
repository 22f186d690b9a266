"""Rules with several outputs, seen as rules with one output: all outputs laid end to end in a vector."""

import functools
from typing import Any

import numpy as np

from scratch_bp.rules import Rule


def joined(value: Any) -> np.ndarray:
    """All outputs of a rule as one vector. A single output is returned as it is."""
    return np.concatenate([np.ravel(part) for part in value]) if isinstance(value, tuple) else np.asanyarray(value)


def apart(vector: np.ndarray, shapes: list[tuple[int, ...]]) -> tuple[np.ndarray, ...]:
    """The inverse of `joined`: the vector cut into arrays of these shapes."""
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])[:-1]
    return tuple(part.reshape(shape) for part, shape in zip(np.split(vector, ends), shapes, strict=True))


@functools.lru_cache(maxsize=256)  # one joined rule for each rule, so that it can be known again
def as_one(rule: Rule) -> Rule:
    """The same rule with its outputs joined. A rule with one output does not change."""

    def forward(*arrays: Any, **config: Any) -> tuple[Any, Any]:
        value, saved = rule.forward(*arrays, **config)
        return joined(value), ([np.shape(part) for part in value] if isinstance(value, tuple) else None, saved)

    def backward(kept: Any, dy: np.ndarray) -> tuple[Any, ...]:
        shapes, saved = kept
        return rule.backward(saved, dy if shapes is None else apart(dy, shapes))

    return Rule(forward, backward)
