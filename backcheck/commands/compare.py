"""What `backcheck compare` does, as a function that returns an exit code."""

import datetime
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from backcheck.errors import AGREE, COULD_NOT, DISAGREE, BadInput
from backcheck.regression import bisect as bisecting
from backcheck.regression.difference import comparison
from backcheck.regression.difference.changes import Comparison
from backcheck.regression.difference.collection import Progress as Told
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.output import page as paging
from backcheck.regression.output import text
from backcheck.regression.sides import source
from backcheck.regression.sides.cases import Plan
from backcheck.regression.sides.processes import CouldNot
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.storage.codec import dumps


def compare(
    *, against: str | None, new: str, subject: str | None, old_subject: str | None, networks: int, seed: int,
    rules: tuple[str, ...], dtypes: tuple[str, ...], expect: str, max_ulps: float | None, max_slowdown: float | None,
    max_memory: float | None, allow: tuple[str, ...], bisect: str | None, no_times: bool, out: str, as_json: bool,
) -> int:  # fmt: skip
    """Compare two versions of the code and say what changed."""
    if bisect is not None:
        return _bisect(bisect, Plan(0, seed, rules, dtypes), subject, as_json)
    if against is None and old_subject is None:
        raise BadInput(
            "say what to compare with: --against REV, a folder or a distribution; or --old-subject MODULE:ATTR"
        )
    if unknown := [name for name in dtypes if name not in BITS]:
        raise BadInput(f"unknown dtype {unknown[0]!r}; known are {', '.join(BITS)}")
    if networks < 0:
        raise BadInput(f"--networks must be at least 0, got {networks}")
    kept, started = list[Any](), now()
    expected = Expected(expect, max_ulps, max_slowdown, max_memory, allow)
    with ExitStack() as stack:
        old_side = stack.enter_context(source.opened(against or "."))
        new_side = stack.enter_context(source.opened(new, "--new"))
        plan = Plan(networks, seed, rules, dtypes)
        task = comparison.Task(old_side, new_side, plan, expected, old_subject or subject, subject, not no_times)
        try:
            with progress(not as_json) as told:
                found = comparison.run(task, told, kept.extend)
        except CouldNot as error:
            return refused(str(error), as_json)
    page = paging.write_comparison(Path(out), found, kept, (started, now()))
    return finish(found, page, as_json)


def _bisect(start: str, plan: Plan, subject: str | None, as_json: bool) -> int:
    """The commit that changed a rule. One that is found is a regression or wanted; either way it is a change."""
    try:
        with progress(not as_json) as told:
            found = bisecting.bisect(start, plan, subject, told)
    except CouldNot as error:
        return refused(str(error), as_json)
    facts = {
        "revision": found.revision,
        "title": found.title,
        "tried": found.tried,
        "changed": found.change is not None,
    }
    if found.change is not None:
        facts |= {"findings": [asdict(finding) for finding in found.change.findings]}
    click.echo(dumps(facts, indent=2) if as_json else "\n".join(bisecting.lines(found, plan.rules)))
    return AGREE if found.change is None else DISAGREE


def refused(why: str, as_json: bool) -> int:
    """Could not check: said where the outcome would have been."""
    click.echo(dumps({"could not check": why}) if as_json else f"Error: {why}", err=not as_json)
    return COULD_NOT


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def finish(found: Comparison, page: Path, as_json: bool) -> int:
    """Say the outcome, the page's path last."""
    code = exit_code(found)
    facts = {**found.to_json(), "outcome": text.outcome(found), "page": str(page), "exit code": code}
    click.echo(dumps(facts, indent=2) if as_json else "\n".join([*text.lines(found), str(page)]))
    return code


def exit_code(found: Comparison) -> int:
    """Where all that is against the expectation is what nobody could judge, it could not be checked."""
    categories = {finding.category for finding in found.failing}
    if not found.counts["tensors"] and not categories:
        return COULD_NOT
    if not categories:
        return AGREE
    return COULD_NOT if categories == {"unjudged"} else DISAGREE


@contextmanager
def progress(wanted: bool) -> Iterator[Told]:
    """A bar on a terminal, on standard error; quiet elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not (wanted and console.is_terminal)) as bar:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield told
