"""From a stream of records to what the page shows, in one pass and in memory that grows with the table, not the run."""

import heapq
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.aggregates import Aggregates
from reports.histogram import Histogram, Marks
from reports.record import Record, Verdict
from reports.totals import Totals

OUTPUT, CONTRACT = "output", "contract"
FORWARD = "forward value"  # the row of the outputs: a forward value is no rule's gradient
JUDGED = (Verdict.AGREE, Verdict.DISAGREE)
CLOSEST = 5
SHOWN = 200
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

    `disagreements` is cut at SHOWN, the simplest of each fault first; `totals` and `faults` have the true numbers.
    """

    totals: Totals
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    reasons: tuple[Reason, ...]
    disagreements: tuple[Record, ...]
    closest: dict[str, tuple[Record, ...]]
    aggregates: Aggregates
    spread: dict[str, Histogram]


def summarise(records: Iterable[Record]) -> Summary:
    tally = _Tally()
    for record in records:
        tally.add(record)
    tally.aggregates.settle()
    return Summary(
        totals=tally.totals(),
        rows=tuple(tally.rows[key].row(*key) for key in sorted(tally.rows, key=_row_order)),
        faults=tuple(Fault(*key, bucket.count) for key, bucket in sorted(tally.buckets.items())),
        reasons=tuple(Reason(*key, number) for key, number in sorted(tally.reasons.items())),
        disagreements=_fair_share([bucket.simplest() for _, bucket in sorted(tally.buckets.items())]),
        closest={party: nearest.records() for party, nearest in sorted(tally.closest.items())},
        aggregates=tally.aggregates,
        spread=dict(sorted(tally.spread.items())),
    )


def _row_order(key: tuple[str, str, str]) -> tuple[bool, str, str, str]:
    return (key[0] == FORWARD, *key)


def _fair_share(buckets: list[list[Record]]) -> tuple[Record, ...]:
    """At most SHOWN records, the simplest of every kind first: no bug may push another off the page."""
    ranked = sorted((rank, place) for place, bucket in enumerate(buckets) for rank in range(len(bucket)))
    return tuple(buckets[place][rank] for rank, place in ranked[:SHOWN])


@dataclass(slots=True)
class _RowTally:
    cases: Marks = field(default_factory=Marks)
    counts: Counter[Verdict] = field(default_factory=Counter)
    ulps: Histogram = field(default_factory=Histogram)
    fractions: Histogram = field(default_factory=Histogram)
    resolutions: Histogram = field(default_factory=Histogram)

    def add(self, record: Record, case: int) -> None:
        self.cases.add(case)
        self.counts[record.verdict] += 1
        if record.verdict in JUDGED:
            self.ulps.add(record.ulps)
            self.fractions.add(record.fraction)
            self.resolutions.add(record.resolution)

    def row(self, rule: str, party: str, dtype: str) -> Row:
        ulps, resolutions = self.ulps, self.resolutions
        numbers = (ulps.median(), ulps.largest, self.fractions.largest, resolutions.median(), resolutions.largest)
        return Row(rule, party, dtype, len(self.cases), self.counts, *numbers)


@dataclass(slots=True)
class _Bucket:
    """The simplest disagreements of one kind: the fewest entries first, as they came otherwise."""

    count: int = 0
    kept: list[Record] = field(default_factory=list)

    def add(self, record: Record) -> None:
        self.count += 1
        self.kept.append(record)
        if len(self.kept) >= 2 * SHOWN:
            self.kept = self.simplest()

    def simplest(self) -> list[Record]:
        return sorted(self.kept, key=lambda record: record.entries)[:SHOWN]


@dataclass(slots=True)
class _Nearest:
    """The few records with the largest fraction; the running number settles a tie for the first that came."""

    heap: list[tuple[float, int, Record]] = field(default_factory=list)
    seen: int = 0

    def add(self, record: Record) -> None:
        self.seen += 1
        item = (math.inf if math.isnan(record.fraction) else record.fraction, -self.seen, record)
        if len(self.heap) < CLOSEST:
            heapq.heappush(self.heap, item)
        else:
            heapq.heappushpop(self.heap, item)

    def records(self) -> tuple[Record, ...]:
        return tuple(item[2] for item in sorted(self.heap, reverse=True))


@dataclass(slots=True)
class _Tally:
    cases: dict[str, int] = field(default_factory=dict)
    tensors: set[int] = field(default_factory=set)
    outputs: int = 0
    entries: int = 0
    counts: Counter[Verdict] = field(default_factory=Counter)
    rows: dict[tuple[str, str, str], _RowTally] = field(default_factory=dict)
    buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)
    closest: dict[str, _Nearest] = field(default_factory=dict)
    spread: dict[str, Histogram] = field(default_factory=dict)
    reasons: Counter[tuple[str, Verdict, str]] = field(default_factory=Counter)
    parties: set[str] = field(default_factory=set)
    aggregates: Aggregates = field(default_factory=Aggregates)

    def add(self, record: Record) -> None:
        gradient = record.tensor != OUTPUT
        self.aggregates.add(record, record.rule if gradient else FORWARD, gradient)
        case = self.cases.setdefault(record.case, len(self.cases))
        if record.party == CONTRACT:
            self._promise(record, case)
            return
        self._tensor(record)
        self.counts[record.verdict] += 1
        self.parties.add(record.party)
        rule = FORWARD if record.tensor == OUTPUT else record.rule
        self.rows.setdefault((rule, record.party, record.dtype), _RowTally()).add(record, case)
        if record.verdict == Verdict.DISAGREE:
            self.buckets.setdefault((rule, record.argument, record.party), _Bucket()).add(record)
        elif record.verdict == Verdict.AGREE:
            self.closest.setdefault(record.party, _Nearest()).add(record)
        if record.verdict in JUDGED:
            self.spread.setdefault(record.party, Histogram()).add(record.fraction)
        elif record.reason:
            self._reason((record.party, record.verdict, record.reason))

    def _promise(self, record: Record, case: int) -> None:
        """What holds for every rule is no gradient tensor: it has rows of its own, and counts when it is broken."""
        self.rows.setdefault((record.rule, record.party, record.dtype), _RowTally()).add(record, case)
        if record.verdict == Verdict.DISAGREE:
            self.counts[record.verdict] += 1
            self.buckets.setdefault((record.rule, record.argument, record.party), _Bucket()).add(record)
        elif record.reason:
            self._reason((record.party, record.verdict, record.reason))

    def _reason(self, key: tuple[str, Verdict, str]) -> None:
        known = key in self.reasons or len(self.reasons) < REASONS
        self.reasons[key if known else (*key[:2], "other reasons")] += 1

    def _tensor(self, record: Record) -> None:
        # 64 bits in place of two strings: a quarter of the memory, and 1e8 tensors clash once in 3,700 runs
        tensor = hash((record.case, record.tensor))
        if tensor not in self.tensors:
            self.tensors.add(tensor)
            self.entries += record.entries
            self.outputs += record.tensor == OUTPUT

    def totals(self) -> Totals:
        gradients = len(self.tensors) - self.outputs
        parties = frozenset(self.parties)
        return Totals(len(self.cases), gradients, self.outputs, self.entries, parties, dict(self.counts))
