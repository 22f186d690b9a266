"""Planted faults that two tensors of numbers show: factors, kinks, ties, thresholds, precision."""

import numpy as np

from backcheck.diagnosis.faults.precision import rounded
from scratch_bp.rules.activations import gelu, relu, sigmoid, softmax, softplus
from scratch_bp.rules.linear import dense
from scratch_bp.rules.losses import bce_with_logits
from tests.diagnosis.faults.forwards import attention_scores, dropout, largest, logarithm
from tests.diagnosis.faults.planting import Planted, bare, numbers, plant

X, W = numbers(4, 3), numbers(3, 5, seed=2)
WIDE = 8 * numbers(5, 4, seed=6)
DENSE = {"x": X, "w": W}
MASK = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]])
TIED = np.array([[2.0, 2, 1, 2], [0, 1, 3, 1]])
KINKED = np.array([[0.0, 1.5, -0.7], [2.5, 0.0, -1.25]])
DY = numbers(2, 3, seed=8)
BETWEEN = {"lower": np.where(KINKED == 0, np.minimum(DY, 0), DY * (KINKED > 0))}
BETWEEN["upper"] = np.where(KINKED == 0, np.maximum(DY, 0), DY * (KINKED > 0))
POOLED = np.array([[[[1.0, 1, 0, 2], [1, 0, 0, 2], [3, 1, 5, 4], [0, 3, 6, 6]]]])


def times(factor, **more):
    return lambda: bare(factor * X, X, **more)


def _kink(slope):
    return lambda: plant(
        relu.forward,
        {"x": KINKED},
        lambda c: np.where(KINKED == 0, slope * DY, c.want),
        dy=DY,
        want=DY * (KINKED > 0),
        **BETWEEN,
    )


def _pool(x, *, kernel=2):
    n = x.shape[-1] // kernel
    return x.reshape(1, 1, n, kernel, n, kernel).max((3, 5)), None


