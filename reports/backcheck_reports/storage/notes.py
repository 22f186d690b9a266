"""The note on one case, for people: what went wrong and where, the network as text, and how to see it again."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from backcheck_reports.record import Verdict
from backcheck_reports.storage.codec import require
from backcheck_reports.storage.files import StoreError


@dataclass(frozen=True, slots=True)
class CaseNote:
    """What the page shows of one case.

    id          the case's content hash, as in its records
    title       "layer_norm.dgamma float64"
    lines       the explanation in words, most important first
    network     a drawing of the network in text
    table       (index, got, want, allowed) for the worst entries, as text
    reproducer  a Python script that shows the fault by itself
    again       the command that replays the case
    graph       the network as data for a drawing: nodes, arrays, output, broken
    heat        the error over the wrong tensor as data for a picture: tensor, party, shape, index, block, values
    verdict     the name of the fault: "disagree", "shape" or "side effect"
    """

    id: str
    title: str
    lines: tuple[str, ...]
    network: str
    table: tuple[tuple[str, str, str, str], ...]
    reproducer: str
    again: str
    graph: Mapping[str, Any] | None = None
    heat: Mapping[str, Any] | None = None
    verdict: str = Verdict.DISAGREE.value


def note_from_json(data: Mapping[str, Any], where: str) -> CaseNote:
    require(data, tuple(item.name for item in fields(CaseNote) if item.default is MISSING), where)
    return CaseNote(
        id=str(data["id"]),
        title=str(data["title"]),
        lines=tuple(str(line) for line in _list(data["lines"], "lines", where)),
        network=str(data["network"]),
        table=tuple(_row(row, where) for row in _list(data["table"], "table", where)),
        reproducer=str(data["reproducer"]),
        again=str(data["again"]),
        graph=_picture(data.get("graph"), "graph", where),
        heat=_picture(data.get("heat"), "heat", where),
        verdict=str(data.get("verdict", Verdict.DISAGREE.value)),
    )


def _picture(value: Any, name: str, where: str) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise StoreError(f"{where}: {name} must be an object or null, got {value!r}; run again to rebuild the file")
    return value


def _list(value: Any, name: str, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise StoreError(f"{where}: {name} must be a list, got {value!r}; run again to rebuild the file")
    return value


def _row(row: Any, where: str) -> tuple[str, str, str, str]:
    if not isinstance(row, list) or len(row) != 4:
        raise StoreError(
            f"{where}: a row of the table must be index, got, want, allowed, got {row!r}; run again to rebuild the file"
        )
    index, got, want, allowed = map(str, row)
    return index, got, want, allowed
