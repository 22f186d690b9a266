"""The conventions at kinks and the gallery as text: both come as free-form data, and every gap is a dash."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.charts import numbers

PARTIES = ("numpy", "torch", "jax", "differences")
UNSAID = "–"
HARD = "\N{NO-BREAK SPACE}"  # in a narrow column an interval stays whole


@dataclass(frozen=True, slots=True)
class Slope:
    """What one party says; `outside` when it does not lie between the one-sided slopes."""

    text: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Convention:
    """One row; `kind` is "same", "differ" or "unsaid", for whether the frameworks share a convention."""

    rule: str
    point: str
    input: str
    between: str
    slopes: tuple[Slope, ...]
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Said:
    party: str
    answer: str
    ulps: str
    outlier: bool


@dataclass(frozen=True, slots=True)
class Exhibit:
    title: str
    outlier: str
    reason: str
    input: str
    truth: str
    answers: tuple[Said, ...]
    reproducer: str


def conventions(rows: Iterable[Any]) -> tuple[Convention, ...]:
    return tuple(_convention(row) for row in rows if isinstance(row, Mapping))


def gallery(rows: Iterable[Any]) -> tuple[Exhibit, ...]:
    return tuple(_exhibit(row) for row in rows if isinstance(row, Mapping))


def _convention(row: Mapping[str, Any]) -> Convention:
    inside = row.get("inside")
    found = inside if isinstance(inside, Mapping) else {}
    shared = row.get("shared")
    return Convention(
        _text(row, "rule"),
        _text(row, "point"),
        _text(row, "input").replace(" = ", f"{HARD}={HARD}"),
        _between(_list(row, "low"), _list(row, "high")),
        tuple(Slope(_text(row, party), found.get(party) is False) for party in PARTIES),
        "same" if shared is True else "differ" if shared is False else "unsaid",
        _text(row, "why"),
    )


def _exhibit(row: Mapping[str, Any]) -> Exhibit:
    said = tuple(
        Said(_text(each, "party"), _text(each, "answer"), _text(each, "ulps"), each.get("outlier") is True)
        for each in _list(row, "answers")
        if isinstance(each, Mapping)
    )
    return Exhibit(
        f"{_text(row, 'rule')}, {_text(row, 'what')}, {_text(row, 'dtype')}",
        _text(row, "outlier"),
        _text(row, "reason"),
        _text(row, "input"),
        _text(row, "truth"),
        said,
        str(row.get("reproducer") or ""),
    )


def _between(low: list[Any], high: list[Any]) -> str:
    """The one-sided slopes of each entry, said once where all entries have the same."""
    each = [_ends(a, b) for a, b in zip(numbers(low), numbers(high), strict=False)]
    if len(each) > 1 and len(set(each)) == 1:
        return f"each{HARD}{each[0]}"
    return ", ".join(each) or UNSAID


def _ends(low: float, high: float) -> str:
    return f"{low:.4g}" if low == high else f"{low:.4g}{HARD}…{HARD}{high:.4g}"


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return UNSAID if value is None or value == "" else str(value)


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    return list(value) if isinstance(value, list | tuple) else []
