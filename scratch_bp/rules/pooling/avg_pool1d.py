"""Mean over windows of the last axis: y_o = sum_k x[o stride + k - padding] / n_o, 0 <= k < kernel_size.

stride is kernel_size when not given, positions outside x count as 0, and with ceil_mode a last window that reaches over
the end counts too. n_o is the number of positions of the window within the padded x, or with count_include_pad=False
within x. Every entry of the window takes dy_o / n_o.
"""

from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.pooling import means
from scratch_bp.rules.shapes import Pooled, Signal


def forward(
    x: Signal,
    *,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> tuple[Pooled, means.Saved]:
    return means.forward("avg_pool1d", x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def backward(saved: means.Saved, dy: Pooled) -> tuple[Signal]:
    return (means.backward(saved, dy),)
