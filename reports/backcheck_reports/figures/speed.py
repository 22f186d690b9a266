"""The times of rules beside PyTorch's, where they were measured, as text and bars."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.plots import LogAxis, Tick
from backcheck_reports.json_values import floats
from backcheck_reports.number_format import count, short

BAR_HEIGHT, HEAD_HEIGHT = 15, 22
NAME_WIDTH, WIDTH = 172, 460  # the names stand left of the bars
SAME_WITHIN = 1.1  # a ratio within this factor of 1 is called the same
MOST_BARS = 24  # of a phase, for the slowest rules; the table has all rules


@dataclass(frozen=True, slots=True)
class SpeedBar:
    """A bar from the line at 1 to the ratio."""

    name: str
    x: float
    width: float
    y: float
    kind: str
    text: str
    text_x: float


@dataclass(frozen=True, slots=True)
class SpeedPhase:
    """One phase: the bars of its slowest rules, and a sentence on all its rules."""

    id: str
    phase: str
    sentence: str
    height: float
    one: float
    ticks: tuple[Tick, ...]
    bars: tuple[SpeedBar, ...]


@dataclass(frozen=True, slots=True)
class SpeedSection:
    groups: tuple[SpeedPhase, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One rule in one phase, in milliseconds."""

    rule: str
    phase: str
    ours: float
    theirs: float
    ratio: float


def speed(rows: Iterable[Any]) -> SpeedSection | None:
    found = [row for row in map(_row, rows) if row]
    if not found:
        return None
    phases = dict.fromkeys(row.phase for row in found)
    groups = tuple(_phase(turn, p, [row for row in found if row.phase == p]) for turn, p in enumerate(phases))
    ordered = sorted(found, key=lambda row: (list(phases).index(row.phase), -row.ratio))
    table = tuple((r.rule, r.phase, short(r.ratio), short(r.ours), short(r.theirs)) for r in ordered)
    return SpeedSection(groups, ("rule", "phase", "NumPy / PyTorch", "NumPy, ms", "PyTorch, ms"), table)


def _row(data: Any) -> SpeedRow | None:
    if not isinstance(data, Mapping):
        return None
    ours, theirs, ratio = floats([data.get("ours_ms"), data.get("theirs_ms"), data.get("ratio")])
    good = math.isfinite(ratio) and ratio > 0
    return SpeedRow(str(data.get("rule", "–")), str(data.get("phase", "–")), ours, theirs, ratio) if good else None


def _phase(turn: int, phase: str, rows: list[SpeedRow]) -> SpeedPhase:
    x = _axis(rows)
    slowest = sorted(rows, key=lambda row: -row.ratio)[:MOST_BARS]
    bars = tuple(_bar(row, HEAD_HEIGHT + BAR_HEIGHT * place, x) for place, row in enumerate(slowest))
    height = HEAD_HEIGHT + BAR_HEIGHT * len(bars) + 6
    return SpeedPhase(f"speed-{turn}", phase, _sentence(rows, len(slowest)), height, x.at(1.0), x.ticks(), bars)


def _axis(rows: list[SpeedRow]) -> LogAxis:
    powers = [math.log10(row.ratio) for row in rows]
    low, high = min(-1, math.floor(min(powers))), max(1, math.ceil(max(powers)))
    return LogAxis(low, high, NAME_WIDTH, WIDTH - 40)


def _bar(row: SpeedRow, y: float, x: LogAxis) -> SpeedBar:
    left, right = sorted((x.at(1.0), x.at(row.ratio)))
    width = max(1.0, round(right - left, 1))
    kind = _kind(row)
    return SpeedBar(row.rule, left, width, y, kind, f"{short(row.ratio)} {kind}", right + 6)


def _kind(row: SpeedRow) -> str:
    if row.ratio > SAME_WITHIN:
        return "slower"
    return "faster" if row.ratio < 1 / SAME_WITHIN else "same"


def _sentence(rows: list[SpeedRow], shown: int) -> str:
    mean = math.exp(sum(math.log(row.ratio) for row in rows) / len(rows))
    kinds = Counter(map(_kind, rows))
    slowest = max(rows, key=lambda row: row.ratio)
    cut = f" The {shown} slowest are drawn." if shown < len(rows) else ""
    return (
        f"Geometric mean of {count(len(rows))}: {short(mean)} times PyTorch’s time; {count(kinds['faster'])} are "
        f"faster, {count(kinds['slower'])} slower, the slowest is {slowest.rule} at {short(slowest.ratio)}.{cut}"
    )
