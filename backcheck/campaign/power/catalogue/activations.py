"""Faults in elementwise functions and softmaxes."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.kinds import COURSE
from backcheck.campaign.power.rows import changes, fault

OTHER_AXIS = "an axis that is not the last"
FAULTS = (
    fault("abs", "the sign of the value", "sign", "dy * sign(x)", "dy * sign(abs(x))", "x", needs="a negative entry"),
    fault(
        "array_power", "log of the value", "slope", "dy * y * np.log(x)", "dy * y * np.log(y)", "exponent",
        needs="an exponent other than 1",
    ),
    fault(
        "array_power", "exponent not multiplied in", "factor", "dy * exponent * x **", "dy * x **", "x",
        needs="an exponent other than 1",
    ),
    fault(
        "celu", "the value for the slope", "slope", "dy * np.exp(below)",
        "dy * np.where(below < 0, np.expm1(below), np.exp(below))", "x", needs="a negative entry", seen=COURSE,
    ),
    fault(
        "elu", "alpha not used", "option", "(dx if alpha == 1 else dx * np.where(x > 0, like(x, 1), like(x, alpha)),)",
        "(dx,)", "x", common=COMMON, needs="alpha other than 1 and a negative entry",
    ),
    fault(
        "elu", "alpha on both sides", "option", "np.where(x > 0, like(x, 1), like(x, alpha))", "like(x, alpha)", "x",
        needs="alpha other than 1 and a positive entry",
    ),
    fault(
        "clamp", "dy passed through", "clamp", "zero_unless((x >= like(x, least)) & (x <= like(x, most)), dy)",
        "dy.copy()", "x", common=COMMON, needs="an entry beyond a limit",
    ),
    fault(
        "clamp", "the upper limit ignored", "clamp", "(x >= like(x, least)) & (x <= like(x, most))",
        "x >= like(x, least)", "x", needs="an entry above the upper limit",
    ),
    fault("exp", "the slope at the value", "slope", "dy * y,", "dy * np.exp(y),", "x", seen=COURSE),
    fault(
        "gelu", "the density's term left out", "term", "cdf + x * density", "cdf", "x",
        needs="an entry other than 0",
    ),
    fault(
        "gelu", "the cube's slope", "slope", "(1 + 3 * cubic)", "(1 + cubic)", "x",
        needs="the tanh form, and an entry of middling size",
    ),
    fault(
        "gelu", "the slope of the tanh form", "slope", "    return (dy * (cdf + x * density),)",
        "    cdf, density = _nearly_normal(x)\n    return (dy * (cdf + x * density),)", "x", common=COMMON,
        needs="the exact form, and an error of 1e-4 to be seen",
    ),
    fault(
        "glu", "the halves exchanged", "gate", "[da, da * (a * (1 - s))]", "[da * (a * (1 - s)), da]", "x",
        needs="halves that differ",
    ),
    fault("glu", "1 - s left out", "slope", "da * (a * (1 - s))", "da * a", "x"),
    fault(
        "hardshrink", "dy passed through", "clamp", "(zero_unless(outside, dy),)", "(dy.copy(),)", "x",
        needs="an entry nearer to 0 than lambd",
    ),
    fault("hardsigmoid", "the sixth left out", "factor", "dy / 6", "dy", "x", needs="an entry between -3 and 3"),
    fault(
        "hardswish", "the product rule's second term left out", "term", "zero_unless(abs(x) < 3, x) / 6 + h",
        "zero_unless(abs(x) < 3, x) / 6", "x", needs="an entry above -3",
    ),
    fault(
        "hardswish", "the upper limit ignored", "clamp", "zero_unless(abs(x) < 3, x)", "zero_unless(x > -3, x)", "x",
        needs="an entry above 3",
    ),
    fault(
        "hardtanh", "dy passed through", "clamp", "zero_unless((x > like(x, least)) & (x < like(x, most)), dy)",
        "dy.copy()", "x", common=COMMON, needs="an entry beyond a limit",
    ),
    fault(
        "leaky_relu", "the slope written in", "option", "slope * dy,",
        "np.where(slope == 1, dy, dy * like(dy, 0.01)),", "x", common=COMMON,
        needs="a negative_slope other than the default",
    ),
    fault(
        "log", "eps in the slope alone", "eps", "dy / x", "dy / (x + np.asanyarray(x * 0 + 1) / 10**8)", "x",
        common=COMMON, needs="an error of 1e-8 to be seen, or an entry near 0",
    ),
    fault("log_sigmoid", "the sigmoid of x for that of -x", "sign", "x <= 0, z", "x >= 0, z", "x"),
    fault(
        "log_softmax", "the sum of dy taken for 1", "term",
        "dy - e * (dy.sum(axis=dim, keepdims=True) / total)", "dy - e / total", "x", common=COMMON,
        needs="a cotangent whose sum is not 1", seen=COURSE,
    ),
    fault(
        "log_softmax", "the last axis always", "axis", "dy.sum(axis=dim, keepdims=True)",
        "dy.sum(axis=-1, keepdims=True)", "x", common=COMMON, needs=OTHER_AXIS,
        seen="SKaiNET-developers/SKaiNET issue 863: an axis that the backward counts otherwise",
    ),
    fault("mish", "4 left out", "factor", "t + 4 * x *", "t + x *", "x", common=RARE),
    fault(
        "power", "the exponent not multiplied in", "factor", "(like(x, exponent) * power(x, exponent - 1))",
        "power(x, exponent - 1)", "x", common=COMMON, needs="an exponent other than 1",
    ),
    fault("power", "the exponent not lowered", "slope", "power(x, exponent - 1)", "power(x, exponent)", "x"),
    fault(
        "prelu", "positive entries counted", "mask", "zero_unless(x <= 0, dy * x)", "dy * x", "weight",
        common=COMMON, needs="a positive entry",
    ),
    fault("reciprocal", "the sign left out", "sign", "(-dy * y * y,)", "(dy * y * y,)", "x"),
    fault(
        "relu", "the mask of dy", "mask", "zero_unless(x > 0, dy)", "zero_unless(dy > 0, dy)", "x", common=COMMON,
        needs="an entry and its cotangent of different signs", seen=COURSE,
    ),
    fault(
        "relu", "a leaky slope", "slope", "    return (zero_unless(x > 0, dy),)",
        "    return (np.where(x > 0, dy, dy * like(dy, 0.01)),)", "x", common=RARE, needs="a negative entry",
    ),
    fault(
        "relu6", "the cap ignored", "clamp", "hardtanh.backward(saved, dy)",
        'hardtanh.backward(saved._replace(max_val=float("inf")), dy)', "x", common=COMMON, needs="an entry above 6",
    ),
    fault("selu", "the scale left out", "factor", "like(dy, SCALE) * dy", "dy", "x", common=COMMON),
    fault(
        "selu", "alpha with four digits", "precision", "elu.backward(saved, ",
        "elu.backward(saved._replace(alpha=1.6733), ", "x", common=COMMON,
        needs="an error of 2e-5 to be seen, in a negative entry",
    ),
    fault("sigmoid", "the slope of tanh", "slope", "dy * y * (1 - y)", "dy * (1 - y * y)", "x", seen=COURSE),
    changes(
        "sigmoid", "zero where it saturates", "saturation",
        (("", "from scratch_bp.elementary import logistic",
        "import numpy as np\nfrom scratch_bp.elementary import logistic"),
         ("", "(dy * y * (1 - y),)",
          "(np.where((y > 1 - y / 2**13) | (y < (1 - y) / 2**13), 0 * dy, dy * y * (1 - y)),)")),
        "x", common=RARE, needs="an entry beyond 9, and a small slope that is looked at",
    ),
    fault(
        "silu", "the product rule's second term left out", "term", "dy * s * (1 + x * (1 - s))", "dy * s", "x",
        common=COMMON, needs="an entry other than 0",
    ),
    fault(
        "softmax", "the diagonal alone", "term", "y * (dy - (dy * y).sum(axis=dim, keepdims=True))",
        "dy * y * (1 - y)", "x", common=COMMON, needs="two entries along the axis", seen=COURSE,
    ),
    fault(
        "softmax", "dy passed through", "term", "(y * (dy - (dy * y).sum(axis=dim, keepdims=True)),)", "(dy.copy(),)",
        "x", common=COMMON, seen="pjreddie/darknet pull request 96",
    ),
    fault(
        "softmax", "the last axis always", "axis", ".sum(axis=dim, keepdims=True)),)",
        ".sum(axis=-1, keepdims=True)),)",
        "x", common=COMMON, needs=OTHER_AXIS,
        seen="deeplearning4j/deeplearning4j issue 345: another axis than the forward's",
    ),
    fault("softmax", "the sign of the sum", "sign", "(dy - (dy * y)", "(dy + (dy * y)", "x"),
    fault(
        "softshrink", "dy passed through", "clamp", "(zero_unless(outside, dy),)", "(dy.copy(),)", "x",
        needs="an entry nearer to 0 than lambd",
    ),
    fault("softmin", "the sign lost", "sign", "softmax.backward(saved, -dy)", "softmax.backward(saved, dy)", "x"),
    fault(
        "softplus", "the threshold ignored", "clamp", "np.where(t > threshold, like(t, 1), logistic_by(t >= 0, z))",
        "logistic_by(t >= 0, z)", "x", common=RARE,
        needs="an entry beyond the threshold, and for the usual 20 an error of 2e-9 to be seen",
    ),
    fault("softplus", "the sigmoid of -x", "sign", "logistic_by(t >= 0, z)", "logistic_by(t <= 0, z)", "x"),
    fault(
        "softsign", "the square left out", "slope", "dy / size / size", "dy / size", "x", needs="an entry other than 0"
    ),
    fault("sqrt", "the half left out", "factor", "2 * y", "y", "x", common=COMMON),
    fault("square", "the 2 left out", "factor", "2 * x * dy", "x * dy", "x", common=COMMON),
    fault(
        "swiglu", "the halves exchanged", "gate", "[da * b, dy * gate]", "[dy * gate, da * b]", "x", common=COMMON,
        needs="halves that differ",
    ),
    fault("swiglu", "the gate's other half left out", "factor", "[da * b,", "[da,", "x"),
    fault("tanh", "the square left out", "slope", "1 - y * y", "1 - y", "x", common=COMMON, seen=COURSE),
    fault(
        "tanh", "the slope at the value", "slope", "1 - y * y", "1 - np.tanh(y) * np.tanh(y)", "x", common=COMMON,
        needs="an entry that is not near 0", seen=COURSE,
    ),
    fault("tanhshrink", "the slope of tanh", "slope", "dy * t * t", "dy * (1 - t * t)", "x"),
    fault(
        "threshold", "dy passed through", "mask", "(zero_unless(passed, dy),)", "(dy.copy(),)", "x",
        needs="an entry below the threshold",
    ),
)  # fmt: skip
