"""The rules whose resolution in floats is so poor that the subtlest faults would pass, as text."""

from collections.abc import Iterable

from backcheck_reports.number_format import count, short
from backcheck_reports.record import SUBJECT
from backcheck_reports.statistics.aggregates import SUBTLEST
from backcheck_reports.statistics.summary import SummaryRow

NAMED = 6  # rules of a dtype


def poor_resolution(rows: Iterable[SummaryRow], party: str = SUBJECT) -> tuple[str, ...]:
    """For each dtype, the rules for which floats alone would let the subtlest fault pass in half of the tensors."""
    resolutions: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.party == party and row.median_resolution is not None:
            resolutions.setdefault(row.dtype, {})[row.rule] = row.median_resolution
    poor = {
        dtype: {rule: resolution for rule, resolution in by_rule.items() if resolution > SUBTLEST}
        for dtype, by_rule in resolutions.items()
    }
    return tuple(_line(dtype, poor[dtype], len(resolutions[dtype])) for dtype in sorted(poor) if poor[dtype])


def _line(dtype: str, poor: dict[str, float], rules: int) -> str:
    """The rules of one dtype, the poorest first."""
    ordered = sorted(poor.items(), key=lambda item: item[1], reverse=True)
    named = ", ".join(f"{rule} ({short(resolution)})" for rule, resolution in ordered[:NAMED])
    more = f" and {count(len(poor) - NAMED)} more" if len(poor) > NAMED else ""
    which = f"all {count(rules)}" if len(poor) == rules else f"{count(len(poor))} of {count(rules)}"
    return f"{dtype}, {which} rules: {named}{more}"
