"""Plots of errors in ulps by party: whose gradient is nearest to the truth, and what the errors grow with."""

import math
from collections.abc import Mapping, Sequence

from backcheck_reports.figures.plots import (
    PLOT,
    Guide,
    LogAxis,
    NumberTable,
    Plot,
    Range,
    Series,
    Tick,
    across,
    named_series,
    power_of_ten,
    printed_name,
    share_curve,
    share_ticks,
    up,
)
from backcheck_reports.number_format import NO_BREAK_SPACE, count, counted, percent, short
from backcheck_reports.statistics.aggregates import COMPARED, FURTHEST, Aggregates, Contest
from backcheck_reports.statistics.histogram import Histogram

FEWEST = 5  # tensors at a place of an axis; a place with fewer is left out
MOST_LABELS = 9  # of an axis
BOUNDS = (0.5, 1.0, 4.0, 32.0, 1024.0)  # powers of two: the edges of bins
LOWEST_POWER, HIGHEST_POWER = -2, 8  # powers of ten in ulps: the ends of the error axes
HALF_OCTAVES = range(-12, 40)  # where the distribution functions have their points
QUANTITIES = {
    "depth": ("nodes of the network", "Error and depth"),
    "width": ("longest axis of the arrays", "Error and width"),
    "magnitude": ("largest entry of the true gradient", "Error and magnitude"),
}
Bands = Mapping[str, Mapping[int, Histogram]]  # errors by party and place on the axis


def plots(aggregates: Aggregates) -> tuple[Plot, ...]:
    """The plots for which there are enough records. Records of an earlier version have neither depth nor width."""
    contest = aggregates.contest()
    drawn = [_contest_plot(*contest)] if contest else []
    for quantity in QUANTITIES:
        bands = {p: aggregates.bands[quantity, p] for p in COMPARED if (quantity, p) in aggregates.bands}
        if any(len(_filled(each)) > 1 for each in bands.values()):
            drawn.append(_band_plot(quantity, bands))
    return tuple(drawn)


def spread_numbers(spread: Mapping[str, Histogram]) -> NumberTable:
    head = ("party", "tensors", "no error at all", "median", "95 %", "worst", "above 1")
    rows = []
    for party, found in spread.items():
        first, above = (party, count(found.total), percent(found.zeros, found.total)), found.total - found.below(1.0)
        rows.append((*first, *_sizes(found), count(above)))
    return NumberTable(head, tuple(rows))


def _sizes(found: Histogram) -> tuple[str, str, str]:
    return short(found.median()), short(found.quantile(0.95)), short(found.largest)


def _contest_plot(parties: tuple[str, ...], contest: Contest) -> Plot:
    x = across(LOWEST_POWER, 6)
    half = x.at(0.5)
    edges = [edge for edge in (2.0 ** (half / 2) for half in HALF_OCTAVES) if x.holds(edge)]
    errors = {party: contest.errors[party] for party in parties}
    curves = {party: share_curve(found, edges, x) for party, found in errors.items()}
    names = _listed([printed_name(party) for party in parties])
    return Plot(
        id="nearest",
        title="Whose gradient is nearest to the truth?",
        description=f"For {names}, the part of the tensors whose worst entry is off by less than so many ulps.",
        sentence=_nearest(parties, contest),
        x_label="error of the worst entry, ulps",
        y_label="tensors with less",
        x_ticks=x.ticks(8),
        y_ticks=share_ticks(),
        series=tuple(named_series(party, curve) for party, curve in curves.items()),
        guides=(Guide((half, PLOT.top), (half, PLOT.bottom), "half an ulp", (half + 5, PLOT.top + 9)),),
        numbers=_contest_numbers(errors, contest),
    )


def _nearest(parties: tuple[str, ...], contest: Contest) -> str:
    """Who is nearest, in words. Two counts that differ by less than twice their noise are called equal."""
    order = sorted(parties, key=lambda party: -contest.nearest[party])
    first, second = (contest.nearest[party] for party in order[:2])
    equal = first - second <= 2 * math.sqrt(first + second)
    opening = "None is clearly the nearest" if equal else f"{printed_name(order[0])} is the nearest most often"
    shares = {p: percent(contest.nearest[p], contest.tensors).replace(" ", NO_BREAK_SPACE) for p in order}
    wins = [f"{printed_name(p)} in {count(contest.nearest[p])} ({shares[p]})" for p in order]
    medians = [f"{short(contest.errors[p].median())} for {printed_name(p)}" for p in order]
    names = _listed([printed_name(p) for p in parties])
    return (
        f"{opening}: of {counted(contest.tensors, 'gradient tensor')} that {names} all answered, alone "
        f"nearest is {_listed(wins)}; elsewhere two or more are equally near. "
        f"The median error in ulps is {_listed(medians)}."
    )


