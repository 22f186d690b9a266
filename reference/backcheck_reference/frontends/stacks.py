"""A function of matrices of exact numbers on each matrix of a stack of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers.balls import watched


def over_matrices(function: Callable[..., Any], *stacks: np.ndarray) -> Any:
    """`function` of the last two axes of object arrays, over the others, which broadcast; it may give several.

    Raises Unavailable for a stack of no matrices, whose result has no shape to be told.
    """
    plain = [np.asarray(stack).view(np.ndarray) for stack in stacks]
    lead = np.broadcast_shapes(*(array.shape[:-2] for array in plain))
    plain = [np.broadcast_to(array, lead + array.shape[-2:]) for array in plain]
    found = [function(*(np.array(array[at]) for array in plain)) for at in np.ndindex(lead)]
    if not found:
        raise Unavailable("exact arithmetic is not available for this code: a stack of no matrices")
    if isinstance(found[0], tuple):
        return tuple(_stacked(lead, parts, stacks) for parts in zip(*found, strict=True))
    return _stacked(lead, found, stacks)


def _stacked(lead: tuple[int, ...], found: Sequence[Any], sources: Sequence[np.ndarray]) -> np.ndarray:
    parts = [np.asarray(each).view(np.ndarray) for each in found]
    whole = np.stack(parts).reshape(lead + parts[0].shape)
    return watched(whole, *sources) if whole.dtype == object else whole
