"""Planted faults of form, of place, and of putting contributions together."""

import numpy as np

from scratch_bp.rules.activations import identity
from scratch_bp.rules.combination import add
from scratch_bp.rules.linear import dense
from scratch_bp.rules.losses import mse
from tests.diagnosis.faults.forwards import layer_norm, pick, transpose
from tests.diagnosis.faults.planting import Planted, bare, numbers, plant

X, B, W = numbers(3, 5), numbers(5, seed=1), numbers(5, 4, seed=2)
SQUARE, CUBE = numbers(4, 4, seed=3), numbers(3, 3, 3, seed=4)
ADD = {"x1": X, "x2": B}
ADD_SQUARE = {"x1": SQUARE, "x2": numbers(4, seed=5)}
DENSE = {"x": numbers(6, 5, seed=6), "w": W, "b": numbers(4, seed=7)}
PARTS = (numbers(2, 3, seed=10), numbers(2, 3, seed=11), numbers(2, 3, seed=12))
ORDER = np.array([1, 2, 0, 4, 3])
SUM = sum(PARTS)


def _with(array, at, value):
    out = array.copy()
    out[at] = value
    return out


def _last_wins(c):
    out = np.zeros_like(c.x)
    out[c.index] = c.dy
    return out


def _wrong_form(text):
    return lambda: bare(X, X, malformed=text)


