"""What commands that make a run share: its folder, the time, the progress bar, and the limits that its page lists."""

import datetime
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backcheck.campaign import crashes
from backcheck.campaign.recipe import Recipe
from backcheck.errors import BadInput
from backcheck_reference.frameworks.limits import LIMITS
from backcheck_reports import SHARD_FILES, check_writable, read_run
from backcheck_reports.exports.formats import BESIDE, FORMATS

RUN_FILES = ("run.json", crashes.FILE, *SHARD_FILES, "notes", *(each.name for each in FORMATS.values()), BESIDE)


def prepare(folder: Path, recipe: Recipe, resume: bool) -> None:
    """An empty folder for the run, or the one to go on with. Only files of an earlier run are ever removed."""
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
    return tuple(f"{limit.party}, {limit.rule}, {limit.dtype}: {limit.reason}" for limit in LIMITS)


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Progress]:
    """A progress bar on a terminal, on standard error so that what is piped stays clean; quiet elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not (wanted and console.is_terminal)) as bar:
        yield bar
