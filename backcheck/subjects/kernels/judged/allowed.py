"""One tensor of a kernel against its truth: how much of the allowed its error takes under each precision model."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.subjects.kernels.asked.models import BITS, LARGEST, Model, last_rounding
from backcheck_reports.record import Verdict

SOME = 4096  # entries, enough to see at once that an answer will not do


@dataclass(frozen=True, slots=True)
class Allowed:
    """The truth of one tensor, and how far an answer may be from it under one model, entry by entry (float64)."""

    truth: np.ndarray
    allowed: np.ndarray

    def some(self) -> "Allowed":
        """A few entries, from everywhere."""
        places = np.linspace(0, self.truth.size - 1, min(self.truth.size, SOME)).astype(int)
        return Allowed(self.truth.reshape(-1)[places], self.allowed.reshape(-1)[places])

    def fractions(self, got: np.ndarray) -> np.ndarray:
        """The error of each entry in parts of what is allowed. An answer equal to the truth takes nothing of it.

        An infinite or missing answer where the truth is finite is infinitely far away; where nothing bounds the truth,
        any answer is allowed.
        """
        with np.errstate(all="ignore"):
            error = abs(got - self.truth)
            parts = np.where(got == self.truth, 0.0, error / self.allowed)
        parts = np.where(np.isnan(parts), np.inf, parts)
        found: np.ndarray = np.where(np.isinf(self.allowed), 0.0, parts)
        return found


def allowed_under(mid: np.ndarray, rad: np.ndarray, dtype: str, model: Model) -> Allowed:
    """The allowance of a model: the radius that rounding on the way has in it, and the last rounding to the dtype.

    The truth is computed in float64, with a radius of its own that is the same bound at 53 bits: of that at 24 bits it
    is 2^-29, and of that of a float64 kernel it is all.
    """
    with np.errstate(all="ignore"):
        own = rad if BITS[model.sums] == BITS["float64"] else rad * 2.0**-29
        radius = rad + own
        allowed = radius + last_rounding(abs(mid) + radius, dtype, model.truncates)
        # minus infinity behind a mask is no number that is rounded: nothing else will do
        return Allowed(mid, np.where(np.isinf(mid) & (rad == 0), 0.0, allowed))


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
