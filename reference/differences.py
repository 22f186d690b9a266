"""Central differences in float64, with an error estimate: the oracle that works for any code.

Along a direction v, C(h) = (phi(h) - phi(-h)) / 2h with phi(t) = <dy, f(x + t v)> is off by a series in h^2, so
R = (16 C(h/4) - C(h)) / 15 is off by h^4 only (Richardson, 1911). Two such values from three steps differ by more
than the better one is off, unless a kink lies within reach or rounding takes over; both are looked for and added to
the estimate: the gap between the one-sided differences that does not shrink with h, and what the values' own last
places can do when divided by h.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

STEPS = (2.0**-8, 2.0**-10, 2.0**-12)
EPS = float(np.finfo(np.float64).eps)
UNDERFLOW = float(np.finfo(np.float64).tiny)  # what lies below may be lost, product by product


@dataclass(frozen=True, slots=True)
class Estimate:
    """A directional derivative and how far off it may be, by its own account; `noise` is the part due to rounding.

    At a kink (`kink`) the middle of the one-sided slopes is seen, and no more than that is known.
    """

    value: float
    error: float
    noise: float
    kink: bool = False


def directional(
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    arrays: Mapping[str, np.ndarray],
    value: np.ndarray,
    dy: np.ndarray,
    v: Mapping[str, np.ndarray],
) -> Estimate:
    """The derivative of <dy, function> along v at float64 arrays; `value` is function(arrays)."""
    middle, size = _weigh(value, dy)
    central, gaps, noise = [], [], []
    for h in STEPS:
        moved = [
            _weigh(function({**arrays, **{name: arrays[name] + t * step for name, step in v.items()}}), dy)
            for t in (h, -h)
        ]
        (up, up_size), (down, down_size) = moved
        central.append((up - down) / (2 * h))
        gaps.append(abs(up - 2 * middle + down) / (2 * h))
        # each value is a sum of products whose own rounding is a few units in the last place of its largest terms
        noise.append((16 * EPS * max(size, up_size, down_size) + UNDERFLOW * (1 + value.size)) / h)
    better = [(16 * central[i + 1] - central[i]) / 15 for i in range(2)]
    stuck = gaps[2] if gaps[2] > gaps[1] / 2 else 0.0  # a smooth gap falls fourfold from step to step
    error = 2 * abs(better[1] - better[0]) + abs(better[1] - central[2]) / 8 + stuck + 2 * noise[2]
    good = np.isfinite(error) and np.isfinite(better[1])
    return Estimate(better[1], error if good else np.inf, noise[2], stuck > 2 * noise[2])


def _weigh(value: np.ndarray, dy: np.ndarray) -> tuple[float, float]:
    terms = np.asarray(value, dtype=np.float64) * dy
    return float(terms.sum()), float(abs(terms).sum())
