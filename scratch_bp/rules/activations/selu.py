"""Self-normalising ELU (Klambauer, Unterthiner, Mayr and Hochreiter, 2017): y = SCALE elu(x, ALPHA).

The two numbers make mean 0 and variance 1 a fixed point. At the kink x = 0 the slope is that on the left, SCALE ALPHA.
"""

from scratch_bp.elementary import like
from scratch_bp.rules.activations import elu
from scratch_bp.rules.shapes import Tensor

ALPHA = 1.6732632423543772
SCALE = 1.0507009873554805


def forward(x: Tensor) -> tuple[Tensor, elu.Saved]:
    y, saved = elu.forward(x, alpha=ALPHA)
    return like(x, SCALE) * y, saved


def backward(saved: elu.Saved, dy: Tensor) -> tuple[Tensor]:
    return elu.backward(saved, like(dy, SCALE) * dy)
