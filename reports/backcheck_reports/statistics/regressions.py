"""What got worse from one run to another, line by line of the agreement table.

Where both runs drew the same networks, any count that moved is a change, and so is an error that moved further than its
bins are wide. Where they did not, a share has to move by three standard errors, a median by twice as much and over
ENOUGH verdicts, and a worst error says nothing: it hangs on a single network.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from backcheck_reports.record import Verdict
from backcheck_reports.statistics.summary import Row

Key = tuple[str, str, str]
MEDIAN, WORST = 0.5, 1.0  # octaves that are a change
ENOUGH = 10  # verdicts behind a median of networks that the other run did not draw
ROUNDING = 0.5  # ulps; below it an answer is as good as the rounded truth
LABELS = (
    ("disagrees more", "disagrees less"),
    ("agrees less", "agrees more"),
    ("less accurate", "more accurate"),
    ("coarser", "finer"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """`way` is worse, better or same; `rank` orders the kinds of change, and `size` the changes of one kind."""

    way: str
    label: str
    rank: int = 0
    size: float = 0.0


def turns(pairs: Mapping[Key, tuple[Row, Row]], alike: bool) -> Iterator[tuple[Key, Turn]]:
    """Each line with its change: the gravest kind first, and of one kind the largest."""
    found = [(key, turn(old, new, alike)) for key, (old, new) in pairs.items()]
    yield from sorted(found, key=lambda each: (each[1].rank, -each[1].size))


def turn(old: Row, new: Row, alike: bool) -> Turn:
    """The gravest thing that got worse; where nothing did, the best that got better."""
    moves = list(_moves(old, new, alike))
    for way, sign, names in (("worse", 1, 0), ("better", -1, 1)):
        for rank, move in enumerate(moves):
            if sign * move > 0:
                return Turn(way, LABELS[rank][names], rank, abs(move))
    return Turn("same", "same")


def _moves(old: Row, new: Row, alike: bool) -> Iterable[float]:
    """How far each kind of LABELS moved, positive for worse and 0 for what is no change."""
    yield _share(old, new, Verdict.DISAGREE, alike)
    yield -_share(old, new, Verdict.AGREE, alike)
    enough = alike or min(_judged(old), _judged(new)) >= ENOUGH
    medians, worst = MEDIAN if alike else 2 * MEDIAN if enough else math.inf, WORST if alike else math.inf
    median = _above(_octaves(old.median_ulps, new.median_ulps, ROUNDING), medians)
    yield max((median, _above(_octaves(old.worst_ulps, new.worst_ulps, ROUNDING), worst)), key=abs)
    yield _above(_octaves(old.median_resolution, new.median_resolution, 0.0), medians)


def _judged(row: Row) -> int:
    return row.counts[Verdict.AGREE] + row.counts[Verdict.DISAGREE]


def _share(old: Row, new: Row, verdict: Verdict, alike: bool) -> float:
    """The move of a verdict's share; 0 where chance explains it. That there is one of a kind at all is no chance."""
    before, after = old.counts[verdict], new.counts[verdict]
    move = after / new.tensors - before / old.tensors
    pooled = (before + after) / (old.tensors + new.tensors)
    chance = math.sqrt(pooled * (1 - pooled) * (1 / old.tensors + 1 / new.tensors))
    new_kind = verdict is Verdict.DISAGREE and not (before and after)
    return move if alike or new_kind or abs(move) > 3 * chance else 0.0


def _octaves(old: float | None, new: float | None, floor: float) -> float:
    """log2(new / old). A NaN is as bad as infinity, and what is missing has not moved."""
    if old is None or new is None:
        return 0.0
    before, after = (math.inf if math.isnan(value) else max(value, floor) for value in (old, new))
    if before == after:
        return 0.0
    return _log2(after) - _log2(before)


def _log2(value: float) -> float:
    return math.log2(value) if 0 < value < math.inf else math.copysign(2000.0, value - 1)


def _above(octaves: float, least: float) -> float:
    return octaves if abs(octaves) >= least else 0.0
