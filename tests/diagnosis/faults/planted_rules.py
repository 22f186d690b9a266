"""Planted faults in the derivation of real rules."""

import numpy as np

from backcheck.diagnosis.faults.slopes import tanh_gelu_slope
from scratch_bp.elementary import logistic
from scratch_bp.rules.activations import gelu, leaky_relu, log_softmax, sigmoid, silu, softmax, softplus, tanh
from scratch_bp.rules.combination import multiply
from scratch_bp.rules.linear import dense
from scratch_bp.rules.losses import cross_entropy, huber
from scratch_bp.rules.normalisation import layer_norm
from tests.diagnosis.faults.forwards import (
    batch_norm,
    floats_only,
    huber_by_where,
    rms_norm,
    running_sum_of_sines,
    scaled,
    standardise,
)
from tests.diagnosis.faults.planting import Planted, numbers, plant

X = numbers(4, 5)
NORM = {"x": X, "gamma": numbers(5, seed=1), "beta": numbers(5, seed=2)}
IMAGE = {"x": numbers(2, 3, 2, 2), "gamma": numbers(3, seed=1), "beta": numbers(3, seed=2)}
SQUARE = {"x": numbers(4, 3, seed=3), "w": numbers(3, 3, seed=4)}
CLASSES = {"x": numbers(4, 3, seed=5), "target": np.array([0, 2, 1, 2])}


def layer(c, *, shift=0.0, outside=0.0, ddof=0, mean=1, spread=1, inside=True, eps=1e-5):
    centred = c.x - c.x.mean(-1, keepdims=True)
    std = np.sqrt(centred.var(-1, ddof=ddof, keepdims=True) + eps + shift) + outside
    xhat, dxhat = centred / std, c.dy * (c.gamma if inside else 1)
    average = dxhat.mean(-1, keepdims=True)
    return (dxhat - mean * average - spread * xhat * (dxhat * xhat).mean(-1, keepdims=True)) / std


def norm(wrongly, **more):
    return lambda: plant(layer_norm.forward, NORM, wrongly, **more)


def rms(wrongly):
    return lambda: plant(rms_norm, {"x": X, "gamma": NORM["gamma"]}, wrongly, config={"eps": 1e-3})


def unary(module, wrongly, **config):
    return lambda: plant(module.forward, {"x": X}, wrongly, config=config)


def _rms(c, outside):
    size = np.sqrt((c.x * c.x).mean(-1, keepdims=True))
    scale = size + 1e-3 if outside else size
    dxhat, xhat = c.dy * c.gamma, c.x / scale
    return (dxhat - xhat * (dxhat * xhat).mean(-1, keepdims=True)) / scale


def _batch(c, mean):
    axes = (0, 2, 3)
    centred = c.x - c.x.mean(axes, keepdims=True)
    std, dxhat = np.sqrt(centred.var(axes, keepdims=True) + 1e-5), c.dy * c.gamma.reshape(1, -1, 1, 1)
    xhat = centred / std
    dx = dxhat - mean * dxhat.mean(axes, keepdims=True) - xhat * (dxhat * xhat).mean(axes, keepdims=True)
    return dx / std


def _raw_gamma(c):
    return (c.dy * c.x / np.sqrt(c.x.var(-1, keepdims=True) + 1e-5)).sum(0)


def _total(array):
    return array.sum(-1, keepdims=True)


