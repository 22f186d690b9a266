"""Plots on logarithmic and ordinal axes as coordinates: lines, ranges and marks. The template draws them.

Every series is told from the others by its mark and its dashes as well as by its colour.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEFT, RIGHT, TOP, BOTTOM = 58, 446, 14, 222
MARK = 8  # the side of a mark

# what a series looks like: a name that the style sheet and the symbols know
STYLES = {
    "numpy": "p1", "torch": "p2", "jax": "p3", "exact": "p4", "differences": "p5",
    "float64": "p1", "float32": "p2", "float16": "p3", "bfloat16": "p5",
}  # fmt: skip
SPOKEN = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "exact": "exact arithmetic"}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Point = tuple[float, float]


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
    """`line` is an SVG point list, `marks` the upper left corners of its marks."""

    name: str
    style: str
    line: str
    marks: tuple[Point, ...]
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """A straight line that is no data, and what it stands for."""

    start: Point
    end: Point
    label: str
    at: Point
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The same as a table: the first cell of a row is its name."""

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
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Log:
    """A logarithmic axis from 10^low to 10^high; what lies outside is put on its end."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        # a nan is beyond everything, like an infinity
        power = math.log10(value) if 0 < value < math.inf else -math.inf if value == 0 else math.inf
        part = (min(max(power, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + (self.end - self.start) * part, 1)

    def ticks(self, wanted: int = 6) -> tuple[Tick, ...]:
        apart = max(1, math.ceil((self.high - self.low) / wanted))
        return tuple(Tick(self.at(10.0**n), power_of_ten(n)) for n in range(self.low, self.high + 1, apart))

    def holds(self, value: float) -> bool:
        return 0 < value < math.inf and self.low <= math.log10(value) <= self.high


def across(low: int, high: int) -> Log:
    return Log(low, high, LEFT, RIGHT)


def up(low: int, high: int) -> Log:
    return Log(low, high, BOTTOM, TOP)


def share_up(part: float) -> float:
    """0 to 1 on a vertical axis."""
    return round(BOTTOM - (BOTTOM - TOP) * part, 1)


def share_ticks() -> tuple[Tick, ...]:
    return tuple(Tick(share_up(n / 4), f"{25 * n} %") for n in range(5))


def power_of_ten(power: int) -> str:
    """As a reader of a chart wants it: 0.01, 1, 100, and 10⁻⁶."""
    return f"{10.0**power:g}" if -2 <= power <= 3 else f"10{str(power).translate(RAISED)}"


def points(some: Iterable[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in some)


def marked(some: Sequence[Point], most: int = 12) -> tuple[Point, ...]:
    """The corners of marks at the points, or at some of them where there are many."""
    apart = max(1, math.ceil(len(some) / most))
    return tuple((round(x - MARK / 2, 1), round(y - MARK / 2, 1)) for x, y in some[apart // 2 :: apart])


def style(name: str) -> str:
    return STYLES.get(name, "p6")


def spoken(name: str) -> str:
    return SPOKEN.get(name, name)
