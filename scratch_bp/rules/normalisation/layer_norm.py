"""Layer norm over trailing axes (Ba, Kiros and Hinton, 2016): y = xhat * gamma + beta, where these are given.

xhat = (x - mean x) / sqrt(var x + eps), the variance with 1/n. With dxhat = dy * gamma:
dx = (dxhat - mean dxhat - xhat * mean(dxhat * xhat)) / sqrt(var x + eps).

`normalized_shape` is the shape of the trailing axes, as in PyTorch; not given, it is that of the last one.
"""

import numpy as np

from scratch_bp.rules.normalisation.standardise import Standard, pull_back, standardise
from scratch_bp.rules.normalisation.trailing_axes import Normalized, rows_of
from scratch_bp.rules.shapes import Rows, Trailing


def forward(
    x: Rows,
    gamma: Trailing | None = None,
    beta: Trailing | None = None,
    *,
    normalized_shape: Normalized = None,
    eps: float = 1e-5,
) -> tuple[Rows, Standard]:
    return standardise(x, rows_of("layer_norm", x, normalized_shape, gamma, beta), gamma, beta, eps)[:2]


def backward(saved: Standard, dy: Rows) -> tuple[np.ndarray | None, ...]:
    return pull_back(saved, dy)
