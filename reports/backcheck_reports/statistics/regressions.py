"""What got worse from one run to another, row by row of the agreement table.

Where both runs drew the same networks, every count that moved is a change, and so is an error that moved by more than
the width of a histogram's bins. Where they did not, a share must move by three standard errors to be a change, and a
median by twice as much as otherwise and over ENOUGH verdicts. A worst error says nothing then: it hangs on one network.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backcheck_reports.record import JUDGED, Verdict
from backcheck_reports.statistics.summary import RowKey, SummaryRow

MEDIAN_MOVE, WORST_MOVE = 0.5, 1.0  # octaves that are a change
ENOUGH = 10  # verdicts behind a median of networks that the other run did not draw
ROUNDING = 0.5  # ulps; below it an answer is as good as the rounded truth
# the kinds of change, the gravest first: what each is called where it is worse and where it is better
LABELS = (
    ("disagrees more", "disagrees less"),
    ("agrees less", "agrees more"),
    ("less accurate", "more accurate"),
    ("coarser", "finer"),
)


@dataclass(frozen=True, slots=True)
class RowChange:
    """`way` is worse, better or same; `rank` orders the kinds of change, and `size` the changes of one kind."""

    way: str
    label: str
    rank: int = 0
    size: float = 0.0


def row_changes(pairs: Mapping[RowKey, tuple[SummaryRow, SummaryRow]], alike: bool) -> list[tuple[RowKey, RowChange]]:
    """Each row with its change, the gravest kind first and in it the largest. `alike`: both drew the same networks."""
    found = [(key, row_change(old, new, alike)) for key, (old, new) in pairs.items()]
    return sorted(found, key=lambda each: (each[1].rank, -each[1].size))


def row_change(old: SummaryRow, new: SummaryRow, alike: bool) -> RowChange:
    """The gravest change for the worse; where there is none, the gravest for the better."""
    moves = list(_moves(old, new, alike))
    for rank, move in enumerate(moves):
        if move > 0:
            return RowChange("worse", LABELS[rank][0], rank, move)
    for rank, move in enumerate(moves):
        if move < 0:
            return RowChange("better", LABELS[rank][1], rank, -move)
    return RowChange("same", "same")


def _moves(old: SummaryRow, new: SummaryRow, alike: bool) -> Iterator[float]:
    """How far each kind of LABELS moved, positive for worse and 0 for what is no change."""
    yield _share(old, new, Verdict.DISAGREE, alike)
    yield -_share(old, new, Verdict.AGREE, alike)
    if alike:
        median_move, worst_move = MEDIAN_MOVE, WORST_MOVE
    else:
        enough = min(_judged(old), _judged(new)) >= ENOUGH
        median_move, worst_move = 2 * MEDIAN_MOVE if enough else math.inf, math.inf
    median = _at_least(median_move, _octaves(old.median_ulps, new.median_ulps, ROUNDING))
    yield max((median, _at_least(worst_move, _octaves(old.worst_ulps, new.worst_ulps, ROUNDING))), key=abs)
    yield _at_least(median_move, _octaves(old.median_resolution, new.median_resolution, 0.0))


def _judged(row: SummaryRow) -> int:
    return sum(row.counts[verdict] for verdict in JUDGED)


def _share(old: SummaryRow, new: SummaryRow, verdict: Verdict, alike: bool) -> float:
    """The move of a verdict's share; 0 where chance explains it. The first disagreement of a row is never chance."""
    before, after = old.counts[verdict], new.counts[verdict]
    move = after / new.tensors - before / old.tensors
    pooled = (before + after) / (old.tensors + new.tensors)
    chance = math.sqrt(pooled * (1 - pooled) * (1 / old.tensors + 1 / new.tensors))
    one_side_only = verdict is Verdict.DISAGREE and not (before and after)
    return move if alike or one_side_only or abs(move) > 3 * chance else 0.0


def _octaves(old: float | None, new: float | None, floor: float) -> float:
    """log2(new / old). A NaN is as bad as infinity, and a missing value has not moved."""
    if old is None or new is None:
        return 0.0
    before, after = (math.inf if math.isnan(value) else max(value, floor) for value in (old, new))
    if before == after:
        return 0.0
    return _log2(after) - _log2(before)


def _log2(value: float) -> float:
    """log2; for 0 and infinity -2000 and 2000, which are beyond the log2 of every float."""
    return math.log2(value) if 0 < value < math.inf else math.copysign(2000.0, value - 1)


def _at_least(least: float, octaves: float) -> float:
    return octaves if abs(octaves) >= least else 0.0
