"""`backcheck power --mutants N`: automatic mutants of our own rules, and how many networks each survives."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median

from backcheck.campaign.power import mutant_hunt
from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.mutant_hunt import MutantFate
from backcheck.campaign.recipe import Recipe, require_known
from backcheck.commands.outcome import say
from backcheck.commands.run_folder import progress_bar
from backcheck.errors import AGREE, DISAGREE, BadInput
from backcheck.processes.pool import Pool
from backcheck_reports.number_format import counted, percent
from scratch_bp.rules import RULES

ORACLES = ("torch", "exact")
SOON = 50  # networks, within which nearly all are to be found
SHOWN = 10


def power(
    number: int, networks: int, seed: int, rules: tuple[str, ...], faults: tuple[str, ...], pool: Pool, as_json: bool
) -> int:
    """Draw mutants, judge each at networks of its rule, and say how it went. One that survives is exit code 1."""
    if faults:
        raise BadInput("--mutants makes faults of its own, and --faults names kinds of the catalogue; leave one out")
    require_known("rule", rules, RULES)
    chosen = _mutants(number, seed, rules)
    with progress_bar(not as_json) as bar, pool:
        task, alive = bar.add_task("mutants", total=len(chosen)), 0

        def progress(fate: MutantFate) -> None:
            nonlocal alive
            alive += survives(fate)
            bar.update(task, advance=1, description=f"mutants, {alive} survive" if alive else "mutants")

        found = mutant_hunt.hunted(chosen, Recipe(networks, seed, oracles=ORACLES), pool, progress)
    say({"networks": networks, "seed": seed, "mutants": [asdict(each) for each in found]}, list(lines(found)), as_json)
    return DISAGREE if any(map(survives, found)) else AGREE


def _mutants(number: int, seed: int, rules: tuple[str, ...]) -> list[PlantedFault]:
    try:  # an extra of its own
        from backcheck.campaign.power.mutants import mutants

        return mutants(number, seed, rules)
    except ImportError as error:
        raise BadInput("--mutants needs LibCST and mutmut: pip install 'backcheck[power]'") from error


def survives(fate: MutantFate) -> bool:
    """Did no network show it, though it is not seen to be the rule in other words?"""
    return fate.networks is None and not fate.same


def lines(fates: Sequence[MutantFate]) -> Iterator[str]:
    """What a reader should know: survivors first."""
    alive = [each for each in fates if survives(each)]
    for each in alive[:SHOWN]:
        why = f"the run broke: {each.crash}" if each.crash else f"not shown by {each.judged} networks"
        yield f"SURVIVES  {each.rule}  {each.line}; {why}"
    if len(alive) > SHOWN:
        yield f"and {len(alive) - SHOWN} more survivors"
    needed = sorted(each.networks for each in fates if each.networks is not None)
    same, raised = sum(bool(each.same and each.networks is None) for each in fates), sum(e.raised for e in fates)
    real = len(needed) + len(alive)
    yield f"{len(needed)} of {real} mutants that are not the rule itself were shown ({percent(len(needed), real)})"
    if needed:
        soon = sum(each <= SOON for each in needed)
        middle = f"{median(needed):.0f} of the networks of their rule"
        yield f"half of them within {middle}, {percent(soon, real)} within {SOON}"
    yield f"{raised} by an error that they raise, {sum(bool(each.crash) for each in fates)} in which the run broke"
    yield f"{counted(same, 'mutant')} equal to the rule on exact numbers, forward and backward"
