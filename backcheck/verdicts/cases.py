"""A drawn case checked: its arrays are made, the problem is posed, every party is asked."""

import traceback
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backcheck.containment import contained
from backcheck.problem import SUBJECT, Problem
from backcheck.strategies.case import Case
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.measure import Measure
from backcheck.verdicts.parties import ORACLES, Answer, not_left_out
from backcheck.verdicts.second_order.products import SECOND
from backcheck.verdicts.truth.truth import Truth
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

FAILED_HERE = "backcheck itself failed"  # the reason of what could not be checked by a fault of ours
NOT_ENDED = "the check did not end"  # that of what took too long, or too much memory, or ended its process
EVERYBODY = (*ORACLES, invariants.PARTY, SECOND)


def problem_of_case(case: Case, table: Mapping[str, Rule]) -> Problem:
    """The question of a case. Its shapes are known from the drawing, so that nothing of the subject is run."""
    arrays, dy = case.make()
    return Problem(case.network, arrays, dy, case.dtype, table, engine=getattr(table, "engine", None), drawn=True)


@contained()
def check_case(case: Case, table: Mapping[str, Rule], oracles: tuple[str, ...] = EVERYBODY) -> Checked:
    """Make the arrays of a case and examine it. NumPy does not warn of overflow: that is part of what is examined."""
    with np.errstate(all="ignore"):
        return examine(problem_of_case(case, table), not_left_out(oracles))


def not_checked(case: Case, table: Mapping[str, Rule], error: Exception) -> Checked:
    """The outcome for a case at which we failed ourselves. Nobody is blamed, and nothing is claimed."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}, line {last.lineno}"
    return not_judged(case, table, f"{FAILED_HERE}: {type(error).__name__} in {place}")


def not_judged(case: Case, table: Mapping[str, Rule], reason: str) -> Checked:
    """The outcome for a case of which nothing is known."""
    return unjudged(problem_of_case(case, table), reason)


def unjudged(problem: Problem, reason: str) -> Checked:
    """The outcome for a question to which nobody has an answer."""
    gone = Measure(Verdict.UNAVAILABLE, reason=reason)
    answers = {SUBJECT: Answer({}, unavailable=reason)}
    return Checked(problem, Truth({}, {}, why=reason), answers, {(key, SUBJECT): gone for key in problem.tensors})
