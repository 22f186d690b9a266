"""Faults in reductions: sums, means, extremes, norms."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.rows import changes, fault

ALL_TIES = "(lambda s: s / s.max({}, keepdims=True))(even_shares(x, {}))"
FAULTS = (
    fault(
        "amax", "all of dy to every tie", "tie", "even_shares(x, axes)", ALL_TIES.format("axes", "axes"), "x",
        common=COMMON, needs="a tie", seen="Theano/Theano issue 4568",
    ),
    changes(
        "max", "all of dy to every tie", "tie",
        (("", "import first_largest", "import even_shares"), ("", "first_largest(x, axis)", ALL_TIES.format("axis",
        "axis"))),
        "x", common=COMMON, needs="a tie", seen="Theano/Theano issue 5248",
    ),
    fault("min", "the largest for the smallest", "sign", "max.Saved(-x, axis)", "max.Saved(x.copy(), axis)", "x"),
    fault(
        "amin", "the largest for the smallest", "sign", "np.asanyarray(-x), axes", "np.asanyarray(x.copy()), axes", "x",
        common=RARE,
    ),
    fault(
        "cumsum", "not from the other end", "time", "(np.flip(_running(np.flip(dy, axis), axis), axis),)",
        "(_running(dy, axis),)", "x", common=COMMON, needs="two entries along the axis",
    ),
    fault(
        "cumsum", "the last axis always", "axis", "(np.flip(_running(np.flip(dy, axis), axis), axis),)",
        "(np.flip(_running(np.flip(dy, -1), -1), -1),)", "x", needs="an axis that is not the last",
    ),
    fault("logsumexp", "not normalised", "factor", "(dy.reshape(total.shape) / total)", "dy.reshape(total.shape)", "x"),
    fault(
        "mean", "divided by the last axis", "reduction", "math.prod(saved.shape) // math.prod(saved.kept)",
        "(saved.shape or (1,))[-1]", "x", common=COMMON, needs="another axis than the last, or several",
    ),
    fault(
        "norm", "eps in the slope alone", "eps", "np.asanyarray(x / divisor)\n    signs",
        "np.asanyarray(x / (divisor + like(y, 1e-6)))\n    signs", "x", common=COMMON,
        needs="order 2, and an error of 1e-6 to be seen",
    ),
    fault("norm", "the sign left out for order 1", "sign", "return signs\n", "return abs(signs)\n", "x",
          needs="order 1 and a negative entry"),
    fault(
        "norm", "the exponent not lowered", "slope", "divisor), order - 1)", "divisor), order)", "x", common=RARE,
        needs="an order other than 1, 2 and infinity",
    ),
    fault(
        "prod", "the product over the entry", "saturation", "    length = x.shape[-1]\n    missing",
        "    return dy * x.prod(-1, keepdims=True) / x\n    missing", "x", common=COMMON, needs="an entry of 0",
        seen="tracel-ai/burn issue 5533, tinygrad/tinygrad pull request 17404",
    ),
    fault(
        "std", "N for N - 1", "factor", "like(root, 1)) * freedom)", "like(root, 1)) * (centred.size // root.size))",
        "x",
        common=COMMON, needs="a correction other than 0",
    ),
    fault(
        "std", "a division by 0 where all are equal", "saturation", "np.where(root > 0, root, like(root, 1))", "root",
        "x",
        common=COMMON, needs="entries that are all equal", seen="pytorch/pytorch issue 4320",
    ),
    fault(
        "sum", "the mean's gradient", "reduction", "repeated(dy.reshape(kept), shape)",
        "(lambda a: a / max(a.size // max(dy.size, 1), 1))(repeated(dy.reshape(kept), shape))", "x",
        needs="more than one entry in a sum",
    ),
    fault(
        "var", "N for N - 1", "factor", "* 2 / freedom", "* 2 / (centred.size // max(dy.size, 1))", "x", common=COMMON,
        needs="a correction other than 0",
    ),
    fault("var", "the 2 left out", "factor", "dy.reshape(kept) * 2 / freedom", "dy.reshape(kept) / freedom", "x"),
)  # fmt: skip
