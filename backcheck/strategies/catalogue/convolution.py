"""What can be drawn of the convolution rules."""

from collections.abc import Iterator, Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import Array, Binding, Choices, Config, Row, each_axis, unique

LENGTHS = ("depth", "height", "width")
# unequal and overlapping ones before 1, where a kernel has no offset to get wrong
KERNELS = {
    1: ((2,), (3,), (1,), (5,)),
    2: ((2, 2), (3, 2), (1, 1), (2, 3), (4, 5)),
    3: ((2, 2, 2), (2, 1, 3), (1, 1, 1), (1, 4, 2)),
}


def _lengths(bound: Binding) -> Shape:
    return (bound["length"],) if "length" in bound else tuple(bound[axis] for axis in LENGTHS if axis in bound)


def _reaches(kernel: Shape, config: Config, lengths: Shape) -> bool:
    """Is there room for one window of this kernel?"""
    n = len(lengths)
    pads = (0,) * n if config["padding"] == "valid" else each_axis(config["padding"], n)
    room = zip(kernel, each_axis(config["dilation"], n), pads, lengths, strict=True)
    return config["padding"] == "same" or all(d * (k - 1) < length + 2 * p for k, d, p, length in room)


def _fits(bound: Binding, config: Config) -> bool:
    strided = max(each_axis(config["stride"], 1)) > 1
    return bound["channels"] % config["groups"] == 0 and not (config["padding"] == "same" and strided)


def _weights(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """Filters as many as groups and more, and as many as channels."""
    groups, channels, lengths = config["groups"], bound["channels"], _lengths(bound)
    kernels = [kernel for kernel in KERNELS[len(lengths)] if _reaches(kernel, config, lengths)]
    counts = unique(2 * groups, 3 * groups, groups, channels)
    return tuple((count, channels // groups, *kernel) for count, kernel in _crossed(counts, kernels))


def _crossed(counts: tuple[int, ...], kernels: list[Shape]) -> Iterator[tuple[int, Shape]]:
    """Every pair, another kernel and another count each time."""
    for turn in range(len(counts)):
        for i, kernel in enumerate(kernels):
            yield counts[(i + turn) % len(counts)], kernel


def _conv(stride: Choices, padding: Choices, dilation: Choices) -> Row:
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": (1, 2, 3)}
    return Row(options, fits=_fits, arrays={"weight": Array(shapes=_weights)})


def _fits_back(bound: Binding, config: Config) -> bool:
    """Is something left of the output of the smallest kernel, and output_padding less than a stride or dilation?"""
    lengths = _lengths(bound)
    n = len(lengths)
    each = zip(
        *(each_axis(config[option], n) for option in ("stride", "padding", "output_padding", "dilation")), strict=True
    )
    sizes = [
        (length - 1) * s - 2 * p + more + 1 > 0 and more < max(s, d)
        for length, (s, p, more, d) in zip(lengths, each, strict=True)
    ]
    return bound["channels"] % config["groups"] == 0 and all(sizes)


def _back_weights(bound: Binding, config: Config) -> tuple[Shape, ...]:
    pairs = _crossed((2, 1, 3), list(KERNELS[len(_lengths(bound))]))
    return tuple((bound["channels"], share, *kernel) for share, kernel in pairs)


def _back_bias(bound: Binding, config: Config) -> tuple[Shape, ...]:
    return ((bound["share"] * config["groups"],),)


def _conv_transpose(stride: Choices, padding: Choices, output_padding: Choices, dilation: Choices) -> Row:
    options = {"stride": stride, "padding": padding, "output_padding": output_padding, "groups": (1, 2, 3)}
    arrays = {"weight": Array(shapes=_back_weights), "bias": Array(shapes=_back_bias)}
    return Row({**options, "dilation": dilation}, fits=_fits_back, arrays=arrays)


def _fits_unfold(bound: Binding, config: Config) -> bool:
    lengths = _lengths(bound)
    return _reaches(each_axis(config["kernel_size"], len(lengths)), config, lengths)


def _fits_fold(bound: Binding, config: Config) -> bool:
    """Does the kernel divide the columns, and are there as many windows in the output as in x?"""
    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    offsets, windows = 1, 1
    for size, k, d, p, s in zip(*(each_axis(config[name], 2) for name in names), strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        offsets, windows = offsets * k, windows * (room // s + 1 if room >= 0 else 0)
    return bool(bound["columns"] % offsets == 0 and bound["windows"] == windows)


ROWS: Mapping[str, Row] = {
    "conv1d": _conv((1, 2, 3), (0, 1, "same", "valid"), (1, 2)),
    "conv2d": _conv((1, 2, (2, 1), 3), (0, 1, (0, 1), "same"), (1, 2, (1, 2))),
    # no stride of 3 along the last axis: there PyTorch's bfloat16 on a CPU, with padding 1 and a kernel of 2, reads
    # memory that nobody has written, and answers otherwise from call to call
    "conv3d": _conv((1, (1, 2, 1), (2, 3, 1)), (0, 1, "same"), (1, (1, 2, 1))),
    "conv_transpose1d": _conv_transpose((1, 2, 3), (0, 1), (0, 1), (1, 2)),
    "conv_transpose2d": _conv_transpose((1, 2, (2, 1), (1, 3)), (0, (0, 1)), (0, (1, 0)), (1, 2)),
    "unfold": Row(
        {"kernel_size": (2, (3, 2), 1), "dilation": (1, 2), "padding": (0, 1, (0, 1)), "stride": (1, 2, (2, 1), 3)},
        fits=_fits_unfold),
    "fold": Row(
        {"output_size": ((3, 2), 3, (2, 3), (4, 3), 4), "kernel_size": (1, (2, 1), (1, 2), 2),
         "dilation": (1, (2, 1)), "padding": (0, 1, (0, 1)), "stride": (1, 2)},
        fits=_fits_fold),
}  # fmt: skip
