"""What can be drawn of the pooling rules."""

from collections.abc import Mapping

from backcheck.strategies.catalogue.row import Binding, Config, Row, Shape


def _each(value: int | Shape | None, axes: int, otherwise: Shape = ()) -> Shape:
    if value is None:
        return otherwise
    return value if isinstance(value, tuple) else (value,) * axes


def _fits(bound: Binding, config: Config) -> bool:
    """Is there room for a window, does it begin in the padding by half at most, and has each an entry inside?"""
    lengths = (bound["length"],) if "length" in bound else (bound["height"], bound["width"])
    n = len(lengths)
    kernel, dilation, padding = (
        _each(config.get(o, d), n) for o, d in (("kernel_size", 1), ("dilation", 1), ("padding", 0))
    )
    return all(
        g * (k - 1) < length + 2 * p and 2 * p <= (k - 1) * g + 1 and (g == 1 or p < length)
        for k, g, p, length in zip(kernel, dilation, padding, lengths, strict=True)
    )


KERNEL, KERNELS = {"kernel_size": (2, 3)}, {"kernel_size": (2, (3, 2), (2, 3))}
STRIDE, STRIDES = {"stride": (None, 1, 2, 3)}, {"stride": (None, 1, (2, 1))}
PADDING, PADDINGS = {"padding": (0, 1)}, {"padding": (0, 1, (0, 1))}
CEIL, DILATION = {"ceil_mode": (False, True)}, {"dilation": (1, 2)}
COUNT = {"count_include_pad": (True, False)}

ROWS: Mapping[str, Row] = {
    "max_pool1d": Row({**KERNEL, **STRIDE, **PADDING, **DILATION, **CEIL}, fits=_fits, weight=2),
    "max_pool2d": Row({**KERNELS, **STRIDES, **PADDINGS, **DILATION, **CEIL}, fits=_fits),
    "avg_pool1d": Row({**KERNEL, **STRIDE, **PADDING, **CEIL, **COUNT}, fits=_fits),
    "avg_pool2d": Row({**KERNELS, **STRIDES, **PADDINGS, **CEIL, **COUNT, "divisor_override": (None, 3)}, fits=_fits),
    # an odd power is for numbers above 0, and nobody can promise those of what a network computes
    "lp_pool2d": Row({"norm_type": (2, 4), **KERNELS, **STRIDES, **CEIL}, fits=_fits),
    "adaptive_avg_pool1d": Row({"output_size": (1, 2, 3)}),
    "adaptive_avg_pool2d": Row({"output_size": (1, 2, (2, 3), (3, 2))}),
    "adaptive_max_pool2d": Row({"output_size": (1, 2, (2, 3), (3, 2))}),
    "global_avg_pool": Row(),
    "global_max_pool": Row(),
}
