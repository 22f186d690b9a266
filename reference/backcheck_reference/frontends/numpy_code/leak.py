"""Which line lost the exact numbers? For code on which exact arithmetic came out as floats, or stopped.

Exact numbers become floats where no class of arrays can prevent it: `math.exp(x[0])`, `float(x.sum())`, an assignment
into a buffer made by a bare `zeros`. A float that was made in this way still depends on the inputs. So the function is
run under a trace, twice on the same inputs and once on inputs moved a little, or more where a float is short. The first
float that changes with the inputs, and only with them, is the one, and the line before made it.
"""

import functools
import inspect
import linecache
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from backcheck_reference.derivatives import along
from backcheck_reference.frontends.numpy_code import ordinary, running
from backcheck_reference.frontends.numpy_code.arrays import floated
from backcheck_reference.numbers import balls, exact

MOVES = (2.0**-12, 2.0**-6)  # seen in float32, and in float16 and bfloat16
MOST_LINES = 20_000
LARGEST_ARRAY = 100_000
DEPTH = 2  # how far into containers and attributes of objects floats are looked for


def _folder_of(package: str) -> tuple[Path, ...]:
    """Where a package of ours lies, in a checkout or installed. Nothing is imported for it."""
    spec = find_spec(package)
    return tuple(Path(place).resolve() for place in (spec and spec.submodule_search_locations) or ())


_LIBRARIES = (
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    Path(np.__file__).resolve().parents[1],
    *_folder_of("backcheck"),
    *_folder_of("backcheck_reference"),
)

Key = tuple[str, int, str]


@dataclass(slots=True)
class _Record:
    """The floats that the lines of one run left behind, in order, and the lines that called `float`."""

    seen: list[tuple[Key, int, str]] = field(default_factory=list)
    floated: list[tuple[str, int]] = field(default_factory=list)
    lines: int = 0


def where_it_left(function: Callable[..., Any], args: Sequence[Any]) -> str:
    """The line that turned exact numbers into floats, in plain words; "" when none is found.

    `args` are arrays of exact numbers, or anything else that the function takes, which stays as it is.
    """
    once, again = (_traced(function, args) for _ in range(2))
    for by in MOVES:
        found = _first_change(once.seen, again.seen, _traced(function, _moved(args, by)).seen)
        if found is not None:
            (file, line, _), dtype = found
            return f"{_at(file, line)} turns exact numbers into {dtype}"
    if once.floated:
        return f"{_at(*once.floated[0])} turns exact numbers into float64"
    return ""


def where_it_stopped(error: BaseException) -> str:
    """The line of the user's own code in which an error was raised, and what it says; "" when there is none."""
    own = [each for each in traceback.extract_tb(error.__traceback__) if is_own(each.filename)]
    if not own:
        return ""
    said = str(error).strip().partition("\n")[0]
    return f"{_at(own[-1].filename, own[-1].lineno or 0)} stopped with {type(error).__name__}" + (said and f": {said}")


def _at(file: str, line: int) -> str:
    linecache.checkcache(file)  # it may have been edited since
    text = linecache.getline(file, line).strip()
    return f"{Path(file).name}, line {line}" + (f": `{text}`" if text else "")


@functools.cache
def is_own(file: str) -> bool:
    """Is this file a user's own: no library's, and not this project's?"""
    if file.startswith("<"):
        return not file.startswith("<frozen")
    return not any(Path(file).resolve().is_relative_to(library) for library in _LIBRARIES)


def _moved(args: Sequence[Any], by: float) -> list[Any]:
    """The exact arrays a little away from where they are, each entry by another amount."""
    numbers = {str(at): each for at, each in enumerate(args) if isinstance(each, np.ndarray) and each.dtype == object}
    moves = along.directions(numbers, tuple(numbers), seed=0)
    return [each + exact.lift(moves[str(at)] * by) if str(at) in numbers else each for at, each in enumerate(args)]


def _traced(function: Callable[..., Any], args: Sequence[Any]) -> _Record:
    """What one run leaves behind, until it ends or stops with an error."""
    record = _Record()
    watch = next((each.watch for each in args if isinstance(each, balls.Hull)), None)
    copies = [ordinary(each.copy()) if isinstance(each, np.ndarray) else each for each in args]
    # what it did before an error may say enough; `where_it_stopped` tells the rest
    with running(watch), _tracing(record), suppress(Exception):
        function(*copies)
    return record


@contextmanager
def _tracing(record: _Record) -> Iterator[None]:
    before, token = sys.gettrace(), floated.set(lambda: _note_float(record))
    sys.settrace(_tracer(record))
    try:
        yield
    finally:
        sys.settrace(before)
        floated.reset(token)


def _place(frame: Any) -> tuple[str, int]:
    return frame.f_code.co_filename, frame.f_lineno


def _note_float(record: _Record) -> None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_own(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is not None:
        record.floated.append(_place(frame))


def _tracer(record: _Record) -> Callable[..., Any]:
    """A trace function that looks at the floats of a frame after each of its lines."""
    own: dict[str, bool] = {}

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in own:
            own[file] = is_own(file)
        if not own[file] or record.lines >= MOST_LINES:
            return None
        back = frame.f_back
        called = back is not None and own.get(back.f_code.co_filename, False)
        return _follow(record, frame, _place(back if called else frame))

    return enter


def _follow(record: _Record, frame: FrameType, caller: tuple[str, int]) -> Callable[..., Any]:
    last = caller  # an argument was made where the function was called

    def line(frame: FrameType, event: str, returned: Any) -> Any:
        nonlocal last
        for name, value in frame.f_locals.items():
            _look(record, (*last, name), value)
        if event == "return":
            _look(record, (*last, "return"), returned)
        last, record.lines = _place(frame), record.lines + 1
        return line if record.lines < MOST_LINES else None

    return line


def _look(record: _Record, key: Key, value: Any, depth: int = DEPTH) -> None:
    """Note every float that a value is or holds."""
    if isinstance(value, float | np.floating):
        record.seen.append((key, hash(float(value)), getattr(value, "dtype", np.dtype(float)).name))
    elif isinstance(value, np.ndarray):
        if type(value) is np.ndarray and value.dtype.kind == "f" and value.size <= LARGEST_ARRAY:
            record.seen.append((key, hash(value.tobytes()), value.dtype.name))
    elif depth:
        for each in _parts(value):
            _look(record, key, each, depth - 1)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, type | ModuleType) or inspect.isroutine(value):
        return ()
    return getattr(value, "__dict__", {}).values()


def _first_change(once: list[Any], again: list[Any], moved: list[Any]) -> tuple[Key, str] | None:
    """The first float that is the same in two runs on the same inputs, and another when they move."""
    for (key, value, dtype), (key_again, value_again, _), (key_moved, value_moved, _) in zip(
        once, again, moved, strict=False
    ):
        if not key == key_again == key_moved:
            return None
        if value == value_again != value_moved:
            return key, dtype
    return None
