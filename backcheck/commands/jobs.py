"""What the commands do, as functions that return an exit code."""

import datetime
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backcheck.campaign import campaign, coverage, crashes, training
from backcheck.campaign.campaign import Failure, Recipe, check_case
from backcheck.commands.outcome import PAGE, code, facts, lines, say
from backcheck.diagnosis import note as explain
from backcheck.errors import AGREE, DISAGREE
from backcheck.gallery import disagreements, step_curve
from backcheck.problem import BadInput
from backcheck.strategies.case import Case, draw_as_text
from backcheck.subjects import table as subject
from backcheck.subjects.table import load as load_rules
from backcheck.verdicts import invariants
from backcheck_reference.frameworks.limits import LIMITS
from backcheck_reports import (
    SHARD_FILES,
    Run,
    StoreError,
    capture,
    check_writable,
    find_case,
    read_notes,
    read_run,
    summary_of,
    write_note,
    write_page,
    write_run,
)
from backcheck_reports.exports.formats import BESIDE, FORMATS
from backcheck_reports.record import Verdict
from scratch_bp.zoo import ZOO

NETWORKS = 500
EXPLAINED = 8
RUN_FILES = ("run.json", crashes.FILE, *SHARD_FILES, "notes", *(each.name for each in FORMATS.values()), BESIDE)


