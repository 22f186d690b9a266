"""A rule with several outputs seen as one with a single output: what it gives, laid end to end."""

from typing import Any

import numpy as np

from scratch_bp.rules import Rule


def joined(value: Any) -> np.ndarray:
    """The outputs of a rule as one vector; a single output as it is."""
    return np.concatenate([np.ravel(part) for part in value]) if isinstance(value, tuple) else np.asanyarray(value)


def apart(vector: np.ndarray, shapes: list[tuple[int, ...]]) -> tuple[np.ndarray, ...]:
    """The vector as arrays of these shapes again."""
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])[:-1]
    return tuple(part.reshape(shape) for part, shape in zip(np.split(vector, ends), shapes, strict=True))


def as_one(rule: Rule) -> Rule:
    """The rule with its outputs joined. A rule of one output is what it was."""

    def forward(*arrays: Any, **config: Any) -> tuple[Any, Any]:
        value, saved = rule.forward(*arrays, **config)
        return joined(value), ([np.shape(part) for part in value] if isinstance(value, tuple) else None, saved)

    def backward(kept: Any, dy: np.ndarray) -> tuple[Any, ...]:
        shapes, saved = kept
        return rule.backward(saved, dy if shapes is None else apart(dy, shapes))

    return Rule(forward, backward)
