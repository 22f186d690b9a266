"""What can be drawn of the pooling rules."""

from collections.abc import Mapping

from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import Binding, Config, Row, each_axis


def _fits(bound: Binding, config: Config) -> bool:
    """Is there room for a window, does it begin in the padding by half at most, and has each an entry inside?"""
    lengths = (bound["length"],) if "length" in bound else (bound["height"], bound["width"])
    n = len(lengths)
    usual = {"kernel_size": 1, "dilation": 1, "padding": 0}
    kernel, dilation, padding = (each_axis(config.get(option, otherwise), n) for option, otherwise in usual.items())
    return all(
        g * (k - 1) < length + 2 * p and 2 * p <= (k - 1) * g + 1 and (g == 1 or p < length)
        for k, g, p, length in zip(kernel, dilation, padding, lengths, strict=True)
    )


KERNEL, KERNELS = {"kernel_size": (2, 3, 5)}, {"kernel_size": (2, (3, 2), (2, 3), (4, 5))}
STRIDE, STRIDES = {"stride": (None, 1, 2, 3)}, {"stride": (None, 1, (2, 1), 3)}
PADDING, PADDINGS = {"padding": (0, 1)}, {"padding": (0, 1, (0, 1))}
CEIL, DILATION = {"ceil_mode": (False, True)}, {"dilation": (1, 2)}
COUNT = {"count_include_pad": (True, False)}

TIE_IN_IMAGE = ([[[[1.0, 2.0], [2.0, 0.0]]]],)
THIRD = 1 / 3
FIRST_OR_EVEN = "PyTorch's adaptive maximum gives all to the first; JAX has only the maximum that splits over the ties"

ROWS: Mapping[str, Row] = {
    "max_pool1d": Row({**KERNEL, **STRIDE, **PADDING, **DILATION, **CEIL}, fits=_fits, weight=2, kinks=(Kink(
        "a tie in a window", ([[[2.0, 2.0, 1.0]]],), (1, 1, 0), "each window gives all to the first of its largest",
        {"kernel_size": 2, "stride": 1}),)),
    "max_pool2d": Row({**KERNELS, **STRIDES, **PADDINGS, **DILATION, **CEIL}, fits=_fits, kinks=(Kink(
        "a tie in a window", TIE_IN_IMAGE, (0, 1, 0, 0),
        "each window gives all to the first of its largest, row by row; in JAX that is how select_and_scatter chooses",
        {"kernel_size": 2}),)),
    "avg_pool1d": Row({**KERNEL, **STRIDE, **PADDING, **CEIL, **COUNT}, fits=_fits),
    "avg_pool2d": Row({**KERNELS, **STRIDES, **PADDINGS, **CEIL, **COUNT, "divisor_override": (None, 3)}, fits=_fits),
    # an odd power is for numbers above 0, and nobody can promise those of what a network computes
    "lp_pool2d": Row({"norm_type": (2, 4), **KERNELS, **STRIDES, **CEIL}, fits=_fits, kinks=(Kink(
        "a window of zeros", ([[[[0.0, 0.0], [0.0, 0.0]]]],), (0, 0, 0, 0),
        "0 / 0 is taken as 0; PyTorch multiplies the root's slope by the sign of 0",
        {"norm_type": 2, "kernel_size": 2}),)),
    "adaptive_avg_pool1d": Row({"output_size": (1, 2, 3)}),
    "adaptive_avg_pool2d": Row({"output_size": (1, 2, (2, 3), (3, 2))}),
    "adaptive_max_pool2d": Row({"output_size": (1, 2, (2, 3), (3, 2))}, kinks=(Kink(
        "a tie in a window", TIE_IN_IMAGE, (0, 1, 0, 0), FIRST_OR_EVEN, {"output_size": 1}, jax=(0, 0.5, 0.5, 0),
        calls=("F.adaptive_max_pool2d(a, 1)", "a.max(axis=(2, 3), keepdims=True)")),)),
    "global_avg_pool": Row(),
    "global_max_pool": Row(kinks=(Kink(
        "three largest", ([[[0.0, 2.0, 2.0, 2.0]]],), (0, 1, 0, 0), FIRST_OR_EVEN, jax=(0, THIRD, THIRD, THIRD),
        calls=("F.adaptive_max_pool1d(a, 1)", "a.max(axis=2, keepdims=True)")),)),
}  # fmt: skip
