"""An answer measured by one precision model, in one pass: how far it is off, and what that model would take besides."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.subjects.kernels.judged.allowed import Allowance, Allowed, beyond_range

Answer = Callable[[np.ndarray], np.ndarray]

SOME = 4096  # entries, enough to see at once that an answer will not do


@dataclass
class Measured:
    """What one pass over a tensor finds, entries without a bound left out of `scale`, `allowed` and `absolute`.

    fraction   the largest part of the allowed that an entry takes, and `place`, which entry in a row that is
    wrong      how many entries are beyond the allowed
    lost       how many entries have no bound
    low, high  the smallest and the largest truth that is a finite number; infinity and its negative without any
    scale      the largest truth, without its sign
    allowed    the largest allowance
    absolute   the largest error
    """

    own: Allowance
    fraction: float = -1.0
    place: int = 0
    wrong: int = 0
    lost: int = 0
    low: float = np.inf
    high: float = -np.inf
    scale: float = 0.0
    allowed: float = 0.0
    absolute: float = 0.0

    @property
    def size(self) -> int:
        return self.own.mid.size

    @property
    def is_zero(self) -> bool:
        """Is the truth zero in every entry?"""
        return not self.scale and not self.own.mid.any()

    @cached_property
    def accepted(self) -> str:
        """The answers that anybody can give, and that the tolerance would take: zeros, one number everywhere, a
        shuffle.

        They are tried in every check: a tolerance that takes one of them proves nothing. A few entries, from
        everywhere, tell mostly that it does not.
        """
        middle = (self.low + self.high) / 2
        tried: dict[str, Answer] = {"zeros": np.zeros_like}
        if self.size > 1 and self.low < self.high:  # of equal numbers these are the truth itself
            tried["one number everywhere"] = lambda truth: np.full_like(truth, middle)
            tried["its own entries in another order"] = _shuffled
        some = self.own.at(np.linspace(0, self.size - 1, min(self.size, SOME)).astype(int))
        return " and ".join(
            name for name, answer in tried.items() if _takes(some, answer(some.truth)) and self._takes(answer)
        )

    def _takes(self, answer: Answer) -> bool:
        given = answer(self.own.mid.reshape(-1))
        with np.errstate(all="ignore"):
            return all(_takes(found, given[here]) for here, found in self.own.slabs())

    def beyond(self, dtype: str) -> np.ndarray:
        """Where the truth is no finite number, or beyond what the dtype holds."""
        truth = self.own.mid
        found: np.ndarray = ~np.isfinite(truth) | beyond_range(truth, dtype)
        return found


def measured(own: Allowance, got: Any) -> Measured:
    """The pass. `got` is a tensor of any float dtype, of the same shape."""
    found = Measured(own)
    row = got.detach().to("cpu").reshape(-1)
    with np.errstate(all="ignore"):
        for here, each in own.slabs():
            _add(found, each, row[here].double().numpy(), here.start)
    return found


def _add(found: Measured, own: Allowed, got: np.ndarray, first: int) -> None:
    error = abs(got - own.truth)
    parts = own.fractions_of(got, error)
    most = float(parts.max())
    if most > found.fraction:
        found.fraction, found.place = most, first + int(parts.argmax())
    if most > 1:
        found.wrong += int((parts > 1).sum())
    truth, allowed = own.truth, own.allowed
    low, high, widest, furthest = (float(each) for each in (truth.min(), truth.max(), allowed.max(), error.max()))
    if not np.isfinite([low, high, widest, furthest]).all():
        known = truth[np.isfinite(truth)]
        low, high = float(known.min(initial=np.inf)), float(known.max(initial=-np.inf))
        bounded = np.isfinite(allowed) & np.isfinite(truth)
        found.lost += int((~np.isfinite(allowed)).sum())
        left = error[bounded]
        widest, furthest = float(allowed[bounded].max(initial=0.0)), float(left.max(initial=0.0))
        furthest = np.inf if np.isnan(furthest) else furthest
        found.scale = max(found.scale, float(abs(truth[bounded]).max(initial=0.0)))
    else:
        found.scale = max(found.scale, abs(low), abs(high))
    found.low, found.high = min(found.low, low), max(found.high, high)
    found.allowed, found.absolute = max(found.allowed, widest), max(found.absolute, furthest)


def _shuffled(truth: np.ndarray) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(0)).permutation(truth)


def _takes(own: Allowed, answer: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return bool(own.fractions(answer).max(initial=0.0) <= 1)