FORMS = (
    Planted("mutated", "x is written to", _wrong_form("writes into its input x"), "new array"),
    Planted("dtype", "float64", _wrong_form("has dtype float64, expected float32"), "values are right"),
    Planted("malformed", "a list", _wrong_form("is a list of lists"), "list"),
    Planted("shape", "keepdims", lambda: bare(B[None], B), "values are right"),
    Planted("shape", "anything", lambda: bare(numbers(2, 2), X), "[2, 2], expected [3, 5]"),
    Planted("non-finite", "log of 0", lambda: bare(np.where(X > 0, X, np.nan), X, inputs={"x": X}), "x is negative"),
    Planted("swapped-arguments", "dw for dx", lambda: bare(X, W, others={"b": X}), "gradient of b"),
    Planted("swapped-arguments", "same shapes", lambda: bare(X + 1, X, others={"x2": X + 1}), "gradient of x2"),
    Planted("transposed", "by its shape", lambda: bare(X.T, X), "[5, 3]"),
    Planted("transposed", "square", lambda: bare(SQUARE.T, SQUARE), "4 x 4"),
    Planted("transposed", "three axes", lambda: bare(CUBE.transpose(1, 2, 0), CUBE), "[1, 2, 0]"),
    Planted("not-summed", "bias", lambda: plant(add.forward, ADD, lambda c: c.dy, argument="x2"), "axis 0"),
    Planted("summed-too-far", "keepdims", lambda: bare(X.sum(0, keepdims=True), X), "summed over axis 0"),
    Planted("summed-too-far", "mean", lambda: bare(X.mean(1), X), "averaged over axis 1"),
    Planted("wrong-axis", "shape", lambda: plant(add.forward, ADD, lambda c: c.dy.sum(1), argument="x2"), "axis 1"),
    Planted(
        "wrong-axis", "square", lambda: plant(add.forward, ADD_SQUARE, lambda c: c.dy.sum(1), argument="x2"), "axis 1"
    ),
    Planted("padding", "left on", lambda: bare(np.pad(X, 1, constant_values=0.7), X), "(1, 1)"),
    Planted("dropped", "too short", lambda: bare(X[:-1], X), "last"),
    Planted("dropped", "last row zero", lambda: bare(_with(X, -1, 0), X), "last of 3 slices along axis 0"),
    Planted("dropped", "first column zero", lambda: bare(_with(X, (slice(None), 0), 0), X), "first of 5"),
    Planted("strided", "every other", lambda: bare(X * [1, 0, 1, 0, 1], X), "every other entry along axis 1"),
    Planted("reversed", "flipped kernel", lambda: bare(X[::-1, ::-1], X), "axes 0 and 1"),
    Planted("reversed", "one axis", lambda: bare(X[:, ::-1], X), "axis 1"),
    Planted("shifted", "off by one", lambda: bare(np.pad(X, ((0, 0), (1, 0)))[:, :-1], X), "by 1 along axis 1"),
    Planted("rolled", "by two", lambda: bare(np.roll(X, 2, 1), X), "rolled by 2 along axis 1"),
    Planted("reshaped", "not transposed", lambda: bare(X.T.reshape(3, 5), X), "reshape"),
    Planted("permuted", "3-cycle", lambda: bare(SQUARE[[1, 2, 0, 3]], SQUARE), "a 3-cycle"),
    Planted("permuted", "anywhere", lambda: bare(X.ravel()[np.argsort(B.repeat(3) % 0.3)].reshape(3, 5), X), "place"),
    Planted(
        "inverse-permutation",
        "of rows",
        lambda: plant(pick, {"x": W, "index": ORDER}, lambda c: c.dy[ORDER]),
        "[1, 2, 0, 4, 3]",
    ),
    Planted(
        "inverse-permutation",
        "of axes",
        lambda: plant(
            transpose, {"x": numbers(2, 3, 4)}, lambda c: c.dy.transpose(1, 2, 0), config={"axes": (1, 2, 0)}
        ),
        "[2, 0, 1]",
    ),
    Planted("overwritten", "fan-out", lambda: bare(PARTS[1], PARTS[0] + PARTS[1], parts=PARTS[:2]), "reader 2 alone"),
    Planted("missing-part", "fan-out", lambda: bare(PARTS[0] + PARTS[2], SUM, parts=PARTS), "reader 2 is missing"),
    Planted("twice", "both", lambda: bare(2 * (PARTS[0] + PARTS[1]), PARTS[0] + PARTS[1], parts=PARTS[:2]), "twice"),
    Planted("twice", "one", lambda: bare(SUM + PARTS[2], SUM, parts=PARTS), "reader 3 of 3"),
    Planted(
        "overwritten-index",
        "embedding",
        lambda: plant(pick, {"x": W, "index": np.array([1, 3, 1])}, _last_wins),
        "up to 2 times",
    ),
    Planted(
        "index-ignored",
        "embedding",
        lambda: plant(pick, {"x": W, "index": np.array([2, 2, 1, 0, 4])}, lambda c: c.dy),
        "not used",
    ),
    Planted("one-row", "bias", lambda: plant(dense.forward, DENSE, lambda c: c.dy[0], argument="b"), "first of 6"),
    Planted(
        "dropped-row",
        "bias",
        lambda: plant(dense.forward, DENSE, lambda c: c.dy[:-1].sum(0), argument="b"),
        "last of 6",
    ),
    Planted(
        "dropped-row",
        "gamma, by copies",
        lambda: plant(
            layer_norm,
            {"x": X, "gamma": B, "beta": B},
            lambda c: (c.dy * (c.y - B) / B)[1:].sum(0),
            argument="gamma",
        ),
        "first of 3",
    ),
    Planted("collapsed", "mean of rows", lambda: bare(np.tile(X.mean(0), (3, 1)), X), "mean of want over axis 0"),
    Planted("collapsed", "sum", lambda: plant(identity.forward, {"x": X}, lambda c: c.dy * 0 + c.dy.sum()), "sum"),
    Planted("mean-for-sum", "bias", lambda: plant(dense.forward, DENSE, lambda c: c.dy.mean(0), argument="b"), "6"),
    Planted(
        "sum-for-mean",
        "mse",
        lambda: plant(mse.forward, {"x": X, "target": X * 2}, lambda c: 15 * c.want, dy=np.array(0.7)),
        "is 15",
    ),
)
