"""What runs in the process of one side: it loads the side's code and answers requests, one after the other.

Networks and arrays are sent as the JSON of a case and answers as plain data, since a class of the side may differ from
the class of the same name in the harness.
"""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hypothesis.configuration import set_hypothesis_home_dir

from backcheck.errors import BadInput
from backcheck.processes.worker import end_with_parent
from backcheck.regression.sides import answers, clock, draws, loader, raw_runs
from backcheck.strategies.case import Case
from backcheck_reference.cache import cache_folder

Request = Callable[..., Any]


def serve(pipe: Connection, root: str, where: str | None) -> None:
    """The main function of the process."""
    end_with_parent()
    # neither Python nor Hypothesis may write caches into the side's folder: it belongs to the user
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")  # they are counted where a rule is run, and are nothing to print
    set_hypothesis_home_dir(cache_folder("hypothesis"))
    try:
        side = loader.load(Path(root), where)
    except BadInput as error:
        pipe.send(("unusable", str(error)))
        return
    except BaseException as error:  # the side's code may raise anything when it is imported, or exit
        pipe.send(("unusable", f"its code cannot be imported: {type(error).__name__}: {error}"))
        return
    pipe.send(("ready", None))
    requests = requests_of(side)
    while (asked := _next(pipe)) is not None:
        name, arguments = asked
        try:
            reply = "done", requests[name](*arguments)
        except (Exception, SystemExit):
            reply = "failed", traceback.format_exc()
        try:
            pipe.send(reply)
        except OSError:  # who asked is gone, and nobody reads what this process would print of it
            return


def _next(pipe: Connection) -> tuple[str, tuple[Any, ...]] | None:
    try:
        return pipe.recv()  # type: ignore[no-any-return]
    except (EOFError, OSError):  # the other end is gone
        return None


def requests_of(side: loader.LoadedSide) -> Mapping[str, Request]:
    """What the process of a side can be asked for, by name."""
    watch = clock.Clock(side)

    def case(asked: str | Mapping[str, Any]) -> Case:
        """One that this side has drawn, by its id, or one of the other side's."""
        return side.drawn[asked] if isinstance(asked, str) else Case.from_json(asked)

    return {
        "about": lambda: (side.options(), dict(side.unusable), side.rules.engine is not None),
        "draw": lambda plan, shared: draws.draw_all(side, plan, shared),
        "case": lambda asked: case(asked).to_json(),
        "run": lambda cases: raw_runs.raw_runs(side, [(case(each), twice) for each, twice in cases]),
        "values": lambda cases: [raw_runs.raw_answers(side, case(each)) for each in cases],
        "answer": lambda cases, whole: [answers.answer(side, case(each), promises, whole) for each, promises in cases],
        "raw": lambda cases: [answers.raw(side, Case.from_json(each)) for each in cases],
        "sized": lambda plan: draws.timed_cases(side, plan),
        "runs": lambda cases: [clock.runs(side, Case.from_json(each)) for each in cases],
        "prepare": watch.prepare,
        "calls": watch.calls,
        "read": watch.read,
        "peak": lambda each: clock.peak(side, Case.from_json(each)),
        "pin": _pin,
    }


def _pin(core: int | None) -> None:
    """Stay on one core, where the system allows it: on a busy machine one core may be half as fast as another."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
