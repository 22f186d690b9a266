"""The small histograms of one rule: how much of what rounding explains each party used, as coordinates."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from backcheck_reports.figures.charts import HIGHEST_OCTAVE, LOWEST_OCTAVE
from backcheck_reports.number_format import percent, short
from backcheck_reports.statistics.aggregates import COMPARED
from backcheck_reports.statistics.histogram import Histogram

OCTAVES = 2  # of a bar
BAR_WIDTH, BAR_HEIGHT, LANE_HEIGHT = 13, 18, 24
NAME_WIDTH = 74  # left of the bars


@dataclass(frozen=True, slots=True)
class SmallHistogram:
    """One party's bars within what is allowed, and those beyond it, as SVG paths."""

    party: str
    base: float
    within: str
    over: str


@dataclass(frozen=True, slots=True)
class SmallHistograms:
    """Party under party; the line at `limit` is what rounding explains."""

    height: float
    width: float
    limit: float
    description: str
    lanes: tuple[SmallHistogram, ...]


def small_histograms(fractions: Mapping[str, Histogram]) -> SmallHistograms | None:
    """A histogram for each of the compared parties that has fractions; None where none has."""
    shown = {party: found for party, found in fractions.items() if party in COMPARED and found.total}
    if not shown:
        return None
    lanes = tuple(_lane(party, found, LANE_HEIGHT * turn) for turn, (party, found) in enumerate(shown.items(), start=1))
    description = "; ".join(
        f"{party}: median {short(found.median())}, {percent(found.total - found.below(1.0), found.total)} above 1"
        for party, found in shown.items()
    )
    return SmallHistograms(LANE_HEIGHT * len(lanes) + 18, _x(HIGHEST_OCTAVE) + BAR_WIDTH, _x(0), description, lanes)


def _x(octave: float) -> int:
    """The left end of a bar. The first bar is for all that is smaller than the axis shows."""
    return NAME_WIDTH + BAR_WIDTH * math.floor((octave - LOWEST_OCTAVE) / OCTAVES + 1)


def _lane(party: str, found: Histogram, base: float) -> SmallHistogram:
    counts: dict[int, int] = {}
    for octave, number in found.octaves().items():
        x = _x(min(max(octave, LOWEST_OCTAVE - OCTAVES), HIGHEST_OCTAVE))
        counts[x] = counts.get(x, 0) + number
    most = max(counts.values())
    # at least 1.5: one error in a million must still be seen
    bars = [(x, max(1.5, round(BAR_HEIGHT * number / most, 1))) for x, number in sorted(counts.items())]
    within, over = [bar for bar in bars if bar[0] < _x(0)], [bar for bar in bars if bar[0] >= _x(0)]
    return SmallHistogram(party, base, _path(within, base), _path(over, base))


def _path(bars: list[tuple[int, float]], base: float) -> str:
    return "".join(f"M{x} {base:g}v{-height:g}h{BAR_WIDTH - 2}v{height:g}z" for x, height in bars)