def _pool_ties(c, first=False):
    out = np.zeros_like(c.x)
    for i, j in np.ndindex(2, 2):
        block = (0, 0, slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
        hit = c.x[block] == c.y[0, 0, i, j]
        out[block] = hit * c.dy[0, 0, i, j] / (hit.sum() if first else 1)
    return out


def _mean_of_ties(x, y, dy):
    hit = x == y[:, None]
    return hit / hit.sum(1, keepdims=True) * dy[:, None]


VALUES = (
    Planted("zero", "nothing", times(0), "12 entries"),
    Planted("sign", "minus", times(-1), "sign"),
    Planted("sign", "swapped", lambda: bare(-X, X, others={"target": -X}), "gradient of target"),
    Planted("factor", "batch", lambda: plant(dense.forward, DENSE, lambda c: 4 * c.want), "the batch is 4"),
    Planted(
        "factor", "width or root", lambda: plant(attention_scores, {"x": X, "k": X}, lambda c: c.want / 3**0.5), "3"
    ),
    Planted("factor", "plain 2", times(2), "got 2 x want in all 12 entries; a factor 2"),
    Planted("factor", "half", times(0.5), "a factor 2 is missing"),
    Planted("factor", "an option", lambda: bare(0.3 * X, X, config={"momentum": 0.3}), "momentum is 0.3"),
    Planted("factor", "unnamed", times(0.3718), "got 0.3718 x want in all 12 entries"),
    Planted("factor", "single entry", lambda: bare(np.array([2.8]), np.array([0.4])), "got 7 x want in the only entry"),
    Planted("factor", "float32", lambda: bare(4 * X * (1 + 1e-6 * X), X, digits=5), "the batch is 4"),
    Planted(
        "factor",
        "away from a kink",
        lambda: bare(np.where(KINKED == 0, -DY, 5 * DY * (KINKED > 0)), DY * (KINKED > 0), dy=DY, **BETWEEN),
        "got 5 x want",
    ),
    Planted("perturbed", "1 + 1e-6", times(1 + 1e-6), "got 1.000001 x want"),
    Planted("ddof", "n / (n - 1)", times(4 / 3), "4/3; the batch is 4"),
    Planted(
        "rescaling",
        "dropout",
        lambda: plant(dropout, {"x": X, "mask": MASK}, lambda c: c.dy * MASK, config={"p": 0.3}),
        "1/0.7 is forgotten",
    ),
    Planted("absolute", "sign lost", lambda: bare(abs(X), X), "|want|"),
    Planted("factor-per-slice", "rows", lambda: bare(X * numbers(4, 1, seed=3), X), "axis 1"),
    Planted("wrong-kink", "slope 2", _kink(2), "the slope used there is 2, allowed is 0 to 1"),
    Planted("wrong-kink", "slope -1/2", _kink(-0.5), "where x is 0"),
    Planted(
        "ties",
        "max of a row",
        lambda: plant(
            largest,
            {"x": TIED},
            lambda c: (c.y[:, None] == TIED) * c.dy[:, None],
            want=_mean_of_ties(TIED, TIED.max(1), numbers(2, seed=9)),
        ),
        "3 x dy",
    ),
    Planted(
        "ties",
        "pooling",
        lambda: plant(
            _pool,
            {"x": POOLED},
            _pool_ties,
            config={"kernel": 2},
            dy=numbers(1, 1, 2, 2),
            want=_pool_ties(type("c", (), {"x": POOLED, "y": _pool(POOLED)[0], "dy": numbers(1, 1, 2, 2)}), first=True),
        ),
        "window of kernel 2",
    ),
    Planted("mask-ignored", "relu", lambda: plant(relu.forward, {"x": X}, lambda c: c.dy), "without a mask"),
    Planted(
        "mask-ignored",
        "an array",
        lambda: plant(dropout, {"x": X, "mask": MASK}, lambda c: c.dy / 0.7, config={"p": 0.3}),
        "the mask mask is ignored",
    ),
    Planted(
        "saturated",
        "zero",
        lambda: plant(sigmoid.forward, {"x": WIDE}, lambda c: np.where(abs(c.x) > 6, 0, c.want)),
        "zero wherever |x| > ",
    ),
    Planted(
        "saturated",
        "linear",
        lambda: plant(softplus.forward, {"x": WIDE}, lambda c: np.where(c.x > 3, c.dy, c.want)),
        "just dy wherever x > ",
    ),
    Planted("clipped", "at 0.5", lambda: bare(np.clip(X, -0.5, 0.5), X), "clipped to 0.5"),
    Planted("low-precision", "float16", lambda: bare(X.astype(np.float16), X), "float16"),
    Planted("low-precision", "bfloat16", lambda: bare(rounded(X, 8), X, digits=5), "bfloat16"),
    Planted("low-precision", "float32 in a float64 run", lambda: bare(X.astype(np.float32), X), "float32"),
    Planted("low-precision", "half on the way", lambda: bare(rounded(rounded(X, 11) * 1.0007, 11), X), "numbers only"),
    Planted(
        "low-precision",
        "inputs cast",
        lambda: plant(
            gelu.forward, {"x": X}, lambda c: gelu.backward(gelu.forward(rounded(c.x, 24))[1], rounded(c.dy, 24))[0]
        ),
        "inputs and dy rounded to float32",
    ),
    Planted(
        "offset",
        "log(p + eps)",
        lambda: plant(logarithm, {"x": abs(X)}, lambda c: c.dy / (c.x + 1e-8)),
        "an eps of 1e-08 added to x",
    ),
    Planted(
        "ignores-cotangent",
        "elementwise",
        lambda: plant(gelu.forward, {"x": X}, lambda c: c.want / c.dy),
        "dy is ignored",
    ),
    Planted(
        "ignores-cotangent",
        "softmax",
        lambda: plant(dense.forward, DENSE, lambda c: np.ones((4, 5)) @ c.w.T),
        "dy is ignored",
    ),
    Planted(
        "ignores-cotangent",
        "loss",
        lambda: plant(
            bce_with_logits.forward, {"x": X, "target": abs(X) % 1}, lambda c: c.want / 0.37, dy=np.array(0.37)
        ),
        "dy is ignored",
    ),
    Planted("passed-on", "softmax", lambda: plant(softmax.forward, {"x": X}, lambda c: c.dy), "dy itself"),
    Planted("returns-array", "the output", lambda: plant(softmax.forward, {"x": X}, lambda c: c.y), "y itself"),
)
