"""Softmin along one axis: the softmax of -x, so that the smallest entry has the largest share."""

from scratch_bp.rules.activations import softmax
from scratch_bp.rules.shapes import Any


def forward(x: Any, *, dim: int = -1) -> tuple[Any, softmax.Saved]:
    return softmax.forward(-x, dim=dim)


def backward(saved: softmax.Saved, dy: Any) -> tuple[Any]:
    return softmax.backward(saved, -dy)