def verify(
    *, networks: int | None, seed: int, rules: tuple[str, ...], dtypes: tuple[str, ...], oracles: tuple[str, ...],
    order: int, subject: str | None, zoo: bool, workers: int, resume: bool, with_training: bool, out: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Draw, check, explain what fails, write the page, and say how it went."""
    if networks is None:
        networks = len(ZOO) * len(dtypes) if zoo else NETWORKS
    recipe = Recipe(networks, seed, rules, dtypes, oracles, subject, order, zoo)
    if workers < 1:
        raise BadInput(f"--workers must be at least 1, got {workers}")
    folder = Path(out)
    _prepare(folder, recipe, resume)
    started = _now()
    write_run(folder, Run(recipe.to_json(), capture(), started))
    story = _train_first(recipe, folder, as_json) if with_training else None
    with _bar(not as_json) as bar:
        task = bar.add_task("networks", total=networks)
        failures = campaign.run(recipe, folder, workers, lambda n: bar.advance(task, n), resume)
        _explain(failures, recipe, folder, bar)
    shown: dict[str, Any] = disagreements.showcase(recipe.oracles, load_rules(recipe.subject))
    shown["steps"] = step_curve.measured()
    shown["coverage"] = () if zoo else coverage.of_folder(folder, rules or load_rules(recipe.subject))
    write_run(folder, Run(recipe.to_json(), capture(), started, _now(), story, _limits(), complete=True, **shown))
    return _finish(folder, recipe, as_json)


def _prepare(folder: Path, recipe: Recipe, resume: bool) -> None:
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


def _train_first(recipe: Recipe, folder: Path, as_json: bool) -> dict[str, Any]:
    from scratch_bp.data import load_digits
    from scratch_bp.train import Settings

    settings = Settings(seed=recipe.seed)
    with _bar(not as_json) as bar:
        task = bar.add_task("training", total=None)
        story, _ = training.learn(
            load_digits(seed=recipe.seed),
            settings,
            oracles=recipe.oracles,
            rules=subject.load(recipe.subject),
            folder=folder,
            progress=lambda step: bar.update(task, completed=step.number + 1, total=step.total),
        )
    return story


def _explain(failures: list[Failure], recipe: Recipe, folder: Path, bar: Progress) -> None:
    """Shrink and tell one failure of each kind."""
    if not failures:
        return
    table = subject.load(recipe.subject)
    task = bar.add_task("explaining", total=min(len(failures), EXPLAINED))
    spared = crashes.known(folder)
    for number, failure in enumerate(failures[:EXPLAINED]):
        with crashes.sparing(spared.get(failure.network)):
            case = explain.shrunk(failure, recipe, table)
            found = Case.from_json(failure.case)
            note = explain.tell(case, table, found=found, id=failure.id, subject=recipe.subject)
        if note is not None:
            write_note(folder, note)
            explain.keep_arrays(folder / "notes" / f"{failure.id}.npz", case)
            _keep_case(folder, campaign.SHRUNK + number, case, failure, recipe)
        bar.advance(task)


def _keep_case(folder: Path, shard: int, case: Case, failure: Failure, recipe: Recipe) -> None:
    path = folder / f"cases-{shard:04d}.jsonl"
    row = {"id": case.id, "network": failure.network, "case": case.to_json(), "found": failure.case}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")


def replay(name: str, out: str, as_json: bool) -> int:
    """One case again, explained."""
    row = _case_row(name, out)
    case, where = Case.from_json(row["case"]), _subject_of(out)
    found = Case.from_json(row["found"]) if "found" in row else None
    table = subject.load(where)
    ending = crashes.known(out).get(row.get("network", -1))
    with crashes.sparing(ending):
        note = explain.tell(case, table, found=found, subject=where)
        checked = check_case(case, table)
    if as_json:
        measures = [
            {"tensor": tensor, "party": party, "verdict": m.verdict, "relative": _plain(m.relative), "reason": m.reason}
            for (tensor, party), m in checked.measures.items()
        ]
        click.echo(json.dumps({"id": case.id, "measures": measures, "lines": note.lines if note else []}, indent=2))
    else:
        click.echo(explain.printed(note) if note else _agreeing(case, checked))
        if ending:
            click.echo(f"{ending.party} was not asked: {ending.reason}")
    return DISAGREE if note else AGREE


def _case_row(name: str, out: str) -> dict[str, Any]:
    path = Path(name)
    if not path.is_file():
        return find_case(out, name)
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not a case: {error}") from error
    return row if "case" in row else {"case": row}


def _subject_of(out: str) -> str | None:
    try:
        return read_run(out).recipe.get("subject")
    except StoreError:
        return None


def _agreeing(case: Case, checked: Any) -> str:
    lines = [f"case {case.id}  {case.dtype}: nothing disagrees", draw_as_text(case.network)]
    for (tensor, party), m in checked.measures.items():
        if party == invariants.PARTY and m.verdict is Verdict.AGREE:
            continue
        numbers = f"{m.ulps:10.3g} ulp {m.fraction:10.3g} of the allowed" if m.ulps == m.ulps else ""
        lines.append(f"  {tensor:<10} {party:<12} {m.verdict:<16} {numbers}  {m.reason}".rstrip())
    kept = sum(m.verdict is Verdict.AGREE for (_, party), m in checked.measures.items() if party == invariants.PARTY)
    return "\n".join([*lines, f"  {kept} promises of the rules (untouched, again, linear, form, aliases) are kept"])


def train(
    *, data: str, sizes: tuple[int, ...], activation: str, eta: float, batch: int, epochs: int, seed: int,
    dtype: str, oracles: tuple[str, ...], out: str, as_json: bool,
) -> int:  # fmt: skip
    """The textbook network on real data, its gradients verified as it learns."""
    from scratch_bp.data import load_digits, load_npz
    from scratch_bp.train import Settings

    recipe = Recipe(seed=seed, oracles=oracles)
    settings = Settings(sizes=sizes, activation=activation, eta=eta, batch=batch, epochs=epochs, seed=seed)
    examples = load_digits(seed=seed, dtype=dtype) if data == "digits" else load_npz(data, seed=seed, dtype=dtype)
    folder = Path(out)
    _prepare(folder, recipe, False)
    started = _now()
    with _bar(not as_json) as bar:
        task = bar.add_task("training", total=None)
        story, checks = training.learn(
            examples,
            settings,
            oracles=recipe.oracles,
            folder=folder,
            progress=lambda step: bar.update(task, completed=step.number + 1, total=step.total),
        )
    described = {"train": data, **{k: v for k, v in story.items() if k not in ("loss", "accuracy", "checked")}}
    write_run(folder, Run(described, capture(), started, _now(), story, _limits(), complete=True))
    summary = summary_of(folder)
    page = folder / PAGE
    write_page(page, read_run(folder), summary, {})
    told = {**facts(described, summary, page, folder), "training": story}
    say(told, lines(summary, page, folder, story), as_json)
    return DISAGREE if any(checked.disagreements for checked in checks) else AGREE


def _finish(folder: Path, recipe: Recipe, as_json: bool) -> int:
    run, summary = read_run(folder), summary_of(folder)
    page = folder / PAGE
    write_page(page, run, summary, read_notes(folder))
    say(facts(recipe.to_json(), summary, page, folder), lines(summary, page, folder, run.training), as_json)
    return code(summary)


def _limits() -> tuple[str, ...]:
    return tuple(f"{limit.party}, {limit.rule}, {limit.dtype}: {limit.reason}" for limit in LIMITS)


def _plain(value: float) -> float | str:
    return value if value - value == 0 else str(value)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextmanager
def _bar(wanted: bool) -> Iterator[Progress]:
    """A progress bar on a terminal, on standard error so that what is piped stays clean; quiet elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not (wanted and console.is_terminal)) as bar:
        yield bar
