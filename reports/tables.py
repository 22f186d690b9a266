"""The agreement table, rule by rule, and its digest of rule by party, as text."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from reports.cards import kind
from reports.numbers import count, short
from reports.record import Verdict
from reports.summary import Row

# The subtlest wrong rule that we know of is off by this part of its tensor: where less would be caught only, say so.
SUBTLE = 1e-8
NAMED = 6


@dataclass(frozen=True, slots=True)
class Tally:
    """One verdict's count; `text` is empty for none, so that what happened stands out."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    party: str
    dtype: str
    cases: str
    tallies: tuple[Tally, ...]
    median_ulps: str
    worst_ulps: str
    worst_fraction: str
    median_resolution: str
    worst_resolution: str


@dataclass(frozen=True, slots=True)
class Group:
    rule: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` picks the symbol: disagree if one does, agree if one does, else unavailable; "none" for no record."""

    kind: str
    main: str
    aside: str


@dataclass(frozen=True, slots=True)
class Digest:
    parties: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def groups(rows: Iterable[Row]) -> tuple[Group, ...]:
    return tuple(Group(rule, tuple(map(_line, some))) for rule, some in groupby(rows, key=lambda row: row.rule))


def _line(row: Row) -> Line:
    return Line(
        row.party,
        row.dtype,
        count(row.cases),
        tuple(Tally(kind(verdict), _some(row.counts[verdict])) for verdict in Verdict),
        short(row.median_ulps),
        short(row.worst_ulps),
        short(row.worst_fraction),
        short(row.median_resolution),
        short(row.worst_resolution),
    )


def poor(rows: Iterable[Row], party: str = "numpy") -> tuple[str, ...]:
    """For each dtype, the rules of which floats alone would let the subtlest error pass in half of the tensors."""
    judged = [row for row in rows if row.party == party and row.median_resolution is not None]
    said = []
    for dtype in sorted({row.dtype for row in judged}):
        here = [row for row in judged if row.dtype == dtype]
        dull = sorted(
            (row for row in here if (row.median_resolution or 0.0) > SUBTLE), key=_by_resolution, reverse=True
        )
        if not dull:
            continue
        rules = ", ".join(f"{row.rule} ({short(row.median_resolution)})" for row in dull[:NAMED])
        more = f" and {count(len(dull) - NAMED)} more" if len(dull) > NAMED else ""
        which = f"all {count(len(here))}" if len(dull) == len(here) else f"{count(len(dull))} of {count(len(here))}"
        said.append(f"{dtype}, {which} rules: {rules}{more}")
    return tuple(said)


def _by_resolution(row: Row) -> float:
    return row.median_resolution or 0.0


def _some(number: int) -> str:
    return count(number) if number else ""


def digest(rows: Iterable[Row]) -> Digest:
    """Over all dtypes: the whole run at one look."""
    counts: dict[str, dict[str, Counter[Verdict]]] = {}
    for row in rows:
        counts.setdefault(row.rule, {}).setdefault(row.party, Counter()).update(row.counts)
    parties = tuple(sorted({party for by_party in counts.values() for party in by_party}))
    cells = {rule: tuple(_cell(by_party.get(party)) for party in parties) for rule, by_party in counts.items()}
    return Digest(parties, tuple(cells.items()))


def _cell(counts: Counter[Verdict] | None) -> Cell:
    if counts is None:
        return Cell("none", "", "")
    agree, disagree = counts[Verdict.AGREE], counts[Verdict.DISAGREE]
    others = counts.total() - agree - disagree
    aside = f"+{count(others)}" if others else ""
    if disagree:
        return Cell("disagree", f"{count(disagree)} of {count(agree + disagree)} disagree", aside)
    return Cell("agree", count(agree), aside) if agree else Cell("unavailable", "", aside)
