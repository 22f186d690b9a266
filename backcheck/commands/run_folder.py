"""What commands share that make a run: its folder, the time, the progress bars, and the limits that its page lists."""

import datetime
import json
import shutil
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
from backcheck_reports import SHARD_FILES, check_writable, read_run
from backcheck_reports.exports.formats import BESIDE, FORMATS

RUN_FILES = ("run.json", crashes.CRASHES_FILE, *SHARD_FILES, "notes", *(each.name for each in FORMATS.values()), BESIDE)


def prepare(folder: Path, recipe: Recipe, resume: bool) -> None:
    """Make the folder. Without `resume` an earlier run in it is removed, and nothing else."""
    check_writable(folder)
    if not (folder / "run.json").exists():
        return
    if resume:
        before = dict(read_run(folder).recipe)
        if before != json.loads(json.dumps(recipe.to_json())):
            raise BadInput(f"--resume: the run in {folder} has the recipe {before}; give its options or another --out")
        return
    for pattern in RUN_FILES:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


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
