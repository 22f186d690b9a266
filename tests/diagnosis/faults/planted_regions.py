"""Planted faults of what some slices of the output send back, and such as show on one side of a threshold."""

import numpy as np

from scratch_bp.rules.convolution import conv2d
from tests.diagnosis.faults.planting import Planted, numbers, plant

HARDSWISH_X = 4 * numbers(5, 6)
IMAGES = {"x": numbers(3, 1, 3, 3), "weight": numbers(2, 1, 2, 2, seed=1)}


def beyond(c):
    """The slope of hard swish goes on above 3."""
    return np.where(c.x > 3, c.dy * (c.x / 6 + 1), c.want)


def leaky(c):
    """What is 0 below -3 is not: another slope, and no multiple of dy."""
    return np.where(c.x < -3, c.dy * c.x / 100, c.want)


def _of_images(c, images):
    """What some of the images send back to the weight."""
    dy = np.where(np.isin(np.arange(3), images)[:, None, None, None], c.dy, 0)
    return conv2d.backward(conv2d.forward(c.x, c.weight)[1], dy)[1]


SLICES = (
    Planted(
        "one-slice",
        "the first image",
        lambda: plant(conv2d.forward, IMAGES, lambda c: _of_images(c, [0]), argument="weight"),
        "only what the first of 3 slices of the output along axis 0",
    ),
    Planted(
        "one-slice",
        "all but the last image",
        lambda: plant(conv2d.forward, IMAGES, lambda c: _of_images(c, [0, 1]), argument="weight"),
        "not what the last of 3 slices of the output along axis 0",
    ),
)
