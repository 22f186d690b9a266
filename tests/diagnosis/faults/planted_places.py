"""Planted faults of another place: at other inputs, cut out elsewhere, by an array that is not used."""

import numpy as np

from scratch_bp.rules.activations import gelu, mish
from scratch_bp.rules.convolution import conv2d
from scratch_bp.rules.losses import soft_margin
from scratch_bp.rules.normalisation import batch_norm
from scratch_bp.rules.reductions import amin
from scratch_bp.rules.shaping import pad
from tests.diagnosis.faults.planting import Planted, numbers, plant

X = numbers(4, 5)
IMAGE = {"x": numbers(2, 3, 4, 5), "w": numbers(2, 3, 2, 3, seed=4)}
SIGNED = {"x": X, "target": np.where(numbers(4, 5, seed=3) > 0, 1, -1)}
NORMED = {"x": numbers(3, 2, 2, 4), "weight": numbers(2, seed=2), "bias": numbers(2, seed=3)}


def _unsigned(c):
    return soft_margin.backward(soft_margin.forward(c.x, np.ones_like(c.target))[1], c.dy)[0]


def _largest(c):
    hit = c.x == c.x.max(-1, keepdims=True)
    return hit * c.dy[:, None]


def _assigned(c):
    dx = np.zeros_like(c.x)
    for i, j in np.ndindex(2, 3):
        dx[:, :, i : i + 3, j : j + 3] = np.einsum("nohw,oc->nchw", c.dy, c.w[:, :, i, j])
    return dx


def _means_of_the_batch(c):
    """The statistics are those of batch and space, and the means of the batch alone."""
    axes = (0, 2, 3)
    centred = c.x - c.x.mean(axes, keepdims=True)
    std, dxhat = np.sqrt(centred.var(axes, keepdims=True) + 1e-5), c.dy * c.weight.reshape(1, -1, 1, 1)
    xhat = centred / std
    return (dxhat - dxhat.mean(0, keepdims=True) - xhat * (dxhat * xhat).mean(0, keepdims=True)) / std


PLACES = (
    Planted(
        "array-ignored",
        "signs of a loss",
        lambda: plant(soft_margin.forward, SIGNED, _unsigned, dy=np.array(1.3)),
        "ones in the place of target: target is ignored",
    ),
    Planted(
        "mirrored",
        "mish",
        lambda: plant(mish.forward, {"x": X}, lambda c: mish.backward(mish.forward(-c.x)[1], c.dy)[0]),
        "the gradient at -x",
    ),
    Planted(
        "mirrored",
        "the largest for the smallest",
        lambda: plant(amin.forward, {"x": X}, _largest, config={"dim": -1}),
        "the gradient at -x",
    ),
    Planted(
        "slope-formula",
        "no known formula",
        lambda: plant(mish.forward, {"x": X.round()}, lambda c: c.want * (1 + 0.1 * np.cos(c.x))),
        "the slope used depends on x alone, and is another one: where x is",
    ),
    Planted(
        "shifted",
        "a border cut off at one end",
        lambda: plant(
            pad.forward, {"x": numbers(4, 6)}, lambda c: c.dy[1:5, 0:6], config={"pad": (2, 1, 1, 0), "value": 0.5}
        ),
        "moved by 2 along axis 1",
    ),
    Planted(
        "assigned",
        "windows of a convolution",
        lambda: plant(conv2d.forward, IMAGE, _assigned),
        "places of the output beside axis 1",
    ),
    Planted(
        "wrong-axis",
        "means of a norm",
        lambda: plant(batch_norm.forward, NORMED, _means_of_the_batch),
        "has the means of a norm over axis 0",
    ),
)


def not_a_slope():
    """A gelu whose gradient is off by one entry alone: nothing is said of the slope."""
    off = np.zeros((4, 5))
    off[1, 2] = 0.125
    return plant(gelu.forward, {"x": X}, lambda c: c.want + off)
