"""How long rules take beside PyTorch's, where that was measured: as text and bars."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.charts import numbers
from backcheck_reports.figures.plots import Log, Tick
from backcheck_reports.number_format import count, short

BAR, HEAD = 15, 22
NAME = 172  # where the bars begin: the names stand left of it
WIDE = 460
NEAR = 1.1  # a ratio within this factor of 1 is the same
LISTED = 24  # rules of a group that are drawn: the slowest; the table has them all


@dataclass(frozen=True, slots=True)
class Bar:
    """From the line at 1 to the ratio."""

    name: str
    x: float
    width: float
    y: float
    kind: str
    text: str
    text_x: float


@dataclass(frozen=True, slots=True)
class Group:
    """One phase: the bars of its slowest rules, and a sentence about all of them."""

    id: str
    phase: str
    sentence: str
    height: float
    one: float
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Speed:
    groups: tuple[Group, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Row:
    rule: str
    phase: str
    ours: float
    theirs: float
    ratio: float


def speed(rows: Iterable[Any]) -> Speed | None:
    found = [row for row in map(_row, rows) if row]
    if not found:
        return None
    phases = dict.fromkeys(row.phase for row in found)
    groups = tuple(_group(turn, p, [row for row in found if row.phase == p]) for turn, p in enumerate(phases))
    ordered = sorted(found, key=lambda row: (list(phases).index(row.phase), -row.ratio))
    table = tuple((r.rule, r.phase, short(r.ratio), short(r.ours), short(r.theirs)) for r in ordered)
    return Speed(groups, ("rule", "phase", "NumPy / PyTorch", "NumPy, ms", "PyTorch, ms"), table)


def _row(data: Any) -> Row | None:
    if not isinstance(data, Mapping):
        return None
    ours, theirs, ratio = numbers([data.get("ours_ms"), data.get("theirs_ms"), data.get("ratio")])
    good = math.isfinite(ratio) and ratio > 0
    return Row(str(data.get("rule", "–")), str(data.get("phase", "–")), ours, theirs, ratio) if good else None


def _group(turn: int, phase: str, rows: list[Row]) -> Group:
    x = _axis(rows)
    slowest = sorted(rows, key=lambda row: -row.ratio)[:LISTED]
    bars = tuple(_bar(row, HEAD + BAR * place, x) for place, row in enumerate(slowest))
    height = HEAD + BAR * len(bars) + 6
    return Group(f"speed-{turn}", phase, _said(rows, len(slowest)), height, x.at(1.0), x.ticks(), bars)


def _axis(rows: list[Row]) -> Log:
    powers = [math.log10(row.ratio) for row in rows]
    low, high = min(-1, math.floor(min(powers))), max(1, math.ceil(max(powers)))
    return Log(low, high, NAME, WIDE - 40)


def _bar(row: Row, y: float, x: Log) -> Bar:
    ends = sorted((x.at(1.0), x.at(row.ratio)))
    kind = "slower" if row.ratio > NEAR else "faster" if row.ratio < 1 / NEAR else "same"
    return Bar(
        row.rule, ends[0], max(1.0, round(ends[1] - ends[0], 1)), y, kind, f"{short(row.ratio)} {kind}", ends[1] + 6
    )


def _said(rows: list[Row], shown: int) -> str:
    mean = math.exp(sum(math.log(row.ratio) for row in rows) / len(rows))
    slower, faster = (sum(test(row.ratio) for row in rows) for test in (lambda r: r > NEAR, lambda r: r < 1 / NEAR))
    worst = max(rows, key=lambda row: row.ratio)
    cut = f" The {shown} slowest are drawn." if shown < len(rows) else ""
    return (
        f"Geometric mean of {count(len(rows))}: {short(mean)} times PyTorch’s time; {count(faster)} are faster, "
        f"{count(slower)} slower, the slowest is {worst.rule} at {short(worst.ratio)}.{cut}"
    )
