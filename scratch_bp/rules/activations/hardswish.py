"""Hard swish (Howard et al., 2019): y = x min(max(x + 3, 0), 6) / 6.

Slope 0 for x < -3, (2 x + 3) / 6 between and 1 for x > 3; at the kinks it is taken as 0 and 1.
"""

from scratch_bp.elementary import clip, like, where
from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return x * clip(x + 3, 0, 6) / 6, x


def backward(x: Any, dy: Any) -> tuple[Any]:
    inside = where(x > -3, dy * ((2 * x + 3) / 6), like(dy, 0))
    return (where(x < 3, inside, dy),)
