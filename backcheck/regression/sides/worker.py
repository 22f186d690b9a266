"""A process with one side's code in it. It answers requests, one at a time, until it is told to end.

Networks and arrays travel as the JSON of a case, answers as plain data: the two sides may have classes of the same name
and of different make.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hypothesis.configuration import set_hypothesis_home_dir

from backcheck.errors import BadInput
from backcheck.regression.sides import answers, clock, loader
from backcheck.regression.sides import cases as drawing
from backcheck.strategies.case import Case

Request = Callable[..., Any]


def serve(pipe: Connection, root: str, where: str | None) -> None:
    """The process's main function: load the side, say whether it could be, then answer."""
    _leave_nothing()
    try:
        side = loader.load(Path(root), where)
    except BadInput as error:
        pipe.send(("unusable", str(error)))
        return
    except BaseException as error:  # an import that fails or exits in any way is the side's, and is said
        pipe.send(("unusable", f"its code cannot be imported: {type(error).__name__}: {error}"))
        return
    pipe.send(("ready", None))
    requests = _requests(side)
    while (asked := _next(pipe)) is not None:
        name, arguments = asked
        try:
            pipe.send(("done", requests[name](*arguments)))
        except Exception:
            pipe.send(("failed", traceback.format_exc()))


def _leave_nothing() -> None:
    """The side's folder is somebody's: neither Python nor Hypothesis may keep its caches there."""
    sys.dont_write_bytecode = True
    set_hypothesis_home_dir(os.path.join(tempfile.gettempdir(), "backcheck-hypothesis"))


def _next(pipe: Connection) -> tuple[str, tuple[Any, ...]] | None:
    try:
        return pipe.recv()  # type: ignore[no-any-return]
    except (EOFError, OSError, KeyboardInterrupt):  # the other end is gone
        return None


def _requests(side: loader.Loaded) -> Mapping[str, Request]:
    watch = clock.Clock(side)
    return {
        "about": lambda: (
            {name: loader.options(rule) for name, rule in side.rules.items()},
            dict(side.unusable),
            side.rules.engine is not None,
        ),
        "draw": lambda plan: drawing.drawn(side, plan),
        "answer": lambda cases, whole: [
            answers.answer(side, Case.from_json(case), promises, whole) for case, promises in cases
        ],
        "raw": lambda cases: [answers.raw(side, Case.from_json(case)) for case in cases],
        "sized": lambda plan: drawing.sized(side, plan),
        "runs": lambda cases: [clock.runs(side, Case.from_json(case)) for case in cases],
        "prepare": watch.prepare,
        "calls": watch.calls,
        "read": watch.read,
        "peak": lambda case: clock.peak(side, Case.from_json(case)),
        "pin": _pin,
    }


def _pin(core: int | None) -> None:
    """Stay on one core, where the system lets us: two cores of a busy machine may differ by half."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
