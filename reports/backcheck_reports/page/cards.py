"""The card of a case: its note, where there is one, and its records as rows."""

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from backcheck_reports.figures.graph import Graph, graph
from backcheck_reports.figures.heat import Heat, heat
from backcheck_reports.number_format import exact, short
from backcheck_reports.page.chips import kind
from backcheck_reports.record import OUTPUT, Record
from backcheck_reports.storage.notes import CaseNote


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One record as text: what a party answered at the worst entry."""

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
    """A card opens to `lines` in words, the `fix` where one was asked for, the `network`, the `table` of its worst
    entries and the `answers`."""

    case: str
    title: str
    subtitle: str
    lines: tuple[str, ...]
    network: str
    table: tuple[tuple[str, str, str, str], ...]
    answers: tuple[AnswerRow, ...]
    reproducer: str
    again: str
    graph: Graph | None = None
    heat: Heat | None = None
    shown: str = ""
    fix: str = ""


def cards(records: Iterable[Record], notes: Mapping[str, CaseNote]) -> tuple[Card, ...]:
    """A card for each case: first those that a note explains, then in the order of the records."""
    by_case: dict[str, list[Record]] = {}
    for record in records:
        by_case.setdefault(record.case, []).append(record)
    order = sorted(by_case, key=lambda case: case not in notes)
    return tuple(_card(case, by_case[case], notes.get(case)) for case in order)


def close_cards(records: Iterable[Record], notes: Mapping[str, CaseNote], failing: Container[str]) -> tuple[Card, ...]:
    """A card for each agreeing record. Where another party fails in the same case, the note tells of that failure, so
    what it tells is left out.
    """
    found = [replace(_card(record.case, [record], notes.get(record.case)), title=_title(record)) for record in records]
    return tuple(
        replace(card, lines=(), table=(), graph=None, heat=None) if card.case in failing else card for card in found
    )


def gradient(record: Record) -> str:
    """As in "layer_norm.dgamma": the rule and its argument, since an array's name such as "p3" says nothing."""
    return OUTPUT if record.tensor == OUTPUT else f"{record.rule}.d{record.argument}"


def _card(case: str, records: list[Record], note: CaseNote | None) -> Card:
    answers = tuple(_answer(record) for record in records)
    subtitle = f"{', '.join(sorted({record.party for record in records}))} · {records[0].profile}"
    if note:
        return Card(
            case,
            note.title,
            subtitle,
            note.lines,
            note.network,
            note.table,
            answers,
            note.reproducer,
            note.again,
            graph(note.graph),
            heat(note.heat),
            note.shown or case,
            note.fix,
        )
    reasons = tuple(dict.fromkeys(record.reason for record in records if record.reason))
    return Card(case, _title(records[0]), subtitle, reasons, "", (), answers, "", f"backcheck replay {case}")


def _title(record: Record) -> str:
    return f"{gradient(record)} {record.dtype}"


def _answer(record: Record) -> AnswerRow:
    return AnswerRow(
        f"{gradient(record)} ({record.tensor})" if record.tensor != OUTPUT else OUTPUT,
        record.party,
        kind(record.verdict),
        record.verdict.value,
        f"{index_text(record.index)} of {shape_text(record.shape)}",
        *(("–", "–") if math.isnan(record.want) else (exact(record.got), exact(record.want))),
        short(record.allowed),
        short(record.ulps),
        short(record.fraction),
    )


# few shapes and indices come again and again: a list has 100,000 records
@lru_cache(4096)
def shape_text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


@lru_cache(4096)
def index_text(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]"
