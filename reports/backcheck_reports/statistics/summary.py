"""From a stream of records to what the page shows, in one pass and in memory that grows with the table, not the run."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from backcheck_reports.record import Record, Verdict
from backcheck_reports.statistics.aggregates import Aggregates
from backcheck_reports.statistics.distinct_cases import Visited
from backcheck_reports.statistics.example_records import Nearest, Simplest, fair_share
from backcheck_reports.statistics.garbage_collection import nothing_collected
from backcheck_reports.statistics.histogram import Histogram, worst
from backcheck_reports.statistics.listed_records import LISTED, Chosen, Selection
from backcheck_reports.statistics.totals import Totals
from backcheck_reports.storage.reader import Met, read_records

OUTPUT, CONTRACT = "output", "contract"
FORWARD = "forward value"  # the row of the outputs: a forward value is no rule's gradient
JUDGED = (Verdict.AGREE, Verdict.DISAGREE)
REASONS = 100  # different ones; what comes after is counted together


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the agreement table. Numbers are over the verdicts agree and disagree; None where there is none."""

    rule: str
    party: str
    dtype: str
    cases: int
    counts: Counter[Verdict]
    median_ulps: float | None
    worst_ulps: float | None
    worst_fraction: float | None
    median_resolution: float | None
    worst_resolution: float | None

    @property
    def tensors(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Fault:
    """Where verdicts disagree, and how often. The same rule, argument and party are likely the same bug."""

    rule: str
    argument: str
    party: str
    count: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why verdicts of one kind were given, in the words of their records."""

    party: str
    verdict: Verdict
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`closest` holds, by party, the agreeing records that came nearest to their tolerance; `spread` all fractions.
    `chosen` is what the page lists: every record, or a choice of them.

    `disagreements` is cut at SHOWN, the simplest of each fault first; `totals` and `faults` have the true numbers.
    `cautions` say what a reader should know of the records, and `lost` counts those that could not be read.
    """

    totals: Totals
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    reasons: tuple[Reason, ...]
    disagreements: tuple[Record, ...]
    closest: dict[str, tuple[Record, ...]]
    aggregates: Aggregates
    spread: dict[str, Histogram]
    chosen: Chosen
    cautions: tuple[str, ...] = ()
    lost: int = 0


def summary_of(folder: Path | str) -> Summary:
    """The summary of a run as far as it has come; what cannot be read is counted and said."""
    met = Met()
    return replace(summarise(read_records(folder, met)), cautions=met.cautions(), lost=met.lost)


def summarise(records: Iterable[Record], listed: int = LISTED) -> Summary:
    """`listed` is how many records the page's list may have at most."""
    with closing(Visited()) as visited:
        tally = _Tally(visited, Selection(listed))
        with nothing_collected():
            for record in records:
                tally.add(record)
        tally.aggregates.settle()
    return Summary(
        totals=tally.totals(),
        rows=tuple(tally.rows[key].row(*key) for key in sorted(tally.rows, key=_row_order)),
        faults=tuple(Fault(*key, bucket.count) for key, bucket in sorted(tally.buckets.items())),
        reasons=tuple(Reason(*key, number) for key, number in sorted(tally.reasons.items())),
        disagreements=fair_share([bucket.simplest() for _, bucket in sorted(tally.buckets.items())]),
        closest={party: nearest.records() for party, nearest in sorted(tally.closest.items())},
        aggregates=tally.aggregates,
        spread=dict(sorted(tally.spread.items())),
        chosen=tally.selection.chosen(),
    )


def _row_order(key: tuple[str, str, str]) -> tuple[bool, str, str, str]:
    return (key[0] == FORWARD, *key)


@dataclass(slots=True)
class _RowTally:
    number: int
    cases: int = 0
    counts: Counter[Verdict] = field(default_factory=Counter)
    ulps: Histogram = field(default_factory=Histogram)
    worst_fraction: float | None = None
    resolutions: Histogram = field(default_factory=Histogram)

    def add(self, record: Record) -> None:
        self.counts[record.verdict] += 1
        if record.verdict in JUDGED:
            self.ulps.add(record.ulps)
            self.resolutions.add(record.resolution)
        if record.verdict is Verdict.AGREE:  # at a kink it is a part of what the convention leaves open
            self.worst_fraction = worst(self.worst_fraction, record.fraction)

    def row(self, rule: str, party: str, dtype: str) -> Row:
        ulps, resolutions = self.ulps, self.resolutions
        numbers = (ulps.median(), ulps.largest, self.worst_fraction, resolutions.median(), resolutions.largest)
        return Row(rule, party, dtype, self.cases, self.counts, *numbers)


@dataclass(slots=True)
class _Tally:
    """`shown` is what the case has shown of which the records come at the moment."""

    visited: Visited
    selection: Selection
    case: str | None = None
    shown: set[str | int] = field(default_factory=set)
    cases: int = 0
    tensors: int = 0
    outputs: int = 0
    entries: int = 0
    rows: dict[tuple[str, str, str], _RowTally] = field(default_factory=dict)
    buckets: dict[tuple[str, str, str], Simplest] = field(default_factory=dict)
    closest: defaultdict[str, Nearest] = field(default_factory=lambda: defaultdict(Nearest))
    spread: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    reasons: Counter[tuple[str, Verdict, str]] = field(default_factory=Counter)
    aggregates: Aggregates = field(default_factory=Aggregates)

    def add(self, record: Record) -> None:
        self.selection.add(record)
        gradient = record.tensor != OUTPUT
        self.aggregates.add(record, record.rule if gradient else FORWARD, gradient)
        if record.case != self.case:
            self._turn_to(record.case)
        if record.party == CONTRACT:
            self._promise(record)
            return
        self._tensor(record)
        rule = FORWARD if record.tensor == OUTPUT else record.rule
        self._row(rule, record)
        if record.verdict in JUDGED:
            self.spread[record.party].add(record.fraction)
        if record.verdict is Verdict.DISAGREE:
            self._wrong(rule, record)
        elif record.verdict is Verdict.AGREE:
            self.closest[record.party].add(record)
        elif record.reason:
            self._reason((record.party, record.verdict, record.reason))

    def _promise(self, record: Record) -> None:
        """What holds for every rule is no gradient tensor: it has rows of its own, and counts when it is broken."""
        self._row(record.rule, record)
        if record.verdict is Verdict.DISAGREE:
            self._wrong(record.rule, record)
        elif record.reason:
            self._reason((record.party, record.verdict, record.reason))

    def _turn_to(self, case: str) -> None:
        if self.case is not None:
            self.visited.keep(self.case, self.shown)
        before = self.visited.recall(case)
        self.cases += before is None
        self.case, self.shown = case, before or set()

    def _row(self, rule: str, record: Record) -> None:
        key = rule, record.party, record.dtype
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = _RowTally(len(self.rows))
        if row.number not in self.shown:
            self.shown.add(row.number)
            row.cases += 1
        row.add(record)

    def _wrong(self, rule: str, record: Record) -> None:
        self.buckets.setdefault((rule, record.argument, record.party), Simplest()).add(record, len(self.buckets))

    def _reason(self, key: tuple[str, Verdict, str]) -> None:
        known = key in self.reasons or len(self.reasons) < REASONS
        self.reasons[key if known else (*key[:2], "other reasons")] += 1

    def _tensor(self, record: Record) -> None:
        if record.tensor not in self.shown:
            self.shown.add(record.tensor)
            self.tensors += 1
            self.entries += record.entries
            self.outputs += record.tensor == OUTPUT

    def totals(self) -> Totals:
        counts: Counter[Verdict] = Counter()
        for (_, party, _), row in self.rows.items():
            broken = Counter({Verdict.DISAGREE: row.counts[Verdict.DISAGREE]})
            counts.update(broken if party == CONTRACT else row.counts)
        parties = frozenset(party for _, party, _ in self.rows if party != CONTRACT)
        return Totals(self.cases, self.tensors - self.outputs, self.outputs, self.entries, parties, dict(+counts))
