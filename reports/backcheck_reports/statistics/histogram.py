"""A histogram in bounded memory that still gives a median, quantiles and the largest value."""

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import add

import numpy as np
from numpy.typing import NDArray

STEPS = 8  # bins per octave, equally wide: a quantile is right to one part in sixteen, over hundreds of octaves
BATCH = 256  # values


@dataclass(slots=True)
class Histogram:
    """Non-negative values in bins, STEPS to an octave. Zero and infinity have bins of their own, and NaN is infinite.

    `pages` has the bins of each octave that was met, by the exponent of frexp. The largest value is kept as it is, and
    is NaN once a NaN was seen. Values are collected and counted BATCH at a time: one at a time would take far longer.
    """

    _pages: dict[int, "array[int]"] = field(default_factory=dict)
    _zeros: int = 0
    _infinite: int = 0
    _lowest: float = math.inf
    _largest: float | None = None
    _waiting: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, value: float) -> None:
        self._waiting.append(value)
        if len(self._waiting) == BATCH:
            self._settle()

    def _settle(self) -> None:
        if not self._waiting:
            return
        values = np.array(self._waiting)
        del self._waiting[:]
        positive = values[(values > 0) & (values < math.inf)]
        zeros = int(np.count_nonzero(values == 0))
        self._zeros += zeros
        self._infinite += values.size - positive.size - zeros
        if positive.size:
            self._count(positive)
            self._lowest = min(self._lowest, float(positive.min()))
        self._largest = worst(self._largest, float(values.max()))  # NaN where one is among them

    def _count(self, positive: NDArray[np.float64]) -> None:
        mantissa, octave = np.frexp(positive)
        steps = ((2 * mantissa - 1) * STEPS).astype(np.int64)
        places, numbers = np.unique(octave.astype(np.int64) * STEPS + steps, return_counts=True)
        for place, number in zip(places.tolist(), numbers.tolist(), strict=True):
            page = self._pages.setdefault(place // STEPS, array("Q", bytes(8 * STEPS)))
            page[place % STEPS] += number

    @property
    def pages(self) -> Mapping[int, "array[int]"]:
        self._settle()
        return self._pages

    @property
    def zeros(self) -> int:
        self._settle()
        return self._zeros

    @property
    def largest(self) -> float | None:
        self._settle()
        return self._largest

    @property
    def total(self) -> int:
        return self.zeros + self._infinite + sum(map(sum, self._pages.values()))

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram."""
        for octave, page in other.pages.items():
            mine = self._pages.get(octave, array("Q", bytes(8 * STEPS)))
            self._pages[octave] = array("Q", map(add, mine, page))
        self._zeros += other.zeros
        self._infinite += other._infinite
        self._lowest = min(self._lowest, other._lowest)
        if other.largest is not None:
            self._largest = worst(self._largest, other.largest)

    def median(self) -> float | None:
        """The lower median."""
        return self.quantile(0.5)

    def quantile(self, part: float) -> float | None:
        """The value that this part of all values does not exceed, the lower one of two. It is the middle of a bin, but
        never outside the range of the values."""
        rank, seen = max(math.ceil(part * self.total) - 1, 0), 0
        for middle, number in self._bins():
            seen += number
            if seen > rank:
                largest = self.largest if self.largest is not None and math.isfinite(self.largest) else math.inf
                return min(max(middle, self._lowest), largest) if 0 < middle < math.inf else middle
        return None

    def below(self, limit: float) -> int:
        """How many values are less than a power of two. For another limit, those of all bins whose middle is less."""
        return sum(number for middle, number in self._bins() if middle < limit)

    def octaves(self) -> Counter[float]:
        """The counts by whole octave, floor(log2(value)); zero is at -inf."""
        counts: Counter[float] = Counter({octave - 1: sum(page) for octave, page in self.pages.items()})
        counts.update({place: n for place, n in ((-math.inf, self.zeros), (math.inf, self._infinite)) if n})
        return counts

    def _bins(self) -> Iterator[tuple[float, int]]:
        """The middle of each bin and its count, in order."""
        yield 0.0, self.zeros
        for octave in sorted(self.pages):
            for step, number in enumerate(self.pages[octave]):
                yield math.ldexp((STEPS + step + 0.5) / STEPS, octave - 1), number
        yield math.inf, self._infinite


def worst(known: float | None, value: float) -> float:
    """The larger of two; a NaN stays."""
    if known is None or math.isnan(value):
        return value
    return value if value > known else known
