"""Convolution over any number of axes, and its transpose: what conv1d to conv3d and conv_transpose1d and 2d are.

With X = unfold(x), the columns of all channels of a group (see `columns`), a convolution is one matrix product; its
transpose is the gradient of a convolution by its input. W is the weight as [filters, channels and offsets]:

    conv            y = W X             dX = W^T dy, dx = fold(dX)      dW = dy X^T
    conv_transpose  y = fold(W^T x)     dx = W unfold(dy)               dW = x unfold(dy)^T

Half precision is computed in float32 and rounded once, as PyTorch does.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution.columns import fold, unfold
from scratch_bp.rules.convolution.windows import Number, Sizes, WindowAxis, spread, windows_of

Gradients = tuple[np.ndarray, ...]


class Saved(NamedTuple):
    """`held` [batch, group, ...] is what the weight's gradient is made of: X, or x itself in the transposed case."""

    held: np.ndarray
    w: np.ndarray
    axes: tuple[WindowAxis, ...]
    shape: Sizes
    weight_shape: Sizes
    biased: bool


def forward(
    rule: str,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Number,
    padding: Number | str,
    dilation: Number,
    groups: int,
) -> tuple[np.ndarray, Saved]:
    channels, filters = x.shape[1], weight.shape[0]
    if groups < 1 or channels % groups or filters % groups or weight.shape[1] != channels // groups:
        raise ValueError(
            f"{rule}: groups divide channels and filters, and weight is [filters, channels // groups, *kernel]; got "
            f"{groups=}, {channels} channels and a weight of {weight.shape}"
        )
    axes = windows_of(rule, x.shape[2:], weight.shape[2:], stride, padding, dilation)
    w, X = _by_group(weight, groups), _columns(x, axes, groups)
    y = (w @ X).reshape(len(x), filters, *(axis.number for axis in axes))
    return _biased(y, bias, x), Saved(X, w, axes, x.shape, weight.shape, bias is not None)


def backward(saved: Saved, dy: np.ndarray) -> Gradients:
    X, w, axes, shape, weight_shape, biased = saved
    rows = _in_groups(dy, len(w))
    dX = w.swapaxes(-1, -2) @ rows
    dx = fold(dX.reshape(*shape[:2], -1, dX.shape[-1]), axes)
    return _gradients(dx, rows, X, weight_shape, dy, biased)


def forward_transposed(
    rule: str,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Number,
    padding: Number,
    output_padding: Number,
    groups: int,
    dilation: Number,
) -> tuple[np.ndarray, Saved]:
    channels, filters = x.shape[1], weight.shape[1] * groups
    if groups < 1 or channels % groups or weight.shape[0] != channels or (bias is not None and len(bias) != filters):
        raise ValueError(
            f"{rule}: groups divide the channels, weight is [channels, filters // groups, *kernel], and there is a "
            f"bias for each filter; got {groups=}, {channels} channels, a weight of {weight.shape} and a bias of "
            f"{None if bias is None else bias.shape}"
        )
    counts = x.shape[2:]
    lengths = _transposed_lengths(rule, counts, weight.shape[2:], stride, padding, output_padding, dilation)
    found = windows_of(rule, lengths, weight.shape[2:], stride, padding, dilation)
    # output_padding may leave room for one more window, which has no entry of x
    axes = tuple(axis._replace(number=count) for axis, count in zip(found, counts, strict=True))
    w, rows = _by_group(weight, groups), _in_groups(x, groups)
    Y = w.swapaxes(-1, -2) @ rows
    y = fold(Y.reshape(len(x), filters, -1, Y.shape[-1]), axes)
    return _biased(y, bias, x), Saved(rows, w, axes, x.shape, weight.shape, bias is not None)


def backward_transposed(saved: Saved, dy: np.ndarray) -> Gradients:
    rows, w, axes, shape, weight_shape, biased = saved
    dY = _columns(dy, axes, len(w))
    return _gradients((w @ dY).reshape(shape), rows, dY, weight_shape, dy, biased)


def _transposed_lengths(
    rule: str,
    counts: Sizes,
    kernels: Sizes,
    stride: Number,
    padding: Number,
    output_padding: Number,
    dilation: Number,
) -> Sizes:
    n = len(counts)
    each = zip(
        counts,
        kernels,
        spread(rule, "stride", stride, n, 1),
        spread(rule, "padding", padding, n, 0),
        spread(rule, "output_padding", output_padding, n, 0),
        spread(rule, "dilation", dilation, n, 1),
        strict=True,
    )
    lengths = []
    for count, k, s, p, more, d in each:
        lengths.append((count - 1) * s - 2 * p + d * (k - 1) + more + 1)
        if more >= max(s, d) or lengths[-1] < 1:
            raise ValueError(
                f"{rule}: output_padding is less than stride or dilation, and something is left of the output; got "
                f"stride {s}, dilation {d}, padding {p} and output_padding {more}, and an output of {lengths[-1]}"
            )
    return tuple(lengths)


def _gradients(
    dx: np.ndarray, rows: np.ndarray, X: np.ndarray, weight_shape: Sizes, dy: np.ndarray, biased: bool
) -> Gradients:
    """Those of x, of the weight, which is rows X^T summed over the batch, and of the bias."""
    grads = [dx, (rows @ X.swapaxes(-1, -2)).sum(axis=0).reshape(weight_shape)]
    if biased:
        grads.append(_raised(dy).sum(axis=(0, *range(2, dy.ndim))))
    return tuple(grad.astype(dy.dtype, copy=False) for grad in grads)


def _columns(x: np.ndarray, axes: tuple[WindowAxis, ...], groups: int) -> np.ndarray:
    """The columns as [batch, group, channels of the group and offsets, windows]."""
    X = unfold(_raised(x), axes)
    return X.reshape(len(x), groups, -1, X.shape[-1])


def _in_groups(y: np.ndarray, groups: int) -> np.ndarray:
    """y [batch, filters, *counts] as [batch, group, filters of the group, windows]."""
    return _raised(y).reshape(len(y), groups, y.shape[1] // groups, -1)


def _by_group(weight: np.ndarray, groups: int) -> np.ndarray:
    """The weight as [group, filters of the group, channels and offsets]."""
    return _raised(weight).reshape(groups, len(weight) // groups, -1)


def _biased(y: np.ndarray, bias: np.ndarray | None, x: np.ndarray) -> np.ndarray:
    """y with the bias, in the numbers of x."""
    if bias is not None:
        y = y + _raised(bias).reshape(-1, *(1,) * (y.ndim - 2))
    return y.astype(x.dtype, copy=False)


def _raised(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) if x.dtype.itemsize < 4 else x
