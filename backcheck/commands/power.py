"""`backcheck power`: faults are planted in right rules, and networks are drawn until each is found."""

from pathlib import Path

from backcheck.campaign.power import runner, stream, summary
from backcheck.campaign.power.catalogue import CATALOGUE
from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.kinds import KINDS
from backcheck.campaign.power.runner import FaultOutcome
from backcheck.campaign.power.summary import PowerSummary
from backcheck.campaign.recipe import Recipe, require_known
from backcheck.commands import power_of_mutants, power_of_subject
from backcheck.commands.outcome import say
from backcheck.commands.run_folder import now, prepared, progress_bar
from backcheck.diagnosis.locate import REVERSE_PASS
from backcheck.errors import AGREE, DISAGREE, BadInput
from backcheck.processes import memory
from backcheck.processes.pool import Pool
from backcheck.processes.worker import CaseLimits
from backcheck.time_limit import require_seconds
from backcheck_reports import Run, capture, write_run
from backcheck_reports.exports.formats import export, held
from scratch_bp.rules import RULES

QUICK_NETWORKS = 50


def power(
    *, networks: int, quick: bool, seed: int, rules: tuple[str, ...], faults: tuple[str, ...], workers: int | None,
    case_seconds: float, worker_memory: int, out: str, as_json: bool, subject: str | None = None,
    mutants: int | None = None,
) -> int:  # fmt: skip
    """Plant, hunt, write the page, and say how it went. A fault that survives is exit code 1."""
    require_seconds("--case-seconds", case_seconds)
    memory.require_enough("--worker-memory", worker_memory)
    limits = CaseLimits(case_seconds, worker_memory)
    if subject is not None:
        return power_of_subject.power(subject, rules, mutants, seed, workers or 1, as_json)
    if mutants is not None:
        pool = Pool(workers or memory.workers_that_fit(worker_memory), limits)
        return power_of_mutants.power(mutants, networks, seed, rules, faults, pool, as_json)
    require_known("kind of fault", faults, KINDS)
    require_known("rule", rules, {*RULES, REVERSE_PASS, *(each.rule for each in CATALOGUE)})
    chosen = summary.chosen(CATALOGUE, rules, faults)
    if not chosen:
        raise BadInput("the catalogue has no fault of these kinds in these rules; leave --faults or --rules out")
    recipe = Recipe(QUICK_NETWORKS if quick else networks, seed, oracles=runner.ORACLES)
    pool = Pool(workers or memory.workers_that_fit(worker_memory), limits)
    folder, started = Path(out), now()
    with prepared(folder, recipe, False), pool:
        found = _hunted(summary.one_of_each_kind(chosen) if quick else chosen, recipe, pool, quick, as_json)
        asked = {"power": "quick" if quick else "whole", "networks": recipe.networks, "seed": seed}
        rows = tuple(map(runner.as_json, (*found.survivors, *found.caught)))
        write_run(folder, Run(asked, capture(), started, now(), power=rows, complete=True))
        page = export("html", held(folder))
    say(
        {**summary.as_json(found), "page": str(page), "faults": list(rows)}, [*summary.lines(found), str(page)], as_json
    )
    return DISAGREE if found.survivors else AGREE


def _hunted(faults: list[PlantedFault], recipe: Recipe, pool: Pool, own: bool, as_json: bool) -> PowerSummary:
    with progress_bar(not as_json) as bar:
        drawing = None if own else bar.add_task("networks", total=recipe.networks)
        drawn = [] if drawing is None else stream.draw_all(recipe, pool, lambda more: bar.advance(drawing, more))
        hunting, alive = bar.add_task("faults", total=len(faults)), 0

        def progress(outcome: FaultOutcome) -> None:
            nonlocal alive
            alive += not outcome.caught
            bar.update(hunting, advance=1, description=f"faults, {alive} survive" if alive else "faults")

        outcomes = runner.measured(faults, None if own else drawn, pool, recipe, progress=progress)
    return PowerSummary(tuple(outcomes), recipe.networks, own)
