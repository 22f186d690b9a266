"""Automatic mutants, each judged at networks of its rule alone until one shows it.

One that no network shows is laid beside the rule itself: at the values that its nodes had, on exact numbers,
forward and backward. Where both are equal at all of them it is the rule in other words, or changes a guard against bad
input.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import count
from typing import Any

import numpy as np

from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.stream import StreamCase, drawn
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import get_ready
from backcheck.diagnosis.locate import diagnose
from backcheck.problem import pose
from backcheck.processes.pool import JobDone, NetworkDone, Pool
from backcheck.processes.worker import QUIET, Job, Steps
from backcheck.subjects.rule_form import formed
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.isolation import isolate
from backcheck_reference.numbers import exact
from backcheck_reports.record import FAULTS
from scratch_bp.rules import RULES, Rule

COMPARED = (40, 200)  # after so many networks without a find the mutant is laid beside the rule
KEPT_RULES = 16  # whose networks a process keeps
SAME = "equal to the rule on exact numbers, forward and backward, at {} nodes"
SAME_BITS = "the same bits as the rule at {} nodes, and other answers on exact numbers alone"


@dataclass(frozen=True, slots=True)
class MutantFate:
    """What became of a mutant: `networks` until one showed it, None where none did.

    `raised` says that what showed it was an error that the mutant raises, and `error` which, where that ends its very
    import; `same` why it is taken for the rule itself;
    `crash` that the run broke in it, which finds nothing.
    """

    name: str
    rule: str
    line: str
    networks: int | None = None
    judged: int = 0
    raised: bool = False
    error: str = ""
    same: str = ""
    crash: str = ""
    seconds: float = 0.0


Lift = Callable[[np.ndarray], np.ndarray]  # the number system of a cotangent


def quiet(fate: MutantFate) -> None:
    """Progress that nobody watches."""


def hunted(
    mutants: Iterable[PlantedFault], recipe: Recipe, pool: Pool, progress: Callable[[MutantFate], None] = quiet
) -> list[MutantFate]:
    """The fate of each, in their order. `recipe` says how many networks of its rule a mutant has to survive."""
    given = list(mutants)
    jobs = {Job(_job, (each, recipe)): each for each in given}
    found: dict[str, MutantFate] = {}
    for event in pool.run(deque(jobs)):
        if isinstance(event, NetworkDone):
            continue
        mutant = jobs[event.job]
        found[mutant.name] = event.result if isinstance(event, JobDone) else _fate(mutant, crash=event.words)
        progress(found[mutant.name])
    return [found[each.name] for each in given]


def _fate(mutant: PlantedFault, **more: Any) -> MutantFate:
    return MutantFate(mutant.name, mutant.rule, mutant.line, **more)


def _job(mutant: PlantedFault, recipe: Recipe, steps: Steps) -> MutantFate:
    get_ready(recipe.oracles)
    return fate_of(mutant, recipe, steps)


def fate_of(mutant: PlantedFault, recipe: Recipe, steps: Steps = QUIET) -> MutantFate:
    """Networks until one shows the mutant and not the rule itself, or until it is seen to be the same."""
    start, met = time.perf_counter(), list[StreamCase]()
    try:
        planted = mutant.apply(RULES)
    except Exception as error:  # the change may stand in what a module runs when it is imported
        why = f"{type(error).__name__}: {error}"
        return _fate(mutant, networks=1, raised=True, error=why, seconds=time.perf_counter() - start)
    rules = {**planted, mutant.rule: formed(mutant.rule, *planted[mutant.rule])}
    for number, each in enumerate(_of_rule(mutant.rule, recipe), start=1):
        steps.begin(each.network)
        try:
            shown = _shown(each, rules, recipe.oracles)
        except Exception as error:  # ours
            return _fate(mutant, judged=number, crash=f"{type(error).__name__}: {error}")
        if shown and not _shown(each, RULES, recipe.oracles):
            raised = any("raises" in reason for reason in shown)
            return _fate(mutant, networks=number, judged=number, raised=raised, seconds=time.perf_counter() - start)
        met.append(each)
        if number in COMPARED and (same := equal_to_the_rule(mutant.rule, planted[mutant.rule], met)):
            return _fate(mutant, judged=number, same=same, seconds=time.perf_counter() - start)
    return _fate(mutant, judged=len(met), seconds=time.perf_counter() - start)


class _Networks:
    """The networks of one rule, drawn as they are asked for and kept."""

    def __init__(self, recipe: Recipe) -> None:
        self._met: list[StreamCase] = []
        self._more = (each for shard in recipe.shards for each in drawn(recipe, shard))

    def __iter__(self) -> Iterator[StreamCase]:
        for at in count():
            if at == len(self._met):
                following = next(self._more, None)
                if following is None:
                    return
                self._met.append(following)
            yield self._met[at]


@lru_cache(maxsize=KEPT_RULES)
def _of_rule(rule: str, recipe: Recipe) -> _Networks:
    return _Networks(replace(recipe, rules=(rule,)))


def _shown(each: StreamCase, rules: Mapping[str, Rule], oracles: Sequence[str]) -> list[str]:
    """What the check finds at this network, in words; nothing where it passes."""
    asked = (*oracles, invariants.PARTY) if each.promises else tuple(oracles)
    with np.errstate(all="ignore"):
        checked = check_case(each.case, rules, asked)
        finding = diagnose(checked)
    if finding is None:
        return []
    return ["wrong", *(measure.reason for measure in checked.measures.values() if measure.verdict in FAULTS)]


def equal_to_the_rule(name: str, wrong: Rule, networks: Sequence[StreamCase]) -> str:
    """In words, at how many nodes the two rules are equal on exact numbers; empty where they differ at one.

    Some code of the rules runs on exact numbers alone: of that no float can tell a mutant.
    """
    nodes, exactly, right = 0, True, RULES[name]
    for each in networks:
        arrays, dy = each.case.make()
        in_floats = partial(np.ndarray.astype, dtype=each.case.dtype)
        problem = pose(each.case.network, arrays, dy, rules=RULES)
        for node in problem.network.nodes:
            alone = isolate(problem, node.name) if node.rule == name else None
            if alone is None:
                continue
            inputs, config = list(alone.arrays.values()), dict(alone.network.nodes[0].config)
            same = _equal(right, wrong, list(map(exact.lift, inputs)), config, exact.lift) if exactly else False
            if same is None:  # the rule itself answers nothing here
                continue
            exactly = exactly and same
            if not exactly and not _equal(right, wrong, inputs, config, in_floats):
                return ""
            nodes += 1
    return (SAME if exactly else SAME_BITS).format(nodes) if nodes else ""


def _equal(
    right: Rule, wrong: Rule, inputs: Sequence[np.ndarray], config: Mapping[str, Any], lift: Lift
) -> bool | None:
    """Are the values and gradients of both the same? None where the right rule raises."""
    answers = [_answers(rule, inputs, config, lift) for rule in (right, wrong)]
    if isinstance(answers[0], str):
        return None
    if isinstance(answers[1], str):
        return False
    return len(answers[0]) == len(answers[1]) and all(map(_same_array, *answers))


def _answers(rule: Rule, inputs: Sequence[np.ndarray], config: Mapping[str, Any], lift: Lift) -> Any:
    """The values and the gradients at these numbers, copied; what it raises where it does."""
    try:
        with np.errstate(all="ignore"):
            value, saved = rule.forward(*map(np.copy, inputs), **config)
            parts = value if isinstance(value, tuple) else (value,)
            rng = np.random.Generator(np.random.PCG64(0))
            dys = tuple(lift(np.asarray(rng.uniform(0.5, 1.5, np.shape(part)))) for part in parts)
            return [*parts, *rule.backward(saved, dys if isinstance(value, tuple) else dys[0])]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _same_array(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    first, second = np.asarray(one), np.asarray(other)
    return first.shape == second.shape and all(map(_same_number, first.ravel().tolist(), second.ravel().tolist()))


def _same_number(one: Any, other: Any) -> bool:
    """Do the balls overlap? At 256 bits they are some 1e-70 wide. One without a bound overlaps all, and is the same as
    another such ball alone."""
    overlaps = getattr(one, "overlaps", None)
    if overlaps is not None and hasattr(other, "overlaps"):
        return bool(overlaps(other)) and bool(one.is_finite()) == bool(other.is_finite())
    return bool(one == other) or (one != one and other != other)  # NaN is the same as NaN here
