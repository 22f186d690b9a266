"""Where digits are lost: the operation that cancels, overflows or underflows, and its place in the subject's code.

The code runs on balls whose inputs are points, so that each radius is what rounding inside the code has done. An
operation whose result is relatively far wider than its operands loses digits: a difference of nearly equal numbers, or
the logarithm of a number near 1. A difference of two exact inputs is a point, and loses none.
"""

import functools
import linecache
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from backcheck.problem import Problem
from backcheck_reference.frontends.numpy_code.leak import is_own
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import balls, exact

THREE_DIGITS = 2.0**10  # by which one operation must widen its operands' relative radius to be named
LONGEST = 60  # characters of source that are shown
LOSES: dict[np.ufunc, str] = {
    **dict.fromkeys((np.add, np.subtract), "cancels"),
    **dict.fromkeys((np.log, np.log2, np.log10), "loses digits near 1"),
}
FAILS = {
    "overflow": "overflows",
    "underflow": "underflows",
    "divide by zero": "divides by zero",
    "invalid value": "is no number",
}


def cause(problem: Problem, forward_only: bool, at: tuple[int, ...] | None = None) -> str:
    """The operation that loses most digits, with its source; "" where none can be told.

    `forward_only` is for the value: then backward is not looked at. With `at` the digits of one entry are meant, in
    every operation whose result has that entry; otherwise those of whole arrays.
    """
    return (
        first_failure(problem, ("over", "divide"), forward_only)
        or _widest(problem, forward_only, at)
        or first_failure(problem, ("under",), forward_only)
    )


def first_failure(problem: Problem, kinds: Sequence[str], forward_only: bool) -> str:
    """The first operation in floats that overflows, underflows or divides by zero, where NumPy says so."""
    try:
        with np.errstate(all="ignore"), np.errstate(**dict.fromkeys(kinds, "raise")):  # type: ignore[arg-type]
            _run(problem, problem.arrays, problem.dy, forward_only)
    except FloatingPointError as error:
        return _failed(error)
    except Exception:  # the code's own way to fail: nothing is known then
        return ""
    return ""


def _run(problem: Problem, arrays: Any, dy: np.ndarray, forward_only: bool) -> None:
    if forward_only:
        problem.function(arrays)
    else:
        problem.vjp(arrays, dy)


def _failed(error: FloatingPointError) -> str:
    """The innermost line of the subject's own code in the traceback, and what it does."""
    said, _, where = str(error).partition(" encountered in ")
    what = "is the logarithm of 0" if said == "divide by zero" and where.startswith("log") else FAILS.get(said, "")
    trace, told = error.__traceback__, ""
    while trace is not None:
        if is_own(trace.tb_frame.f_code.co_filename):
            told = _told(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno, what)
        trace = trace.tb_next
    return told if what else ""


def _widest(problem: Problem, forward_only: bool, at: tuple[int, ...] | None) -> str:
    """The operation whose result is relatively widest beside its operands; one of backward before one of forward."""
    forward = _LossWatch(problem.dtype, at)
    both = _LossWatch(problem.dtype, at)
    for watch, alone in ((forward, True), (both, False))[: 1 if forward_only else 2]:
        # balls that overlap are not what everybody's code expects: what was seen until then may do
        with suppress(Exception), balls.run_at(problem.dtype):
            watch.skipped = forward.seen
            arrays = {name: watch.point_of(array) for name, array in problem.arrays.items()}
            _run(problem, arrays, watch.point_of(problem.dy), alone)
    return both.told or forward.told


class _LossWatch(balls.Watch):
    """Notes the operation whose result is relatively widest beside its operands. The first `skipped` do not count."""

    def __init__(self, dtype: str, at: tuple[int, ...] | None) -> None:
        super().__init__(dtype, floor=0.0)
        self.at, self.least = at, 2.0 ** -balls.BITS[dtype]
        self.seen = self.skipped = 0
        self.most, self.told = THREE_DIGITS, ""

    def point_of(self, array: np.ndarray) -> np.ndarray:
        kept: np.ndarray = array if array.dtype.kind in "iub" else self.keep(exact.lift(array))
        return kept

    def met(self, ufunc: np.ufunc, inputs: Sequence[Any], result: Any) -> None:
        self.seen += 1
        if self.seen <= self.skipped:
            return
        operands = max(self.least, *(self._width(each, np.shape(result)) for each in inputs))
        wider = self._width(result, np.shape(result)) / operands if np.isfinite(operands) else 0.0
        if wider > self.most:
            place = next(_own_frames(), None)
            self.most, self.told = wider, _told(*place, LOSES.get(ufunc, "loses digits")) if place else ""

    def _width(self, value: Any, shape: tuple[int, ...]) -> float:
        """The largest radius of an array of balls as a part of its largest entry; infinite around 0."""
        if type(value) is flint.arb:
            value = exact.pack((), [value])
        if not (isinstance(value, np.ndarray) and value.dtype == object and exact.holds_numbers(value)):
            return 0.0
        middles, radii = balls.spans(value)
        if self.at is not None and value.shape == shape and len(self.at) == len(shape):
            with suppress(IndexError):
                middles, radii = middles[self.at], radii[self.at]
        widest = float(np.max(radii, initial=0.0))
        with np.errstate(all="ignore"):
            return float(np.divide(widest, abs(middles).max(initial=0.0))) if widest else 0.0


def _own_frames() -> Iterator[tuple[CodeType, int, int]]:
    """The frames of the subject's own code, innermost first."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            yield frame.f_code, frame.f_lasti, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]


def _told(code: CodeType, instruction: int, line: int, what: str) -> str:
    return f"`{_source(code, instruction, line)}` {what} ({Path(code.co_filename).name}, line {line})"


@functools.cache
def _source(code: CodeType, instruction: int, line: int) -> str:
    """The source of one instruction, or its line where Python does not know the columns."""
    linecache.checkcache(code.co_filename)
    text = linecache.getline(code.co_filename, line)
    start, end, column, last = list(code.co_positions())[instruction // 2]
    if start == end == line and column is not None and last is not None:
        text = text.encode()[column:last].decode(errors="replace")
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
