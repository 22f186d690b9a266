"""Difference of two arrays under broadcasting: dx1 = dy and dx2 = -dy, summed where an array was repeated."""

from typing import NamedTuple

from scratch_bp.elementary import sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    left: tuple[int, ...]
    right: tuple[int, ...]


def forward(x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    return x1 - x2, Saved(x1.shape, x2.shape)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    # a copy: the gradient may not share memory with dy
    return sum_to(dy, saved.left).copy(), sum_to(-dy, saved.right)
