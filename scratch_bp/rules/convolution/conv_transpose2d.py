"""The transpose of `conv2d` (Zeiler et al., Deconvolutional networks, 2010), which it pulls a cotangent back with:

    y[b, f, o s + k d - padding, p s' + l d' - padding'] += sum_c weight[c, f, k, l] x[b, c, o, p]

for every o, p and k, l whose position lies in y, which begins as bias[f]. Sizes, options and gradients are those of
`conv_transpose1d`, for each axis on its own.
"""

from scratch_bp.rules.convolution import convolve
from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.shapes import BackKernel2d, Filters, Image, ImageOut


def forward(
    x: Image,
    weight: BackKernel2d,
    bias: Filters | None = None,
    *,
    stride: Number = 1,
    padding: Number = 0,
    output_padding: Number = 0,
    groups: int = 1,
    dilation: Number = 1,
) -> tuple[ImageOut, convolve.Saved]:
    rule = "conv_transpose2d"
    return convolve.forward_transposed(rule, x, weight, bias, stride, padding, output_padding, groups, dilation)


def backward(saved: convolve.Saved, dy: ImageOut) -> convolve.Gradients:
    return convolve.backward_transposed(saved, dy)
