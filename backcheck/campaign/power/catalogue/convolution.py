"""Faults in convolutions, pooling, and the windows they are made of."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.kinds import COURSE
from backcheck.campaign.power.rows import changes, fault

BATCH, OVERLAP = "a batch of more than 1", "windows that overlap"
CONVOLVE, COLUMNS = "rules.convolution.convolve", "rules.convolution.columns"
FOLDED = "dx = fold(dX.reshape(*shape[:2], -1, dX.shape[-1]), axes)"
ADDED = "x[positions] += by_offset[:, :, offset][windows]"
DW = "(rows @ X.swapaxes(-1, -2)).sum(axis=0)"
EVERY_TIE = "(lambda s: s / s.max(2, keepdims=True))(even_shares({}, 2))"


def _other_windows(change: str) -> str:
    """dx put together by windows with another stride, padding or dilation."""
    return FOLDED.replace("axes)", f"tuple(each._replace({change}) for each in axes))")


FAULTS = (
    fault(
        "conv2d", "weights averaged over the batch", "reduction", DW, DW.replace("sum", "mean"), "weight",
        module=CONVOLVE, common=COMMON, needs=BATCH, seen="sebgao/cTensor issue 3",
    ),
    fault("conv2d", "the first image's weights", "reduction", DW, DW.replace(".sum(axis=0)", "[0]"), "weight",
          module=CONVOLVE, common=RARE, needs=BATCH),
    fault(
        "conv1d", "bias averaged over the batch", "reduction", "_raised(dy).sum(axis=(0, *range(2, dy.ndim)))",
        "_raised(dy).mean(axis=0).sum(axis=tuple(range(1, dy.ndim - 1)))", "bias", module=CONVOLVE, common=COMMON,
        needs=BATCH, seen=COURSE,
    ),
    fault(
        "conv2d", "the kernel flipped", "layout", "dX = w.swapaxes(-1, -2) @ rows",
        "dX = w.reshape(*w.shape[:2], shape[1] // len(w), -1)[..., ::-1].reshape(w.shape).swapaxes(-1, -2) @ rows", "x",
        module=CONVOLVE, common=COMMON, needs="a kernel of more than one entry", seen=COURSE,
    ),
    fault(
        "conv2d", "overlapping windows assigned", "index", ADDED, ADDED.replace("+=", "="), "x", module=COLUMNS,
        common=COMMON, needs=OVERLAP,
    ),
    fault("conv1d", "stride ignored", "window", FOLDED, _other_windows("stride=1"), "x", module=CONVOLVE,
          common=COMMON, needs="a stride of 2 and two windows"),
    fault("conv2d", "padding ignored", "window", FOLDED, _other_windows("padding=0"), "x", module=CONVOLVE,
          common=COMMON, needs="padding"),
    fault("conv3d", "dilation ignored", "window", FOLDED, _other_windows("dilation=1"), "x", module=CONVOLVE,
          common=COMMON, needs="a dilation of 2 and a kernel of more than one entry"),
    fault(
        "conv1d", "the groups in reverse", "gate", "(rows @ X.swapaxes(-1, -2))",
        "(rows[:, ::-1] @ X.swapaxes(-1, -2))",
        "weight", module=CONVOLVE, needs="two groups",
        seen="pytorch/pytorch issue 51430: the weight's gradient with groups",
    ),
    fault("conv3d", "padding ignored", "window", FOLDED, _other_windows("padding=0"), "x", module=CONVOLVE,
          needs="padding"),
    fault(
        "conv_transpose2d", "padding ignored", "window", "dY = _columns(dy, axes, len(w))",
        "dY = _columns(dy, tuple(each._replace(padding=0) for each in axes), len(w))", "x weight", module=CONVOLVE,
        common=COMMON, needs="padding",
    ),
    fault(
        "conv_transpose1d", "stride ignored", "window", "dY = _columns(dy, axes, len(w))",
        "dY = _columns(dy, tuple(each._replace(stride=1) for each in axes), len(w))", "x weight", module=CONVOLVE,
        needs="a stride of 2 and two windows",
    ),
    fault("unfold", "overlapping windows assigned", "index", ADDED, ADDED.replace("+=", "="), "x", module=COLUMNS,
          common=COMMON, needs=OVERLAP),
    fault(
        "fold", "padding ignored", "window", "columns.unfold(dy, saved.axes)",
        "columns.unfold(dy, tuple(each._replace(padding=0) for each in saved.axes))", "x", needs="padding",
    ),
    fault(
        "max_pool2d", "overlapping windows assigned", "index", ADDED, ADDED.replace("+=", "="), "x", module=COLUMNS,
        common=COMMON, needs=OVERLAP, seen="0809zheng/CS231n-assignment2019 issue 19",
    ),
    changes(
        "max_pool1d", "all of dy to every tie", "tie",
        (("rules.pooling.maxima", "import first_largest", "import even_shares"),
         ("rules.pooling.maxima", "first_largest(X, 2)", EVERY_TIE.format("X"))),
        "x", common=COMMON, needs="a tie in a window", seen="Theano/Theano issue 5248",
    ),
    fault(
        "max_pool2d", "the stride taken for the kernel's size", "window", "1, -1), axes)",
        "1, -1), tuple(each._replace(stride=each.kernel) for each in axes))", "x", module="rules.pooling.maxima",
        common=COMMON, needs="a stride other than the kernel's size",
    ),
    fault(
        "avg_pool2d", "the padding always counted", "window", "each = dy / divisor",
        "each = dy / prod(axis.kernel for axis in axes)", "x", module="rules.pooling.means",
        needs="count_include_pad=False with padding, ceil_mode or divisor_override",
    ),
    fault(
        "avg_pool1d", "overlapping windows assigned", "index", "dx[positions] += each[windows]",
        "dx[positions] = each[windows]", "x", module="rules.pooling.means", common=COMMON, needs=OVERLAP,
    ),
    fault("avg_pool1d", "not divided", "factor", "each = dy / divisor", "each = dy", "x", module="rules.pooling.means",
          common=COMMON, needs="a window of more than one entry"),
    fault("lp_pool2d", "the share of a cut window ignored", "window", "/ share * each", "* each", "x", common=RARE,
          needs="ceil_mode and a window that is cut off"),
    fault("lp_pool2d", "the sign lost", "sign", "u ** (power - 1)", "abs(u) ** (power - 1)", "x",
          needs="a negative entry and an even power"),
    fault(
        "adaptive_avg_pool1d", "windows taken for equal", "window", "_weights(dx, shape[axis], dy.shape[axis]).T",
        "(lambda w: np.where(w > 0, w * 0 + dy.shape[axis], w * 0) / shape[axis])"
        "(_weights(dx, shape[axis], dy.shape[axis])).T", "x", module="rules.pooling.adaptive",
        needs="a length that output_size does not divide",
    ),
    fault(
        "adaptive_avg_pool2d", "not divided along the height", "factor", "_weights(dx, shape[axis], dy.shape[axis]).T",
        "_weights(dx, shape[axis], dy.shape[axis]).T * (shape[2] // dy.shape[2] if axis == 2 else 1)", "x",
        module="rules.pooling.adaptive", needs="windows that are higher than 1",
    ),
    fault(
        "adaptive_max_pool2d", "overlapping windows assigned", "index", "dx[entries] +=", "dx[entries] =", "x",
        module="rules.pooling.adaptive", needs="sizes that output_size does not divide",
    ),
    fault("global_avg_pool", "divided by the width", "reduction", "prod(saved.shape[2:])", "saved.shape[-1]", "x",
          needs="two axes of space"),
    changes(
        "global_max_pool", "all of dy to every tie", "tie",
        (("rules.pooling.adaptive", "import first_largest", "import even_shares"),
         ("rules.pooling.adaptive", "first_largest(window.reshape(*window.shape[:2], -1), 2)",
          EVERY_TIE.format("window.reshape(*window.shape[:2], -1)"))),
        "x", needs="a tie",
    ),
)  # fmt: skip
