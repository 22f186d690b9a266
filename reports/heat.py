"""The error over a tensor as a grid of squares on a logarithmic scale, in parts of what rounding explains.

A square beyond it fills its place and one within it does not: the two are told apart without their colour.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.charts import numbers
from reports.numbers import count, counted, short
from reports.plots import spoken

# where each level ends; levels up to WITHIN are explained by rounding
ENDS = (0.0, 1e-2, 1.0, 1e2, 1e4, 1e8, math.inf)
NAMES = ("no error", "to 0.01", "to 1", "to 100", "to 10⁴", "to 10⁸", "beyond")
WITHIN = 2
WORDY = 8  # columns of a grid whose squares are wide enough for a number
WIDE, TALL, SIDE = 62, 28, 13
MOST = 40  # rows and columns: more than is ever written


@dataclass(frozen=True, slots=True)
class Level:
    """All squares of a level as one path."""

    style: str
    path: str


@dataclass(frozen=True, slots=True)
class Word:
    x: float
    y: float
    text: str
    style: str


@dataclass(frozen=True, slots=True)
class Heat:
    title: str
    description: str
    sentence: str
    width: float
    height: float
    levels: tuple[Level, ...]
    words: tuple[Word, ...]
    worst: tuple[float, float, float, float]
    unit: str
    legend: tuple[tuple[str, str], ...]


def heat(data: Mapping[str, Any] | None) -> Heat | None:
    """The picture from a note's data; None where they are none, or no grid."""
    values = [list(numbers(row)) for row in (data or {}).get("values", ()) if isinstance(row, list)]
    if data is None or not values or not values[0] or max(len(values), len(values[0])) > MOST:
        return None
    wide, tall = (WIDE, TALL) if len(values[0]) <= WORDY and len(values) <= 2 * WORDY else (SIDE, SIDE)
    cells = {(i, j): value for i, row in enumerate(values) for j, value in enumerate(row) if not _absent(data, i, j)}
    row, column = _worst(cells)
    used = sorted({_level(value) for value in cells.values()})
    return Heat(
        title=f"Error of the gradient by {data.get('tensor')}, {data.get('party')}",
        description=_described(data, cells),
        sentence=_said(data, cells),
        width=wide * max(map(len, values)) + 4,
        height=tall * len(values) + 4,
        levels=tuple(_squares(level, cells, wide, tall) for level in used),
        words=_words(cells, wide, tall) if wide == WIDE else (),
        worst=(2 + wide * column, 2 + tall * row, wide, tall),
        unit=f"error / {'1000 ε of the largest entry' if data.get('beside') else 'allowed'}:",
        legend=tuple((f"h{level}", NAMES[level]) for level in used),
    )


def _absent(data: Mapping[str, Any], i: int, j: int) -> bool:
    """The places after the last entry of a tensor that was broken into rows."""
    return data["values"][i][j] is None


def _worst(cells: Mapping[tuple[int, int], float]) -> tuple[int, int]:
    return max(cells, key=lambda place: math.inf if math.isnan(cells[place]) else cells[place])


def _level(value: float) -> int:
    return next((level for level, end in enumerate(ENDS) if value <= end), len(ENDS) - 1)


def _squares(level: int, cells: Mapping[tuple[int, int], float], wide: float, tall: float) -> Level:
    inset = 1 if level > WITHIN else round(min(wide, tall) * 0.2, 1)
    across, down = wide - 2 * inset, tall - 2 * inset
    path = "".join(
        f"M{2 + wide * j + inset:g} {2 + tall * i + inset:g}h{across:g}v{down:g}h{-across:g}z"
        for (i, j), value in cells.items()
        if _level(value) == level
    )
    return Level(f"h{level}", path)


def _words(cells: Mapping[tuple[int, int], float], wide: float, tall: float) -> tuple[Word, ...]:
    return tuple(
        Word(2 + wide * (j + 0.5), 2 + tall * (i + 0.5), short(value), f"h{_level(value)}")
        for (i, j), value in cells.items()
    )


def _said(data: Mapping[str, Any], cells: Mapping[tuple[int, int], float]) -> str:
    shape = "×".join(map(str, data.get("shape") or ())) or "of one number"
    told = [f"Shape {shape}, {data.get('dtype', '')}{data.get('where', '')}."]
    block = list(numbers(data.get("block") or ()))
    if block and max(block) > 1:
        told.append(f"Each square is the worst of a block of {block[0]:g}×{block[1]:g} entries.")
    if data.get("layout"):
        told.append(f"{data['layout']}.")
    told.append(f"The outline marks the worst entry, {data.get('index', '')}.")
    if beside := data.get("beside"):
        told.append(f"The truth is not known entry by entry: this is the distance from {spoken(str(beside))}.")
    elif not any(_level(value) > WITHIN for value in cells.values()):
        told.append("Floats alone would let it pass: it is exact arithmetic that shows the fault.")
    return " ".join(told)


def _described(data: Mapping[str, Any], cells: Mapping[tuple[int, int], float]) -> str:
    over = sum(_level(value) > WITHIN for value in cells.values())
    worst = cells[_worst(cells)]
    limit = "1000 ε of the largest entry" if data.get("beside") else "what rounding explains"
    if not over:
        return f"The worst error is {short(worst)} of {limit}."
    which = f"{count(over)} of {counted(len(cells), 'square')}"
    return f"Beyond {limit}: {which}, the worst by a factor of {short(worst)}."
