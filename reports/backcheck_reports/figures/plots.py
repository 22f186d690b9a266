"""Plots on logarithmic and ordinal axes as coordinates: lines, ranges and marks. The template draws them.

Each series has a mark and dashes of its own besides its colour, so that nobody needs the colours to read a plot.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backcheck_reports.party_names import party_name
from backcheck_reports.statistics.histogram import Histogram

MARK_SIZE = 8
# what a series looks like: a name that the style sheet and the symbols know
SERIES_STYLES = {
    "numpy": "p1", "torch": "p2", "jax": "p3", "exact": "p4", "differences": "p5",
    "float64": "p1", "float32": "p2", "float16": "p3", "bfloat16": "p5",
    "networks of all rules": "p1", "networks with its rule": "p2",
}  # fmt: skip
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlotArea:
    """Where the axes of a drawing lie. The template draws the axes at the same places."""

    left: float
    right: float
    top: float
    bottom: float


PLOT = PlotArea(58, 446, 14, 222)


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Range:
    """From the 5 % to the 95 % quantile: a vertical line."""

    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """`line` is an SVG point list, `marks` are the upper left corners of its marks."""

    name: str
    style: str
    line: str
    marks: tuple[Point, ...]
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """A straight line that is no data, and its label."""

    start: Point
    end: Point
    label: str
    at: Point
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class NumberTable:
    """The numbers of a figure. The first cell of a row is its name."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    id: str
    title: str
    description: str
    sentence: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    series: tuple[Series, ...]
    guides: tuple[Guide, ...]
    numbers: NumberTable


@dataclass(frozen=True, slots=True)
class LogAxis:
    """A logarithmic axis from 10^low to 10^high; values outside are drawn at its ends."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        # a NaN is drawn at the upper end, like an infinity
        power = math.log10(value) if 0 < value < math.inf else -math.inf if value == 0 else math.inf
        part = (min(max(power, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + (self.end - self.start) * part, 1)

    def ticks(self, wanted: int = 6) -> tuple[Tick, ...]:
        apart = max(1, math.ceil((self.high - self.low) / wanted))
        return tuple(Tick(self.at(10.0**n), power_of_ten(n)) for n in range(self.low, self.high + 1, apart))

    def holds(self, value: float) -> bool:
        return 0 < value < math.inf and self.low <= math.log10(value) <= self.high


def across(low: int, high: int) -> LogAxis:
    return LogAxis(low, high, PLOT.left, PLOT.right)


def up(low: int, high: int) -> LogAxis:
    return LogAxis(low, high, PLOT.bottom, PLOT.top)


def share_up(part: float) -> float:
    """The height of a share from 0 to 1 on a vertical axis."""
    return round(PLOT.bottom - (PLOT.bottom - PLOT.top) * part, 1)


def share_curve(found: Histogram, edges: Iterable[float], x: LogAxis) -> list[Point]:
    """The distribution function: for each edge the share of the values that are less."""
    return [(x.at(edge), share_up(found.below(edge) / found.total)) for edge in edges]


def share_ticks() -> tuple[Tick, ...]:
    return tuple(Tick(share_up(n / 4), f"{25 * n} %") for n in range(5))


def power_of_ten(power: int) -> str:
    """As 0.01, 1, 100 where that is short, else as 10⁻⁶."""
    return f"{10.0**power:g}" if -2 <= power <= 3 else f"10{str(power).translate(SUPERSCRIPT)}"


def named_series(name: str, points: Sequence[Point], most_marks: int = 12, ranges: tuple[Range, ...] = ()) -> Series:
    """The series of a party or a dtype, with a mark at each point or, where they are many, at some of them."""
    apart = max(1, math.ceil(len(points) / most_marks))
    half = MARK_SIZE / 2
    marks = tuple((round(x - half, 1), round(y - half, 1)) for x, y in points[apart // 2 :: apart])
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return Series(printed_name(name), SERIES_STYLES.get(name, "p6"), path, marks, ranges)


def printed_name(name: str) -> str:
    return party_name(name)
