"""Which records the page lists: all of them while they are few, else a choice made in one pass and in bounded memory.

The choice is what a reader looks for first: the disagreements, then the worst of each rule, party and dtype, then a
random sample of whole cases, with every tensor and every party's answer. The sample takes the cases whose ids have the
lowest hashes. So it does not depend on the results, and is the same in whatever order the shards come.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from backcheck_reports.record import FAULTS, JUDGED, Record

LISTED = 100_000  # records at most
FAILING = 20_000  # of them disagreements at most, where not all records have room
WORST = 5  # of each rule, party and dtype
HASH_KEY = b"backcheck"

Numbered = tuple[int, Record]  # the number is the record's place in the stream


@dataclass(frozen=True, slots=True)
class ListedRecords:
    """Records by importance, each in one group only. `total` and `disagreeing` count all records of the stream."""

    failing: tuple[Numbered, ...] = ()
    worst: tuple[Numbered, ...] = ()
    sample: tuple[Numbered, ...] = ()
    total: int = 0
    disagreeing: int = 0

    def __len__(self) -> int:
        return len(self.failing) + len(self.worst) + len(self.sample)

    def cut(self, most: int) -> "ListedRecords":
        """The most important of them."""
        failing, worst = self.failing[:most], self.worst[: max(0, most - len(self.failing))]
        sample = self.sample[: max(0, most - len(self.failing) - len(self.worst))]
        return ListedRecords(failing, worst, sample, self.total, self.disagreeing)

    def in_order(self) -> list[Record]:
        """In the order of the stream, where the answers to one tensor stand together."""
        return [record for _, record in sorted([*self.failing, *self.worst, *self.sample], key=lambda item: item[0])]


def badness(record: Record) -> float:
    """What the list is sorted by: how much of the allowed error was used. A NaN that was judged is the worst, and
    records that were not judged come last.
    """
    if record.verdict not in JUDGED:
        return -math.inf
    return math.inf if math.isnan(record.fraction) else record.fraction


@dataclass(slots=True)
class CaseSample:
    """A random sample of whole cases with at most `most` records: the cases with the lowest hashes stay."""

    most: int
    cases: dict[str, list[Numbered]] = field(default_factory=dict)
    highest: list[tuple[int, str]] = field(default_factory=list)  # a heap, the next case to drop on top
    size: int = 0
    limit: int = 1 << 64  # only cases with a hash below it are taken

    def add(self, item: Numbered, hashed: int) -> None:
        if hashed >= self.limit:
            return
        case = item[1].case
        if case not in self.cases:
            self.cases[case] = []
            heapq.heappush(self.highest, (-hashed, case))
        kept = self.cases[case]
        if len(kept) < self.most:
            kept.append(item)
            self.size += 1
        while self.size > self.most:
            negative, case = heapq.heappop(self.highest)
            self.limit = -negative
            self.size -= len(self.cases.pop(case))

    def records(self) -> list[Numbered]:
        """The lowest hash first."""
        return [item for _, case in sorted(self.highest, reverse=True) for item in self.cases[case]]


@dataclass(slots=True)
class Selection:
    """Takes records one by one, and gives the choice so far at any time."""

    most: int = LISTED
    total: int = 0
    disagreeing: int = 0
    sample: CaseSample = field(init=False)
    failing: CaseSample = field(init=False)
    worst: dict[tuple[str, str, str], list[tuple[float, int, Record]]] = field(default_factory=dict)
    last: tuple[str | None, int] = (None, 0)  # the last case and its hash

    def __post_init__(self) -> None:
        self.sample, self.failing = CaseSample(self.most), CaseSample(min(FAILING, self.most))

    def add(self, record: Record) -> None:
        self.total += 1
        item, hashed = (self.total, record), self._hash(record.case)
        self.sample.add(item, hashed)
        if record.verdict in FAULTS:
            self.disagreeing += 1
            self.failing.add(item, hashed)
        if record.verdict in JUDGED:
            self._rank(record)

    def chosen(self) -> ListedRecords:
        failing = self.failing.records()
        ranked = sorted(
            (item for heap in self.worst.values() for item in heap), key=lambda item: item[:2], reverse=True
        )
        worst = _without([(-number, record) for _, number, record in ranked], failing)
        sample = _without(self.sample.records(), [*failing, *worst])
        whole = ListedRecords(tuple(failing), tuple(worst), tuple(sample), self.total, self.disagreeing)
        return whole.cut(self.most)

    def _hash(self, case: str) -> int:
        if case != self.last[0]:  # the records of a case come together: one hash is enough for all
            digest = blake2b(case.encode("utf-8", "replace"), digest_size=8, key=HASH_KEY).digest()
            self.last = (case, int.from_bytes(digest))
        return self.last[1]

    def _rank(self, record: Record) -> None:
        heap = self.worst.setdefault((record.rule, record.party, record.dtype), [])
        item = (badness(record), -self.total, record)
        if len(heap) < WORST:
            heapq.heappush(heap, item)
        elif item > heap[0]:
            heapq.heapreplace(heap, item)


def _without(items: Iterable[Numbered], taken: Iterable[Numbered]) -> list[Numbered]:
    numbers = {number for number, _ in taken}
    return [item for item in items if item[0] not in numbers]
