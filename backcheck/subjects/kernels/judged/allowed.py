"""One tensor of a kernel against its truth: how much of the allowed its error takes under each precision model.

A tensor is gone through by slabs that stay in the processor's cache, once for each model: whole arrays of the allowed,
of errors and of their parts would each be a pass through memory, and several times what the kernel was given.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.subjects.kernels.asked.models import BITS, LARGEST, Model, last_rounding
from backcheck_reports.record import Verdict

SLAB = 2**14  # entries


@dataclass(frozen=True, slots=True)
class Allowed:
    """The truth of a tensor, and how far an answer may be from it under one model, entry by entry (float64)."""

    truth: np.ndarray
    allowed: np.ndarray

    def fractions(self, got: np.ndarray) -> np.ndarray:
        """The error of each entry in parts of what is allowed. An answer equal to the truth takes nothing of it.

        An infinite or missing answer where the truth is finite is infinitely far away; where nothing bounds the truth,
        any answer is allowed.
        """
        with np.errstate(all="ignore"):
            return self.fractions_of(got, abs(got - self.truth))

    def fractions_of(self, got: np.ndarray, error: np.ndarray) -> np.ndarray:
        parts: np.ndarray = error / self.allowed
        if parts.size and not math.isfinite(parts.max()):  # a NaN is the largest
            parts[got == self.truth] = 0.0
            parts[np.isnan(parts)] = np.inf
            parts[np.isinf(self.allowed)] = 0.0
        return parts


@dataclass(frozen=True, slots=True)
class Allowance:
    """The middles and radii of one tensor, and the model and dtype that they are read by.

    What is allowed is the radius, which is what rounding on the way may do, and the last rounding to the dtype. The
    truth is computed in float64, with a radius of its own that is the same bound at 53 bits: of that at 24 bits it is
    2^-29, and of that of a float64 kernel it is all.
    """

    mid: np.ndarray
    rad: np.ndarray
    dtype: str
    model: Model

    def whole(self) -> Allowed:
        """Of every entry, whatever the dtype holds."""
        with np.errstate(all="ignore"):
            return Allowed(self.mid, self._of_infinite(self.mid, self.rad, self._of(self.mid, self.rad)[1]))

    def at(self, places: np.ndarray) -> Allowed:
        """Of some entries, by their places in a row."""
        with np.errstate(all="ignore"):
            return self._ranged(self.mid.reshape(-1)[places], self.rad.reshape(-1)[places])

    def slabs(self) -> Iterator[tuple[slice, Allowed]]:
        """Part by part, with no bound where the truth is no number, or may be beyond what the dtype holds."""
        mid, rad = self.mid.reshape(-1), self.rad.reshape(-1)
        for first in range(0, mid.size, SLAB):
            here = slice(first, first + SLAB)
            yield here, self._ranged(mid[here], rad[here])

    def _of(self, mid: np.ndarray, rad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How large a right answer may be, and how far off."""
        radius = rad * (2.0 if BITS[self.model.sums] == BITS["float64"] else 1 + 2.0**-29)
        size = abs(mid)
        size += radius
        allowed = last_rounding(size, self.dtype, self.model.truncates)
        allowed += radius
        return size, allowed

    def _ranged(self, mid: np.ndarray, rad: np.ndarray) -> Allowed:
        size, allowed = self._of(mid, rad)
        # one look tells that all are ordinary numbers, as nearly always: what is allowed is never beyond twice the size
        if not size.max(initial=0.0) < LARGEST[self.dtype] / 4:
            allowed = self._of_infinite(mid, rad, allowed)
            # a truth that is infinite itself, behind a mask, is an answer like any other
            outside = np.isfinite(mid) & beyond_range(abs(mid) + allowed, self.dtype)
            allowed[outside | np.isnan(mid)] = np.inf
        return Allowed(mid, allowed)

    def _of_infinite(self, mid: np.ndarray, rad: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """Minus infinity behind a mask is no number that is rounded: nothing else will do."""
        return np.where(np.isinf(mid) & (rad == 0), 0.0, allowed)


@dataclass(frozen=True, slots=True)
class TensorVerdict:
    """What was found of one tensor.

    `name` is that of the array, or of an output, and `where` the circumstances of the call, empty for the first one:
    "x is transposed in memory". `explained_by` is the finest model that explains it, None beyond the
    coarsest. `fraction` is the largest part of the allowed under the promised model, `resolution` the smallest error,
    as a part of the largest entry, that would have been seen in every entry.
    """

    name: str
    is_gradient: bool
    shape: tuple[int, ...]
    verdict: Verdict
    explained_by: Model | None = None
    fraction: float = np.nan
    allowed: float = np.nan
    resolution: float = np.nan
    index: tuple[int, ...] = ()
    got: float = np.nan
    want: float = np.nan
    wrong: int = 0
    absolute: float = np.nan
    scale: float = np.nan
    reason: str = ""
    where: str = ""

    @property
    def entries(self) -> int:
        return int(np.prod(self.shape, dtype=int))


def beyond_range(truth: np.ndarray, dtype: str) -> np.ndarray:
    """Where the truth does not fit the dtype: there infinity is the right answer."""
    mask: np.ndarray = abs(truth) > LARGEST[dtype]
    return mask


def as_float64(tensor: Any) -> np.ndarray:
    """A tensor of any float dtype and device as a float64 array of its own."""
    found: np.ndarray = tensor.detach().to("cpu").double().contiguous().numpy()
    return found
