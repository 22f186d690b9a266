"""The smaller of two arrays under broadcasting, entry by entry: dy goes to the smaller, and at a tie half to each."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.combination.ties import shared
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    x1: Left
    x2: Right


def forward(x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    return np.minimum(x1, x2), Saved(x1, x2)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    x1, x2 = saved
    return shared(dy, x1, x2, x1 > x2, x1 < x2)
