"""Kill a run, and what is exported from it, before each change that it makes in its folder; then run it again.

The process that this script starts in imports everything once. Each run is a fork of it: a new interpreter for each of
some hundred kills would take minutes. What the subject has wrong is explained, so that notes and arrays are written.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import backcheck.commands.verify as verifying
from backcheck import errors
from backcheck.campaign import explanations
from backcheck.commands.report import report
from backcheck.commands.run_folder import OWN_NAMES
from backcheck_reports import Met, read_records
from backcheck_reports.exports import formats
from backcheck_reports.exports.formats import FORMATS
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.files import replacing_file
from backcheck_reports.storage.manifest import MANIFEST, ListedFile, fingerprint, list_files, run_of
from scratch_bp.rules import RULES
from tests.commands.in_this_process import one_worker_here

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}
MINE = ("mine.txt", "notes/mine.txt", "records-mine/mine.txt")
KINDS = [kind for kind in FORMATS if kind != "parquet" or find_spec("duckdb")]
UNHARMED, FAILED = 0, 99  # exit codes of a fork
TABLE = {"tanh": (lambda x: RULES["tanh"].forward(x), lambda saved, dy: (2 * RULES["tanh"].backward(saved, dy)[0],))}


def verify(folder, resume=False):
    code = verifying.verify(
        networks=2, seed=0, rules=("tanh",), dtypes=("float64",), oracles=("exact",), order=1,
        subject=f"{__spec__.name}:TABLE", zoo=False, workers=1, case_seconds=300, worker_memory=2000, resume=resume,
        with_training=False, out=str(folder), as_json=True,
    )  # fmt: skip
    assert code == errors.DISAGREE, code


def everything(folder):
    """A run, every export of it, and the page of two runs."""
    verify(folder)
    assert report([str(folder)], KINDS, None, False, True) == errors.DISAGREE
    assert report([str(folder), str(folder)], [], None, False, True) == errors.DISAGREE


def removed(folder):
    """How a second run begins."""
    claim(folder, OWN_NAMES)


def killed_before(change, folder, kinds):
    """From now on: kill this process before it makes this change in the folder, counted from 0."""
    seen = count()

    def look(event, given):
        if event in CHANGES or (event == "open" and given[2] & (os.O_WRONLY | os.O_RDWR)):
            path = str(given[1] if event == "os.rename" else given[0])
            counts = kinds == "all" or event == "os.rename" or path.endswith(MANIFEST)
            if counts and path.startswith(str(folder)) and next(seen) == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def killed(work, change, folder, kinds):
    killed_before(change, folder, kinds)
    work(folder)


def forked(work, *given):
    """How a fork of this process ends: its exit code, or minus the signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        work(*given)
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)
    os._exit(UNHARMED)


def contents(folder):
    """Each record as text, and how often it is there."""
    return Counter(map(repr, read_records(folder, Met())))


def mine(folder):
    return {name: (folder / name).read_text() for name in MINE}


def begun(folder, finished):
    """A folder with files of somebody's own, and a finished run where one is given."""
    if finished is None:
        for name in MINE:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{name} is mine")
    else:
        shutil.copytree(finished, folder)


def kill_all(work, place, finished, kinds):
    """Kill at every change, and go on in each of the two ways. Returns the number of changes."""
    whole = contents(place.parent / "whole")
    for change in count():
        folder = place / f"{change}"
        begun(folder, finished)
        before = mine(folder)
        ended = forked(killed, work, change, folder, kinds)
        if ended == UNHARMED:
            return change
        assert ended == -signal.SIGKILL, f"change {change}: the run ended with {ended}"
        for resume in (False, True):
            again = place / f"{change}-{'resumed' if resume else 'again'}"
            shutil.copytree(folder, again)
            left = sorted(str(path.relative_to(again)) for path in again.rglob("*"))
            assert forked(verify, again, resume) == UNHARMED, f"change {change}, {again.name}: {left}"
            assert contents(again) == whole, f"change {change}, {again.name}: {left}"
            assert mine(again) == before
            parts = [path.name for path in again.rglob(".*.part") if MANIFEST not in path.name]
            assert resume or not parts, f"change {change}, {again.name} leaves {parts}"
            shutil.rmtree(again)
        shutil.rmtree(folder)
    raise AssertionError("unreachable")


@contextmanager
def listed_late(folder, name, *, force=None):
    """A planted fault: `listed_file`, but a file is listed after it has got its name."""
    with replacing_file(folder / name, force=force, mark=run_of(folder)) as part:
        yield part
    list_files(folder, [ListedFile(name, *fingerprint(folder / name))])


def main(place, kinds):
    """`kinds` of changes: "all", or "names" for those that give a file its name or list it."""
    whole = place / "whole"
    begun(whole, None)
    with redirect_stdout(None):
        everything(whole)  # in this process: what it caches, all forks have
    assert {FORMATS[kind].name for kind in KINDS} < {path.name for path in whole.iterdir()}
    assert list((whole / "notes").glob("*.npz"))
    changes = kill_all(everything, place / "new", None, kinds)
    removals = kill_all(removed, place / "second", whole, kinds)
    print(json.dumps([changes, removals]))


if __name__ == "__main__":
    verifying.Pool = one_worker_here
    # what takes most of the time, and writes nothing
    explanations.calm = lambda: None  # it imports PyTorch
    verifying._showcase = lambda recipe, pool: ({}, ())
    verifying.step_curve.measured = dict
    verifying.capture = dict
    if "planted" in sys.argv:
        formats.listed_file = listed_late
    main(Path(sys.argv[1]), sys.argv[2])
