"""The agreement matrix: a row for each rule with a cell for each party, and what the row opens to, as text.

The small histograms of a rule are made in backcheck_reports.figures.small_histograms.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from backcheck_reports.figures.small_histograms import SmallHistograms, small_histograms
from backcheck_reports.number_format import count, short
from backcheck_reports.page.chips import kind
from backcheck_reports.page.coverage import CoverageRow
from backcheck_reports.record import CONTRACT, EXACT, FAULTS, FORWARD, SUBJECT, Verdict
from backcheck_reports.statistics.aggregates import Aggregates, AnswerTally, merged
from backcheck_reports.statistics.summary import SummaryRow

PARTY_ORDER = (SUBJECT, "torch", "jax", "differences", EXACT, CONTRACT)
Tallies = dict[str, dict[str, AnswerTally]]  # of one rule, by argument and party


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One party's answers. `level` is the length of the bar for the worst fraction: 10 is all that is allowed. `behind`
    counts the gradients that are wrong for the fault of another rule.
    """

    party: str
    kind: str
    main: str
    aside: str
    fraction: str
    ulps: str
    level: str
    behind: str = ""

    @property
    def wrong(self) -> bool:
        """Is one of the answers a fault?"""
        return self.kind in map(kind, FAULTS)


@dataclass(frozen=True, slots=True)
class TensorRow:
    name: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class DtypeRow:
    """One party and dtype; `verdicts` are those that were given, as pairs of a kind and a text."""

    party: str
    dtype: str
    networks: str
    verdicts: tuple[tuple[str, str], ...]
    ulps: str
    fraction: str
    resolution: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    rule: str
    id: str
    kind: str
    cells: tuple[MatrixCell, ...]
    tensors: tuple[TensorRow, ...]
    dtypes: tuple[DtypeRow, ...]
    histograms: SmallHistograms | None
    drawn: CoverageRow | None


@dataclass(frozen=True, slots=True)
class Matrix:
    parties: tuple[str, ...]
    rows: tuple[RuleRow, ...]


def matrix(rows: Iterable[SummaryRow], aggregates: Aggregates, coverage: Iterable[CoverageRow]) -> Matrix:
    """Rules that disagree stand first, forward values last, the others by name."""
    by_rule: dict[str, list[SummaryRow]] = {}
    for row in rows:
        by_rule.setdefault(row.rule, []).append(row)
    parties = tuple(sorted({row.party for group in by_rule.values() for row in group}, key=_party_order))
    covered = {each.rule: each for each in coverage}
    tallies: dict[str, Tallies] = {}
    for (rule, argument, party), tally in aggregates.tensors.items():
        tallies.setdefault(rule, {}).setdefault(argument, {})[party] = tally
    found = [
        _rule_row(f"rule-{number}", rule, group, parties, tallies.get(rule, {}), covered.get(rule))
        for number, (rule, group) in enumerate(by_rule.items())
    ]
    order = sorted(found, key=lambda row: (row.kind != "disagree", row.rule == FORWARD, row.rule))
    return Matrix(parties, tuple(order))


def _party_order(name: str) -> tuple[int, str]:
    return (PARTY_ORDER.index(name) if name in PARTY_ORDER else len(PARTY_ORDER), name)


def _rule_row(
    id: str,
    rule: str,
    rows: list[SummaryRow],
    parties: tuple[str, ...],
    tallies: Tallies,
    drawn: CoverageRow | None,
) -> RuleRow:
    whole = {party: merged(each[party] for each in tallies.values() if party in each) for party in parties}
    cells = tuple(_cell(party, whole[party]) for party in parties)
    wrong = any(cell.wrong for cell in cells)
    tensors = []
    for argument, by_party in tallies.items():
        # a promise of every rule is no tensor: it gets a row only where it was broken
        if set(by_party) != {CONTRACT} or any(by_party[CONTRACT].counts[verdict] for verdict in FAULTS):
            # the gradient by the rule's argument; an output and a promise keep their names
            name = argument if rule == FORWARD or not argument.isidentifier() else f"d{argument}"
            tensors.append(TensorRow(name, tuple(_cell(party, by_party.get(party)) for party in parties)))
    ordered = sorted(rows, key=lambda row: (_party_order(row.party), row.dtype))
    dtypes = tuple(_dtype_row(row) for row in ordered if row.party != CONTRACT)
    histograms = small_histograms({party: tally.fractions for party, tally in whole.items() if tally})
    return RuleRow(rule, id, "disagree" if wrong else "agree", cells, tuple(tensors), dtypes, histograms, drawn)


def _cell(party: str, tally: AnswerTally | None) -> MatrixCell:
    if tally is None:
        return MatrixCell(party, "none", "", "", "", "", "")
    main, aside, symbol = _counts(tally.counts) if tally.counts.total() else ("", "", "behind")
    behind = count(tally.behind) if tally.behind else ""
    worst = None if party == CONTRACT else tally.fractions.largest  # a broken promise has no size
    if worst is None:
        return MatrixCell(party, symbol, main, aside, "", "", "", behind)
    # the exact oracle's distance from the truth is nobody's rounding error, so that it has no ulps here
    ulps = "" if party == EXACT else f"{_two_digits(tally.ulps.median())} / {_two_digits(tally.ulps.largest)}"
    # from 1e-4 of what is allowed to all of it in ten steps; 11 is beyond it, a NaN too
    steps = max(0, min(10, round(10 + 2.5 * math.log10(worst)))) if 0 < worst <= 1 else 0 if worst <= 0 else 11
    return MatrixCell(party, symbol, main, aside, _two_digits(worst), ulps, str(steps), behind)


def _two_digits(value: float | None) -> str:
    """A cell is narrow; the row opens to three digits."""
    if value is None:
        return "–"
    return f"{value:.0f}" if 100 <= value < 10_000 else f"{value:.2g}"


def _counts(counts: Counter[Verdict]) -> tuple[str, str, str]:
    """How many agree or are a fault, how many are neither, and the symbol: of faults that of the worst kind."""
    agree, faults = counts[Verdict.AGREE], [verdict for verdict in FAULTS if counts[verdict]]
    wrong = sum(counts[verdict] for verdict in faults)
    others = counts.total() - agree - wrong
    aside = f"+{count(others)}" if others else ""
    if faults:
        return f"{count(wrong)} of {count(agree + wrong)}", aside, kind(faults[0])
    if agree:
        return count(agree), aside, "agree"
    given = [verdict for verdict in counts if counts[verdict]]
    return "", aside, kind(given[0]) if len(given) == 1 else "unavailable"


def _dtype_row(row: SummaryRow) -> DtypeRow:
    verdicts = tuple((kind(v), f"{count(row.counts[v])} {v.value}") for v in Verdict if row.counts[v])
    ulps = f"{short(row.median_ulps)} / {short(row.worst_ulps)}"
    resolution = f"{short(row.median_resolution)} / {short(row.worst_resolution)}"
    return DtypeRow(row.party, row.dtype, count(row.cases), verdicts, ulps, short(row.worst_fraction), resolution)
