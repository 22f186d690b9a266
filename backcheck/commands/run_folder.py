"""What commands share that make a run: its folder, the time, the progress bars, and the limits that its page lists."""

import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from backcheck.campaign import crashes
from backcheck.campaign.recipe import Recipe
from backcheck.errors import BadInput
from backcheck.printable import printable
from backcheck_reference.frameworks.limits import LIMITS
from backcheck_reports import read_run
from backcheck_reports.exports.formats import BESIDE, FORMATS
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.claim import resume as resumed
from backcheck_reports.storage.lock import locked

OWN_NAMES = (crashes.CRASHES_FILE, *(each.name for each in FORMATS.values()), BESIDE)


@contextmanager
def prepared(folder: Path, recipe: Recipe, resume: bool) -> Iterator[None]:
    """Make the folder, which is this run's alone within the block.

    Without `resume` what an earlier run of ours left in it is removed, and nothing else.
    """
    with locked(folder):
        if not (resume and resumed(folder)):
            claim(folder, OWN_NAMES)
        elif (before := dict(read_run(folder).recipe)) != json.loads(json.dumps(recipe.to_json())):
            raise BadInput(f"--resume: the run in {folder} has the recipe {before}; give its options or another --out")
        yield


def limits() -> tuple[str, ...]:
    """What the frameworks are known to get wrong, as text for the page."""
    return tuple(f"{limit.party}, {limit.rule}, {limit.dtype}: {limit.reason}" for limit in LIMITS)


def now() -> str:
    """The time, as it stands in a run."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Progress]:
    """A progress bar on a terminal, on standard error so that what is piped stays clean; quiet elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not (wanted and console.is_terminal)) as bar:
        yield bar


@contextmanager
def progress_by_name(wanted: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each kind of work, for code that says by itself how far it is: progress(what, done, total)."""
    with progress_bar(wanted) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(printable(what), total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield progress