DERIVATIONS = (
    Planted("eps-misplaced", "layer norm", norm(lambda c: layer(c, eps=0, outside=1e-5)), "sqrt(var) + eps"),
    Planted("eps-misplaced", "rms norm", rms(lambda c: _rms(c, True)), "eps is 0.001"),
    Planted("eps-forgotten", "layer norm", norm(lambda c: layer(c, eps=0)), "sqrt(var) stands"),
    Planted("eps-forgotten", "rms norm", rms(lambda c: _rms(c, False)), "eps is 0.001"),
    Planted(
        "eps-forgotten",
        "any rule",
        lambda: plant(standardise, {"x": X}, lambda c: standardise_gradient(c, 0.0)),
        "eps = 0",
    ),
    Planted("eps-value", "layer norm", norm(lambda c: layer(c, eps=1e-8)), "eps = 1e-08; the forward has eps = 1e-05"),
    Planted("ddof", "layer norm", norm(lambda c: layer(c, ddof=1)), "n is 5"),
    Planted(
        "root-forgotten", "layer norm", norm(lambda c: c.want / np.sqrt(c.x.var(-1, keepdims=True) + 1e-5)), "root"
    ),
    Planted(
        "scale-forgotten", "layer norm", norm(lambda c: c.want * np.sqrt(c.x.var(-1, keepdims=True) + 1e-5)), "div"
    ),
    Planted("mean-term", "layer norm", norm(lambda c: layer(c, mean=0)), "mean(dxhat) is missing"),
    Planted("mean-term", "flipped", norm(lambda c: layer(c, mean=-1)), "wrong sign"),
    Planted("mean-term", "batch norm", lambda: plant(batch_norm, IMAGE, lambda c: _batch(c, 0)), "axes 0, 2 and 3"),
    Planted("mean-term", "gamma from x", norm(_raw_gamma, argument="gamma"), "x - mean x"),
    Planted("variance-term", "layer norm", norm(lambda c: layer(c, spread=0)), "variance"),
    Planted(
        "variance-term",
        "by its direction",
        lambda: plant(
            softplus.forward, {"x": X}, lambda c: c.want + numbers(4, 1, seed=5) * (X - X.mean(1, keepdims=True))
        ),
        "x - mean x",
    ),
    Planted("statistics-constant", "layer norm", norm(lambda c: layer(c, mean=0, spread=0)), "constants"),
    Planted("gamma-forgotten", "layer norm", norm(lambda c: layer(c, inside=False)), "left out"),
    Planted("gamma-forgotten", "at the end", norm(lambda c: layer(c, inside=False) * c.gamma), "at the end"),
    Planted("gelu-form", "tanh for erf", unary(gelu, lambda c: c.dy * tanh_gelu_slope(c.x)), "tanh form"),
    Planted("slope-formula", "tanh", unary(tanh, lambda c: c.dy * (1 - c.y)), "1 - y; that of tanh is 1 - y^2"),
    Planted("slope-formula", "silu", unary(silu, lambda c: c.dy * logistic(c.x)), "x s (1 - s) is missing"),
    Planted("input-for-value", "tanh", unary(tanh, lambda c: c.dy * (1 - c.x**2)), "1 - x^2"),
    Planted("input-for-value", "sigmoid", unary(sigmoid, lambda c: c.dy * c.x * (1 - c.x)), "x (1 - x)"),
    Planted("value-for-input", "gelu", unary(gelu, lambda c: gelu.backward(gelu.forward(c.y)[1], c.dy)[0]), "at y"),
    Planted(
        "value-for-input",
        "without exact numbers",
        lambda: plant(floats_only, {"x": X}, lambda c: c.dy * 3 * c.y**2, want=3 * X**2 * numbers(4, 5, seed=9)),
        "at y",
    ),
    Planted("applied-twice", "tanh", unary(tanh, lambda c: c.want * (1 - c.y**2)), "twice"),
    Planted(
        "not-transposed",
        "cumulative",
        lambda: plant(running_sum_of_sines, {"x": X}, lambda c: np.cumsum(c.dy * np.cos(c.x), axis=1)),
        "J^T dy",
    ),
    Planted(
        "wrong-product",
        "dense",
        lambda: plant(dense.forward, SQUARE, lambda c: c.dy @ c.w),
        "got is dy @ w; want is dy @ w.T",
    ),
    Planted(
        "option-ignored",
        "leaky relu",
        unary(leaky_relu, lambda c: np.where(c.x > 0, c.dy, 0.01 * c.dy), negative_slope=0.25),
        "negative_slope = 0.25 is ignored",
    ),
    Planted(
        "option-ignored",
        "huber",
        lambda: plant(
            huber.forward,
            {"x": 3 * X, "target": X[::-1]},
            lambda c: huber.backward(huber.forward(c.x, c.target)[1], c.dy)[0],
            config={"delta": 0.5},
            dy=np.array(1.3),
        ),
        "delta = 1.0",
    ),
    Planted(
        "wrong-axis",
        "softmax",
        lambda: plant(
            softmax.forward,
            {"x": numbers(2, 3, 4)},
            lambda c: softmax.backward(softmax.forward(c.x, dim=0)[1], c.dy)[0],
            config={"dim": 1},
        ),
        "along axis 0; dim is 1",
    ),
    Planted("sum-term", "softmax, no sum", unary(softmax, lambda c: c.y * c.dy), "sum(dy p) is missing"),
    Planted("sum-term", "softmax, sign", unary(softmax, lambda c: c.y * (c.dy + _total(c.dy * c.y))), "wrong sign"),
    Planted(
        "sum-term", "softmax, mean", unary(softmax, lambda c: c.y * (c.dy - _total(c.dy * c.y) / 3.7)), "sum(dy y)"
    ),
    Planted("sum-term", "in each row", unary(softmax, lambda c: c.want + c.y * numbers(4, 1)), "multiple of y"),
    Planted(
        "sum-term",
        "log softmax",
        unary(log_softmax, lambda c: c.dy + np.exp(c.y) * _total(c.dy)),
        "p sum(dy) has the wrong sign",
    ),
    Planted("mean-term", "centring", lambda: plant(centred, {"x": X}, lambda c: c.dy - c.dy.mean()), "axis"),
    Planted(
        "mean-term", "no centring", unary(gelu, lambda c: c.want + c.dy.mean(1, keepdims=True)), "mean(dy) along axis 1"
    ),
    Planted("mean-term", "one number a row", unary(gelu, lambda c: c.want + numbers(4, 1)), "same along axis 1"),
    Planted("diagonal-only", "softmax", unary(softmax, lambda c: c.y * (1 - c.y) * c.dy), "diagonal"),
    Planted(
        "not-clipped",
        "huber",
        lambda: plant(
            huber_by_where,
            {"x": 3 * X, "target": X[::-1]},
            lambda c: (c.x - c.target) * c.dy / 20,
            config={"delta": 0.5},
            dy=np.array(1.3),
        ),
        "proportional to x - target",
    ),
    Planted(
        "one-hot-term",
        "cross entropy",
        lambda: plant(
            cross_entropy.forward, CLASSES, lambda c: np.exp(log_softmax.forward(c.x)[0]) * 0.7 / 4, dy=np.array(0.7)
        ),
        "one-hot of target",
    ),
    Planted(
        "missing-term",
        "residual",
        lambda: plant(residual, {"x": X}, lambda c: c.want - c.dy),
        "-(dy) in every entry: it is left out",
    ),
    Planted(
        "extra-term",
        "weight decay",
        lambda: plant(dense.forward, SQUARE, lambda c: c.want + 0.013 * c.w, argument="w"),
        "0.013 x (w)",
    ),
    Planted(
        "missing-factor",
        "product",
        lambda: plant(multiply.forward, {"x1": X, "x2": NORM["gamma"]}, lambda c: c.dy, argument="x1"),
        "a factor x2 is missing",
    ),
    Planted("extra-factor", "product", lambda: plant(scaled, {"x": X}, lambda c: c.dy * c.x), "a factor x is there"),
)


def centred(x):
    return x - x.mean(1, keepdims=True), None


def residual(x):
    return x + np.tanh(x), None


def standardise_gradient(c, eps):
    size = np.sqrt((c.x * c.x).sum() + eps)
    return c.dy / size - c.x * (c.dy * c.x).sum() / size**3
