"""The smallest network that fails in the same way: Hypothesis first, then the arrays, entry by entry."""

import contextlib
import functools
from collections.abc import Callable, Mapping

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from backcheck.diagnosis.locate import Finding, agrees_with
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKind
from backcheck.problem import SUBJECT, pose
from backcheck.strategies.case import Case
from backcheck.verdicts import invariants
from backcheck.verdicts.check import examine
from backcheck.verdicts.second_order.products import SECOND
from scratch_bp.network import NetworkError
from scratch_bp.rules import Rule

MOST_TRIES = 150


class _FailsAlike(Exception):
    """Raised inside Hypothesis for a case that fails in the same way."""


def fails_alike(finding: Finding, rules: Mapping[str, Rule]) -> Callable[[Case], bool]:
    """A predicate: does this case fail in the same bucket? Only the oracles that it takes are asked."""
    oracles: tuple[str, ...] = ("exact",) if finding.party == SUBJECT else (finding.party, "exact")
    if finding.party == invariants.PARTY:
        oracles = (invariants.PARTY,)
    if finding.party == SUBJECT and finding.key == OUTPUT:
        oracles = ("exact", "torch", "jax")
    if finding.key.kind is TensorKind.PRODUCT:
        oracles = (*oracles, SECOND)

    def predicate(case: Case) -> bool:
        arrays, dy = case.make()
        try:
            with np.errstate(all="ignore"):
                return agrees_with(finding, examine(pose(case.network, arrays, dy, rules=rules), oracles))
        except (BadInput, NetworkError):
            return False

    return predicate


def smallest(
    case: Case, strategy: SearchStrategy[Case], stream: int, draws: int, predicate: Callable[[Case], bool]
) -> Case:
    """The simplest case that Hypothesis reaches from this one: it draws the same stream again and shrinks from here.

    `draws` is how often the stream was drawn from: another number gives another stream. Returns the case itself when
    the stream does not lead to it.
    """
    wanted, best, reached = case.id, case, False

    @seed(stream)
    @settings(
        max_examples=draws,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(strategy)
    def hunt(drawn: Case) -> None:
        nonlocal best, reached
        reached = reached or drawn.id == wanted
        if reached and predicate(drawn):
            best = drawn
            raise _FailsAlike

    with contextlib.suppress(_FailsAlike, HypothesisException):
        hunt()
    return best


def simpler_arrays(case: Case, predicate: Callable[[Case], bool]) -> Case:
    """Zeros, then ones, then round numbers, wherever the case goes on failing in the same way."""
    arrays, dy = case.make()
    values = {**arrays, "": dy}
    left = MOST_TRIES

    def attempt(name: str, change: Callable[[np.ndarray], np.ndarray]) -> bool:
        nonlocal left
        changed = np.asarray(change(values[name].copy()))  # np.round makes a number of an array without axes
        if left <= 0 or np.array_equal(changed, values[name]):
            return False
        left -= 1
        trial = {**values, name: np.asarray(changed.astype(values[name].dtype))}
        candidate = Case.of(case.network, {n: a for n, a in trial.items() if n}, trial[""], case.dtype)
        if not predicate(candidate):
            return False
        values.update(trial)
        return True

    for name, array in list(values.items()):
        if array.dtype.kind in "iub" or attempt(name, np.zeros_like) or attempt(name, np.ones_like):
            continue
        if attempt(name, np.round) or attempt(name, lambda a: a.astype(np.float64).round(1)):
            pass
        for index in np.ndindex(array.shape):
            for simple in (0.0, 1.0):
                if attempt(name, functools.partial(_with, index=index, value=simple)):
                    break
    return Case.of(case.network, {n: a for n, a in values.items() if n}, values[""], case.dtype)


def _with(array: np.ndarray, index: tuple[int, ...], value: float) -> np.ndarray:
    array[index] = value
    return array
