"""Verdicts with their counts, as the page shows them: a symbol, a label, a count and a share."""

from collections.abc import Mapping
from dataclasses import dataclass

from backcheck_reports.number_format import count, percent
from backcheck_reports.record import JUDGED, Verdict


@dataclass(frozen=True, slots=True)
class Chip:
    """`kind` picks the symbol and the colour."""

    kind: str
    label: str
    count: str
    share: str


def kind(verdict: Verdict) -> str:
    """The verdict as a name for style sheets and symbols, which have no blanks."""
    return verdict.value.replace(" ", "-")


def chips(counts: Mapping[Verdict, int]) -> tuple[Chip, ...]:
    """Agree and disagree always, the others only where there are any."""
    total = sum(counts.values())
    shown = [verdict for verdict in Verdict if counts.get(verdict, 0) or verdict in JUDGED]
    numbers = [(verdict, counts.get(verdict, 0)) for verdict in shown]
    return tuple(Chip(kind(verdict), verdict.value, count(n), percent(n, total)) for verdict, n in numbers)
