"""What a baseline is made of: cases of each rule by itself, so that a new rule changes no line of another."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from backcheck.errors import BadInput
from backcheck.regression.baseline.lines import Baseline, Key, Line, Plan, lines_of
from backcheck.regression.sides import cases as drawing
from backcheck.strategies.candidates import some_sizes
from backcheck.strategies.case import Case
from backcheck.strategies.catalogue import CatalogueError
from backcheck.subjects import rule_table as subject
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.parties import ORACLES, calm
from backcheck.verdicts.records import records
from backcheck_reference.numbers.balls import BITS
from backcheck_reports import Record, ShardWriter, capture
from scratch_bp.rules import RULES, Rule

Progress = Callable[[int, int], None]
# what moves a last digit; how many cores there are and which commit it is do not
LEFT_OUT = ("cores", "BLAS threads", "git commit", "git dirty", "PYTHONHASHSEED")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run: its baseline, and the rules that could not be drawn with the reason. `partial` when it was narrowed."""

    baseline: Baseline
    undrawn: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False


def check(plan: Plan) -> None:
    """Raises BadInput for what is not known."""
    table = subject.load(plan.subject)
    for what, names, known in (
        ("rule", plan.rules, table), ("dtype", plan.dtypes, BITS), ("oracle", plan.oracles, ORACLES),
    ):  # fmt: skip
        if unknown := [name for name in names if name not in known]:
            raise BadInput(f"unknown {what} {unknown[0]!r}; known are {', '.join(known)}")
    if plan.cases < 1:
        raise BadInput(f"--cases must be at least 1, got {plan.cases}")


def run(
    plan: Plan, folder: Path, workers: int, only: tuple[str, ...] = (), progress: Progress = lambda done, total: None
) -> Outcome:
    """Draw, check, write the records into the folder and sum up. `only` narrows the plan: the outcome is partial."""
    check(plan)
    check(replace(plan, rules=only))
    names = [name for name in plan.rules or tuple(subject.load(plan.subject)) if not only or name in only]
    lines: dict[Key, Line] = {}
    undrawn: dict[str, str] = {}
    for done, (name, found) in enumerate(_results(plan, names, folder, workers), start=1):
        if isinstance(found, str):
            undrawn[name] = found
        else:
            lines |= found
        progress(done, len(names))
    return Outcome(Baseline(plan, environment(), lines), undrawn, bool(only))


def _results(plan: Plan, names: list[str], folder: Path, workers: int) -> Iterator[tuple[str, dict[Key, Line] | str]]:
    if min(workers, len(names)) <= 1:
        yield from ((name, of_rule(plan, name, folder, shard)) for shard, name in enumerate(names))
        return
    context = multiprocessing.get_context("spawn")  # as in a campaign
    with ProcessPoolExecutor(min(workers, len(names)), mp_context=context) as pool:
        futures = {pool.submit(of_rule, plan, name, folder, shard): name for shard, name in enumerate(names)}
        for future in as_completed(futures):
            yield futures[future], future.result()


def of_rule(plan: Plan, name: str, folder: Path, shard: int) -> dict[Key, Line] | str:
    """The lines of one rule, or why nothing can be drawn of it."""
    calm()
    table, found = subject.load(plan.subject), list[Record]()
    try:
        cases = [case for dtype in plan.dtypes for case in cases_of(name, table, plan, dtype)]
    except drawing.REFUSED as error:
        return str(error)
    with ShardWriter(folder, shard) as out:
        for number, case in enumerate(cases):
            checked = check_case(case, table, (*plan.oracles, invariants.PARTY))
            network = shard * plan.cases * len(plan.dtypes) + number
            own = list(records(checked, case=case.id, network=network, profile=case.profile))
            out.records(own)
            out.case({"id": case.id, "network": network, "case": case.to_json()})
            found += own
    return lines_of(record for record in found if record.rule == name)


def cases_of(name: str, table: Mapping[str, Rule], plan: Plan, dtype: str) -> list[Case]:
    """The cases of a rule at a dtype: they depend on the rule, the seed and the number alone."""
    stream = drawing.Plan(seed=plan.seed).stream(f"baseline/{name}/{dtype}")
    known = {**table, **RULES}  # the shapes of a known rule are ours
    for number in range(20):  # a rule may need three axes, or none
        with suppress(CatalogueError):
            return drawing.of_rule(name, known, dtype, plan.cases, stream, some_sizes((stream + number) % 20))
    return drawing.of_rule(name, known, dtype, plan.cases, stream)


def environment() -> dict[str, str]:
    """The fingerprint: what may move a last digit."""
    return {name: value for name, value in capture().items() if name not in LEFT_OUT}
