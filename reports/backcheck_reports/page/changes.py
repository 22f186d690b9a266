"""The section on what a modification changed: against another revision, or against a recorded baseline, as text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.history import Series, series
from backcheck_reports.number_format import count, counted, short

# a symbol for each kind of change; what is not here is a change without a verdict
SYMBOLS = {
    "fails": "disagree", "disagrees": "disagree", "digits lost": "disagree", "another function": "differ",
    "another convention": "differ", "out of range": "out-of-range", "not judged": "unavailable",
    "still wrong": "disagree", "mended": "agree", "works now": "agree", "beyond floats": "unavailable",
    "last ulps": "agree", "identical": "agree", "faster": "agree", "same": "agree", "slower": "differ",
    "cannot tell": "unavailable",
}  # fmt: skip
HEAD = (
    "became",
    "cases",
    "identical",
    "last ulps",
    "otherwise",
    "moved, ulps",
    "old error, ulps",
    "new error, ulps",
    "digits",
)
TIMES = ("phase", "size", "new / old", "interval", "old, µs", "new, µs")
LINES = ("category", "cases", "digits", "worst, ulps", "resolution", "verdicts")


@dataclass(frozen=True, slots=True)
class Cell:
    """Text; `kind` picks a symbol, "" for none. Numbers are on the right."""

    text: str
    kind: str = ""
    number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a name and cells. What did not change is `folded` away."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    label: str
    sentence: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """`sides` are pairs of a name and what it stands for."""

    title: str
    outcome: str
    tone: str
    sides: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    history: tuple[Series, ...] = ()
    level: str = ""


def changes(data: Mapping[str, Any] | None, past: Sequence[Mapping[str, Any]]) -> Changes | None:
    """What there is to tell: a comparison, a baseline, a history, or nothing."""
    drawn, level = series(past)
    if data is None:
        return Changes("History", "", "agree", (), (), (), (), drawn, level) if drawn or level else None
    return (_baseline if "differences" in data else _comparison)(data, drawn, level)


def _comparison(data: Mapping[str, Any], drawn: tuple[Series, ...], level: str) -> Changes:
    rows, speeds = data["rows"], data["speeds"]
    order = list(SYMBOLS)
    changed = sorted((row for row in rows if row["kind"] != "identical"), key=lambda row: order.index(row["kind"]))
    moved = [each for each in speeds if each["verdict"] in ("faster", "slower")]
    still = [each for each in speeds if each["verdict"] not in ("faster", "slower")]
    tables = (
        _tensors("Tensors that changed; errors against the truth are median / worst", changed, False),
        _tensors("Tensors that are identical to the bit", [row for row in rows if row["kind"] == "identical"], True),
        _times("Times that changed", moved, False),
        _times("Times that are the same, or cannot be told", still, True),
        _memory(data["memories"]),
    )
    return Changes(
        "What the modification changed",
        data["outcome"],
        "disagree" if any(each["fails"] for each in data["findings"]) else "agree",
        (("old", data["old"]), ("new", data["new"]), ("expected", data["expected"])),
        tuple(_finding(each) for each in data["findings"]),
        tuple(table for table in tables if table.rows),
        tuple(data["notes"]),
        drawn,
        level,
    )


def _finding(data: Mapping[str, Any]) -> Finding:
    smallest = data.get("smallest")
    lines = [] if smallest is None else [*smallest["network"].splitlines(), smallest["arrays"]]
    if smallest is not None and smallest["entry"]:
        truth = f", truth {smallest['truth']}" if smallest["truth"] else ""
        lines.append(f"{smallest['entry']}: old {smallest['old']}, new {smallest['new']}{truth}")
    kind, label = ("disagree", "fails") if data["fails"] else ("unavailable", "notice")
    return Finding(kind, label, data["sentence"], tuple(lines))


def _tensors(caption: str, rows: Sequence[Mapping[str, Any]], folded: bool) -> Table:
    return Table(caption, ("tensor", "dtype", *HEAD), tuple((_name(row), _tensor(row)) for row in rows), folded)


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['rule']}.{row['tensor']}" if row["tensor"].startswith("d") else f"{row['rule']} {row['tensor']}"


def _tensor(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    other = row["cases"] - row["identical"] - row["rounding"]
    counts = [Cell(count(n) if n else "") for n in (row["cases"], row["identical"], row["rounding"], other)]
    errors = [Cell(_pair(row[f"{side}_median_ulps"], row[f"{side}_worst_ulps"])) for side in ("old", "new")]
    digits = Cell(_arrow(row["old_digits"], row["new_digits"]))
    became = Cell(row["kind"], SYMBOLS.get(row["kind"], "unavailable"), False)
    return Cell(row["dtype"], "", False), became, *counts, Cell(short(_float(row["moved"]))), *errors, digits


def _pair(median: Any, worst: Any) -> str:
    return "–" if worst is None else f"{short(_float(median))} / {short(_float(worst))}"


def _arrow(old: Any, new: Any) -> str:
    return "–" if old is None or new is None else f"{old:.1f} → {new:.1f}"


def _float(value: Any) -> float:
    """JSON has no infinity: it is kept as text."""
    return float(value)


def _times(caption: str, speeds: Sequence[Mapping[str, Any]], folded: bool) -> Table:
    rows = tuple((each["rule"], _time(each)) for each in sorted(speeds, key=lambda each: -_float(each["ratio"])))
    return Table(caption, ("rule", "verdict", *TIMES), rows, folded)


def _time(each: Mapping[str, Any]) -> tuple[Cell, ...]:
    interval = f"{short(_float(each['low']))} to {short(_float(each['high']))}"
    numbers = [short(_float(each["ratio"])), interval, short(each["old_us"]), short(each["new_us"])]
    words = (Cell(each["phase"], "", False), Cell(each["size"], "", False))
    return Cell(each["verdict"], SYMBOLS[each["verdict"]], False), *words, *map(Cell, numbers)


def _memory(memories: Iterable[Mapping[str, Any]]) -> Table:
    ordered = sorted(memories, key=lambda each: -_float(each["ratio"]))
    rows = tuple(
        (
            each["rule"],
            tuple(map(Cell, (short(_float(each["ratio"])), count(each["old_bytes"]), count(each["new_bytes"])))),
        )
        for each in ordered
    )
    return Table("Peak of memory, forward and backward", ("rule", "new / old", "old, bytes", "new, bytes"), rows, True)


def _baseline(data: Mapping[str, Any], drawn: tuple[Series, ...], level: str) -> Changes:
    found = data["differences"]
    failing = sum(each["fails"] for each in found)
    outcome = f"{counted(data['lines'], 'line')} compared: {failing} worse, {len(found) - failing} changed otherwise."
    rows = tuple(row for each in found for row in _lines(each))
    table = Table("Lines that are not as the baseline has them: first as it was, then as it is", ("line", *LINES), rows)
    warned = tuple(f"another environment than the baseline's: {each}" for each in data["environment"])
    return Changes(
        "Against the baseline",
        outcome,
        "disagree" if failing else "agree",
        (("baseline", data["file"]),),
        tuple(Finding("disagree", "fails", each["sentence"], ()) for each in found if each["fails"]),
        (table,) if rows else (),
        (*warned, *(f"not drawn: {rule}: {why}" for rule, why in data["undrawn"].items())),
        drawn,
        level,
    )


def _lines(each: Mapping[str, Any]) -> Iterable[tuple[str, tuple[Cell, ...]]]:
    for side, symbol in (("old", ""), ("new", "disagree" if each["fails"] else "")):
        if each[side]:
            rule, tensor, dtype, oracle, *numbers, verdicts = each[side].split()
            cells = [Cell(f"{side} ({each['category']})", symbol, False), *map(Cell, numbers)]
            said = ", ".join(verdicts.replace("_", " ").split(","))
            yield f"{rule} {tensor} {dtype} {oracle}", (*cells, Cell(said, "", False))
