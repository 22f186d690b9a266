"""Rectifier capped at 6: y = min(max(x, 0), 6). Slope 1 for 0 < x < 6, taken as 0 at both kinks."""

from scratch_bp.rules.activations import hardtanh
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, hardtanh.Saved]:
    return hardtanh.forward(x, min_val=0.0, max_val=6.0)


def backward(saved: hardtanh.Saved, dy: Tensor) -> tuple[Tensor]:
    return hardtanh.backward(saved, dy)
