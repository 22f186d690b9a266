"""Counting without keeping: a median and a worst from a bounded number of bins."""

import math
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import add

STEPS = 8  # bins per octave, equally wide: a quantile is good to one part in sixteen, over hundreds of octaves


@dataclass(slots=True)
class Histogram:
    """Non-negative values in bins of a part of an octave. Zero and infinity are apart; a NaN counts as infinite.

    `pages` has the bins of each octave that was met, by the exponent of frexp. The largest value is kept as it is, and
    is NaN once one was seen: nothing is worse.
    """

    pages: dict[int, "array[int]"] = field(default_factory=dict)
    zeros: int = 0
    infinite: int = 0
    lowest: float = math.inf
    largest: float | None = None

    def add(self, value: float) -> None:
        if 0 < value < math.inf:
            mantissa, octave = math.frexp(value)
            page = self.pages.get(octave)
            if page is None:
                page = self.pages[octave] = array("Q", bytes(8 * STEPS))
            page[int((2 * mantissa - 1) * STEPS)] += 1
            if value < self.lowest:
                self.lowest = value
        elif value == 0:
            self.zeros += 1
        else:
            self.infinite += 1
        if self.largest is None or not value <= self.largest:
            self.largest = worst(self.largest, value)

    @property
    def total(self) -> int:
        return self.zeros + self.infinite + sum(map(sum, self.pages.values()))

    def merge(self, other: "Histogram") -> None:
        """All that another one has counted."""
        for octave, page in other.pages.items():
            mine = self.pages.get(octave, array("Q", bytes(8 * STEPS)))
            self.pages[octave] = array("Q", map(add, mine, page))
        self.zeros, self.infinite = self.zeros + other.zeros, self.infinite + other.infinite
        self.lowest = min(self.lowest, other.lowest)
        if other.largest is not None:
            self.largest = worst(self.largest, other.largest)

    def median(self) -> float | None:
        """The lower median."""
        return self.quantile(0.5)

    def quantile(self, part: float) -> float | None:
        """The value that this part of the others do not exceed, the lower one of two: from the middle of its bin and
        never outside what was seen."""
        rank, seen = max(math.ceil(part * self.total) - 1, 0), 0
        for middle, number in self._bins():
            seen += number
            if seen > rank:
                largest = self.largest if self.largest is not None and math.isfinite(self.largest) else math.inf
                return min(max(middle, self.lowest), largest) if 0 < middle < math.inf else middle
        return None

    def below(self, limit: float) -> int:
        """How many are less than a power of two; of another limit, those of the bins whose middle is less."""
        return sum(number for middle, number in self._bins() if middle < limit)

    def octaves(self) -> Counter[float]:
        """The counts by whole octave, floor(log2(value)); zero is at -inf."""
        counts: Counter[float] = Counter({octave - 1: sum(page) for octave, page in self.pages.items()})
        counts.update({place: n for place, n in ((-math.inf, self.zeros), (math.inf, self.infinite)) if n})
        return counts

    def _bins(self) -> Iterator[tuple[float, int]]:
        """The middle of each bin and its count, in order."""
        yield 0.0, self.zeros
        for octave in sorted(self.pages):
            for step, number in enumerate(self.pages[octave]):
                yield math.ldexp((STEPS + step + 0.5) / STEPS, octave - 1), number
        yield math.inf, self.infinite


def worst(known: float | None, value: float) -> float:
    """The larger of two; a NaN stays."""
    if known is None or math.isnan(value):
        return value
    return value if value > known else known
