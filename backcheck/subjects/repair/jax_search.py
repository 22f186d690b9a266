"""A search in a process that has imported a JAX function anew: its rule `bwd` is edited, and run eagerly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.errors import Unusable
from backcheck.subjects.entry import check_jax
from backcheck.subjects.fuzz.rule_question import RuleQuestion
from backcheck.subjects.lines.own_functions import own_functions
from backcheck.subjects.power.address import Address, address_of
from backcheck.subjects.repair.fix import Fix
from backcheck.subjects.repair.outcome import Search
from backcheck.subjects.repair.questions import RuleQuestions, question_of
from backcheck.subjects.result.check import Check
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.lazy import jax

PROOF_SECONDS = 60.0
DRAWN_OF_JAX = 12  # cases, of which the telling ones are taken: each size takes half a second
NOTHING_WRONG_THERE = "no fix is looked for: imported anew by another process, nothing disagrees there"


@dataclass(frozen=True, slots=True)
class JaxSearch:
    """What another process is given: the question, the function by its address, and the case that failed."""

    question: RuleQuestion
    rule: Address
    arrays: tuple[np.ndarray, ...]
    config: Mapping[str, Any]
    dy: np.ndarray
    draws: int
    seed: int
    seconds: float

    def run(self, skipped: frozenset[int], told: Callable[[int], None]) -> Fix:
        """What is found, but for the batches that were skipped."""
        rule = self.rule.value()
        jax_oracle.prepare()
        # a compiled function would go on with the code that it was compiled from
        with jax.disable_jit():
            failure = check_jax(rule, *self.arrays, config=self.config, cotangent=self.dy, fixed=self.question.fixed)
            if not isinstance(failure, Check) or failure:
                return Fix(reason=NOTHING_WRONG_THERE)
            questions = RuleQuestions(replace(self.question, rule=rule), drawn=DRAWN_OF_JAX)
            left_out = frozenset(each.__code__ for each in own_functions([getattr(rule, "fwd", None)]))
            search = Search(questions, failure, self.draws, self.seed, self.seconds, left_out, PROOF_SECONDS)
            return search.run(skipped, told)


def sent_of(check: Check, draws: int, seed: int, seconds: float) -> JaxSearch:
    """The search for a check. Raises NoAddress where another process cannot find the function."""
    question: RuleQuestion = check.question or question_of(check)
    problem = check.checked.problem.asked
    if len(problem.network.nodes) != 1:
        raise Unusable("a check of somebody's function is a network of one node")
    arrays = tuple(problem.arrays.values())
    config = dict(problem.network.nodes[0].config)
    where = address_of(check.subject.code.given)
    return JaxSearch(replace(question, rule=None), where, arrays, config, problem.dy, draws, seed, seconds)
