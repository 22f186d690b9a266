"""A power with an array as exponent, under broadcasting: y = x^n for x > 0; dx = dy n x^(n - 1), dn = dy y log x."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    x: Left
    exponent: Right
    y: Broadcast


def forward(x: Left, exponent: Right) -> tuple[Broadcast, Saved]:
    y = x**exponent
    return y, Saved(x, exponent, y)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    x, exponent, y = saved
    dx = dy * exponent * x ** (exponent - 1)
    return sum_to(dx, x.shape), sum_to(dy * y * np.log(x), exponent.shape)
