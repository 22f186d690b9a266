"""Softmin along one axis: the softmax of -x, so that the smallest entry has the largest share."""

from scratch_bp.rules.activations import softmax
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, dim: int = -1) -> tuple[Tensor, softmax.Saved]:
    return softmax.forward(-x, dim=dim)


def backward(saved: softmax.Saved, dy: Tensor) -> tuple[Tensor]:
    return softmax.backward(saved, -dy)
