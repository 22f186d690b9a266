"""Whose gradient is nearest to the truth, and what the error grows with: plots of errors in ulps by party."""

import math
from collections.abc import Mapping, Sequence

from backcheck_reports.figures.plots import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Guide,
    Log,
    Numbers,
    Plot,
    Point,
    Range,
    Series,
    Tick,
    across,
    marked,
    points,
    power_of_ten,
    share_ticks,
    share_up,
    spoken,
    style,
    up,
)
from backcheck_reports.number_format import count, counted, percent, short
from backcheck_reports.statistics.aggregates import COMPARED, FURTHEST, Aggregates, Contest
from backcheck_reports.statistics.histogram import Histogram

HARD = "\N{NO-BREAK SPACE}"
LEAST = 5  # tensors, fewer of which have no band
LABELS = 9  # of an axis at most
BOUNDS = (0.5, 1.0, 4.0, 32.0, 1024.0)  # powers of two: the edges of bins
LOWEST, HIGHEST = -2, 8  # powers of ten in ulps that a plot goes down and up to
OCTAVES = range(-12, 40)  # halves of an octave at which a distribution function has its points
QUANTITIES = {
    "depth": ("nodes of the network", "Error and depth"),
    "width": ("longest axis of the arrays", "Error and width"),
    "magnitude": ("largest entry of the true gradient", "Error and magnitude"),
}


def plots(found: Aggregates) -> tuple[Plot, ...]:
    """What the records can tell: those of an earlier version know neither depth nor width."""
    contest = found.contest()
    drawn = [_contest(*contest)] if contest else []
    for quantity in QUANTITIES:
        bands = {party: found.bands[quantity, party] for party in COMPARED if (quantity, party) in found.bands}
        if any(sum(h.total >= LEAST for h in each.values()) > 1 for each in bands.values()):
            drawn.append(_bands(quantity, bands))
    return tuple(drawn)


def spread_numbers(spread: Mapping[str, Histogram]) -> Numbers:
    head = ("party", "tensors", "no error at all", "median", "95 %", "worst", "above 1")
    return Numbers(head, tuple(_spread_row(party, histogram) for party, histogram in spread.items()))


def _spread_row(party: str, found: Histogram) -> tuple[str, ...]:
    over = found.total - found.below(1.0)
    middle = (percent(found.zeros, found.total), short(found.median()), short(found.quantile(0.95)))
    return party, count(found.total), *middle, short(found.largest), count(over)


def _contest(parties: tuple[str, ...], contest: Contest) -> Plot:
    x = across(LOWEST, 6)
    curves = {party: _curve(contest.errors[party], x) for party in parties}
    names = _listed([spoken(party) for party in parties])
    return Plot(
        id="nearest",
        title="Whose gradient is nearest to the truth?",
        description=f"For {names}, the part of the tensors whose worst entry is off by less than so many ulps.",
        sentence=_verdict(parties, contest),
        x_label="error of the worst entry, ulps",
        y_label="tensors with less",
        x_ticks=x.ticks(8),
        y_ticks=share_ticks(),
        series=tuple(Series(spoken(p), style(p), points(c), marked(c)) for p, c in curves.items()),
        guides=(Guide((x.at(0.5), TOP), (x.at(0.5), BOTTOM), "half an ulp", (x.at(0.5) + 5, TOP + 9)),),
        numbers=_contest_numbers(parties, contest),
    )


def _curve(found: Histogram, x: Log) -> list[Point]:
    edges = [2.0 ** (half / 2) for half in OCTAVES]
    return [(x.at(edge), share_up(found.below(edge) / found.total)) for edge in edges if x.holds(edge)]


def _verdict(parties: tuple[str, ...], contest: Contest) -> str:
    """In words, and no more than the counts bear: two counts nearer than twice their noise are level."""
    order = sorted(parties, key=lambda party: -contest.nearest[party])
    first, second = (contest.nearest[party] for party in order[:2])
    level = first - second <= 2 * math.sqrt(first + second)
    opening = "None is clearly the nearest" if level else f"{spoken(order[0])} is the nearest most often"
    wins = [f"{spoken(p)} in {count(contest.nearest[p])} ({_part(contest.nearest[p], contest.tensors)})" for p in order]
    medians = [f"{short(contest.errors[p].median())} for {spoken(p)}" for p in order]
    return (
        f"{opening}: of {counted(contest.tensors, 'gradient tensor')} that {_listed([spoken(p) for p in parties])} all "
        f"answered, alone nearest is {_listed(wins)}; elsewhere two or more are equally near. "
        f"The median error in ulps is {_listed(medians)}."
    )


def _part(part: int, whole: int) -> str:
    return percent(part, whole).replace(" ", HARD)


