"""Soft margin loss: the mean or sum of log(1 + exp(-t x)), t the target 1 or -1; dx = -t dy / (1 + exp(t x)).

That is softplus(-t x) and its slope. Targets are integers and have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.losses.softpluses import decay, sigmoid, softplus
from scratch_bp.rules.shapes import Reduced, Signs, Tensor


class Saved(NamedTuple):
    against: Tensor
    z: Tensor
    sign: Tensor
    reduction: str


def forward(x: Tensor, target: Signs, *, reduction: str = "mean") -> tuple[Reduced, Saved]:
    sign = -target.astype(x.dtype)
    against = np.asanyarray(sign * x)
    z = decay(against)
    return reduce(softplus(against, z), reduction), Saved(against, z, sign, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, None]:
    against, z, sign, reduction = saved
    return sigmoid(against, z) * (sign * share(dy, z.size, reduction)), None
