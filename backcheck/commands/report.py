"""`backcheck report`: a run in other formats, and two runs side by side."""

from collections.abc import Sequence
from pathlib import Path

from backcheck.commands.outcome import exit_code, facts, lines, say
from backcheck.errors import BadInput
from backcheck_reports.exports.formats import Held, export, held
from backcheck_reports.storage.files import check_replaceable, is_standard_output


def report(folders: Sequence[str], formats: Sequence[str], target: str | None, force: bool, as_json: bool) -> int:
    """One run in each of the formats, or two runs on one page."""
    if len(folders) > 2:
        raise BadInput(f"report takes one folder, or two to lay side by side; got {len(folders)}: {', '.join(folders)}")
    if target is not None and len(formats) > 1:
        raise BadInput(f"-o names one file and {len(formats)} formats came ({', '.join(formats)}); give one --format")
    aside = False
    if target is not None:
        check_replaceable(target, force=force)  # before the records are read, which may take long
        aside = is_standard_output(target)
    if len(folders) == 2:
        return _beside(folders[0], folders[1], formats, target, force, as_json, aside)
    run = held(folders[0])
    written = [export(kind, run, target, force=force) for kind in dict.fromkeys(formats or ("html",))]
    return _said(run, written, as_json, aside)


def _beside(
    old: str, new: str, formats: Sequence[str], target: str | None, force: bool, as_json: bool, aside: bool
) -> int:
    if set(formats) - {"html"}:
        raise BadInput(f"two runs make one page of HTML, got --format {formats[0]}; give one folder, or no --format")
    from backcheck_reports.exports.two_runs import write_beside

    sides = held(old), held(new)
    path = write_beside(*sides, target, force=force)
    return _said(sides[1], [path], as_json, aside)


def _said(run: Held, written: Sequence[Path], as_json: bool, aside: bool) -> int:
    """What was found and where it is; on standard error, where standard output holds the file."""
    told = facts(run.run.recipe, run.summary, written[0], run.folder, run.run.never_run)
    shown = lines(run.summary, written[-1], run.folder, run.run.training, run.run.never_run)
    unfinished = [] if run.run.complete else [f"the run in {run.folder} is not complete"]
    more = {"complete": run.run.complete, "files": list(map(str, written))}
    say({**told, **more}, [*unfinished, *shown[:-1], *map(str, written)], as_json, aside=aside)
    return exit_code(run.summary, run.run.complete, run.folder)
