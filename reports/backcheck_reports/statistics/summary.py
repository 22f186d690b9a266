"""The summary of a stream of records, in one pass and in memory that grows with the table and not with the run."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from backcheck_reports.record import CONTRACT, FAULTS, FORWARD, JUDGED, OUTPUT, Record, Verdict
from backcheck_reports.statistics.aggregates import Aggregates
from backcheck_reports.statistics.distinct_cases import DistinctCases
from backcheck_reports.statistics.example_records import ClosestCalls, fair_share
from backcheck_reports.statistics.findings import (
    FindingKey,
    FindingTally,
    RunFinding,
    at_fault,
    is_behind,
    ordered,
    whose,
)
from backcheck_reports.statistics.garbage_collection import collection_paused
from backcheck_reports.statistics.histogram import Histogram, worst
from backcheck_reports.statistics.listed_records import LISTED, ListedRecords, Selection
from backcheck_reports.statistics.totals import Totals
from backcheck_reports.storage.reader import ReadIssues, read_records

RowKey = tuple[str, str, str]  # rule, party and dtype: what a row of the agreement table is about
MOST_REASONS = 100  # different ones; those that come after are counted together


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One row of the agreement table. Numbers are over the verdicts agree and disagree; None where there is none.

    A fault is counted under the rule that is at fault. `behind` counts those of this rule's own gradients that are
    wrong for the fault of another rule, between it and the output.
    """

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
    behind: int = 0

    @property
    def key(self) -> RowKey:
        return self.rule, self.party, self.dtype

    @property
    def tensors(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why verdicts of one kind were given, in the words of their records."""

    party: str
    verdict: Verdict
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page, the exports and the terminal say of a run.

    findings       what is wrong: one for each rule at fault, with how many verdicts follow from it
    disagreements  at most SHOWN records, the simplest of each finding first; `totals` and `findings` have the true
                   numbers
    closest        by party, the agreeing records that came nearest to their tolerance
    spread         by party, the fractions of all judged records
    chosen         what the page lists: every record, or a choice of them
    cautions       what a reader should know about the records; `lost` counts those that are gone or could not be read
    incomplete     whether files that the run wrote are gone, or are not as it wrote them
    """

    totals: Totals
    rows: tuple[SummaryRow, ...]
    findings: tuple[RunFinding, ...]
    reasons: tuple[Reason, ...]
    disagreements: tuple[Record, ...]
    closest: dict[str, tuple[Record, ...]]
    aggregates: Aggregates
    spread: dict[str, Histogram]
    chosen: ListedRecords
    cautions: tuple[str, ...] = ()
    lost: int = 0
    incomplete: bool = False


def summary_of(folder: Path | str) -> Summary:
    """The summary of a run as far as it has come; records that cannot be read are counted, and the summary says so."""
    issues = ReadIssues()
    found = summarise(read_records(folder, issues))
    lost = issues.lost + issues.loss.records
    return replace(found, cautions=issues.cautions(), lost=lost, incomplete=issues.incomplete)


def summarise(records: Iterable[Record], listed: int = LISTED) -> Summary:
    """`listed` is how many records the page's list may have at most."""
    with closing(DistinctCases()) as distinct:
        tally = _Tally(distinct, Selection(listed))
        with collection_paused():
            for record in records:
                tally.add(record)
        tally.aggregates.settle()
    findings = ordered(found.finding(*key) for key, found in tally.findings.items())
    keys = sorted(tally.rows, key=lambda key: (key[0] == FORWARD, key))  # by name, but forward values last
    return Summary(
        totals=tally.totals(),
        rows=tuple(tally.rows[key].row(*key) for key in keys),
        findings=findings,
        reasons=tuple(Reason(*key, number) for key, number in sorted(tally.reasons.items())),
        disagreements=fair_share([list(each.records) for each in findings]),
        closest={party: calls.records() for party, calls in sorted(tally.closest.items())},
        aggregates=tally.aggregates,
        spread=dict(sorted(tally.spread.items())),
        chosen=tally.selection.chosen(),
    )


@dataclass(slots=True)
class _RowTally:
    number: int
    cases: int = 0
    counts: Counter[Verdict] = field(default_factory=Counter)
    ulps: Histogram = field(default_factory=Histogram)
    worst_fraction: float | None = None
    resolutions: Histogram = field(default_factory=Histogram)
    behind: int = 0

    def add(self, record: Record) -> None:
        self.counts[record.verdict] += 1
        if record.verdict in JUDGED:
            self.ulps.add(record.ulps)
            self.resolutions.add(record.resolution)
        if record.verdict is Verdict.AGREE:  # at a kink the fraction is a part of the interval between the slopes
            self.worst_fraction = worst(self.worst_fraction, record.fraction)

    def row(self, rule: str, party: str, dtype: str) -> SummaryRow:
        ulps, resolutions = self.ulps, self.resolutions
        numbers = (ulps.median(), ulps.largest, self.worst_fraction, resolutions.median(), resolutions.largest)
        return SummaryRow(rule, party, dtype, self.cases, self.counts, *numbers, self.behind)


@dataclass(slots=True)
class _Tally:
    """What is counted record by record.

    The records of one case come together. `case` is the case of the last record, and `counted_in` has the names of its
    tensors and the numbers of the rows that were counted for it: a case counts once in a row, and a tensor once in all.
    """

    distinct: DistinctCases
    selection: Selection
    case: str | None = None
    counted_in: set[str | int] = field(default_factory=set)
    cases: int = 0
    tensors: int = 0
    outputs: int = 0
    entries: int = 0
    rows: dict[RowKey, _RowTally] = field(default_factory=dict)
    findings: dict[FindingKey, FindingTally] = field(default_factory=dict)
    closest: defaultdict[str, ClosestCalls] = field(default_factory=lambda: defaultdict(ClosestCalls))
    spread: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    reasons: Counter[tuple[str, Verdict, str]] = field(default_factory=Counter)
    aggregates: Aggregates = field(default_factory=Aggregates)

    def add(self, record: Record) -> None:
        self.selection.add(record)
        if record.case != self.case:
            self._change_case(record.case)
        # what every rule promises is no gradient tensor: it has rows of its own, and counts where it is broken
        promise, (rule, argument) = record.party == CONTRACT, at_fault(record)
        self.aggregates.add(record, rule, argument)
        self._row(rule, record).add(record)
        if is_behind(record):
            reader = FORWARD if record.tensor == OUTPUT else record.rule
            self._row(reader, record).behind += 1
            self.aggregates.tensors[reader, record.argument, record.party].behind += 1
        if not promise:
            self._count_tensor(record)
            self._count_error(record)
        if record.verdict in FAULTS:
            key = rule, whose(record.party)
            found = self.findings.setdefault(key, FindingTally(len(self.findings)))
            found.add(record, self.counted_in, len(self.findings))
        elif record.reason and (promise or record.verdict is not Verdict.AGREE):
            self._count_reason((record.party, record.verdict, record.reason))

    def _change_case(self, case: str) -> None:
        if self.case is not None:
            self.distinct.keep(self.case, self.counted_in)
        before = self.distinct.recall(case)
        if before is None:
            self.cases += 1
        self.case, self.counted_in = case, before or set()

    def _row(self, rule: str, record: Record) -> _RowTally:
        """The row of a rule, in which the case is counted."""
        key = rule, record.party, record.dtype
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = _RowTally(len(self.rows))
        if row.number not in self.counted_in:
            self.counted_in.add(row.number)
            row.cases += 1
        return row

    def _count_tensor(self, record: Record) -> None:
        if record.tensor not in self.counted_in:
            self.counted_in.add(record.tensor)
            self.tensors += 1
            self.outputs += record.tensor == OUTPUT
            self.entries += record.entries

    def _count_error(self, record: Record) -> None:
        if record.verdict in JUDGED:
            self.spread[record.party].add(record.fraction)
        if record.verdict is Verdict.AGREE:
            self.closest[record.party].add(record)

    def _count_reason(self, key: tuple[str, Verdict, str]) -> None:
        known = key in self.reasons or len(self.reasons) < MOST_REASONS
        self.reasons[key if known else (*key[:2], "other reasons")] += 1

    def totals(self) -> Totals:
        counts: Counter[Verdict] = Counter()
        for (_, party, _), row in self.rows.items():
            if party == CONTRACT:
                counts.update({verdict: row.counts[verdict] for verdict in FAULTS})
            else:
                counts.update(row.counts)
        parties = frozenset(party for _, party, _ in self.rows if party != CONTRACT)
        return Totals(self.cases, self.tensors - self.outputs, self.outputs, self.entries, parties, dict(+counts))
