"""The error over a tensor as a grid of squares on a logarithmic scale, in parts of what rounding explains.

A square beyond it fills its place and one within it does not: the two are told apart without their colour.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.charts import numbers
from backcheck_reports.figures.plots import spoken
from backcheck_reports.number_format import count, counted, short

# levels that rounding explains, by their end; those beyond end at these parts of the largest finite error
WITHIN = {0.0: "no error", 1e-2: "to 0.01", 1.0: "to 1"}
PARTS = (1e-4, 1e-2, 0.1, 1.0)
STRONGEST = len(WITHIN) + len(PARTS) - 1  # the style of the last level
WORDY = 8  # columns of a grid whose squares are wide enough for a number
WIDE, TALL, LARGE, SIDE = 62, 28, 18, 13
MOST = 40  # rows and columns: more than is ever written


Cells = Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Level:
    """All squares of a level as one path."""

    style: str
    path: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of the levels in order, what they are called, and the style of each."""

    ends: tuple[float, ...]
    names: tuple[str, ...]
    styles: tuple[str, ...]

    def level(self, value: float) -> int:
        return next((level for level, end in enumerate(self.ends) if value <= end), len(self.ends) - 1)


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
    wide, tall = _sides(len(values), len(values[0]))
    cells = {(i, j): value for i, row in enumerate(values) for j, value in enumerate(row) if not _absent(data, i, j)}
    row, column = _worst(cells)
    scale = _scale(cells)
    used = sorted(set(map(scale.level, cells.values())))
    return Heat(
        title=f"Error of the gradient by {data.get('tensor')}, {data.get('party')}",
        description=_described(data, cells),
        sentence=_said(data, cells),
        width=wide * max(map(len, values)) + 4,
        height=tall * len(values) + 4,
        levels=tuple(_squares(level, scale, cells, wide, tall) for level in used),
        words=_words(cells, scale, wide, tall) if wide == WIDE else (),
        worst=(2 + wide * column, 2 + tall * row, wide, tall),
        unit=f"error / {'1000 ε of the largest entry' if data.get('beside') else 'allowed'}:",
        legend=tuple((scale.styles[level], scale.names[level]) for level in used),
    )


def _sides(rows: int, columns: int) -> tuple[int, int]:
    """Room for a number in each square of a small grid; a larger one is as fine as it must be."""
    if columns <= WORDY and rows <= 2 * WORDY:
        return WIDE, TALL
    return (LARGE, LARGE) if max(rows, columns) <= 3 * WORDY else (SIDE, SIDE)


def _absent(data: Mapping[str, Any], i: int, j: int) -> bool:
    """The places after the last entry of a tensor that was broken into rows."""
    return data["values"][i][j] is None


def _worst(cells: Cells) -> tuple[int, int]:
    return max(cells, key=lambda place: math.inf if math.isnan(cells[place]) else cells[place])


def _scale(cells: Cells) -> Scale:
    """The last levels have the strongest styles: the largest errors look alike whatever their size."""
    beyond = [value for value in cells.values() if not value <= 1]
    largest = max(filter(math.isfinite, beyond), default=1.0)
    ends = [largest * part for part in PARTS if largest * part > 1]
    ends += [math.inf] * (not all(map(math.isfinite, beyond)))
    ends = ends[-len(PARTS) :]
    names = [f"to {short(end)}" if math.isfinite(end) else "not finite" for end in ends]
    first = STRONGEST + 1 - len(ends)
    styles = [f"h{level}" for level in (*range(len(WITHIN)), *range(first, STRONGEST + 1))]
    return Scale((*WITHIN, *ends), (*WITHIN.values(), *names), tuple(styles))


def _squares(level: int, scale: Scale, cells: Cells, wide: float, tall: float) -> Level:
    inset = 1 if level >= len(WITHIN) else round(min(wide, tall) * 0.2, 1)
    across, down = wide - 2 * inset, tall - 2 * inset
    path = "".join(
        f"M{2 + wide * j + inset:g} {2 + tall * i + inset:g}h{across:g}v{down:g}h{-across:g}z"
        for (i, j), value in cells.items()
        if scale.level(value) == level
    )
    return Level(scale.styles[level], path)


def _words(cells: Cells, scale: Scale, wide: float, tall: float) -> tuple[Word, ...]:
    return tuple(
        Word(2 + wide * (j + 0.5), 2 + tall * (i + 0.5), short(value), scale.styles[scale.level(value)])
        for (i, j), value in cells.items()
    )


def _said(data: Mapping[str, Any], cells: Cells) -> str:
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
    elif all(value <= 1 for value in cells.values()):
        told.append("Floats alone would let it pass: it is exact arithmetic that shows the fault.")
    return " ".join(told)


def _described(data: Mapping[str, Any], cells: Cells) -> str:
    over = sum(not value <= 1 for value in cells.values())
    worst = cells[_worst(cells)]
    limit = "1000 ε of the largest entry" if data.get("beside") else "what rounding explains"
    if not over:
        return f"The worst error is {short(worst)} of {limit}."
    which = f"{count(over)} of {counted(len(cells), 'square')}"
    return f"Beyond {limit}: {which}, the worst by a factor of {short(worst)}."
