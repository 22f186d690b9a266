"""Convolution over any number of axes, and its transpose: what conv1d to conv3d and conv_transpose1d and 2d are.

Both have the same three pieces (see `shifted`), since the transpose is the gradient of a convolution by its input:

    conv            y = gather(W, x)    dx = scatter(W, dy)    dW = weigh(dy, x)
    conv_transpose  y = scatter(W, x)   dx = gather(W, dy)     dW = weigh(x, dy)

There are two ways to compute them, `copied` for few numbers and `shifted` for many.

Half precision is computed in float32 and rounded once, as PyTorch does.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution import copied, shifted
from scratch_bp.rules.convolution.columns import few
from scratch_bp.rules.convolution.windows import Axis, Number, Sizes, spread, windows_of

Gradients = tuple[np.ndarray, ...]

WAYS = {True: copied, False: shifted}


class Saved(NamedTuple):
    """`held` is what the weight's gradient is made of: x laid out, or x widened in the transposed case."""

    held: np.ndarray
    w: np.ndarray
    axes: tuple[Axis, ...]
    few: bool
    groups: int
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
    small = few(x, channels, axes)
    way = WAYS[small]
    laid, w = way.lay(_raised(x), axes, groups), way.split(_raised(weight), groups)
    saved = Saved(laid, w, axes, small, groups, x.shape, weight.shape, bias is not None)
    return _biased(way.gather(w, laid, axes), bias, x), saved


def backward(saved: Saved, dy: np.ndarray) -> Gradients:
    laid, w, axes, small, groups, shape, weight_shape, biased = saved
    way = WAYS[small]
    wide = way.widen(_raised(dy), axes, groups)
    return _gradients(way.scatter(w, wide, axes, shape), way.weigh(wide, laid, axes, weight_shape), dy, biased)


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
    small = few(x, filters, axes)
    way = WAYS[small]
    wide, w = way.widen(_raised(x), axes, groups), way.split(_raised(weight), groups)
    y = way.scatter(w, wide, axes, (len(x), filters, *lengths))
    return _biased(y, bias, x), Saved(wide, w, axes, small, groups, x.shape, weight.shape, bias is not None)


def backward_transposed(saved: Saved, dy: np.ndarray) -> Gradients:
    wide, w, axes, small, groups, _, weight_shape, biased = saved
    way = WAYS[small]
    laid = way.lay(_raised(dy), axes, groups)
    return _gradients(way.gather(w, laid, axes), way.weigh(wide, laid, axes, weight_shape), dy, biased)


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


def _gradients(dx: np.ndarray, dw: np.ndarray, dy: np.ndarray, biased: bool) -> Gradients:
    grads = [dx, dw]
    if biased:
        grads.append(_raised(dy).sum(axis=(0, *range(2, dy.ndim))))
    return tuple(grad.astype(dy.dtype, copy=False) for grad in grads)


def _biased(y: np.ndarray, bias: np.ndarray | None, x: np.ndarray) -> np.ndarray:
    """y with the bias, in the numbers of x."""
    if bias is not None:
        y = y + _raised(bias).reshape(-1, *(1,) * (y.ndim - 2))
    return y.astype(x.dtype, copy=False)


def _raised(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) if x.dtype.itemsize < 4 else x
