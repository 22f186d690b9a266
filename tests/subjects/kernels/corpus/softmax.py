"""Softmax and its logarithm over the last axis: y = exp(x - m) / s; dx = y (dy - sum(y dy))."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.subjects.kernels.corpus.entry import Entry, blocks, fused, rows

COLUMNS = 64


def _reference(x: Tensor) -> Tensor:
    return torch.softmax(x, -1)


def _log_reference(x: Tensor) -> Tensor:
    return torch.log_softmax(x, -1)


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """The largest entry of each row and its sum of exponentials, both kept up to date over blocks of columns."""
    largest = x.new_full((len(x), 1), -torch.inf)
    summed = x.new_zeros(len(x), 1)
    for columns in blocks(x.shape[1], COLUMNS):
        block = x[:, columns]
        new = torch.maximum(largest, block.amax(1, keepdim=True))
        summed = summed * torch.exp(largest - new) + torch.exp(block - new).sum(1, keepdim=True)
        largest = new
    return largest, summed


def forward(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    largest, summed = _statistics(x.float())
    y = torch.empty_like(x)
    for columns in blocks(x.shape[1], COLUMNS):
        y[:, columns] = (torch.exp(x[:, columns].float() - largest) / summed).to(x.dtype)
    return y, (x, largest, summed)


def backward(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    """The probabilities are computed again, in float32: what was stored is rounded."""
    x, largest, summed = saved
    p = torch.exp(x.float() - largest) / summed
    inner = sum((p[:, c] * dy[:, c].float()).sum(1, keepdim=True) for c in blocks(x.shape[1], COLUMNS))
    return (p * (dy.float() - inner)).to(x.dtype)


def whole_rows_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """As the tutorial has it: one row a program, the result kept for backward as it was stored."""
    wide = x.float()
    numerator = torch.exp(wide - wide.amax(1, keepdim=True))
    y = (numerator / numerator.sum(1, keepdim=True)).to(x.dtype)
    return y, (y,)


def whole_rows_backward(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    (y,) = saved
    p = y.float()
    return (p * (dy.float() - (p * dy.float()).sum(1, keepdim=True))).to(y.dtype)


def log_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    largest, summed = _statistics(x.float())
    return (x.float() - largest - torch.log(summed)).to(x.dtype), (x, largest, summed)


def log_backward(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    x, largest, summed = saved
    wide = dy.float()
    whole = sum(wide[:, c].sum(1, keepdim=True) for c in blocks(x.shape[1], COLUMNS))
    return (wide - torch.exp(x.float() - largest) / summed * whole).to(x.dtype)


def _without_the_sum(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    x, largest, summed = saved
    return (torch.exp(x.float() - largest) / summed * dy.float()).to(x.dtype)


def _off_by_one_mask(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The mask of the ragged last block is `offsets < n - 1`: the last column is not in the sum."""
    wide = x.float()
    seen = wide[:, :-1] if x.shape[1] % COLUMNS else wide
    largest, summed = _statistics(seen)
    return (torch.exp(wide - largest) / summed).to(x.dtype), (x, largest, summed)


def _not_rescaled(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The sum of the blocks before keeps the maximum that it was taken with."""
    wide = x.float()
    largest = wide.new_full((len(x), 1), -torch.inf)
    summed = wide.new_zeros(len(x), 1)
    for columns in blocks(x.shape[1], COLUMNS):
        largest = torch.maximum(largest, wide[:, columns].amax(1, keepdim=True))
        summed = summed + torch.exp(wide[:, columns] - largest).sum(1, keepdim=True)
    return (torch.exp(wide - largest) / summed).to(x.dtype), (x, largest, summed)


def _statistics_of_another_row(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    """The second block of rows reads the statistics of the first: its offset is not added to their pointer."""
    x, largest, summed = saved
    size = min(16, max(1, len(x) // 2))
    row = torch.arange(len(x)) % size
    return backward((x, largest[row], summed[row]), dy)


def _log_cotangent_of_one(saved: tuple[Tensor, ...], dy: Tensor) -> Tensor:
    """As if the cotangent of a row summed to 1, as that of a negative log likelihood does."""
    x, largest, summed = saved
    return (dy.float() - torch.exp(x.float() - largest) / summed).to(x.dtype)


def _wrong(name: str, fault: str, first=forward, second=backward, operation: str = "softmax") -> Entry:
    reference = _reference if operation == "softmax" else _log_reference
    return Entry(name, operation, fused(first, second), reference, rows, fault=fault)


ENTRIES = (
    Entry("softmax", "softmax", fused(forward, backward), _reference, rows, "float32"),
    Entry("softmax_kept_result", "softmax", fused(whole_rows_forward, whole_rows_backward), _reference, rows, "stored"),
    Entry("log_softmax", "log softmax", fused(log_forward, log_backward), _log_reference, rows, "float32"),
    _wrong("softmax_no_sum", "backward leaves out the sum of y dy", second=_without_the_sum),
    _wrong("softmax_mask", "mask of the ragged last block off by one: the last column is not summed", _off_by_one_mask),
    _wrong("softmax_not_rescaled", "online softmax does not rescale the sum when the maximum grows", _not_rescaled),
    _wrong("softmax_other_row", "backward reads the row statistics of another row", second=_statistics_of_another_row),
    _wrong(
        "log_softmax_ones", "backward takes the sum of the cotangent to be 1", log_forward, _log_cotangent_of_one,
        "log softmax",
    ),
)  # fmt: skip
