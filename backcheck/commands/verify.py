"""`backcheck verify`: networks are drawn and checked, failures are explained, and the page is written."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from backcheck.campaign import coverage, lines_reached, training
from backcheck.campaign.explanations import EXPLAINED, explain
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import get_ready
from backcheck.campaign.workers import run
from backcheck.commands.outcome import exit_code, facts, lines, say
from backcheck.commands.run_folder import limits, now, prepared, progress_bar
from backcheck.containment import no_exit
from backcheck.errors import BadInput, Ended
from backcheck.gallery import disagreements, step_curve
from backcheck.processes import memory
from backcheck.processes.pool import Pool
from backcheck.processes.worker import CaseLimits, Job, Steps
from backcheck.subjects.rule_table import load as load_rules
from backcheck.time_limit import calling, require_seconds, time_limit
from backcheck_reports import Run, capture, finished_shards, write_run
from backcheck_reports.exports.formats import export, held
from scratch_bp.zoo import ZOO

NETWORKS = 500


def verify(
    *, networks: int | None, seed: int, rules: tuple[str, ...], dtypes: tuple[str, ...], oracles: tuple[str, ...],
    order: int, subject: str | None, zoo: bool, workers: int | None, case_seconds: float, worker_memory: int,
    resume: bool, with_training: bool, out: str, as_json: bool, count_lines: bool = True,
) -> int:  # fmt: skip
    """Draw, check, explain what fails, write the page, and say how it went.

    Nothing of the subject but its import runs in this process.
    """
    if networks is None:
        networks = len(ZOO) * len(dtypes) if zoo else NETWORKS
    require_seconds("--case-seconds", case_seconds)
    memory.require_enough("--worker-memory", worker_memory)
    workers = memory.workers_that_fit(worker_memory) if workers is None else workers
    if workers < 1:
        raise BadInput(f"--workers must be at least 1, got {workers}")
    case = CaseLimits(case_seconds, worker_memory)
    with time_limit(case.job_seconds), calling("the import of the --subject"):
        recipe = Recipe(networks, seed, rules, dtypes, oracles, subject, order, zoo, count_lines)
    folder = Path(out)
    with prepared(folder, recipe, resume), no_exit():
        return _verified(recipe, folder, Pool(workers, case), resume, with_training, as_json)


def _verified(recipe: Recipe, folder: Path, pool: Pool, resume: bool, with_training: bool, as_json: bool) -> int:
    started = now()
    write_run(folder, Run(recipe.to_json(), capture(), started))
    with pool:
        story = _train_first(recipe, folder, pool, as_json) if with_training else None
        _verify(recipe, folder, pool, resume, as_json)
        shown, missing = _showcase(recipe, pool)
    shown["steps"] = step_curve.measured()
    shown["coverage"] = () if recipe.zoo else coverage.of_folder(folder, recipe.rules or load_rules(recipe.subject))
    shown["never_run"] = lines_reached.of_folder(folder, recipe).lines
    # a file may have been removed meanwhile, by hand or by a clean-up of old files
    complete = set(recipe.shards) <= set(finished_shards(folder))
    notes = (*limits(), *missing)
    write_run(folder, Run(recipe.to_json(), capture(), started, now(), story, notes, complete=complete, **shown))
    return _finish(folder, recipe, as_json)


def _verify(recipe: Recipe, folder: Path, pool: Pool, resume: bool, as_json: bool) -> None:
    with progress_bar(not as_json) as bar:
        task, failing = bar.add_task("networks", total=recipe.networks), 0

        def progress(more: int, failed: int) -> None:
            nonlocal failing
            failing += failed
            bar.update(task, advance=more, description=f"networks, {failing} fail" if failing else "networks")

        failures = run(recipe, folder, pool, progress, resume)
        if failures:
            explaining = bar.add_task("explaining", total=min(len(failures), EXPLAINED))
            explain(failures, recipe, folder, pool, lambda: bar.advance(explaining))


def _showcase(recipe: Recipe, pool: Pool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the page shows of kinks and of the frameworks; why it does not, where the code under test does not end."""
    try:
        return pool.call(Job(_shown, (recipe.oracles, recipe.subject))), ()
    except Ended as error:
        return {}, (f"kinks and the gallery are missing: the code under test did not end there ({error})",)


def _shown(oracles: Collection[str], subject: str | None, steps: Steps) -> dict[str, Any]:
    get_ready(oracles)
    return disagreements.showcase(oracles, load_rules(subject))


def _train_first(recipe: Recipe, folder: Path, pool: Pool, as_json: bool) -> dict[str, Any]:
    with progress_bar(not as_json) as bar:
        task = bar.add_task("training", total=None)
        try:
            return pool.call(Job(_trained, (recipe, folder)), lambda step: bar.update(task, completed=step + 1))  # type: ignore[no-any-return]
        except Ended as error:
            raise Ended(
                f"the training of --train did not come to its end: {error}. Mend what ends it, or run without --train"
            ) from error


def _trained(recipe: Recipe, folder: Path, steps: Steps) -> dict[str, Any]:
    from scratch_bp.data import load_digits
    from scratch_bp.train import Settings, TrainingStep

    def progress(step: TrainingStep) -> None:
        steps.done(step.number, False)

    data, settings = load_digits(seed=recipe.seed), Settings(seed=recipe.seed)
    table = load_rules(recipe.subject)
    story, _ = training.learn(data, settings, oracles=recipe.oracles, rules=table, folder=folder, progress=progress)
    return story


def _finish(folder: Path, recipe: Recipe, as_json: bool) -> int:
    run = held(folder)
    page = export("html", run)
    shown = lines(run.summary, page, folder, run.run.training, run.run.never_run, run.run.complete)
    say(facts(recipe.to_json(), run.summary, page, folder, run.run.never_run), shown, as_json)
    return exit_code(run.summary, run.run.complete, folder)
