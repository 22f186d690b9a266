"""The slope of a function whose values lie on a coarse grid: those of a float32, or of an iteration with a tolerance.

Differences over short steps show the grid and not the function. So the function is sampled at the 16 Chebyshev nodes of
[-h, h], and its odd part is fitted by a t + b t^3 + c t^5. What no such polynomial explains is the residual: the grid,
and the next term of the function's series. With W the sum of the absolute weights that give a, values that are off by r
move the slope by W r / h; the next term is T7, whose slope at 0 is 7 times its size. Eight residuals and three free
numbers may show half of what there is, so the error is 2 r max(W, 7) / h, where r is not less than half an ulp.

The step with the smallest error is taken. Where the next longer or shorter one says another slope, something happens
between the two, and the distance is added. The even part, fitted by |t|, t^2 and t^4, shows a kink.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.numbers import limits

FIRST, BETWEEN = -8, 2  # h = 2^-8 is tried first, as by plain differences, and then those four times as long or short
LONGEST, SHORTEST = -2, -24
ENOUGH = 2.0**-20  # a part of the slope: for more digits no longer step is tried, which may leave the domain
NODES = np.cos((2 * np.arange(1, 9) - 1) * np.pi / 32)
NEXT = 7.0  # the first odd power that the fit leaves out

Along = Callable[[float], tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A directional derivative, and how far off it may be (`error`), of which `noise` is due to rounding.

    At a kink (`kink`) the value is the middle of the one-sided slopes, and nothing more is known.
    """

    value: float
    error: float
    noise: float
    kink: bool = False


def _basis(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The columns, what gives the factor of the first, and how far errors of 1 may move that."""
    basis = np.stack(columns, axis=1)
    first = np.linalg.pinv(basis)[0]
    return basis, first, max(float(abs(first).sum()), NEXT)


ODD, EVEN = _basis(NODES, NODES**3, NODES**5), _basis(NODES, NODES**2, NODES**4)


@dataclass(frozen=True, slots=True)
class Fit:
    """The slope by one step, the gap between the slopes to the two sides, and how far off either may be."""

    slope: float
    error: float
    gap: float
    gap_error: float

    def apart(self, other: "Fit") -> float:
        """How far the slopes are apart beyond their errors."""
        return max(abs(self.slope - other.slope) - self.error - other.error, 0.0)


def fitted(along: Along, eps: float, longest: int = LONGEST, shortest: int = SHORTEST) -> Estimate:
    """The slope at 0 of a function that gives a value, rounded to `eps` of its own, and the size of its terms."""
    middle, size = along(0.0)
    fits: dict[int, Fit] = {}
    for powers in (range(FIRST, longest + 1, BETWEEN), range(FIRST - BETWEEN, shortest - 1, -BETWEEN)):
        before = fits.get(FIRST)
        for power in powers:
            fits[power] = found = _tried(along, float(middle), float(size), eps, 2.0**power)
            if before is not None and not found.error < before.error:
                break
            if power >= FIRST and found.error <= ENOUGH * abs(found.slope):
                break
            before = found
    return _best(fits)


def _tried(along: Along, middle: float, size: float, eps: float, h: float) -> Fit:
    """The fit by one step; a function that ends before, or does not come to an end there, has none."""
    try:
        with limits.lines_run():
            return _fit(along, middle, size, eps, h)
    except Exception:  # anybody's code may raise anything where it was never meant to be
        return Fit(np.nan, np.inf, np.nan, np.inf)


def _best(fits: Mapping[int, Fit]) -> Estimate:
    power = min(fits, key=lambda each: fits[each].error)
    best = fits[power]
    if not np.isfinite(best.error):
        return Estimate(best.slope, np.inf, np.inf)
    beside = [fits[each] for each in (power + BETWEEN, power - BETWEEN) if each in fits]
    apart = max((best.apart(other) for other in beside if np.isfinite(other.error)), default=0.0)
    kink = best.gap > 2 * best.gap_error
    return Estimate(best.slope, best.error + apart + kink * best.gap, best.error, kink)


def _fit(along: Along, middle: float, size: float, eps: float, h: float) -> Fit:
    ends = [(along(h * node), along(-h * node)) for node in NODES]
    up, down = (np.array([float(pair[side][0]) for pair in ends]) for side in (0, 1))
    largest = max([size, *(float(each[1]) for pair in ends for each in pair)])
    ulp = eps * largest / 2
    slope, error = _first(ODD, (up - down) / 2, ulp)
    gap, gap_error = _first(EVEN, (up + down) / 2 - middle, 2 * ulp)
    if not np.isfinite([slope, error, gap, gap_error]).all():
        return Fit(np.nan, np.inf, np.nan, np.inf)
    return Fit(slope / h, error / h, abs(gap) / h, gap_error / h)


def _first(basis: tuple[np.ndarray, np.ndarray, float], values: np.ndarray, least: float) -> tuple[float, float]:
    """The factor of the first column in a fit, and how far off it may be where values are off by `least` or more."""
    columns, first, weight = basis
    with np.errstate(all="ignore"):
        residual = values - columns @ np.linalg.lstsq(columns, values)[0] if np.isfinite(values).all() else values
        return float(first @ values), 2 * weight * max(float(abs(residual).max()), least)
