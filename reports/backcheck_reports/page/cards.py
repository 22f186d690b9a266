"""The card of a case: its note, where there is one, and its records as rows."""

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from backcheck_reports.figures.graph import Graph, graph
from backcheck_reports.figures.heat import Heat, heat
from backcheck_reports.number_format import counted, exact, short
from backcheck_reports.page.chips import kind
from backcheck_reports.party_names import party_name
from backcheck_reports.record import OUTPUT, Record
from backcheck_reports.statistics.findings import RunFinding
from backcheck_reports.statistics.told import notes_on
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
    """A card opens to one case: `lines` in words, the `fix` where one was asked for, the `network`, the `table` of its
    worst entries and the `answers`.

    Where that case was made small, the larger one in which it was `found` is a fold, and the answers are of that one.
    """

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
    found: str = ""
    found_network: str = ""
    found_graph: Graph | None = None
    found_heat: Heat | None = None
    fix: str = ""


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding: `what` of the rule is wrong, where it `also` shows, its best told case, and `others` as folds.

    `count` of its verdicts is a link into the list of cases.
    """

    id: str
    name: str
    what: str
    also: str
    count: str
    kind: str
    main: Card
    others: tuple[Card, ...]


def finding_cards(findings: Iterable[RunFinding], notes: Mapping[str, CaseNote]) -> tuple[FindingCard, ...]:
    """A card for each finding."""
    return tuple(_finding_card(f"finding-{number}", each, notes) for number, each in enumerate(findings, start=1))


def _finding_card(id: str, finding: RunFinding, notes: Mapping[str, CaseNote]) -> FindingCard:
    """With the cases that notes tell; where there is no note, with the simplest case."""
    told = [note.id for note in notes_on(finding, notes)] or [finding.records[0].case]
    by_case: dict[str, list[Record]] = {case: [] for case in told}
    for record in finding.records:
        if record.case in by_case:
            by_case[record.case].append(record)
    main, *others = (_card(case, records, notes.get(case), finding.name) for case, records in by_case.items())
    verdict = next((part.verdict for part in finding.parts if not part.promise), finding.parts[0].verdict)
    shown = counted(finding.verdicts, "verdict")
    return FindingCard(id, finding.name, finding.what, finding.also, shown, kind(verdict), main, tuple(others))


def close_cards(records: Iterable[Record], notes: Mapping[str, CaseNote], failing: Container[str]) -> tuple[Card, ...]:
    """A card for each agreeing record. Where another party fails in the same case, the note tells of that failure, so
    what it tells is left out.
    """
    found = [replace(_card(record.case, [record], notes.get(record.case)), title=_title(record)) for record in records]
    return tuple(
        replace(card, lines=(), table=(), graph=None, heat=None, found="") if card.case in failing else card
        for card in found
    )


def gradient(record: Record) -> str:
    """As in "layer_norm.dgamma": the rule and its argument, since an array's name such as "p3" says nothing."""
    return OUTPUT if record.tensor == OUTPUT else f"{record.rule}.d{record.argument}"


def _card(case: str, records: list[Record], note: CaseNote | None, name: str = "") -> Card:
    """`name` stands for the title where neither a note nor a record has one."""
    answers = tuple(_answer(record) for record in records)
    parties = ", ".join(sorted({party_name(record.party) for record in records}))
    subtitle = f"{parties} · {records[0].profile}" if records else ""
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
            note.found,
            note.found_network,
            graph(note.found_graph),
            heat(note.found_heat),
            note.fix,
        )
    reasons = tuple(dict.fromkeys(record.reason for record in records if record.reason))
    title = _title(records[0]) if records else name
    return Card(case, title, subtitle, reasons, "", (), answers, "", f"backcheck replay {case}")


def _title(record: Record) -> str:
    return f"{gradient(record)} {record.dtype}"


def _answer(record: Record) -> AnswerRow:
    return AnswerRow(
        f"{gradient(record)} ({record.tensor})" if record.tensor != OUTPUT else OUTPUT,
        party_name(record.party),
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
