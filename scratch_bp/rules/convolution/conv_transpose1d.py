"""The transpose of `conv1d` (Zeiler et al., Deconvolutional networks, 2010), which it pulls a cotangent back with:

    y[b, f, o stride + k dilation - padding] += sum_c weight[c, f, k] x[b, c, o]

for every o and k whose position lies in y, which begins as bias[f]. A convolution with a stride makes the length of x
from several lengths. y has the shortest of them, (length - 1) stride - 2 padding + dilation (kernel - 1) + 1, plus
output_padding. x takes the place that dy has in a convolution: dx is the convolution of dy with the weight, and
dweight[c, f, k] is the sum of x[b, c, o] times the dy at o stride + k dilation - padding.
"""

from scratch_bp.rules.convolution import convolve
from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.shapes import BackKernel1d, Filters, Signal, SignalOut


def forward(
    x: Signal,
    weight: BackKernel1d,
    bias: Filters | None = None,
    *,
    stride: Number = 1,
    padding: Number = 0,
    output_padding: Number = 0,
    groups: int = 1,
    dilation: Number = 1,
) -> tuple[SignalOut, convolve.Saved]:
    rule = "conv_transpose1d"
    return convolve.forward_transposed(rule, x, weight, bias, stride, padding, output_padding, groups, dilation)


def backward(saved: convolve.Saved, dy: SignalOut) -> convolve.Gradients:
    return convolve.backward_transposed(saved, dy)
