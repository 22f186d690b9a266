"""Line charts, and the histograms of the used part of the tolerance, as coordinates. The template draws them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from backcheck_reports.figures.plots import PlotArea, Tick
from backcheck_reports.number_format import count, percent
from backcheck_reports.statistics.histogram import Histogram

CHART = PlotArea(58, 448, 14, 206)
LOWEST_OCTAVE, HIGHEST_OCTAVE = -24, 4  # of the fractions that get bars of their own
TINY, NO_ERROR = LOWEST_OCTAVE - 1, LOWEST_OCTAVE - 2  # two more bars left of them: smaller errors, and none at all
LANE_HEIGHT, BAR_WIDTH = 58, 19
SPREAD_TOP, SPREAD_LEFT = 14, 130
DECADES = (("1e-6", "10⁻⁶"), ("1e-4", "10⁻⁴"), ("1e-2", "0.01"), ("1", "1"))


@dataclass(frozen=True, slots=True)
class LineChart:
    """`lines` are SVG point lists, cut where a value is not finite; `dots` are values without a finite neighbour."""

    title: str
    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


def line_chart(title: str, x_label: str, y_label: str, values: Sequence[float], top: float | None = None) -> LineChart:
    """Values at 1, 2, 3, ...; the vertical axis begins at zero or below, and ends at `top` or above."""
    finite = [value for value in values if math.isfinite(value)]
    y_marks = marks(min([0.0, *finite]), max([top or 0.0, *finite]))
    runs = _runs(values, y_marks[0], y_marks[-1])
    apart = max(1, int(marks(0, len(values), 8)[1]))
    x_marks = [1, *(step for step in range(apart, len(values) + 1, apart) if step - 1 > apart / 2)]
    return LineChart(
        title,
        _described(y_label, x_label, values, finite),
        x_label,
        y_label,
        tuple(Tick(_across(mark, len(values)), f"{mark}") for mark in x_marks),
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


def _runs(values: Sequence[float], low: float, high: float) -> list[list[tuple[float, float]]]:
    places = [(_across(x, len(values)), y) for x, y in enumerate(values, start=1)]
    return [
        [(x, _up(y, low, high)) for x, y in group]
        for finite, group in groupby(places, key=lambda place: math.isfinite(place[1]))
        if finite
    ]


def _across(x: float, steps: int) -> float:
    return round(CHART.left + (CHART.right - CHART.left) * (x - 1) / max(1, steps - 1), 1)


def _up(y: float, low: float, high: float) -> float:
    return round(CHART.bottom - (CHART.bottom - CHART.top) * (y - low) / (high - low), 1)


def _described(what: str, along: str, values: Sequence[float], finite: Sequence[float]) -> str:
    if not finite:
        return f"{what}: no finite value"
    gaps = len(values) - len(finite)
    lost = f"; {gaps} values are not finite and leave gaps" if gaps else ""
    lost = "; 1 value is not finite and leaves a gap" if gaps == 1 else lost
    return f"{what} by {along}, from {values[0]:.4g} to {values[-1]:.4g} over {len(values)}{lost}"


@dataclass(frozen=True, slots=True)
class Bar:
    """`kind` is "zero" for no error at all, "within" what is allowed, or "over" it."""

    x: float
    y: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class PartyHistogram:
    """One party's bars, which stand on `base`."""

    party: str
    note: str
    base: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """How much of what rounding explains was used, party under party on one axis; at `limit` all of it was used."""

    width: float
    height: float
    bar: float
    limit: float
    axis: float
    ticks: tuple[Tick, ...]
    lanes: tuple[PartyHistogram, ...]


def spread(histograms: Mapping[str, Histogram]) -> Spread:
    lanes = tuple(_lane(turn, party, histogram) for turn, (party, histogram) in enumerate(histograms.items(), start=1))
    axis = SPREAD_TOP + LANE_HEIGHT * len(lanes)
    decades = [Tick(_x(math.log2(float(value))), text) for value, text in DECADES]
    first = Tick(_x(NO_ERROR) + BAR_WIDTH / 2, "0")
    last = Tick(_x(HIGHEST_OCTAVE) + BAR_WIDTH / 2, f"≥{2**HIGHEST_OCTAVE}")
    width = _x(HIGHEST_OCTAVE) + 2 * BAR_WIDTH
    return Spread(width, axis + 46, BAR_WIDTH - 3, _x(0), axis, (first, *decades, last), lanes)


def _x(octave: float) -> float:
    """The left end of a bar."""
    return round(SPREAD_LEFT + BAR_WIDTH * (octave - NO_ERROR), 1)


def _lane(turn: int, party: str, histogram: Histogram) -> PartyHistogram:
    base = SPREAD_TOP + LANE_HEIGHT * turn
    counts: dict[float, int] = {}
    for octave, number in histogram.octaves().items():
        bar = NO_ERROR if octave == -math.inf else min(max(octave, TINY), HIGHEST_OCTAVE)
        counts[bar] = counts.get(bar, 0) + number
    tallest = max(counts.values())
    bars = tuple(_bar(octave, counts[octave], tallest, histogram.total, base) for octave in sorted(counts))
    return PartyHistogram(party, count(histogram.total), base, bars)


def _bar(octave: float, number: int, tallest: int, total: int, base: float) -> Bar:
    # at least 2: one disagreement in a million must still be seen
    height = max(2.0, round((LANE_HEIGHT - 16) * number / tallest, 1))
    kind = "over" if octave >= 0 else "zero" if octave == NO_ERROR else "within"
    title = f"{_range(octave)}: {count(number)}, {percent(number, total)}"
    return Bar(_x(octave), base - height, height, kind, title)


def _range(octave: float) -> str:
    if octave == NO_ERROR:
        return "no error at all"
    if octave == TINY:
        return f"below {2.0**LOWEST_OCTAVE:.1e}"
    if octave == HIGHEST_OCTAVE:
        return f"{2.0**octave:.2g} and more"
    return f"{2.0**octave:.2g} to {2.0 ** (octave + 1):.2g}"
