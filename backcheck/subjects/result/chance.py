"""A backward that draws new random numbers: the gradient of a function of random numbers is that of the very ones that
its forward drew."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.problem import Problem
from backcheck.subjects.result.side_effects import AGAIN
from backcheck.subjects.subject import Subject, named_rule
from backcheck.verdicts.check import Checked

TRIES = 8  # states of the generators: a mask of few entries may come out the same again
FAULT = (
    "backward draws new random numbers, so its answer is another one for each draw; what forward drew (a mask, say) "
    "must be saved"
)


def other_draws(own: Subject, problem: Problem) -> Problem | None:
    """The problem with other draws in backward, where these change its answer; None where they do not."""
    if not own.seen.behaviour.draws_again:
        return None
    first = _answer(problem)
    for count in range(1, TRIES + 1):
        other = replace(problem, rules={own.name: named_rule(own.code.rule(own.generators.skipping(count)), own.names)})
        if not _same(first, _answer(other)):
            return other
    return None


def draws_anew(checked: Checked) -> bool:
    """Is a gradient wrong since its backward draws new random numbers?"""
    return AGAIN in checked.measures and checked.measures[AGAIN].reason == FAULT


def _answer(problem: Problem) -> Sequence[Any] | None:
    try:
        with np.errstate(all="ignore"):
            return list(problem.vjp(problem.arrays, problem.dy)[1].values())
    except Exception:  # what raises has its verdict elsewhere
        return None


def _same(one: Sequence[Any] | None, other: Sequence[Any] | None) -> bool:
    if one is None or other is None:
        return True
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))
