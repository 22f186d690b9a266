"""`backcheck baseline`: what its commands save, compare and accept do."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from backcheck.commands import terminal
from backcheck.commands.outcome import PAGE, could_not, say
from backcheck.commands.run_folder import now, progress_by_name
from backcheck.containment import no_exit
from backcheck.errors import AGREE, COULD_NOT, DISAGREE, BadInput
from backcheck.processes.memory import workers_that_fit
from backcheck.regression.baseline import acceptance, comparison, history, times
from backcheck.regression.baseline.categories import LineChange
from backcheck.regression.baseline.comparison import Difference
from backcheck.regression.baseline.file import FIRST_WORDS, SAVE_COMMAND, Baseline, BaselinePlan, read, write
from backcheck.regression.baseline.run import Outcome, run_plan
from backcheck.regression.sides.temporary import temporary_folder
from backcheck_reports import capture, write_run
from backcheck_reports.exports.formats import export, held
from backcheck_reports.number_format import counted
from backcheck_reports.record import FAULTS
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.files import check_replaceable
from backcheck_reports.storage.lock import locked
from backcheck_reports.storage.store import Run

DIFFERENCES_SHOWN = 30  # on the terminal


def history_of(file: Path) -> Path:
    """The file of the history, beside that of the baseline."""
    return file.with_name(f"{file.stem}-history.jsonl")


def save(file: Path, plan: BaselinePlan, workers: int | None, out: str | None, force: bool, as_json: bool) -> int:
    """Run, write the file, and add to the history. Lines that disagree are written too; `compare` fails with them."""
    check_replaceable(file, force=force, like=FIRST_WORDS.encode())  # before the run, which takes minutes
    history.read(history_of(file))
    with _run(plan, workers, out, (), as_json) as (outcome, folder):
        baseline = outcome.baseline
        write(file, baseline, force=force)
        took, unit = times.measured(plan.subject, plan.seed, plan.rules)
        history.append(history_of(file), history.entry(baseline.lines.values(), took, unit))
        page = _page(folder, file, outcome, [], []) if out else None
    note = history.merge_by_union(history_of(file))
    wrong = [line for line in baseline.lines.values() if line.count(*FAULTS)]
    said = [f"{file}: {counted(len(baseline.lines), 'line')}, {counted(len(wrong), 'line')} with a disagreement"]
    said += [f"DISAGREES  {line.text()}" for line in wrong[:DIFFERENCES_SHOWN]]
    said += [f"not checked: {rule}: {why}" for rule, why in outcome.undrawn.items()]
    facts = {"file": str(file), "lines": len(baseline.lines), "disagree": [line.name for line in wrong]}
    facts["undrawn"] = dict(outcome.undrawn)
    say(
        {**facts, "page": page and str(page)},
        [*said, *([note] if note else []), *([str(page)] if page else [])],
        as_json,
    )
    return DISAGREE if wrong else COULD_NOT if outcome.undrawn or not baseline.lines else AGREE


def compare(
    file: Path, subject: str | None, only: tuple[str, ...], strict_env: bool, fail_new: bool, floor: float,
    workers: int | None, out: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Run the recipe of the baseline again, and compare line by line. With `fail_new` a line that is new fails too."""
    if not file.exists():
        return _missing(file, as_json)
    old = read(file)
    _require_named(subject, old, file)
    _require_known(only, old)
    with _run(old.plan, workers, out, only, as_json) as (outcome, folder):
        found = comparison.differences(old, outcome.baseline.lines, floor, only)
        if fail_new:
            found = [replace(each, fails=True) if each.category is LineChange.NEW else each for each in found]
        moved = comparison.environments(old.environment, outcome.baseline.environment)
        page = _page(folder, file, outcome, found, moved) if out else None
    failing = [each for each in found if each.fails]
    not_known = (strict_env and moved) or outcome.undrawn
    code = DISAGREE if failing else COULD_NOT if not_known else AGREE
    say(_facts(file, outcome, found, moved, page, code), _told(file, outcome, found, moved, page), as_json)
    return code


def _missing(file: Path, as_json: bool) -> int:
    """A missing baseline is never made silently: in CI, one that made itself would agree with anything."""
    why = f"there is no baseline {file}; make one, look at it and commit it: {SAVE_COMMAND} --file {file}"
    return could_not(why, as_json)


def _require_named(subject: str | None, old: Baseline, file: Path) -> None:
    """The file says whose code it is of. A file may come from anywhere, so that alone imports nothing."""
    recorded = old.plan.subject
    if recorded != subject:
        do = f"if you trust it: --subject {shlex.quote(str(recorded))}" if recorded else "leave --subject out"
        raise BadInput(
            f"{file} was saved with {f'--subject {recorded}' if recorded else 'our own rules'}, and code is imported "
            f"only where you name it; got {subject!r}; {do}"
        )


