"""The few records of a stream that the page shows one by one."""

import heapq
import math
from dataclasses import dataclass, field

from backcheck_reports.record import Record

CLOSEST = 5
SHOWN = 200


def fair_share(buckets: list[list[Record]]) -> tuple[Record, ...]:
    """At most SHOWN records, the simplest of every kind first: no bug may push another off the page."""
    ranked = sorted((rank, place) for place, bucket in enumerate(buckets) for rank in range(len(bucket)))
    return tuple(buckets[place][rank] for rank, place in ranked[:SHOWN])


@dataclass(slots=True)
class Simplest:
    """The simplest disagreements of one kind: the fewest entries first, as they came otherwise."""

    count: int = 0
    kept: list[Record] = field(default_factory=list)

    def add(self, record: Record, kinds: int) -> None:
        # each of the other kinds takes a place on the page: what can no longer get there need not be kept
        places = max(1, SHOWN + 1 - kinds)
        self.count += 1
        self.kept.append(record)
        if len(self.kept) >= 2 * places:
            self.kept = self.simplest()[:places]

    def simplest(self) -> list[Record]:
        return sorted(self.kept, key=lambda record: record.entries)[:SHOWN]


@dataclass(slots=True)
class Nearest:
    """The few records with the largest fraction; the running number settles a tie for the first that came."""

    heap: list[tuple[float, int, Record]] = field(default_factory=list)
    seen: int = 0

    def add(self, record: Record) -> None:
        self.seen += 1
        fraction = math.inf if math.isnan(record.fraction) else record.fraction
        if len(self.heap) < CLOSEST:
            heapq.heappush(self.heap, (fraction, -self.seen, record))
        elif fraction > self.heap[0][0]:
            heapq.heapreplace(self.heap, (fraction, -self.seen, record))

    def records(self) -> tuple[Record, ...]:
        return tuple(item[2] for item in sorted(self.heap, reverse=True))
