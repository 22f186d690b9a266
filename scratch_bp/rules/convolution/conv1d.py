"""Convolution (without a flip of the kernel) over one axis of each channel:

    y[b, f, o] = bias[f] + sum_{c, k} weight[f, c, k] x[b, c, o stride + k dilation - padding],

positions outside x count as 0. With groups, the channels and the filters are cut into that many parts, and each part is
convolved alone. padding is a number, "valid" (none) or "same": y is as long as x, an odd padding larger at the end.
A convolution is linear in x and in the weight: dx adds weight[f, c, k] dy[b, f, o] to each position that window o has
at offset k, dweight[f, c, k] is the sum of dy[b, f, o] times that x over samples and windows, and dbias that of dy.
"""

from scratch_bp.rules.convolution import convolve
from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.shapes import Filters, Kernel1d, Signal, SignalOut


def forward(
    x: Signal,
    weight: Kernel1d,
    bias: Filters | None = None,
    *,
    stride: Number = 1,
    padding: Number | str = 0,
    dilation: Number = 1,
    groups: int = 1,
) -> tuple[SignalOut, convolve.Saved]:
    return convolve.forward("conv1d", x, weight, bias, stride, padding, dilation, groups)


def backward(saved: convolve.Saved, dy: SignalOut) -> convolve.Gradients:
    return convolve.backward(saved, dy)
