"""Many drawn cases of one rule: the lines that they reach, the first that fails, and what all of them say together."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from hypothesis import Phase

from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.strategies import layouts
from backcheck.strategies.case import Case
from backcheck.subjects.drawn.cases import DrawnCases, DrawPlan, Refusals
from backcheck.subjects.first_call import Names
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.fuzz.drawn_check import DrawnChecks
from backcheck.subjects.fuzz.reached import FormsDrawn, entries_of, watch
from backcheck.subjects.fuzz.rule_question import RuleQuestion, first_look
from backcheck.subjects.fuzz.search import Hunt
from backcheck.subjects.fuzz.sought import Strategies, sought_cases
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.result import known_intents
from backcheck.subjects.result.check import Check
from backcheck.time_limit import OutOfTime
from backcheck.verdicts.cases import NOT_ENDED

TELLING = 6  # entries of a case that is to tell what a wrong gradient may be meant as


def verified(question: RuleQuestion, draws: int, number: int, coverage: bool) -> Verification:
    """What so many draws from this seed come to. Raises BadInput when the rule takes none of them."""
    plan = question.plan()
    try:
        plan = first_look(plan, number, question.fixed)
    except OutOfTime as late:
        return Verification(plan.name, 0, {}, (), None, (f"{NOT_ENDED}: {late}",), late=True)
    checks = DrawnChecks(plan, _option(question.fixed, question.order), question.meant, question.order)
    entries = entries_of(question.rule, plan.family, question.handling.calls)
    with LineCoverage.of(entries, coverage and asked().coverage) as lines:
        watch(plan.family, lines)
        found = _hunted(plan, checks, draws, number, lines)
        if checks.contradicted and found.failure is None:  # the factor is not the same size everywhere: none is taken
            found = _hunted(replace(plan, refusals=Refusals()), checks, draws, number, lines)
    notes = [*found.notes, *checks.notes(found.failure is not None)]
    if found.failure is not None and asked().shrinks:
        notes += filter(None, _known(plan, checks, number))
    if isinstance(found.failure, Check):
        problem = found.failure.checked.problem
        notes += layouts.said({**problem.arrays, "dy": problem.dy})
    return replace(found, notes=tuple(notes))


def _option(fixed: Names, order: int) -> str:
    """The arguments of a call that checks one of the cases again."""
    if order not in (1, 2):
        raise BadInput(f"order must be 1, or 2 for the second order as well; got {order!r}")
    return ", ".join([*([f"fixed={fixed!r}"] if fixed else []), *(["order=2"] if order == 2 else [])])


def _known(plan: DrawPlan, checks: DrawnChecks, number: int) -> list[str]:
    """What the wrong gradient may be meant as, by a case of several entries: one entry proves nothing."""

    def telling(case: Case) -> bool:
        return sum(recipe.size for recipe in case.arrays.values()) >= TELLING

    for case in search(DrawnCases(replace(plan, plain=True)), telling, 50, number, [Phase.generate]):
        check = checks.again(case)
        with np.errstate(all="ignore"):
            return [known_intents.named(check.subject, check.checked)] if not check else []
    return []


def _hunted(plan: DrawPlan, checks: DrawnChecks, draws: int, number: int, lines: LineCoverage) -> Verification:
    forms = FormsDrawn(plan, lines)

    def ask(case: Case) -> Check:
        forms.note(case)
        with lines.draw():
            return checks.check(case)

    def further() -> Iterator[Strategies]:
        forms.run_again()
        return sought_cases(plan, lines)

    hunt = Hunt(
        plan.name,
        DrawnCases(plan),
        ask,
        checks.again,
        DrawnCases(replace(plan, plain=True)),
        checks.glance,
        notes=list(plan.seen.notes),
        refusals=plan.refusals,
        allows=plan.allows,
        lines=plan.lines,
        further=further,
    )
    found = hunt.run(draws, number)
    forms.run_again()
    return replace(found, code=lines.result())
