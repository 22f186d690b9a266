"""The heat map of a wrong tensor: the error of each entry as a part of what rounding explains, on a logarithmic scale.

A square beyond what rounding explains fills its place, and one within it does not. So nobody needs the colours.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.plots import printed_name
from backcheck_reports.json_values import floats
from backcheck_reports.number_format import count, counted, short
from backcheck_reports.party_names import party_name

# the upper ends of the levels that rounding explains; the levels beyond end at these parts of the largest finite error
WITHIN = {0.0: "no error", 1e-2: "to 0.01", 1.0: "to 1"}
BEYOND_PARTS = (1e-4, 1e-2, 0.1, 1.0)
STRONGEST = len(WITHIN) + len(BEYOND_PARTS) - 1  # the number of the last level's style
NUMBER_COLUMNS = 8  # of a grid whose squares are wide enough for numbers
NUMBER_SQUARE = (62, 28)  # width and height of a square with a number
LARGE_SIDE, SMALL_SIDE = 18, 13  # of the squares of larger grids
MOST_SQUARES = 40  # in a row or column: more than a note ever has


Cells = Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Level:
    """All squares of a level as one path."""

    style: str
    path: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The upper ends of the levels in order, their names and their styles."""

    ends: tuple[float, ...]
    names: tuple[str, ...]
    styles: tuple[str, ...]

    def level(self, value: float) -> int:
        return next((level for level, end in enumerate(self.ends) if value <= end), len(self.ends) - 1)


@dataclass(frozen=True, slots=True)
class SquareNumber:
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
    words: tuple[SquareNumber, ...]
    worst: tuple[float, float, float, float]
    unit: str
    legend: tuple[tuple[str, str], ...]


def heat(data: Mapping[str, Any] | None) -> Heat | None:
    """The picture from a note's data; None where there are none, or they are no grid."""
    values = [list(floats(row)) for row in (data or {}).get("values", ()) if isinstance(row, list)]
    if data is None or not values or not values[0] or max(len(values), len(values[0])) > MOST_SQUARES:
        return None
    wide, tall = _square(len(values), len(values[0]))
    # null stands for the places after the last entry, where a tensor was broken into rows
    cells = {
        (i, j): value for i, row in enumerate(values) for j, value in enumerate(row) if data["values"][i][j] is not None
    }
    row, column = _worst(cells)
    scale = _scale(cells)
    used = sorted(set(map(scale.level, cells.values())))
    return Heat(
        title=f"Error of the gradient by {data.get('tensor')}, {party_name(str(data.get('party')))}",
        description=_described(data, cells),
        sentence=_sentence(data, cells),
        width=wide * max(map(len, values)) + 4,
        height=tall * len(values) + 4,
        levels=tuple(_squares(level, scale, cells, wide, tall) for level in used),
        words=tuple(
            SquareNumber(2 + wide * (j + 0.5), 2 + tall * (i + 0.5), short(value), scale.styles[scale.level(value)])
            for (i, j), value in (cells.items() if (wide, tall) == NUMBER_SQUARE else ())
        ),
        worst=(2 + wide * column, 2 + tall * row, wide, tall),
        unit=f"error / {'1000 ε of the largest entry' if data.get('beside') else 'allowed'}:",
        legend=tuple((scale.styles[level], scale.names[level]) for level in used),
    )


def _square(rows: int, columns: int) -> tuple[int, int]:
    """Width and height of a square: in a small grid each has room for a number, in larger grids they are smaller."""
    if columns <= NUMBER_COLUMNS and rows <= 2 * NUMBER_COLUMNS:
        return NUMBER_SQUARE
    side = LARGE_SIDE if max(rows, columns) <= 3 * NUMBER_COLUMNS else SMALL_SIDE
    return side, side


def _worst(cells: Cells) -> tuple[int, int]:
    return max(cells, key=lambda place: math.inf if math.isnan(cells[place]) else cells[place])


def _scale(cells: Cells) -> Scale:
    """The last level always has the strongest style, however large the largest error is."""
    beyond = [value for value in cells.values() if not value <= 1]
    largest = max(filter(math.isfinite, beyond), default=1.0)
    ends = [largest * part for part in BEYOND_PARTS if largest * part > 1]
    if not all(map(math.isfinite, beyond)):
        ends.append(math.inf)
    ends = ends[-len(BEYOND_PARTS) :]
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


def _sentence(data: Mapping[str, Any], cells: Cells) -> str:
    shape = "×".join(map(str, data.get("shape") or ())) or "of one number"
    parts = [f"Shape {shape}, {data.get('dtype', '')}{data.get('where', '')}."]
    block = list(floats(data.get("block") or ()))
    if block and max(block) > 1:
        parts.append(f"Each square is the worst of a block of {block[0]:g}×{block[1]:g} entries.")
    if data.get("layout"):
        parts.append(f"{data['layout']}.")
    parts.append(f"The outline marks the worst entry, {data.get('index', '')}.")
    if beside := data.get("beside"):
        parts.append(f"The truth is not known entry by entry: this is the distance from {printed_name(str(beside))}.")
    elif all(value <= 1 for value in cells.values()):
        parts.append("Floats alone would let it pass: it is exact arithmetic that shows the fault.")
    return " ".join(parts)


def _described(data: Mapping[str, Any], cells: Cells) -> str:
    over = sum(not value <= 1 for value in cells.values())
    worst = cells[_worst(cells)]
    limit = "1000 ε of the largest entry" if data.get("beside") else "what rounding explains"
    if not over:
        return f"The worst error is {short(worst)} of {limit}."
    which = f"{count(over)} of {counted(len(cells), 'square')}"
    return f"Beyond {limit}: {which}, the worst by a factor of {short(worst)}."
