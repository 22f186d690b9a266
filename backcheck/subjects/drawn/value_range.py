"""The interval in which the numbers of an array lie, and arrays moved into it."""

import re
from dataclasses import dataclass
from math import inf, isfinite, nan

import numpy as np

from backcheck.strategies.arrays import ArrayRecipe, explicit, make
from backcheck.strategies.choice import MAX_CHOICES, Pick

NUMBER = r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf)"
INTERVAL = re.compile(rf"([(\[])\s*({NUMBER})\s*,\s*({NUMBER})\s*([)\]])")
BOUND = re.compile(rf"(>=|<=|>)({NUMBER})")
STEP, START = 0.6180339887498949, 0.5  # spreads whole numbers and quarters over the whole of an interval
NEAR = 2.0**-10  # of the width, from an end: where a slope grows without limit it does so near the end
# which entry is put at an end or near it, and at which: mostly none
PLACES = (*("none",) * 12, "low", "high", "near low", "near high")


@dataclass(frozen=True, slots=True)
class ValueRange:
    """All numbers from `low` to `high`; an end belongs to it where `low_in` or `high_in` says so."""

    low: float = -inf
    high: float = inf
    low_in: bool = False
    high_in: bool = False

    @property
    def whole(self) -> bool:
        """Is nothing left out?"""
        return self.low == -inf and self.high == inf

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and not (self.low_in and self.high_in))

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which of the values lie in it?"""
        values = values.astype(np.float64)
        above = values >= self.low if self.low_in else values > self.low
        below = values <= self.high if self.high_in else values < self.high
        return np.asarray(above & below)

    def of_both(self, other: "ValueRange") -> "ValueRange":
        """What both of two ranges hold."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        low_in = all(each.low_in for each in (self, other) if each.low == low)
        high_in = all(each.high_in for each in (self, other) if each.high == high)
        return ValueRange(low, high, low_in, high_in)

    def __str__(self) -> str:
        """As it is written in the line of an array."""
        if self.high == inf:
            return f">{'=' if self.low_in else ''}{self.low:g}"
        if self.low == -inf and self.high_in:
            return f"<={self.high:g}"
        return f"in {'[' if self.low_in else '('}{self.low:g}, {self.high:g}{']' if self.high_in else ')'}"

    @property
    def middle(self) -> float:
        """A number that lies well inside."""
        if isfinite(self.low) and isfinite(self.high):
            return (self.low + self.high) / 2
        return self.low + 1 if isfinite(self.low) else self.high - 1

    @property
    def width(self) -> float:
        ends = [abs(end) for end in (self.low, self.high) if isfinite(end)]
        return self.high - self.low if len(ends) == 2 else max(1.0, *ends)

    def moved(self, values: np.ndarray) -> np.ndarray:
        """The values; those outside are moved into it, each to a place that depends on its size."""
        sizes = abs(values)
        if isfinite(self.low) and isfinite(self.high):
            inside = self.low + self.width * ((sizes + START) * STEP % 1)
        elif isfinite(self.low):
            inside = self.low + sizes
        else:
            inside = self.high - sizes
        # the ends themselves are drawn by `place`: moved numbers would lie there far too often
        between = ValueRange(self.low, self.high)
        found = np.where(between.holds(values), values, inside)
        return np.where(between.holds(found), found, self.middle)

    def place(self, name: str) -> float:
        """The number at an end, or near it."""
        near, low = name.startswith("near"), name.endswith("low")
        end, sign = (self.low, 1) if low else (self.high, -1)
        return end + sign * NEAR * self.width if near else end if (self.low_in if low else self.high_in) else nan


EVERY_NUMBER = ValueRange()


def in_range(pick: Pick, recipe: ArrayRecipe, dtype: str, within: ValueRange, plain: bool) -> ArrayRecipe:
    """The recipe with its numbers in the range; unless `plain`, one of them now and then at an end or near it."""
    values = np.array(within.moved(make(recipe, dtype).astype(np.float64)), dtype=np.float64)
    place, at = ("none", 0) if plain else (pick(PLACES), pick(range(min(max(recipe.size, 1), MAX_CHOICES))))
    if place != "none" and recipe.size and isfinite(within.place(place)):
        values.reshape(-1)[at] = within.place(place)
    rounded = make(explicit(values), dtype).astype(np.float64)
    return explicit(np.where(within.holds(rounded), rounded, within.middle))


def parsed_interval(text: str) -> ValueRange | None:
    """The range of a text such as "(-1, 1]"; None for any other text."""
    found = INTERVAL.fullmatch(text.strip())
    if found is None:
        return None
    left, low, high, right = found.groups()
    return ValueRange(float(low), float(high), left == "[", right == "]")


def parsed_bound(text: str) -> ValueRange | None:
    """The range of a text such as ">0", ">=1" or "<=5"; None for any other text."""
    found = BOUND.fullmatch(text)
    if found is None:
        return None
    sign, number = found.group(1), float(found.group(2))
    return ValueRange(high=number, high_in=True) if sign == "<=" else ValueRange(low=number, low_in=sign == ">=")
