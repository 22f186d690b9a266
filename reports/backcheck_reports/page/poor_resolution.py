"""The rules whose floats would let the subtlest faults pass, as text."""

from collections.abc import Iterable

from backcheck_reports.number_format import count, short
from backcheck_reports.statistics.summary import Row

# The subtlest wrong rule that we know of is off by this part of its tensor: where less would be caught only, say so.
SUBTLE = 1e-8
NAMED = 6


def poor(rows: Iterable[Row], party: str = "numpy") -> tuple[str, ...]:
    """For each dtype, the rules of which floats alone would let the subtlest error pass in half of the tensors."""
    judged = [row for row in rows if row.party == party and row.median_resolution is not None]
    said = []
    for dtype in sorted({row.dtype for row in judged}):
        here = [row for row in judged if row.dtype == dtype]
        dull = sorted(
            (row for row in here if (row.median_resolution or 0.0) > SUBTLE), key=_by_resolution, reverse=True
        )
        if not dull:
            continue
        rules = ", ".join(f"{row.rule} ({short(row.median_resolution)})" for row in dull[:NAMED])
        more = f" and {count(len(dull) - NAMED)} more" if len(dull) > NAMED else ""
        which = f"all {count(len(here))}" if len(dull) == len(here) else f"{count(len(dull))} of {count(len(here))}"
        said.append(f"{dtype}, {which} rules: {rules}{more}")
    return tuple(said)


def _by_resolution(row: Row) -> float:
    return row.median_resolution or 0.0
