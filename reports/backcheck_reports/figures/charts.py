"""Line charts and histograms as coordinates. The template draws them; here is only the arithmetic."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from backcheck_reports.number_format import count, percent
from backcheck_reports.statistics.histogram import Histogram

WIDTH, HEIGHT = 460, 250
LEFT, RIGHT, TOP, BOTTOM = 58, 448, 14, 206

LOW, HIGH = -24, 4  # octaves of the fraction that get a bar of their own
LANE, BAR = 58, 19
DECADES = (("1e-6", "10⁻⁶"), ("1e-4", "10⁻⁴"), ("1e-2", "0.01"), ("1", "1"))


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """`lines` are SVG point lists, cut where a value is not finite; `dots` are values with no finite neighbour."""

    title: str
    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


def line_chart(title: str, x_label: str, y_label: str, values: Sequence[float], top: float | None = None) -> LineChart:
    """Values at 1, 2, 3, ...; the vertical axis starts at zero or below, and ends at `top` or above."""
    finite = [value for value in values if math.isfinite(value)]
    y_marks = marks(min([0.0, *finite]), max([top or 0.0, *finite]))
    runs = _runs(values, y_marks[0], y_marks[-1])
    return LineChart(
        title,
        _described(y_label, x_label, values, finite),
        x_label,
        y_label,
        tuple(Tick(_across(mark, len(values)), f"{mark}") for mark in _steps(len(values))),
        tuple(Tick(_up(mark, y_marks[0], y_marks[-1]), f"{mark:g}") for mark in y_marks),
        tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        tuple(run[0] for run in runs if len(run) == 1),
    )


def marks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that enclose low..high, about `wanted` of them, 1, 2 or 5 apart."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / wanted))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if span / (power * factor) <= wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil((low + span) / step - 1e-9)
    return [round(index * step, 12) if step > 1e-9 else index * step for index in range(first, last + 1)]


def _steps(last: int) -> list[int]:
    """1 and round numbers after it."""
    apart = max(1, int(marks(0, last, 8)[1]))
    return [1, *(step for step in range(apart, last + 1, apart) if step - 1 > apart / 2)]


def _runs(values: Sequence[float], low: float, high: float) -> list[list[tuple[float, float]]]:
    places = [(_across(x, len(values)), y) for x, y in enumerate(values, start=1)]
    return [
        [(x, _up(y, low, high)) for x, y in group]
        for finite, group in groupby(places, key=lambda place: math.isfinite(place[1]))
        if finite
    ]


def _across(x: float, steps: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * (x - 1) / max(1, steps - 1), 1)


def _up(y: float, low: float, high: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * (y - low) / (high - low), 1)


def _described(what: str, along: str, values: Sequence[float], finite: Sequence[float]) -> str:
    if not finite:
        return f"{what}: no finite value"
    gaps = len(values) - len(finite)
    lost = f"; {gaps} values are not finite and leave gaps" if gaps > 1 else "; 1 value is not finite and leaves a gap"
    return f"{what} by {along}, from {values[0]:.4g} to {values[-1]:.4g} over {len(values)}{lost if gaps else ''}"


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One party's bars, standing on `base`."""

    party: str
    note: str
    base: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """How much of what rounding explains was used, party under party on one axis; `limit` is where it is all used."""

    width: float
    height: float
    bar: float
    limit: float
    axis: float
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]


def spread(histograms: Mapping[str, Histogram]) -> Spread:
    lanes = tuple(_lane(place, party, histogram) for place, (party, histogram) in enumerate(histograms.items()))
    axis = TOP + LANE * len(lanes)
    decades = [Tick(_place(math.log2(float(value))), text) for value, text in DECADES]
    ends = Tick(_place(LOW - 2) + BAR / 2, "0"), Tick(_place(HIGH) + BAR / 2, f"≥{2**HIGH}")
    return Spread(_place(HIGH) + 2 * BAR, axis + 46, BAR - 3, _place(0), axis, (ends[0], *decades, ends[1]), lanes)


def _place(octave: float) -> float:
    """Two places are left of LOW: one for exact zeros and one for what is smaller than the axis shows."""
    return round(130 + BAR * (octave - LOW + 2), 1)


def _lane(place: int, party: str, histogram: Histogram) -> Lane:
    base = TOP + LANE * (place + 1)
    counts = _clamped(histogram)
    tallest = max(counts.values())
    bars = tuple(_bar(octave, counts[octave], tallest, histogram.total, base) for octave in sorted(counts))
    return Lane(party, count(histogram.total), base, bars)


def _clamped(histogram: Histogram) -> dict[float, int]:
    counts: dict[float, int] = {}
    for octave, number in histogram.octaves().items():
        place = LOW - 2 if octave == -math.inf else min(max(octave, LOW - 1), HIGH)
        counts[place] = counts.get(place, 0) + number
    return counts


def _bar(octave: float, number: int, tallest: int, total: int, base: float) -> Bar:
    height = max(2.0, round((LANE - 16) * number / tallest, 1))  # one disagreement in a million must still be seen
    kind = "over" if octave >= 0 else "zero" if octave == LOW - 2 else "within"
    return Bar(
        _place(octave), base - height, height, kind, f"{_range(octave)}: {count(number)}, {percent(number, total)}"
    )


def _range(octave: float) -> str:
    if octave < LOW:
        return "no error at all" if octave == LOW - 2 else f"below {2.0**LOW:.1e}"
    return f"{2.0**octave:.2g} and more" if octave == HIGH else f"{2.0**octave:.2g} to {2.0 ** (octave + 1):.2g}"


def numbers(values: Sequence[object]) -> Iterator[float]:
    """What a free-form list holds, as floats; what is no number is a gap."""
    for value in values:
        try:
            yield float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            yield math.nan
