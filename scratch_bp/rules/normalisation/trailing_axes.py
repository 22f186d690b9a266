"""The trailing axes that layer norm and root mean square norm run over."""

import math

import numpy as np

from scratch_bp.rules.normalisation.standardise import View

Normalized = int | tuple[int, ...] | None


def rows_of(rule: str, x: np.ndarray, normalized_shape: Normalized, *affine: np.ndarray | None) -> View:
    """x as rows of the entries along its trailing axes of this shape; None stands for the last axis.

    Raises ValueError where x does not end in this shape, or a weight or bias has another.
    """
    shape = x.shape[-1:] if normalized_shape is None else normalized_shape
    shape = shape if isinstance(shape, tuple) else (shape,)
    if not shape or x.shape[-len(shape) :] != shape or any(a is not None and a.shape != shape for a in affine):
        others = [list(a.shape) for a in affine if a is not None]
        raise ValueError(
            f"{rule}: x ends in the axes of normalized_shape, one or more, and weight and bias have that shape; "
            f"got {normalized_shape=} for an x of shape {list(x.shape)} and weights of {others}"
        )
    entries = math.prod(shape)
    return math.prod(x.shape[: x.ndim - len(shape)]), 1, entries, 1
