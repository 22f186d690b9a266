"""One backward, watched: which functions it runs, at which lines, and which names have which values there."""

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from backcheck.subjects.lines.own_functions import OTHERS

Frame = types.FrameType
ENGINE = "scratch_bp.network"  # runs the rules, and is no rule


@dataclass(frozen=True, slots=True)
class Watched:
    """What one function of somebody's did: `lines` has for each line that ran the names that had a value before it."""

    code: types.CodeType
    globals: dict[str, Any]
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)


def watched(call: Callable[[], Any]) -> dict[types.CodeType, Watched]:
    """What the functions did that the call leads to, in the order in which they began; nothing of libraries.

    What the call raises ends it, and what ran before is told.
    """
    found: dict[types.CodeType, Watched] = {}

    def of_line(frame: Frame, event: str, _: Any) -> Any:
        if event == "line":
            found[frame.f_code].lines[frame.f_lineno] = dict(frame.f_locals)
        return of_line

    def of_call(frame: Frame, event: str, _: Any) -> Any:
        module = str(frame.f_globals.get("__name__") or "")
        if module.partition(".")[0] in OTHERS or module == ENGINE or frame.f_code.co_name.startswith("<"):
            return None
        found.setdefault(frame.f_code, Watched(frame.f_code, frame.f_globals))
        return of_line

    with _traced(of_call), suppress(Exception):  # the lines before are what is wanted
        call()
    return found


@contextmanager
def _traced(trace: Any) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
