"""Root mean square norm over trailing axes (Zhang and Sennrich, 2019): y = xhat * weight, where one is given.

xhat = x / sqrt(mean x^2 + eps). With dxhat = dy * weight: dx = (dxhat - xhat mean(dxhat xhat)) / sqrt(mean x^2 + eps).
PyTorch's own default for eps depends on the dtype; here it is a number, the same for every dtype.

`normalized_shape` is the shape of the trailing axes; not given, it is that of the last one.
"""

import numpy as np

from scratch_bp.elementary import mean_over, widened
from scratch_bp.rules.normalisation.standardise import EACH, Standard, inverse_root, pull_back, result
from scratch_bp.rules.normalisation.trailing_axes import Normalized, rows_of
from scratch_bp.rules.shapes import Rows, Trailing
from scratch_bp.scale import scaled


def forward(
    x: Rows, weight: Trailing | None = None, *, normalized_shape: Normalized = None, eps: float = 1e-5
) -> tuple[Rows, Standard]:
    rows = widened(x).reshape(rows_of("rms_norm", x, normalized_shape, weight))
    u, scale = scaled(rows, EACH, least=max(eps, 0.0) ** 0.5)
    inv_rms = inverse_root(mean_over(u * u, EACH, keepdims=True), eps, scale)
    return result(u * inv_rms, inv_rms / scale, EACH, weight, None, x)


def backward(saved: Standard, dy: Rows) -> tuple[np.ndarray | None, ...]:
    return pull_back(saved, dy, centred=False)
