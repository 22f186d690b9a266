"""PyTorch's embedding bags on exact numbers: the rows of a table, summed, averaged or taken the largest of in bags."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank
from backcheck_reference.numbers.literals import number

SUM, MEAN, MAX = 0, 1, 2


def _bags(indices: Array, offsets: Array, last: bool) -> Array:
    """Which bag each index is in."""
    starts = offsets[:-1] if last else offsets
    return np.searchsorted(starts, np.arange(len(indices)), side="right") - 1


def _bag(
    weight: Array,
    indices: Array,
    offsets: Array,
    scale_grad_by_freq: bool = False,
    mode: int = SUM,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple[Array, ...]:
    bags, count = _bags(indices, offsets, include_last_offset), len(offsets) - include_last_offset
    kept = indices != padding_idx
    out = blank((count, weight.shape[1]), weight, per_sample_weights)
    largest = np.full((count, weight.shape[1]), -1, np.int64) if mode == MAX else np.zeros(count, np.int64)
    rows = weight[indices] if per_sample_weights is None else weight[indices] * per_sample_weights[:, None]
    sizes = np.bincount(bags[kept], minlength=count)
    for bag in range(count):
        inside = np.flatnonzero((bags == bag) & kept)
        if not len(inside):
            continue
        if mode == MAX:
            won = rows[inside].argmax(axis=0)
            out[bag] = np.take_along_axis(rows[inside], won[None], 0)[0]
            largest[bag] = indices[inside][won]
        else:
            total = np.add.reduce(rows[inside], axis=0)
            out[bag] = total / len(inside) if mode == MEAN else total
    return out, bags.astype(np.int64), sizes.astype(np.int64), largest


def _bag_backward(
    dy: Array,
    indices: Array,
    bags: Array,
    sizes: Array,
    largest: Array,
    count: int,
    scale_grad_by_freq: bool,
    mode: int,
    per_sample_weights: Any = None,
    padding_idx: int = -1,
) -> Array:
    dweight = blank((count, dy.shape[1]), dy, per_sample_weights)
    if mode == MAX:
        for bag, column in zip(*np.nonzero(largest >= 0), strict=True):
            dweight[largest[bag, column], column] += dy[bag, column]
        return dweight
    often = np.bincount(indices, minlength=count)
    for at, (index, bag) in enumerate(zip(indices, bags, strict=True)):
        if index == padding_idx:
            continue
        part = dy[bag] / int(sizes[bag]) if mode == MEAN else dy[bag]
        part = part if per_sample_weights is None else part * per_sample_weights[at]
        dweight[index] += part / int(often[index]) if scale_grad_by_freq else part
    return dweight


def _whole_backward(
    dy: Array,
    indices: Array,
    offsets: Array,
    bags: Array,
    sizes: Array,
    largest: Array,
    count: int,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Any = None,
    padding_idx: int = -1,
) -> Array:
    known = bags, sizes, largest, count, scale_grad_by_freq, mode
    return _bag_backward(dy, indices, *known, per_sample_weights, padding_idx)


def _sample_weights_backward(
    dy: Array, weight: Array, indices: Array, offsets: Array, bags: Array, mode: int, padding_idx: int = -1
) -> Array:
    found: Array = np.add.reduce(dy[bags] * weight[indices], axis=1)
    found[indices == padding_idx] = number(0)
    return found


BAGS: Mapping[str, Operator] = {
    **dict.fromkeys(("_embedding_bag", "_embedding_bag_forward_only"), _bag),
    "_embedding_bag_backward": _whole_backward,
    "_embedding_bag_dense_backward": _bag_backward,
    "_embedding_bag_per_sample_weights_backward": _sample_weights_backward,
}