def _require_known(only: Sequence[str], old: Baseline) -> None:
    rules = {key[0] for key in old.lines}
    if unknown := [name for name in only if name not in rules]:
        raise BadInput(f"--rules: {unknown[0]!r} is not in the baseline; it has {', '.join(sorted(rules))}")


def accept(
    file: Path, subject: str | None, categories: tuple[str, ...], only: tuple[str, ...], ask: bool, floor: float,
    workers: int | None, as_json: bool,
) -> int:  # fmt: skip
    """Take over the changes of these categories, and show each, the old line over the new one. With `ask` the user says
    of each whether it is meant."""
    acceptance.require_known(categories)
    if ask and as_json:
        raise BadInput("--ask asks on the terminal, and --json prints nothing there; give one of the two")
    if not file.exists():
        return _missing(file, as_json)
    old = read(file)
    _require_named(subject, old, file)
    _require_known(only, old)
    with _run(old.plan, workers, None, only, as_json) as (outcome, _):
        found = comparison.differences(old, outcome.baseline.lines, floor, only)
    if refused := acceptance.refusal(categories, outcome):
        raise BadInput(refused)
    baseline, taken, left = acceptance.accepted(old, found, categories, outcome, _asked if ask else None)
    write(file, baseline)
    said = [*acceptance.shown(taken), f"{counted(len(taken), 'line')} accepted into {file}"]
    said += [f"not accepted ({each.category}): {each.sentence}" for each in left]
    moved = comparison.environments(old.environment, baseline.environment)
    said += [f"the environment of the baseline is this one now: {each}" for each in moved]
    facts = {"accepted": [_fact(each) for each in taken], "left": [_fact(each) for each in left], "environment": moved}
    say(facts, said, as_json)
    return DISAGREE if any(each.fails for each in left) else AGREE


def _asked(each: Difference) -> bool:
    """Is the change meant? The user says so."""
    terminal.show([*acceptance.shown([each]), f"         {each.sentence}"])
    return click.confirm("take it over?", default=False)


@contextmanager
def _run(
    plan: BaselinePlan, workers: int | None, out: str | None, only: tuple[str, ...], as_json: bool
) -> Iterator[tuple[Outcome, Path]]:
    """Run the recipe. Its folder is `out`, or a temporary one that is gone afterwards."""
    started = now()
    with ExitStack() as stack:
        folder = Path(out) if out else stack.enter_context(temporary_folder())
        stack.enter_context(locked(folder))
        stack.enter_context(no_exit())
        claim(folder, (PAGE,))
        with progress_by_name(not as_json) as progress:
            outcome = run_plan(plan, folder, workers or workers_that_fit(), only, partial(progress, "rules"))
        write_run(folder, Run({"baseline": True, **asdict(plan)}, capture(), started, now(), complete=True))
        yield outcome, folder


def _page(folder: Path, file: Path, outcome: Outcome, found: list[Difference], moved: list[str]) -> Path:
    from backcheck.regression.output.page import of_baseline

    run = of_baseline(folder, file, outcome, found, moved, history.read(history_of(file)))
    write_run(folder, run)
    return export("html", held(folder))


def _fact(each: Difference) -> dict[str, Any]:
    lines = {"old": each.old.text() if each.old else None, "new": each.new.text() if each.new else None}
    return {"category": each.category, "fails": each.fails, "sentence": each.sentence, **lines}


def _facts(
    file: Path, outcome: Outcome, found: list[Difference], moved: list[str], page: Path | None, code: int
) -> dict[str, Any]:
    return {
        "file": str(file),
        "lines": len(outcome.baseline.lines),
        "partial": outcome.partial,
        "environment": moved,
        "differences": [_fact(each) for each in found],
        "undrawn": dict(outcome.undrawn),
        "page": page and str(page),
        "exit code": code,
    }


def _told(file: Path, outcome: Outcome, found: list[Difference], moved: list[str], page: Path | None) -> list[str]:
    failing = sum(each.fails for each in found)
    part = " of the rules asked for" if outcome.partial else ""
    lines = [
        f"{file}: {counted(len(outcome.baseline.lines), 'check')}{part}: {failing} worse, "
        f"{len(found) - failing} changed without harm"
    ]
    lines += [f"{'FAILS ' if each.fails else 'notice'}  {each.sentence}" for each in found[:DIFFERENCES_SHOWN]]
    lines += [f"and {len(found) - DIFFERENCES_SHOWN} more"] if len(found) > DIFFERENCES_SHOWN else []
    lines += [f"not checked: {rule}: {why}" for rule, why in outcome.undrawn.items()]
    if moved:
        lines += ["warning: another environment than the baseline's; nothing is let pass because of it:"]
        lines += [f"  {each}" for each in moved]
    if any(each.fails for each in found):
        lines.append(
            f"what is meant to be so: backcheck baseline accept CATEGORIES --file {file}, of new, changed, removed"
        )
    return [*lines, *([str(page)] if page else [])]
