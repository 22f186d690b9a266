"""The run that makes a baseline: cases of each rule by itself, so that a new rule changes no line of another."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from backcheck.campaign.recipe import require_known
from backcheck.containment import raised
from backcheck.diagnosis.blame import blamed
from backcheck.diagnosis.locate import diagnose
from backcheck.errors import BadInput
from backcheck.problem import RuleTable
from backcheck.processes.pool import JobDone, Pool, WorkerDied
from backcheck.processes.worker import QUIET, Job, Steps
from backcheck.regression.baseline.file import Baseline, BaselineLine, BaselinePlan, LineKey, lines_of
from backcheck.regression.own_rules.draws import own_cases
from backcheck.regression.sides.draws import REFUSED, ComparisonPlan, cases_of_rule
from backcheck.regression.sides.loader import LoadedSide, importable, of_table
from backcheck.session import asked, asking
from backcheck.strategies.case import Case
from backcheck.strategies.catalogue import CatalogueError
from backcheck.strategies.catalogue.sizes import some_sizes
from backcheck.subjects.rule_table import attribute_of, load
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.check import Checked
from backcheck.verdicts.parties import ORACLES, calm
from backcheck.verdicts.records import records
from backcheck_reference.numbers.balls import BITS
from backcheck_reports import Record, ShardWriter, capture
from scratch_bp.network import value_and_grad
from scratch_bp.rules import RULES

# facts about the machine and the commit that change no digit
LEFT_OUT = ("cores", "BLAS threads", "git commit", "git dirty", "PYTHONHASHSEED")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run: the baseline that it makes, and the rules that could not be drawn or checked, with the reason. It is
    `partial` when rules or tests of the baseline were left out. `gone` are rules that it names and the table has not.
    """

    baseline: Baseline
    undrawn: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    gone: tuple[str, ...] = ()


def table_of(subject: str | None) -> LoadedSide:
    """The rules that a baseline is of: our own, or those of somebody's table, and never ours in the place of one that
    this table lacks."""
    if subject is None:
        return LoadedSide(RuleTable(RULES), value_and_grad)
    where = importable(subject)
    found = attribute_of(where)
    if isinstance(found, Mapping):
        return of_table(found, RULES)
    table = load(where)
    assert isinstance(table, RuleTable)
    return LoadedSide(table, table.engine or value_and_grad)


def _check(plan: BaselinePlan, names: tuple[str, ...]) -> None:
    """Raises BadInput for what is not known."""
    require_known("rule", plan.rules, names)
    require_known("dtype", plan.dtypes, BITS)
    require_known("oracle", plan.oracles, ORACLES)
    if plan.cases < 1:
        raise BadInput(f"--cases must be at least 1, got {plan.cases}")


def run_plan(
    plan: BaselinePlan,
    folder: Path,
    workers: int,
    only: tuple[str, ...] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Draw, check, write the records into the folder and sum up. `only` narrows the plan: the outcome is partial.

    A rule that a saved plan names and the table has no more is gone, and no wrong use.
    """
    side = table_of(plan.subject)
    every = (*side.names, *side.unusable)
    gone = tuple(name for name in dict.fromkeys((*plan.rules, *plan.known)) if plan.known and name not in every)
    plan = replace(plan, rules=tuple(name for name in plan.rules if name not in gone))
    _check(plan, every)
    names = [name for name in plan.rules or side.names if not only or name in only]
    lines: dict[LineKey, BaselineLine] = {}
    undrawn = {name: why for name, why in side.unusable.items() if not plan.rules or name in plan.rules}
    for done, (name, found) in enumerate(_results(plan, names, folder, workers), start=1):
        if isinstance(found, str):
            undrawn[name] = found
        else:
            lines |= found
        progress(done, len(names))
    plan = replace(plan, known=tuple(sorted({key[0] for key in lines})))
    return Outcome(Baseline(plan, environment(), lines), undrawn, bool(only), gone)


def _results(
    plan: BaselinePlan, names: list[str], folder: Path, workers: int
) -> Iterator[tuple[str, dict[LineKey, BaselineLine] | str]]:
    """What `_lines` gives, by rule."""
    if min(workers, len(names)) <= 1:
        yield from ((name, _lines(plan, name, folder, shard)) for shard, name in enumerate(names))
        return
    jobs = {Job(_lines, (plan, name, folder, shard)): name for shard, name in enumerate(names)}
    with Pool(min(workers, len(names))) as pool:
        for event in pool.run(deque(jobs)):
            if isinstance(event, JobDone):
                yield jobs[event.job], event.result
            elif isinstance(event, WorkerDied):
                # one rule that ends its process does not end the others
                yield jobs[event.job], f"its check did not end: {event.words}; leave it out with --rules"


def _lines(
    plan: BaselinePlan, name: str, folder: Path, shard: int, steps: Steps = QUIET
) -> dict[LineKey, BaselineLine] | str:
    """The lines of one rule, or why nothing can be drawn of it."""
    calm()
    side, found = table_of(plan.subject), list[Record]()
    try:
        cases = [case for dtype in plan.dtypes for case in _cases(side, name, plan, dtype)]
    except REFUSED as error:
        return str(error)
    with ShardWriter(folder, shard) as out:
        for number, case in enumerate(cases):
            steps.alive(number)
            try:
                checked = _checked(side, name, case, plan)
            except (Exception, SystemExit) as error:  # anybody's code; the other rules are checked all the same
                return f"it could not be checked: {raised(error)}"
            network = shard * plan.cases * len(plan.dtypes) + number
            at_fault = blamed(checked, diagnose(checked))
            own = list(records(checked, case=case.id, network=network, profile=case.profile, blamed=at_fault))
            out.records(own)
            out.case({"id": case.id, "network": network, "case": case.to_json()})
            found += own
    return lines_of(record for record in found if record.rule == name)


def _checked(side: LoadedSide, name: str, case: Case, plan: BaselinePlan) -> Checked:
    if name not in side.own:
        return check_case(case, side.rules, (*plan.oracles, invariants.PARTY))
    with asking(replace(asked(), oracles=plan.oracles)):
        return side.own[name].check(case)


def _cases(side: LoadedSide, name: str, plan: BaselinePlan, dtype: str) -> list[Case]:
    """The cases of a rule at a dtype. They depend on the rule, the dtype, the seed and how many there are."""
    stream = ComparisonPlan(seed=plan.seed).stream(f"baseline/{name}/{dtype}")
    if name in side.own:
        return own_cases(side.own[name], (dtype,), stream)[-plan.cases :]
    known = {**side.rules, **RULES}  # the shapes of a known rule are ours
    for number in range(20):  # few sizes are quicker; a rule may need three axes, or none, and takes the next sizes
        with suppress(CatalogueError):
            return cases_of_rule(name, known, dtype, plan.cases, stream, some_sizes((stream + number) % 20))
    return cases_of_rule(name, known, dtype, plan.cases, stream)


def environment() -> dict[str, str]:
    """What may change a last digit here: versions and the like."""
    return {name: value for name, value in capture().items() if name not in LEFT_OUT}
