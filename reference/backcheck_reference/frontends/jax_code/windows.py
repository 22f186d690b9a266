"""JAX's primitives over sliding windows: convolutions and pooling."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.extremes import first_largest
from backcheck_reference.frontends.jax_code.shared import Array, Evaluation, number, packed
from backcheck_reference.frontends.jax_code.structure import pad
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.comparisons import exact, larger, smaller

Pairs = Sequence[tuple[int, int]]


def _windows(x: Array, sizes: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """Every window over the last axes of x: [..., places, entries within a window], a view."""
    lead, spatial = x.ndim - len(sizes), tuple(range(x.ndim - len(sizes), x.ndim))
    reach = tuple((size - 1) * apart + 1 for size, apart in zip(sizes, dilations, strict=True))
    seen = np.lib.stride_tricks.sliding_window_view(np.asarray(x), reach, spatial)
    steps = [slice(None)] * lead + [slice(None, None, step) for step in (*strides, *dilations)]
    return watched(seen[tuple(steps)], x)


def _spread(x: Array, value: Any, padding: Pairs, between: Sequence[int]) -> Array:
    """The array with a margin along its last axes, and with entries `value` between its own."""
    lead = x.ndim - len(padding)
    inner = [(low, high, apart - 1) for (low, high), apart in zip(padding, between, strict=True)]
    return pad(x, value, padding_config=[(0, 0, 0)] * lead + inner)


def _convolve(
    x: Array,
    kernel: Array,
    *,
    window_strides: Sequence[int],
    padding: Pairs,
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    **_: Any,
) -> Array:
    lhs_spec, rhs_spec, out_spec = dimension_numbers
    x, kernel = x.transpose(lhs_spec), kernel.transpose(rhs_spec)
    x = _spread(x, number(0) if exact(x) else np.zeros((), x.dtype), padding, lhs_dilation)
    seen = _windows(x, kernel.shape[2:], window_strides, rhs_dilation)
    groups = feature_group_count * batch_group_count
    parts = np.split(seen, groups, axis=0 if batch_group_count > 1 else 1)
    found = [_products(part, some) for part, some in zip(parts, np.split(kernel, groups), strict=True)]
    return watched(np.concatenate(found, axis=1), x, kernel).transpose(np.argsort(out_spec))


def _products(seen: Array, kernel: Array) -> Array:
    """[n, c, places, entries] with [o, c, entries] to [n, o, places]: each window's sum of products."""
    spatial = kernel.ndim - 2
    places = seen.shape[2 : 2 + spatial]
    terms = math.prod(kernel.shape[1:])
    rows = np.moveaxis(seen, 1, 1 + spatial).reshape(len(seen), math.prod(places), terms)
    sums: Array = rows @ kernel.reshape(len(kernel), terms).T
    return np.moveaxis(sums, 2, 1).reshape(len(seen), len(kernel), *places)


def _pool(combine: Any, neutral: float) -> Evaluation:
    """One number for each window. Outside of the array a window meets the neutral number."""

    def pool(
        x: Array,
        *,
        window_dimensions: Sequence[int],
        window_strides: Sequence[int],
        padding: Pairs,
        base_dilation: Sequence[int],
        window_dilation: Sequence[int],
        **_: Any,
    ) -> Array:
        spread = _spread(x, number(neutral), padding, base_dilation)
        seen = _windows(spread, window_dimensions, window_strides, window_dilation)
        flat = seen.reshape(*seen.shape[: x.ndim], math.prod(window_dimensions))
        return functools.reduce(combine, (flat[..., at] for at in range(flat.shape[-1])))

    return pool


def _to_the_first_largest(
    source: Array,
    x: Array,
    *,
    window_dimensions: Sequence[int],
    window_strides: Sequence[int],
    padding: Pairs,
    select_prim: Any,
    **_: Any,
) -> Array:
    """The gradient of max pooling: each window's cotangent to its first largest entry (smallest, for min pooling)."""
    sign = 1 if str(select_prim) == "ge" else -1
    spread = _spread(sign * x, packed((), [flint.arb(-math.inf)]), padding, [1] * x.ndim)
    seen = _windows(spread, window_dimensions, window_strides, [1] * x.ndim)
    shares = first_largest(seen.reshape(*source.shape, math.prod(window_dimensions)))
    parts = []
    for at, offset in enumerate(np.ndindex(*window_dimensions)):
        # the entries at one offset in every window are padded so that they make the whole array
        axes = zip(spread.shape, source.shape, offset, window_strides, strict=True)
        margins = [(at, n - at - (places - 1) * step - 1, step - 1) for n, places, at, step in axes]
        parts.append(pad(watched(source * shares[..., at], x, source), number(0), padding_config=margins))
    back = [(-low, -high, 0) for low, high in padding]
    return pad(functools.reduce(np.add, parts), number(0), padding_config=back)


WINDOWS: Mapping[str, Evaluation] = {
    "conv_general_dilated": _convolve,
    "reduce_window_sum": _pool(np.add, 0),
    "reduce_window_max": _pool(larger, -math.inf),
    "reduce_window_min": _pool(smaller, math.inf),
    "select_and_scatter_add": _to_the_first_largest,
}
