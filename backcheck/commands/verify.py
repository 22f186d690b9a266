"""`backcheck verify`: networks are drawn and checked, failures are explained, and the page is written."""

import json
from pathlib import Path
from typing import Any

from rich.progress import Progress

from backcheck.campaign import coverage, crashes, training
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import SHRUNK_SHARDS, Failure
from backcheck.campaign.shrunk_failure import shrunk
from backcheck.campaign.workers import run
from backcheck.commands.outcome import exit_code, facts, lines, say
from backcheck.commands.run_folder import limits, now, prepared, progress_bar
from backcheck.containment import no_exit
from backcheck.diagnosis.note import replay_command, tell
from backcheck.diagnosis.reproducer import keep_arrays
from backcheck.gallery import disagreements, step_curve
from backcheck.strategies.case import Case, draw_as_text
from backcheck.subjects.rule_table import load as load_rules
from backcheck.verdicts.parties import FRAMEWORKS, without
from backcheck_reports import CaseNote, Run, capture, finished_shards, write_note, write_run
from backcheck_reports.destination import GENERATOR
from backcheck_reports.exports.formats import export, held
from backcheck_reports.storage.manifest import list_written, write_listed
from scratch_bp.zoo import ZOO

NETWORKS = 500
EXPLAINED = 8  # kinds of failure: to shrink one takes seconds


def verify(
    *, networks: int | None, seed: int, rules: tuple[str, ...], dtypes: tuple[str, ...], oracles: tuple[str, ...],
    order: int, subject: str | None, zoo: bool, workers: int, resume: bool, with_training: bool, out: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Draw, check, explain what fails, write the page, and say how it went."""
    if networks is None:
        networks = len(ZOO) * len(dtypes) if zoo else NETWORKS
    recipe = Recipe(networks, seed, rules, dtypes, oracles, subject, order, zoo)
    folder = Path(out)
    with prepared(folder, recipe, resume), no_exit():
        return _verified(recipe, folder, workers, resume, with_training, as_json)


def _verified(recipe: Recipe, folder: Path, workers: int, resume: bool, with_training: bool, as_json: bool) -> int:
    started = now()
    write_run(folder, Run(recipe.to_json(), capture(), started))
    story = _train_first(recipe, folder, as_json) if with_training else None
    with progress_bar(not as_json) as bar:
        task = bar.add_task("networks", total=recipe.networks)
        failures = run(recipe, folder, workers, lambda n: bar.advance(task, n), resume)
        _explain(failures, recipe, folder, bar)
    shown: dict[str, Any] = disagreements.showcase(recipe.oracles, load_rules(recipe.subject))
    shown["steps"] = step_curve.measured()
    shown["coverage"] = () if recipe.zoo else coverage.of_folder(folder, recipe.rules or load_rules(recipe.subject))
    # a file may have been removed meanwhile, by hand or by a clean-up of old files
    complete = set(recipe.shards) <= set(finished_shards(folder))
    write_run(folder, Run(recipe.to_json(), capture(), started, now(), story, limits(), complete=complete, **shown))
    return _finish(folder, recipe, as_json)


def _train_first(recipe: Recipe, folder: Path, as_json: bool) -> dict[str, Any]:
    from scratch_bp.data import load_digits
    from scratch_bp.train import Settings

    settings = Settings(seed=recipe.seed)
    with progress_bar(not as_json) as bar:
        task = bar.add_task("training", total=None)
        story, _ = training.learn(
            load_digits(seed=recipe.seed),
            settings,
            oracles=recipe.oracles,
            rules=load_rules(recipe.subject),
            folder=folder,
            progress=lambda step: bar.update(task, completed=step.number + 1, total=step.total),
        )
    return story


def _explain(failures: list[Failure], recipe: Recipe, folder: Path, bar: Progress) -> None:
    """Shrink one failure of each kind, and write a note about it."""
    if not failures:
        return
    table = load_rules(recipe.subject)
    task = bar.add_task("explaining", total=min(len(failures), EXPLAINED))
    known = crashes.known(folder)
    for number, failure in enumerate(failures[:EXPLAINED]):
        crash = known.get(failure.network)
        found = Case.from_json(failure.case)
        # a framework that nobody asked for may end the process, too
        left_out = {name for name in FRAMEWORKS if name not in recipe.oracles} | ({crash.party} if crash else set())
        with without(*left_out):
            try:
                case = shrunk(failure, recipe, table)
                note = tell(case, table, found=found, id=failure.id, subject=recipe.subject)
            except Exception as error:  # the subject is run again for this, and may do something else each time
                case, note = found, _untold(failure, found, recipe, error)
        if note is not None:
            write_note(folder, note)
            keep_arrays(folder / "notes" / f"{failure.id}.npz", case)
            list_written(folder, f"notes/{failure.id}.npz")
            _keep_case(folder, SHRUNK_SHARDS + number, case, failure, recipe)
        bar.advance(task)


def _untold(failure: Failure, found: Case, recipe: Recipe, error: Exception) -> CaseNote:
    """The note of a failure that could not be explained."""
    _, rule, argument = failure.bucket
    said = f"{rule} disagrees by {argument}, and to tell more raises {type(error).__name__}: {error}"
    again = replay_command(failure.id, recipe.subject)
    return CaseNote(
        failure.id, f"{rule}.{argument}  {found.dtype}", (said,), draw_as_text(found.network), (), "", again
    )


def _keep_case(folder: Path, shard: int, case: Case, failure: Failure, recipe: Recipe) -> None:
    row = {"id": case.id, "network": failure.network, "case": case.to_json(), "found": failure.case}
    line = json.dumps({"generator": f"{GENERATOR} case", **row}) + "\n"
    write_listed(folder, f"cases-{shard:04d}.jsonl", line)


def _finish(folder: Path, recipe: Recipe, as_json: bool) -> int:
    run = held(folder)
    page = export("html", run)
    shown = lines(run.summary, page, folder, run.run.training)
    say(facts(recipe.to_json(), run.summary, page, folder), shown, as_json)
    return exit_code(run.summary, run.run.complete)
