"""Quotient of two arrays under broadcasting, y = x1 / x2: dx1 = dy / x2 and dx2 = -dy y / x2, summed where repeated."""

from typing import NamedTuple

from scratch_bp.elementary import sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    left: tuple[int, ...]
    x2: Right
    y: Broadcast


def forward(x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    y = x1 / x2
    return y, Saved(x1.shape, x2, y)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    left, x2, y = saved
    dx1 = dy / x2
    return sum_to(dx1, left), sum_to(-dx1 * y, x2.shape)
