"""Planted clamps: the forward holds a value at a limit, and the backward does not know of it."""

import numpy as np

from scratch_bp.elementary import logistic
from scratch_bp.rules.activations import clamp, hardtanh, relu6, softmax
from scratch_bp.rules.losses import bce
from tests.diagnosis.faults.forwards import (
    clamped_cross_entropy,
    clipped_logistic,
    huber_by_clip,
    log_between,
    truncated_error,
    unit_length,
)
from tests.diagnosis.faults.planting import Planted, numbers, plant

X = 2 * numbers(4, 5)
RESIDUALS = {"x": X, "target": X[::-1]}
CLASSES = {"x": np.array([[0.5, -1.0, 0.25], [30.0, 0.0, 1.0], [0.0, 2.0, 1.0]]), "target": np.array([0, 1, 2])}
UNLIKELY = {"x": np.array([1e-60, 0.3, 0.6, 1e-50]), "target": np.array([0.7, 0.4, 1.0, 0.2])}
SCALAR = np.array(1.3)


def _softmax_slope(c):
    p = softmax.forward(c.x)[0]
    p[np.arange(len(p)), c.target] -= 1
    return p * c.dy / len(p)


def _of_unit_length(c):
    size = np.sqrt((c.x * c.x).sum())
    return c.dy / size - c.x * (c.x * c.dy).sum() / size**3


def _planted(what, says, forward, inputs, wrongly, **more):
    return Planted("clamp-ignored", what, lambda: plant(forward, inputs, wrongly, **more), says)


CLAMPS = (
    _planted(
        "hardtanh", "at -1 or above (it holds 6 of 20), and at 1 or below", hardtanh.forward, {"x": X}, lambda c: c.dy
    ),
    _planted("clamp", "at -0.5 or above", clamp.forward, {"x": X}, lambda c: c.dy, config={"min": -0.5}),
    _planted("relu6", "at 6 or below", relu6.forward, {"x": 4 * X}, lambda c: c.dy),
    _planted(
        "cross entropy",
        "at 1e-07 or above (it holds 1 of 3)",
        clamped_cross_entropy,
        CLASSES,
        _softmax_slope,
        dy=SCALAR,
    ),
    _planted(
        "logarithms of bce",
        "at -100 or above",
        bce.forward,
        UNLIKELY,
        lambda c: c.dy * (c.x - c.target) / (c.x * (1 - c.x)) / 4,
        dy=SCALAR,
    ),
    _planted(
        "truncated error",
        "at 0.5 or below",
        truncated_error,
        RESIDUALS,
        lambda c: c.dy * (c.x - c.target) / 20,
        dy=SCALAR,
    ),
    _planted(
        "huber by clip",
        "and at 1 or below",
        huber_by_clip,
        RESIDUALS,
        lambda c: c.dy * (c.x - c.target) / 20,
        dy=SCALAR,
    ),
    _planted(
        "behind a branch",
        "at 0.75 or below",
        clipped_logistic,
        {"x": abs(X)},
        lambda c: c.dy * logistic(c.x) * logistic(-c.x),
    ),
    _planted("conditions", "at 0.1 or above", log_between, {"x": abs(X)}, lambda c: c.dy / c.x),
    _planted(
        "a norm", "at 0.5 or above (it holds 1 of 1)", unit_length, {"x": X / 40}, _of_unit_length, config={"eps": 0.5}
    ),
)
