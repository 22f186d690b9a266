"""The numbers in a condition, and what may be drawn so that it turns out the other way.

`if x.shape[0] > BLOCK` asks for sizes around BLOCK, `if np.any(abs(x) > 30)` for numbers around 30, on both sides.
"""

import ast
import math
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backcheck.subjects.lines.line_coverage import Missed

LARGER = (8, 9, 16, 17, 33)  # sizes that code for large arrays begins at, where no condition names one
LARGEST = 300  # entries along one axis: exact arithmetic takes too long on more
NEAR = 2.0**-10
LONGEST_WAY = 3  # names that stand for other names


@dataclass(frozen=True, slots=True)
class Sought:
    """What may lead to code that no case has reached: sizes of axes, and numbers in arrays."""

    sizes: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


def sought_by(missed: Iterable[Missed]) -> Sought:
    """What the conditions before unreached code ask for."""
    numbers = [number for each in missed for number in _numbers(each)]
    sizes = [size for number in numbers for size in _sizes(number)]
    values = [value for number in numbers for value in _values(number)]
    return Sought(tuple(dict.fromkeys([*sizes, *LARGER])), tuple(dict.fromkeys(values)))


def _numbers(missed: Missed) -> Iterator[float]:
    """Those that stand in the condition, and those that its names stand for."""
    if missed.untaken.test is None:
        return
    known = dict(missed.function.__globals__) if missed.function is not None else {}
    known |= _cells(missed.function)
    for node in ast.walk(missed.untaken.test):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Name):
            value = known.get(node.id)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield value


def _cells(function: types.FunctionType | None) -> dict[str, object]:
    found: dict[str, object] = {}
    if function is not None:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                found[name] = cell.cell_contents
            except ValueError:  # a name that has no value yet
                continue
    return found


def _sizes(number: float) -> list[int]:
    whole = int(number)
    around = (whole, whole + 1, whole - 1, 2 * whole) if whole == number else ()
    return [size for size in around if 1 <= size <= LARGEST]


def _values(number: float) -> list[float]:
    """The number, those next to it and some beyond it; and the same with the other sign."""
    size = float(abs(number))
    around = (size, size * (1 + NEAR), size * (1 - NEAR), size + 1, size * 2, size / 2)
    return [sign * each for each in around for sign in (1.0, -1.0)]
