"""Counting without keeping: a median and a worst from a bounded number of bins, and distinct things as bits."""

import math
from collections import Counter
from dataclasses import dataclass, field

STEPS = 8  # bins per octave: a quantile is good to one part in eleven, of values that span hundreds of octaves


@dataclass(slots=True)
class Histogram:
    """Non-negative values in bins of 1/8 octave. Zero and infinity have bins of their own; a NaN counts as infinite.

    The largest value is kept as it is, and is NaN once one was seen: nothing is worse.
    """

    bins: Counter[float] = field(default_factory=Counter)
    lowest: float = math.inf
    largest: float | None = None

    def add(self, value: float) -> None:
        self.bins[_bin(value)] += 1
        if self.largest is None or not value <= self.largest:
            self.largest = self.largest if self.largest is not None and math.isnan(self.largest) else value
        if 0 < value < self.lowest:
            self.lowest = value

    def merge(self, other: "Histogram") -> None:
        self.bins.update(other.bins)
        self.lowest = min(self.lowest, other.lowest)
        both = [each for each in (self.largest, other.largest) if each is not None]
        self.largest = next((each for each in both if math.isnan(each)), max(both, default=None))

    @property
    def zeros(self) -> int:
        return self.bins[-math.inf]

    @property
    def total(self) -> int:
        return self.bins.total()

    def median(self) -> float | None:
        """The lower median, from the middle of its bin and never outside what was seen."""
        return self.quantile(0.5)

    def quantile(self, part: float) -> float | None:
        """The value that this part of the others do not exceed, the lower one of two."""
        rank, seen = math.ceil(part * self.total) - 1 if part else 0, 0
        for place in sorted(self.bins):
            seen += self.bins[place]
            if seen > rank:
                return self._value(place)
        return None

    def below(self, limit: float) -> int:
        """How many are less than a power of two; of another limit, than the foot of its bin."""
        return sum(number for place, number in self.bins.items() if place < _bin(limit))

    def octaves(self) -> Counter[float]:
        """The counts by whole octave, floor(log2(value)); zero is at -inf."""
        counts: Counter[float] = Counter()
        for place, number in self.bins.items():
            counts[place // STEPS if math.isfinite(place) else place] += number
        return counts

    def _value(self, place: float) -> float:
        if math.isinf(place):
            return 0.0 if place < 0 else math.inf
        middle = math.exp2((place + 0.5) / STEPS)
        largest = self.largest if self.largest is not None and math.isfinite(self.largest) else math.inf
        return min(max(middle, self.lowest), largest)


def _bin(value: float) -> float:
    if value == 0:
        return -math.inf
    return math.floor(STEPS * math.log2(value)) if 0 < value < math.inf else math.inf


@dataclass(slots=True)
class Marks:
    """A set of small whole numbers, a bit each: hundreds of table rows can each know their distinct cases."""

    bits: bytearray = field(default_factory=bytearray)

    def add(self, number: int) -> None:
        place, bit = divmod(number, 8)
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits)))
        self.bits[place] |= 1 << bit

    def __len__(self) -> int:
        return int.from_bytes(self.bits, "little").bit_count()