def _contest_numbers(parties: tuple[str, ...], contest: Contest) -> Numbers:
    bounds = [f"below {bound:g}" for bound in BOUNDS]
    head = ("party", "alone nearest", "exact", *bounds, "median", "95 %", "worst")
    return Numbers(head, tuple(_contest_row(party, contest) for party in parties))


def _contest_row(party: str, contest: Contest) -> tuple[str, ...]:
    found, total = contest.errors[party], contest.tensors
    shares = [percent(found.below(bound), total) for bound in BOUNDS]
    ends = (short(found.median()), short(found.quantile(0.95)), short(found.largest))
    return spoken(party), count(contest.nearest[party]), percent(found.zeros, total), *shares, *ends


def _bands(quantity: str, bands: Mapping[str, Mapping[int, Histogram]]) -> Plot:
    along, title = QUANTITIES[quantity]
    shown = sorted({n for each in bands.values() for n, found in each.items() if found.total >= LEAST})
    y = up(LOWEST, _top(bands))
    step = (RIGHT - LEFT) / len(shown)
    middle = {place: LEFT + step * (turn + 0.5) for turn, place in enumerate(shown)}
    aside = min(step / (len(bands) + 1), 12.0)
    series = [
        _band(p, each, middle, (turn - (len(bands) - 1) / 2) * aside, y) for turn, (p, each) in enumerate(bands.items())
    ]
    names = _listed([spoken(party) for party in bands])
    return Plot(
        id=f"by-{quantity}",
        title=title,
        description=f"For {names}, the median error and the range of the middle 90 % of the tensors, by {along}.",
        sentence=_growth(bands, shown, quantity),
        x_label=along,
        y_label="error, ulps",
        x_ticks=_labelled(quantity, shown, middle),
        y_ticks=y.ticks(),
        series=tuple(series),
        guides=(),
        numbers=_band_numbers(quantity, bands, shown),
    )


def _top(bands: Mapping[str, Mapping[int, Histogram]]) -> int:
    ends = [found.quantile(0.95) or 0.0 for each in bands.values() for found in each.values() if found.total >= LEAST]
    finite = [end for end in ends if 0 < end < math.inf]
    return min(max(1, math.ceil(math.log10(max(finite, default=1.0)))), HIGHEST)


def _band(party: str, found: Mapping[int, Histogram], middle: Mapping[int, float], aside: float, y: Log) -> Series:
    ranges, medians = [], []
    for place, x in middle.items():
        if place in found and found[place].total >= LEAST:
            low, half, high = (y.at(found[place].quantile(part) or 0.0) for part in (0.05, 0.5, 0.95))
            ranges.append(Range(round(x + aside, 1), low, high))
            medians.append((round(x + aside, 1), half))
    return Series(spoken(party), style(party), points(medians), marked(medians, len(medians) or 1), tuple(ranges))


def _labelled(quantity: str, shown: Sequence[int], middle: Mapping[int, float]) -> tuple[Tick, ...]:
    apart = math.ceil(len(shown) / LABELS)
    return tuple(Tick(round(middle[place], 1), place_name(quantity, place)) for place in shown[::apart])


def place_name(quantity: str, place: int) -> str:
    """Where on the axis: a number, a range of numbers, or a power of ten and what is beyond."""
    if quantity == "magnitude":
        beyond = {-FURTHEST: "≤", FURTHEST: "≥"}.get(place, "")
        return beyond + power_of_ten(place)
    single = place < (8 if quantity == "depth" else 2)
    return str(place) if single else f"{place}–{2 * place - 1}"


def _growth(bands: Mapping[str, Mapping[int, Histogram]], shown: Sequence[int], quantity: str) -> str:
    """From one end of the axis to the other, for the first party that has both ends."""
    for party, found in bands.items():
        ends = [place for place in shown if place in found and found[place].total >= LEAST]
        if len(ends) > 1:
            first, last = (short(found[end].median()) for end in (ends[0], ends[-1]))
            names = [place_name(quantity, end) for end in (ends[0], ends[-1])]
            return f"{spoken(party)}: a median of {first} ulps at {names[0]}, and of {last} at {names[1]}."
    return ""


def _band_numbers(quantity: str, bands: Mapping[str, Mapping[int, Histogram]], shown: Sequence[int]) -> Numbers:
    head = (QUANTITIES[quantity][0], "party", "tensors", "5 %", "median", "95 %", "worst")
    rows = [
        (place_name(quantity, place), spoken(party), *_quantiles(found[place]))
        for place in shown
        for party, found in bands.items()
        if place in found
    ]
    return Numbers(head, tuple(rows))


def _quantiles(found: Histogram) -> tuple[str, ...]:
    return count(found.total), *(short(found.quantile(part)) for part in (0.05, 0.5, 0.95)), short(found.largest)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
