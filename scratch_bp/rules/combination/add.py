"""Sum of two arrays under broadcasting: each gradient is dy, summed along the axes its array was repeated on."""

from typing import NamedTuple

from scratch_bp.elementary import sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    left: tuple[int, ...]
    right: tuple[int, ...]


def forward(x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    return x1 + x2, Saved(x1.shape, x2.shape)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    # copies: neither gradient may share memory with dy or with the other
    return sum_to(dy, saved.left).copy(), sum_to(dy, saved.right).copy()
