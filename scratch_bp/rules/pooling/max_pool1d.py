"""Maximum over windows of the last axis: y_o = max_k x[o stride + k dilation - padding], 0 <= k < kernel_size.

stride is kernel_size when not given; positions outside x count as -infinity. With ceil_mode a last window that reaches
over the end counts too, as long as it begins before it. Each dy_o goes to the first largest entry of its window, as in
`max`, and an entry that wins several windows takes the sum.
"""

from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.pooling import maxima
from scratch_bp.rules.shapes import Pooled, Signal


def forward(
    x: Signal,
    *,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    dilation: Number = 1,
    ceil_mode: bool = False,
) -> tuple[Pooled, maxima.Saved]:
    return maxima.forward("max_pool1d", x, kernel_size, stride, padding, dilation, ceil_mode)


def backward(saved: maxima.Saved, dy: Pooled) -> tuple[Signal]:
    return (maxima.backward(saved, dy),)
