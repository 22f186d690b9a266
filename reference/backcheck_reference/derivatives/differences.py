"""Central differences in float64, with an error estimate: the oracle that works for any code.

Along a direction v, C(h) = (phi(h) - phi(-h)) / 2h with phi(t) = <dy, f(x + t v)> has an error that is a series in
h^2, so that of R = (16 C(h/4) - C(h)) / 15 begins with h^4 (Richardson, 1911). Two such values from three steps differ
by more than the error of the better one, unless a kink lies within reach or rounding takes over. Both are looked for
and added to the estimate: a gap between the one-sided differences that does not shrink with h, and the last places of
the values divided by h. Values of fewer digits than a float64 has lie on too coarse a grid for such steps; see `fits`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck_reference.derivatives.fits import LONGEST, SHORTEST, Estimate, fitted
from backcheck_reference.numbers.balls import BITS

STEPS = (2.0**-8, 2.0**-10, 2.0**-12)
# with the 64 bits of an extended double shorter steps pay; where the machine has none, it is float64 again
FINE_STEPS = (2.0**-10, 2.0**-12, 2.0**-14)
EXTENDED = np.dtype(np.longdouble)
EPS = float(np.finfo(np.float64).eps)
UNDERFLOW = float(np.finfo(np.float64).tiny)  # as much as every product may lose


def directional(
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    arrays: Mapping[str, np.ndarray],
    value: np.ndarray,
    dy: np.ndarray,
    v: Mapping[str, np.ndarray],
    shortest: int | None = None,
) -> Estimate:
    """The derivative of <dy, function> along v at floating-point arrays; `value` is function(arrays).

    With `shortest`, the exponent of the shortest step, the values may lie on any grid, whatever their dtype.
    """

    def along(t: float) -> tuple[Any, Any]:
        moved = {name: (arrays[name] + t * step).astype(arrays[name].dtype) for name, step in v.items()}
        return _weigh(function({**arrays, **moved}), dy)

    eps = _grid(value)
    if shortest is not None or eps > EPS:
        return fitted(along, eps, 0 if eps > 2.0**-12 else LONGEST, SHORTEST if shortest is None else shortest)
    middle, size = _weigh(value, dy)
    extended = np.asarray(value).dtype == EXTENDED and np.float64 != EXTENDED
    rough = _roughness(along) if extended else 0.0
    eps = float(np.finfo(EXTENDED).eps) if extended else EPS
    central, gaps, noise = [], [], []
    for h in FINE_STEPS if extended else STEPS:
        (up, up_size), (down, down_size) = along(h), along(-h)
        central.append((up - down) / (2 * h))
        gaps.append(abs(up - 2 * middle + down) / (2 * h))
        # each value is a sum of products whose own rounding is a few units in the last place of its largest terms
        noise.append((16 * eps * max(size, up_size, down_size) + rough + UNDERFLOW * (1 + value.size)) / h)
    better = [(16 * central[i + 1] - central[i]) / 15 for i in range(2)]
    stuck = gaps[2] if gaps[2] > gaps[1] / 2 else 0.0  # a smooth gap falls fourfold from step to step
    error = 2 * abs(better[1] - better[0]) + abs(better[1] - central[2]) / 8 + stuck + 2 * noise[2]
    good = np.isfinite(error) and np.isfinite(better[1])
    return Estimate(float(better[1]), float(error) if good else np.inf, float(noise[2]), bool(stuck > 2 * noise[2]))


def _grid(value: np.ndarray) -> float:
    """The distance from 1 to the next number of the value's dtype."""
    dtype = np.asarray(value).dtype
    return float(np.finfo(dtype).eps) if dtype == EXTENDED else 2.0 ** (1 - BITS.get(dtype.name, BITS["float64"]))


def _roughness(along: Callable[[float], tuple[Any, Any]]) -> float:
    """How far the values scatter over steps so small that a smooth function is a straight line.

    Code that is given extended numbers may round to float64 on the way; its values then lie on a coarser grid than
    their dtype says. Over steps of 2^-50 second differences show that grid and nothing else.
    """
    values = [along(k * 2.0**-50)[0] for k in range(10)]
    seconds = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return 8 * float(max(seconds))


def _weigh(value: np.ndarray, dy: np.ndarray) -> tuple[Any, Any]:
    value = np.asarray(value)
    terms = value.astype(EXTENDED if value.dtype == EXTENDED else np.float64) * dy
    return terms.sum(), abs(terms).sum()
