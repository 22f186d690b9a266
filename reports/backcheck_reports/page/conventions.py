"""The conventions at kinks and the gallery as text. Both come as free-form data, and every gap is a dash."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.json_values import as_list, floats
from backcheck_reports.number_format import NO_BREAK_SPACE

SLOPE_COLUMNS = ("numpy", "torch", "jax", "differences")
GAP = "–"


@dataclass(frozen=True, slots=True)
class SlopeCell:
    """One party's slope; `outside` when it does not lie between the one-sided slopes."""

    text: str
    outside: bool


@dataclass(frozen=True, slots=True)
class ConventionRow:
    """`kind` says whether PyTorch and JAX share the convention: "same", "differ", or "unsaid" where it is not known."""

    rule: str
    point: str
    input: str
    between: str
    slopes: tuple[SlopeCell, ...]
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class GalleryAnswer:
    party: str
    answer: str
    ulps: str
    outlier: bool


@dataclass(frozen=True, slots=True)
class GalleryItem:
    title: str
    outlier: str
    reason: str
    input: str
    truth: str
    answers: tuple[GalleryAnswer, ...]
    reproducer: str


def conventions(rows: Iterable[Any]) -> tuple[ConventionRow, ...]:
    return tuple(_convention(row) for row in rows if isinstance(row, Mapping))


def gallery(rows: Iterable[Any]) -> tuple[GalleryItem, ...]:
    return tuple(_gallery_item(row) for row in rows if isinstance(row, Mapping))


def _convention(row: Mapping[str, Any]) -> ConventionRow:
    inside = row.get("inside")
    inside = inside if isinstance(inside, Mapping) else {}
    shared = row.get("shared")
    return ConventionRow(
        _text(row, "rule"),
        _text(row, "point"),
        _text(row, "input").replace(" = ", f"{NO_BREAK_SPACE}={NO_BREAK_SPACE}"),
        _between(as_list(row.get("low")), as_list(row.get("high"))),
        tuple(SlopeCell(_text(row, party), inside.get(party) is False) for party in SLOPE_COLUMNS),
        "same" if shared is True else "differ" if shared is False else "unsaid",
        _text(row, "why"),
    )


def _gallery_item(row: Mapping[str, Any]) -> GalleryItem:
    answers = tuple(
        GalleryAnswer(_text(each, "party"), _text(each, "answer"), _text(each, "ulps"), each.get("outlier") is True)
        for each in as_list(row.get("answers"))
        if isinstance(each, Mapping)
    )
    return GalleryItem(
        f"{_text(row, 'rule')}, {_text(row, 'what')}, {_text(row, 'dtype')}",
        _text(row, "outlier"),
        _text(row, "reason"),
        _text(row, "input"),
        _text(row, "truth"),
        answers,
        str(row.get("reproducer") or ""),
    )


def _between(low: list[Any], high: list[Any]) -> str:
    """The interval between the one-sided slopes of each entry, once where it is the same for all."""
    dots = f"{NO_BREAK_SPACE}…{NO_BREAK_SPACE}"  # in a narrow column an interval stays on one line
    pairs = zip(floats(low), floats(high), strict=False)
    each = [f"{a:.4g}" if a == b else f"{a:.4g}{dots}{b:.4g}" for a, b in pairs]
    if len(each) > 1 and len(set(each)) == 1:
        return f"each{NO_BREAK_SPACE}{each[0]}"
    return ", ".join(each) or GAP


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return GAP if value is None or value == "" else str(value)
