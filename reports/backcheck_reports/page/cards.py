"""One case of the page: its note where there is one, and its records as rows."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from backcheck_reports.figures.graph import Graph, graph
from backcheck_reports.figures.heat import Heat, heat
from backcheck_reports.number_format import exact, short
from backcheck_reports.record import Record, Verdict
from backcheck_reports.statistics.summary import OUTPUT
from backcheck_reports.storage.notes import CaseNote


@dataclass(frozen=True, slots=True)
class Answer:
    """One record as text: who answered what at the worst entry."""

    tensor: str
    party: str
    kind: str
    verdict: str
    entry: str
    got: str
    want: str
    allowed: str
    ulps: str
    fraction: str


@dataclass(frozen=True, slots=True)
class Card:
    case: str
    title: str
    subtitle: str
    lines: tuple[str, ...]
    network: str
    table: tuple[tuple[str, str, str, str], ...]
    answers: tuple[Answer, ...]
    reproducer: str
    again: str
    graph: Graph | None = None
    heat: Heat | None = None


def cards(records: Iterable[Record], notes: Mapping[str, CaseNote]) -> tuple[Card, ...]:
    """A card per case: those that a note explains first, then in the order the records come."""
    by_case: dict[str, list[Record]] = {}
    for record in records:
        by_case.setdefault(record.case, []).append(record)
    order = sorted(by_case, key=lambda case: case not in notes)
    return tuple(_card(case, by_case[case], notes.get(case)) for case in order)


def close_cards(records: Iterable[Record], notes: Mapping[str, CaseNote], failing: Container[str]) -> tuple[Card, ...]:
    """A card per agreeing record. Where another party fails in the same case, the note tells of that: not told here."""
    return tuple(_close_card(record, notes.get(record.case), record.case in failing) for record in records)


def _close_card(record: Record, note: CaseNote | None, fails_elsewhere: bool) -> Card:
    card = replace(_card(record.case, [record], note), title=_title(record))
    return replace(card, lines=(), table=(), graph=None, heat=None) if fails_elsewhere else card


def gradient(record: Record) -> str:
    """As in "layer_norm.dgamma": the array by its place in the rule, since "p3" says nothing to anybody."""
    return OUTPUT if record.tensor == OUTPUT else f"{record.rule}.d{record.argument}"


def kind(verdict: Verdict) -> str:
    """The verdict as a name for style sheets and symbols."""
    return verdict.value.replace(" ", "-")


def _card(case: str, records: list[Record], note: CaseNote | None) -> Card:
    answers = tuple(_answer(record) for record in records)
    subtitle = f"{', '.join(sorted({record.party for record in records}))} · {records[0].profile}"
    if note:
        drawn = (graph(note.graph), heat(note.heat))
        told = (note.title, subtitle, note.lines, note.network, note.table, answers, note.reproducer, note.again)
        return Card(case, *told, *drawn)
    reasons = tuple(dict.fromkeys(record.reason for record in records if record.reason))
    return Card(case, _title(records[0]), subtitle, reasons, "", (), answers, "", f"backcheck replay {case}")


def _title(record: Record) -> str:
    return f"{gradient(record)} {record.dtype}"


def _answer(record: Record) -> Answer:
    return Answer(
        f"{gradient(record)} ({record.tensor})" if record.tensor != OUTPUT else OUTPUT,
        record.party,
        kind(record.verdict),
        record.verdict.value,
        f"[{', '.join(map(str, record.index))}] of {_shape(record)}",
        exact(record.got),
        exact(record.want),
        short(record.allowed),
        short(record.ulps),
        short(record.fraction),
    )


def _shape(record: Record) -> str:
    return "×".join(map(str, record.shape)) or "scalar"
