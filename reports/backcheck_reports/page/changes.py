"""The section on what a modification changed, against another revision or against a recorded baseline, as text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.history import HistoryCurve, series
from backcheck_reports.number_format import count, counted, short

# the symbol of each kind of change, and the order of the kinds in the table; any other kind gets "unavailable"
CHANGE_SYMBOLS = {
    "fails": "disagree", "disagrees": "disagree", "digits lost": "disagree", "another function": "differ",
    "another convention": "differ", "out of range": "out-of-range", "not judged": "unavailable",
    "still wrong": "disagree", "mended": "agree", "works now": "agree", "beyond floats": "unavailable",
    "last ulps": "agree", "identical": "agree", "faster": "agree", "same": "agree", "slower": "differ",
    "cannot tell": "unavailable",
}  # fmt: skip
TENSOR_HEAD = (
    *("tensor", "dtype", "became", "cases", "identical", "last ulps", "otherwise"),
    *("moved, ulps", "old error, ulps", "new error, ulps", "digits"),
)
TIME_HEAD = ("rule", "verdict", "phase", "size", "new / old", "interval", "old, µs", "new, µs")
MEMORY_HEAD = ("rule", "new / old", "old, bytes", "new, bytes")
BASELINE_HEAD = ("line", "category", "cases", "digits", "worst, ulps", "resolution", "verdicts")


@dataclass(frozen=True, slots=True)
class ChangeCell:
    """Text; `kind` picks a symbol, "" for none. Numbers are on the right."""

    text: str
    kind: str = ""
    number: bool = True


ChangeRow = tuple[str, tuple[ChangeCell, ...]]  # a name and its cells


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """A table of what did not change is `folded`: the page shows its caption, and a reader may open it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[ChangeRow, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class ChangeFinding:
    kind: str
    label: str
    sentence: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """`sides` are pairs of a name and what it stands for; `level` is the sentence on the curves of the history."""

    title: str
    outcome: str
    tone: str
    sides: tuple[tuple[str, str], ...]
    findings: tuple[ChangeFinding, ...]
    tables: tuple[ChangeTable, ...]
    notes: tuple[str, ...]
    history: tuple[HistoryCurve, ...] = ()
    level: str = ""


def changes(data: Mapping[str, Any] | None, past: Sequence[Mapping[str, Any]]) -> Changes | None:
    """A comparison, a baseline, or a history alone; None where there is none of them."""
    curves, level = series(past)
    if data is None:
        return Changes("History", "", "agree", (), (), (), (), curves, level) if curves or level else None
    section = _baseline if "differences" in data else _comparison
    return section(data, curves, level)


def _comparison(data: Mapping[str, Any], curves: tuple[HistoryCurve, ...], level: str) -> Changes:
    rows, speeds = data["rows"], data["speeds"]
    order = list(CHANGE_SYMBOLS)
    changed = sorted((row for row in rows if row["kind"] != "identical"), key=lambda row: order.index(row["kind"]))
    identical = [row for row in rows if row["kind"] == "identical"]
    other_times = [each for each in speeds if each["verdict"] in ("faster", "slower")]
    same_times = [each for each in speeds if each["verdict"] not in ("faster", "slower")]
    tables = (
        _tensor_table("Tensors that changed; errors against the truth are median / worst", changed, False),
        _tensor_table("Tensors that are identical to the bit", identical, True),
        _time_table("Times that changed", other_times, False),
        _time_table("Times that are the same, or cannot be told", same_times, True),
        _memory_table(data["memories"]),
    )
    return Changes(
        "What the modification changed",
        data["outcome"],
        "disagree" if any(each["fails"] for each in data["findings"]) else "agree",
        (("old", data["old"]), ("new", data["new"]), ("expected", data["expected"])),
        tuple(_finding(each) for each in data["findings"]),
        tuple(table for table in tables if table.rows),
        tuple(data["notes"]),
        curves,
        level,
    )


def _finding(data: Mapping[str, Any]) -> ChangeFinding:
    lines: list[str] = []
    if smallest := data.get("smallest"):
        lines = [*smallest["network"].splitlines(), smallest["arrays"]]
        if smallest["entry"]:
            truth = f", truth {smallest['truth']}" if smallest["truth"] else ""
            lines.append(f"{smallest['entry']}: old {smallest['old']}, new {smallest['new']}{truth}")
    kind, label = ("disagree", "fails") if data["fails"] else ("unavailable", "notice")
    return ChangeFinding(kind, label, data["sentence"], tuple(lines))


def _tensor_table(caption: str, rows: Sequence[Mapping[str, Any]], folded: bool) -> ChangeTable:
    return ChangeTable(caption, TENSOR_HEAD, tuple(map(_tensor_row, rows)), folded)


def _tensor_row(row: Mapping[str, Any]) -> ChangeRow:
    name = f"{row['rule']}.{row['tensor']}" if row["tensor"].startswith("d") else f"{row['rule']} {row['tensor']}"
    otherwise = row["cases"] - row["identical"] - row["rounding"]
    counts = (row["cases"], row["identical"], row["rounding"], otherwise)
    digits = (row["old_digits"], row["new_digits"])
    return name, (
        _word(row["dtype"]),
        _word(row["kind"], CHANGE_SYMBOLS.get(row["kind"], "unavailable")),
        *(ChangeCell(count(number) if number else "") for number in counts),
        _number(row["moved"]),
        _errors(row["old_median_ulps"], row["old_worst_ulps"]),
        _errors(row["new_median_ulps"], row["new_worst_ulps"]),
        ChangeCell("–" if None in digits else "{:.1f} → {:.1f}".format(*digits)),
    )


def _word(text: str, kind: str = "") -> ChangeCell:
    return ChangeCell(text, kind, number=False)


def _number(value: Any) -> ChangeCell:
    """`float`, since JSON has no infinity: it is kept as text."""
    return ChangeCell(short(float(value)))


def _errors(median: Any, worst: Any) -> ChangeCell:
    return ChangeCell("–" if worst is None else f"{short(float(median))} / {short(float(worst))}")


def _time_table(caption: str, speeds: Sequence[Mapping[str, Any]], folded: bool) -> ChangeTable:
    return ChangeTable(caption, TIME_HEAD, tuple(map(_time_row, sorted(speeds, key=_slowest_first))), folded)


def _time_row(each: Mapping[str, Any]) -> ChangeRow:
    return each["rule"], (
        _word(each["verdict"], CHANGE_SYMBOLS[each["verdict"]]),
        _word(each["phase"]),
        _word(each["size"]),
        _number(each["ratio"]),
        ChangeCell(f"{short(float(each['low']))} to {short(float(each['high']))}"),
        _number(each["old_us"]),
        _number(each["new_us"]),
    )


def _memory_table(memories: Iterable[Mapping[str, Any]]) -> ChangeTable:
    rows = tuple(
        (
            each["rule"],
            (_number(each["ratio"]), ChangeCell(count(each["old_bytes"])), ChangeCell(count(each["new_bytes"]))),
        )
        for each in sorted(memories, key=_slowest_first)
    )
    return ChangeTable("Peak of memory, forward and backward", MEMORY_HEAD, rows, folded=True)


def _slowest_first(each: Mapping[str, Any]) -> float:
    return -float(each["ratio"])


def _baseline(data: Mapping[str, Any], curves: tuple[HistoryCurve, ...], level: str) -> Changes:
    differences = data["differences"]
    failing = [each for each in differences if each["fails"]]
    others = len(differences) - len(failing)
    outcome = f"{counted(data['lines'], 'check')} compared: {len(failing)} worse, {others} changed without harm."
    caption = "Lines that are not as the baseline has them: first as it was, then as it is"
    rows = tuple(row for each in differences for row in _baseline_rows(each))
    environment = [f"another environment than the baseline's: {each}" for each in data["environment"]]
    undrawn = [f"not drawn: {rule}: {why}" for rule, why in data["undrawn"].items()]
    return Changes(
        "Against the baseline",
        outcome,
        "disagree" if failing else "agree",
        (("baseline", data["file"]),),
        tuple(ChangeFinding("disagree", "fails", each["sentence"], ()) for each in failing),
        (ChangeTable(caption, BASELINE_HEAD, rows),) if rows else (),
        (*environment, *undrawn),
        curves,
        level,
    )


def _baseline_rows(each: Mapping[str, Any]) -> Iterator[ChangeRow]:
    """The line of the baseline as it was, and as it is; a line that is new or gone has one of them only."""
    for side, symbol in (("old", ""), ("new", "disagree" if each["fails"] else "")):
        if each[side]:
            rule, tensor, dtype, oracle, *numbers, verdicts = each[side].split()
            category = _word(f"{side} ({each['category']})", symbol)
            counts = ", ".join(verdicts.replace("_", " ").split(","))
            yield f"{rule} {tensor} {dtype} {oracle}", (category, *map(ChangeCell, numbers), _word(counts))
