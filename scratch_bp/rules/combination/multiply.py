"""Product of two arrays under broadcasting: dx1 = dy x2 and dx2 = dy x1, summed where an array was repeated."""

from typing import NamedTuple

from scratch_bp.elementary import sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    x1: Left
    x2: Right


def forward(x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    return x1 * x2, Saved(x1, x2)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    x1, x2 = saved
    return sum_to(dy * x2, x1.shape), sum_to(dy * x1, x2.shape)
