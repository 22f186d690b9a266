"""Which records the page lists: all while they are few, else a choice, made in one pass and in bounded memory.

The choice is what a reader looks for first: the disagreements, the worst of each rule, party and dtype, and beside them
whole cases by lot, with every tensor and every party's answer. The lot is a hash of the case's id: it knows nothing of
what came of the case, and draws the same cases in whatever order the shards come.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from backcheck_reports.record import Record, Verdict

LISTED = 100_000  # records at most
FAILING = 20_000  # of them disagreements, where others are left out
WORST = 5  # of each rule, party and dtype
SEED = b"backcheck"

JUDGED = (Verdict.AGREE, Verdict.DISAGREE)
Numbered = tuple[int, Record]  # the number is the record's place among all


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records by importance, each in one group only. `total` and `disagreeing` count all that came."""

    failing: tuple[Numbered, ...] = ()
    worst: tuple[Numbered, ...] = ()
    sample: tuple[Numbered, ...] = ()
    total: int = 0
    disagreeing: int = 0

    def __len__(self) -> int:
        return len(self.failing) + len(self.worst) + len(self.sample)

    def cut(self, most: int) -> "Chosen":
        """The most important of them; the rest counts as left out."""
        failing, worst = self.failing[:most], self.worst[: max(0, most - len(self.failing))]
        sample = self.sample[: max(0, most - len(self.failing) - len(self.worst))]
        return Chosen(failing, worst, sample, self.total, self.disagreeing)

    def in_order(self) -> list[Record]:
        """As they came, so that the answers to one tensor stand together."""
        return [record for _, record in sorted([*self.failing, *self.worst, *self.sample], key=lambda item: item[0])]


def badness(record: Record) -> float:
    """What the list is sorted by: how much of the allowed error was used. Nothing is worse than a NaN that was judged,
    and what was not judged comes last.
    """
    if record.verdict not in JUDGED:
        return -math.inf
    return math.inf if math.isnan(record.fraction) else record.fraction


@dataclass(slots=True)
class Lots:
    """Whole cases by lot, at most so many records: those with the lowest hash stay."""

    most: int
    cases: dict[str, list[Numbered]] = field(default_factory=dict)
    highest: list[tuple[int, str]] = field(default_factory=list)  # a heap with the next to go on top
    size: int = 0
    closed: int = 1 << 64  # no hash from here on is taken any more

    def add(self, item: Numbered, lot: int) -> None:
        if lot >= self.closed:
            return
        case = item[1].case
        if case not in self.cases:
            self.cases[case] = []
            heapq.heappush(self.highest, (-lot, case))
        kept = self.cases[case]
        if len(kept) < self.most:
            kept.append(item)
            self.size += 1
        while self.size > self.most:
            self._drop()

    def _drop(self) -> None:
        lot, case = heapq.heappop(self.highest)
        self.closed = -lot
        self.size -= len(self.cases.pop(case))

    def drawn(self) -> list[Numbered]:
        """The lowest hash first."""
        return [item for _, case in sorted(self.highest, reverse=True) for item in self.cases[case]]


@dataclass(slots=True)
class Selection:
    """Records are added one by one; what is chosen may be asked for at any time."""

    most: int = LISTED
    total: int = 0
    disagreeing: int = 0
    lots: Lots = field(init=False)
    failing: Lots = field(init=False)
    worst: dict[tuple[str, str, str], list[tuple[float, int, Record]]] = field(default_factory=dict)
    last: tuple[str | None, int] = (None, 0)

    def __post_init__(self) -> None:
        self.lots, self.failing = Lots(self.most), Lots(min(FAILING, self.most))

    def add(self, record: Record) -> None:
        self.total += 1
        item, lot = (self.total, record), self._lot(record.case)
        self.lots.add(item, lot)
        if record.verdict == Verdict.DISAGREE:
            self.disagreeing += 1
            self.failing.add(item, lot)
        if record.verdict in JUDGED:
            self._rank(record)

    def chosen(self) -> Chosen:
        failing = self.failing.drawn()
        worst = _without(self._worst(), failing)
        sample = _without(self.lots.drawn(), [*failing, *worst])
        whole = Chosen(tuple(failing), tuple(worst), tuple(sample), self.total, self.disagreeing)
        return whole.cut(self.most)

    def _lot(self, case: str) -> int:
        if case != self.last[0]:  # a case's records come together
            digest = blake2b(case.encode("utf-8", "replace"), digest_size=8, key=SEED).digest()
            self.last = (case, int.from_bytes(digest))
        return self.last[1]

    def _rank(self, record: Record) -> None:
        heap = self.worst.setdefault((record.rule, record.party, record.dtype), [])
        item = (badness(record), -self.total, record)
        if len(heap) < WORST:
            heapq.heappush(heap, item)
        elif item > heap[0]:
            heapq.heapreplace(heap, item)

    def _worst(self) -> list[Numbered]:
        ranked = (item for heap in self.worst.values() for item in heap)
        return [(-number, record) for _, number, record in sorted(ranked, key=lambda item: item[:2], reverse=True)]


def _without(items: Iterable[Numbered], taken: Iterable[Numbered]) -> list[Numbered]:
    numbers = {number for number, _ in taken}
    return [item for item in items if item[0] not in numbers]
