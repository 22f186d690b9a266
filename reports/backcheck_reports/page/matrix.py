"""The agreement matrix: a row per rule with a cell per party, and what the row opens to, as text and coordinates."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backcheck_reports.number_format import count, percent, short
from backcheck_reports.page.cards import kind
from backcheck_reports.page.coverage import Covered
from backcheck_reports.record import Verdict
from backcheck_reports.statistics.aggregates import Aggregates, Place, together
from backcheck_reports.statistics.histogram import Histogram
from backcheck_reports.statistics.summary import CONTRACT, FORWARD, Row

ORDER = ("numpy", "torch", "jax", "differences", "exact", CONTRACT)
LOW, HIGH, WIDE = -24, 4, 2  # octaves of the fraction, and how many of them a bar of the small histogram holds
BAR, TALL, LANE = 13, 18, 24
NAME = 74
DRAWN = ("numpy", "torch", "jax")


@dataclass(frozen=True, slots=True)
class Cell:
    """One party's answers. `level` is the length of the bar for the worst fraction: 10 is all that is allowed."""

    party: str
    kind: str
    main: str
    aside: str
    fraction: str
    ulps: str
    level: str


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One party and dtype; `verdicts` are those that were given, as pairs of a kind and a text."""

    party: str
    dtype: str
    networks: str
    verdicts: tuple[tuple[str, str], ...]
    ulps: str
    fraction: str
    resolution: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One party's small histogram: bars within what is allowed, bars beyond it, as SVG paths."""

    party: str
    base: float
    within: str
    over: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The small histograms of a rule; the line at `limit` is what rounding explains."""

    height: float
    width: float
    limit: float
    said: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    rule: str
    id: str
    kind: str
    cells: tuple[Cell, ...]
    tensors: tuple[Tensor, ...]
    lines: tuple[Line, ...]
    shape: Shape | None
    drawn: Covered | None


@dataclass(frozen=True, slots=True)
class Matrix:
    parties: tuple[str, ...]
    rows: tuple[RuleRow, ...]


def matrix(rows: Iterable[Row], found: Aggregates, drawn: Iterable[Covered]) -> Matrix:
    """Rules that disagree stand first, forward values last, the others by name."""
    by_rule: dict[str, list[Row]] = {}
    for row in rows:
        by_rule.setdefault(row.rule, []).append(row)
    parties = tuple(sorted({row.party for some in by_rule.values() for row in some}, key=_party))
    covered = {each.rule: each for each in drawn}
    tensors = _tensors(found)
    made = [
        _rule(number, rule, some, parties, tensors.get(rule, {}), covered.get(rule))
        for number, (rule, some) in enumerate(by_rule.items())
    ]
    return Matrix(parties, tuple(sorted(made, key=lambda row: (row.kind != "disagree", row.rule == FORWARD, row.rule))))


def _party(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _tensors(found: Aggregates) -> dict[str, dict[str, dict[str, Place]]]:
    """The places by rule, argument and party."""
    tensors: dict[str, dict[str, dict[str, Place]]] = {}
    for (rule, argument, party), place in found.tensors.items():
        tensors.setdefault(rule, {}).setdefault(argument, {})[party] = place
    return tensors


def _rule(
    number: int,
    rule: str,
    rows: list[Row],
    parties: tuple[str, ...],
    tensors: Mapping[str, Mapping[str, Place]],
    drawn: Covered | None,
) -> RuleRow:
    places = {party: together(each[party] for each in tensors.values() if party in each) for party in parties}
    cells = tuple(_cell(party, places[party]) for party in parties)
    wrong = any(cell.kind == "disagree" for cell in cells)
    named = tuple(
        Tensor(_argument(rule, name), tuple(_cell(party, by_party.get(party)) for party in parties))
        for name, by_party in tensors.items()
        if not _kept(by_party)
    )
    ordered = sorted(rows, key=lambda row: (_party(row.party), row.dtype))
    lines = tuple(_line(row) for row in ordered if row.party != CONTRACT)
    return RuleRow(rule, f"rule-{number}", "disagree" if wrong else "agree", cells, named, lines, _shape(places), drawn)


def _kept(by_party: Mapping[str, Place]) -> bool:
    """A promise of every rule that was kept is no tensor, and no news."""
    return set(by_party) == {CONTRACT} and not by_party[CONTRACT].counts[Verdict.DISAGREE]


def _argument(rule: str, name: str) -> str:
    return name if rule == FORWARD else f"d{name}" if name.isidentifier() else name


def _cell(party: str, place: Place | None) -> Cell:
    if place is None:
        return Cell(party, "none", "", "", "", "", "")
    main, aside, symbol = _counted(place.counts)
    worst = None if party == CONTRACT else place.fractions.largest  # a promise has no size
    if worst is None:
        return Cell(party, symbol, main, aside, "", "", "")
    # what is left of the exact oracle's truth is no error of anybody: the row has it
    ulps = "" if party == "exact" else f"{_brief(place.ulps.median())} / {_brief(place.ulps.largest)}"
    return Cell(party, symbol, main, aside, _brief(worst), ulps, _level(worst))


def _brief(value: float | None) -> str:
    """Two digits: a cell is narrow, and its row opens to three."""
    if value is None:
        return "–"
    return f"{value:.0f}" if 100 <= value < 10_000 else f"{value:.2g}"


def _counted(counts: Counter[Verdict]) -> tuple[str, str, str]:
    """How many agree; what is neither agree nor disagree stands aside."""
    agree, disagree = counts[Verdict.AGREE], counts[Verdict.DISAGREE]
    others = counts.total() - agree - disagree
    aside = f"+{count(others)}" if others else ""
    if disagree:
        return f"{count(disagree)} of {count(agree + disagree)}", aside, "disagree"
    if agree:
        return count(agree), aside, "agree"
    only = {verdict for verdict in counts if counts[verdict]}
    return "", aside, kind(only.pop()) if len(only) == 1 else "unavailable"


def _level(worst: float | None) -> str:
    """From 1e-4 of what is allowed to all of it in ten steps; 11 is beyond."""
    if worst is None:
        return ""
    if not worst <= 1:
        return "11"
    return str(max(0, min(10, round(10 + 2.5 * math.log10(worst))))) if worst > 0 else "0"


def _line(row: Row) -> Line:
    given = tuple((kind(v), f"{count(row.counts[v])} {v.value}") for v in Verdict if row.counts[v])
    ulps = f"{short(row.median_ulps)} / {short(row.worst_ulps)}"
    resolution = f"{short(row.median_resolution)} / {short(row.worst_resolution)}"
    return Line(row.party, row.dtype, count(row.cases), given, ulps, short(row.worst_fraction), resolution)


def _shape(places: Mapping[str, Place | None]) -> Shape | None:
    shown = {party: place.fractions for party, place in places.items() if party in DRAWN and place and place.ulps.total}
    if not shown:
        return None
    lanes = tuple(_lane(party, found, LANE * (turn + 1)) for turn, (party, found) in enumerate(shown.items()))
    said = "; ".join(
        f"{party}: median {short(found.median())}, {percent(found.total - found.below(1.0), found.total)} above 1"
        for party, found in shown.items()
    )
    return Shape(LANE * len(lanes) + 18, _place(HIGH) + BAR, _place(0), said, lanes)


def _place(octave: float) -> int:
    return NAME + BAR * math.floor((octave - LOW) / WIDE + 1)


def _lane(party: str, found: Histogram, base: float) -> Lane:
    counts: dict[int, int] = {}
    for octave, number in found.octaves().items():
        place = _place(min(max(octave, LOW - WIDE), HIGH))
        counts[place] = counts.get(place, 0) + number
    most = max(counts.values())
    bars = [(x, max(1.5, round(TALL * number / most, 1))) for x, number in sorted(counts.items())]
    return Lane(
        party,
        base,
        _path([b for b in bars if b[0] < _place(0)], base),
        _path([b for b in bars if b[0] >= _place(0)], base),
    )


def _path(bars: list[tuple[int, float]], base: float) -> str:
    return "".join(f"M{x} {base:g}v{-height:g}h{BAR - 2}v{height:g}z" for x, height in bars)
