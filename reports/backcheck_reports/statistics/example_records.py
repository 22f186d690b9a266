"""The few records that the page shows one by one: the simplest disagreements and the closest calls."""

import heapq
import math
from dataclasses import dataclass, field

from backcheck_reports.record import Record

CLOSEST = 5  # closest calls of a party
SHOWN = 200  # disagreements in all


def fair_share(kinds: list[list[Record]]) -> tuple[Record, ...]:
    """At most SHOWN records: the simplest of every kind, then the second of every kind, and so on.

    So a bug that fails everywhere cannot push another bug off the page.
    """
    ranked = sorted((rank, kind) for kind, records in enumerate(kinds) for rank in range(len(records)))
    return tuple(kinds[kind][rank] for rank, kind in ranked[:SHOWN])


@dataclass(slots=True)
class SimplestDisagreements:
    """The simplest disagreements of one kind: those with the fewest entries, and of equals those that came first."""

    count: int = 0
    kept: list[Record] = field(default_factory=list)

    def add(self, record: Record, kinds: int) -> None:
        # every kind has a place on the page before any has two: a record beyond these places is never shown
        places = max(1, SHOWN + 1 - kinds)
        self.count += 1
        self.kept.append(record)
        if len(self.kept) >= 2 * places:
            self.kept = self.simplest()[:places]

    def simplest(self) -> list[Record]:
        return sorted(self.kept, key=lambda record: record.entries)[:SHOWN]


@dataclass(slots=True)
class ClosestCalls:
    """The few records with the largest fractions; of equals those that came first."""

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
        return tuple(record for _, _, record in sorted(self.heap, reverse=True))