def _contest_numbers(errors: Mapping[str, Histogram], contest: Contest) -> NumberTable:
    head = ("party", "alone nearest", "exact", *(f"below {bound:g}" for bound in BOUNDS), "median", "95 %", "worst")
    rows = []
    for party, found in errors.items():
        shares = [percent(found.below(bound), contest.tensors) for bound in BOUNDS]
        first = (printed_name(party), count(contest.nearest[party]), percent(found.zeros, contest.tensors))
        rows.append((*first, *shares, *_sizes(found)))
    return NumberTable(head, tuple(rows))


def _band_plot(quantity: str, bands: Bands) -> Plot:
    along, title = QUANTITIES[quantity]
    shown = sorted({place for each in bands.values() for place in _filled(each)})
    labelled = shown[:: math.ceil(len(shown) / MOST_LABELS)]
    y = up(LOWEST_POWER, _top(bands))
    step = (PLOT.right - PLOT.left) / len(shown)
    middle = {place: PLOT.left + step * (turn + 0.5) for turn, place in enumerate(shown)}
    apart = min(step / (len(bands) + 1), 12.0)  # the parties stand side by side at each place
    series = [
        _band(p, each, middle, (turn - (len(bands) - 1) / 2) * apart, y) for turn, (p, each) in enumerate(bands.items())
    ]
    names = _listed([printed_name(party) for party in bands])
    return Plot(
        id=f"by-{quantity}",
        title=title,
        description=f"For {names}, the median error and the range of the middle 90 % of the tensors, by {along}.",
        sentence=_growth(bands, quantity),
        x_label=along,
        y_label="error, ulps",
        x_ticks=tuple(Tick(round(middle[place], 1), place_name(quantity, place)) for place in labelled),
        y_ticks=y.ticks(),
        series=tuple(series),
        guides=(),
        numbers=_band_numbers(quantity, bands, shown),
    )


def _filled(band: Mapping[int, Histogram]) -> list[int]:
    """The places of the axis with tensors enough."""
    return [place for place, found in band.items() if found.total >= FEWEST]


def _top(bands: Bands) -> int:
    """The power of ten at the upper end: above all finite ranges, but never above HIGHEST_POWER."""
    ends = [band[place].quantile(0.95) or 0.0 for band in bands.values() for place in _filled(band)]
    finite = [end for end in ends if 0 < end < math.inf]
    return min(max(1, math.ceil(math.log10(max(finite, default=1.0)))), HIGHEST_POWER)


def _band(party: str, band: Mapping[int, Histogram], middle: Mapping[int, float], aside: float, y: LogAxis) -> Series:
    ranges, medians = [], []
    for place in sorted(_filled(band)):
        x = round(middle[place] + aside, 1)
        low, half, high = (y.at(band[place].quantile(part) or 0.0) for part in (0.05, 0.5, 0.95))
        ranges.append(Range(x, low, high))
        medians.append((x, half))
    return named_series(party, medians, len(medians) or 1, tuple(ranges))


def place_name(quantity: str, place: int) -> str:
    """The label of a place on the axis: a number, a range of numbers, or a power of ten; at its ends with ≤ or ≥."""
    if quantity == "magnitude":
        beyond = {-FURTHEST: "≤", FURTHEST: "≥"}.get(place, "")
        return beyond + power_of_ten(place)
    single = place < (8 if quantity == "depth" else 2)
    return str(place) if single else f"{place}–{2 * place - 1}"


def _growth(bands: Bands, quantity: str) -> str:
    """The medians at the two ends of the axis, for the first party with more than one place."""
    for party, band in bands.items():
        places = _filled(band)
        if len(places) > 1:
            first, last = min(places), max(places)
            return (
                f"{printed_name(party)}: a median of {short(band[first].median())} ulps at "
                f"{place_name(quantity, first)}, and of {short(band[last].median())} at {place_name(quantity, last)}."
            )
    return ""


def _band_numbers(quantity: str, bands: Bands, shown: Sequence[int]) -> NumberTable:
    head = (QUANTITIES[quantity][0], "party", "tensors", "5 %", "median", "95 %", "worst")
    rows = [
        (place_name(quantity, place), printed_name(party), count(f.total), short(f.quantile(0.05)), *_sizes(f))
        for place in shown
        for party, found in bands.items()
        if (f := found.get(place)) is not None
    ]
    return NumberTable(head, tuple(rows))


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
