"""JAX's primitives over sliding windows, on tensors: convolutions and pooling."""

import functools
import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.tensors.structure import pad
from backcheck_reference.frontends.jax_code.tensors.values import Form
from backcheck_reference.lazy import F, Unavailable, torch

Pairs = Sequence[tuple[int, int]]


def _convolve(
    x: Any,
    kernel: Any,
    *,
    window_strides: Sequence[int],
    padding: Pairs,
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    **_: Any,
) -> Any:
    spatial = len(window_strides)
    if batch_group_count > 1 or spatial not in (1, 2, 3):
        raise Unavailable(f"JAX's convolution over {spatial} axes, or in groups of the batch, has no form on tensors")
    lhs_spec, rhs_spec, out_spec = dimension_numbers
    x, kernel = x.permute(*lhs_spec), kernel.permute(*rhs_spec)
    even = all(low == high >= 0 for low, high in padding) and all(step == 1 for step in lhs_dilation)
    if not even:
        inner = [(low, high, apart - 1) for (low, high), apart in zip(padding, lhs_dilation, strict=True)]
        x = pad(x, 0.0, padding_config=[(0, 0, 0), (0, 0, 0), *inner])
    margins = [low if even else 0 for low, _ in padding]
    convolve = getattr(F, f"conv{spatial}d")
    y = convolve(x, kernel, None, list(window_strides), margins, list(rhs_dilation), feature_group_count)
    return y.permute(*np.argsort(out_spec).tolist())


def _pool(combine: Form, neutral: float) -> Form:
    """One number for each window. Outside of the array a window meets the neutral number."""

    def pool(
        x: Any,
        *,
        window_dimensions: Sequence[int],
        window_strides: Sequence[int],
        padding: Pairs,
        base_dilation: Sequence[int],
        window_dilation: Sequence[int],
        **_: Any,
    ) -> Any:
        inner = [(low, high, apart - 1) for (low, high), apart in zip(padding, base_dilation, strict=True)]
        x = pad(x, neutral, padding_config=inner)
        axes = list(zip(x.shape, window_dimensions, window_strides, window_dilation, strict=True))
        places = [(n - (size - 1) * apart - 1) // step + 1 for n, size, step, apart in axes]
        parts = []
        for offset in itertools.product(*map(range, window_dimensions)):
            starts = [at * apart for at, apart in zip(offset, window_dilation, strict=True)]
            ends = [a + (n - 1) * s + 1 for a, n, s in zip(starts, places, window_strides, strict=True)]
            parts.append(x[tuple(map(slice, starts, ends, window_strides))])
        return combine(parts)

    return pool


def _first_largest(parts: list[Any]) -> Any:
    """The whole gradient goes to one entry, the first of equal ones, as JAX's pooling does."""
    return torch.stack(parts, dim=-1).max(dim=-1).values


def _first_smallest(parts: list[Any]) -> Any:
    return torch.stack(parts, dim=-1).min(dim=-1).values


WINDOWS: Mapping[str, Form] = {
    "conv_general_dilated": _convolve,
    "reduce_window_sum": _pool(lambda parts: functools.reduce(operator.add, parts), 0.0),
    "reduce_window_max": _pool(_first_largest, -math.inf),
    "reduce_window_min": _pool(_first_smallest, math.inf),
}
