"""What the commands do, as functions that return an exit code."""

import datetime
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backcheck import campaign, coverage, explain, gallery, step_curve, subject, training
from backcheck.campaign import Failure, Recipe, check_case
from backcheck.case import Case, draw_as_text
from backcheck.checking import UNREAD
from backcheck.codes import AGREE, COULD_NOT, DISAGREE
from backcheck.problem import SUBJECT, BadInput
from backcheck.subject import load as load_rules
from reference.limits import LIMITS
from reports import (
    Run,
    StoreError,
    Summary,
    capture,
    check_writable,
    find_case,
    headline,
    read_notes,
    read_records,
    read_run,
    summarise,
    write_note,
    write_page,
    write_run,
)
from reports.record import Verdict
from reports.summary import FORWARD
from scratch_bp.zoo import ZOO

PAGE = "agreement.html"
NETWORKS = 500
EXPLAINED = 8
OFTEN = 20  # gradients of a rule, after which never having judged one is no accident
RUN_FILES = ("run.json", "records-*.jsonl", "cases-*.jsonl", "notes", PAGE)


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
    shown: dict[str, Any] = gallery.showcase(recipe.oracles, load_rules(recipe.subject))
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
    for number, failure in enumerate(failures[:EXPLAINED]):
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


def report(folder: str, page: str | None, as_json: bool) -> int:
    """The page again, from what the folder holds."""
    where = Path(folder)
    run, summary = read_run(where), summarise(read_records(where))
    target = Path(page) if page else where / PAGE
    write_page(target, run, summary, read_notes(where))
    _say(_facts(run.recipe, summary, target, where), _lines(summary, target, where, run.training), as_json)
    return _code(summary)


def replay(name: str, out: str, as_json: bool) -> int:
    """One case again, explained."""
    row = _case_row(name, out)
    case, where = Case.from_json(row["case"]), _subject_of(out)
    found = Case.from_json(row["found"]) if "found" in row else None
    table = subject.load(where)
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
        numbers = f"{m.ulps:10.3g} ulp {m.fraction:10.3g} of the allowed" if m.ulps == m.ulps else ""
        lines.append(f"  {tensor:<10} {party:<12} {m.verdict:<16} {numbers}  {m.reason}".rstrip())
    return "\n".join(lines)


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
    summary = summarise(read_records(folder))
    page = folder / PAGE
    write_page(page, read_run(folder), summary, {})
    facts = {**_facts(described, summary, page, folder), "training": story}
    _say(facts, _lines(summary, page, folder, story), as_json)
    return DISAGREE if any(checked.disagreements for checked in checks) else AGREE


def _finish(folder: Path, recipe: Recipe, as_json: bool) -> int:
    run, summary = read_run(folder), summarise(read_records(folder))
    page = folder / PAGE
    write_page(page, run, summary, read_notes(folder))
    _say(_facts(recipe.to_json(), summary, page, folder), _lines(summary, page, folder, run.training), as_json)
    return _code(summary)


def _code(summary: Summary) -> int:
    """A run in which nobody could judge anything, or never one of its rules, has not checked what it was to check."""
    if summary.totals[Verdict.DISAGREE]:
        return DISAGREE
    return AGREE if summary.totals[Verdict.AGREE] and not never_judged(summary) else COULD_NOT


def never_judged(summary: Summary) -> list[str]:
    """The rules whose gradients were met often enough and were never once anything but vacuous or unavailable."""
    met: Counter[str] = Counter()
    judged: set[str] = set()
    for row in summary.rows:
        if row.party == SUBJECT and row.rule not in (FORWARD, UNREAD):
            empty = row.counts[Verdict.VACUOUS] + row.counts[Verdict.UNAVAILABLE]
            met[row.rule] += row.tensors
            judged |= {row.rule} if row.tensors > empty else set()
    return sorted(rule for rule, count in met.items() if count >= OFTEN and rule not in judged)


def _facts(recipe: Any, summary: Summary, page: Path, folder: Path) -> dict[str, Any]:
    return {
        "networks": summary.totals.networks,
        "tensors": summary.totals.gradients,
        "entries": summary.totals.entries,
        "verdicts": {str(verdict): summary.totals[verdict] for verdict in Verdict},
        "seed": recipe.get("seed"),
        "page": str(page),
        "never_judged": never_judged(summary),
        "failures": [{"id": note.id, "title": note.title, "lines": note.lines} for note in read_notes(folder).values()],
    }


def _lines(summary: Summary, page: Path, folder: Path, story: Any) -> list[str]:
    """At most twenty lines for a person, the page's path last."""
    lines = [headline(summary.totals)]
    if story:
        moments = ", ".join(f"{m['when']} {m['verdicts'].get('agree', 0)} agree" for m in story["checked"])
        lines.append(
            f"training {'-'.join(map(str, story['layers']))} on {story['data']}: loss {story['loss'][0]:.4f} -> "
            f"{story['loss'][-1]:.4f}, test accuracy {story['accuracy'][-1]:.1%}; gradients verified: {moments}"
        )
    worst = [row for row in summary.rows if row.party == SUBJECT and row.worst_fraction is not None]
    if worst and not summary.totals[Verdict.DISAGREE]:
        row = max(worst, key=lambda row: row.worst_fraction or 0.0)
        lines.append(f"closest to its tolerance: {row.rule} {row.dtype} at {row.worst_fraction:.2g} of what is allowed")
    if missed := never_judged(summary):
        lines.append(f"never judged, only vacuous or unavailable: {', '.join(missed)}")
    notes = list(read_notes(folder).values())
    for note in notes[:3]:
        lines += explain.briefly(note)
    if len(notes) > 3:
        lines.append(f"and {len(notes) - 3} more kinds of failure, on the page")
    return [*lines[:19], str(page)]


def _say(facts: dict[str, Any], lines: list[str], as_json: bool) -> None:
    click.echo(json.dumps(facts, indent=2) if as_json else "\n".join(lines))


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
