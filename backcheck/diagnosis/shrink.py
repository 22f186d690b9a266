"""The smallest network that fails in the same way: Hypothesis shrinks it, then the arrays shrink entry by entry."""

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from backcheck.diagnosis.locate import Finding, agrees_with
from backcheck.keys import OUTPUT, TensorKey, TensorKind
from backcheck.problem import SUBJECT
from backcheck.strategies.case import Case
from backcheck.strategies.layouts import CONTIGUOUS, laid_out, layout_of
from backcheck.strategies.storage import kept_elsewhere
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import problem_of_case
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.second_order.products import SECOND
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

MOST_TRIES = 150  # changes of arrays; each asks the oracles once
# behind a wrong rule the truth takes a Jacobian: seconds for an array of more entries, so that few such cases are tried
LARGE, MOST_LARGE = 64, 12
CLEAR = 2  # an error this many times what is allowed cannot be taken for a matter of tolerance


class _FailsAlike(Exception):
    """Raised inside Hypothesis for a case that fails in the same way."""


def stands_out(checked: Checked, party: str) -> bool:
    """Does the party's worst gradient show its fault to anybody: no kink, a truth that is not zero, a large error?

    Where nothing is known of the numbers, as of an answer of another shape, there is nothing to ask for.
    """
    wrong = {key for key, who in checked.disagreements if who in (party, "exact") and key in checked.truth.known}
    return all(_is_plain(checked, key, party) for key in wrong)


def _is_plain(checked: Checked, key: TensorKey, party: str) -> bool:
    known, found = checked.truth.known[key], checked.measures[key, party]
    if not np.isfinite(found.fraction):
        return True
    zero = not known.scale > known.allowed.max(initial=0.0)  # what cancels may leave 1e-40
    return found.verdict is Verdict.DISAGREE and found.fraction > CLEAR and not known.kink and not zero


def fails_alike(finding: Finding, rules: Mapping[str, Rule], *, plainly: bool = False) -> Callable[[Case], bool]:
    """A predicate: does this case fail in the same bucket? It asks only the oracles that the bucket needs.

    With `plainly` it must stand out as well: then nothing shrinks into a tie, or to where the true gradient is zero.
    """
    oracles: tuple[str, ...] = ("exact",) if finding.party == SUBJECT else (finding.party, "exact")
    if finding.party == invariants.PARTY:
        oracles = (invariants.PARTY,)
    if finding.party == SUBJECT and finding.key == OUTPUT:
        oracles = ("exact", "torch", "jax")
    if finding.key.kind is TensorKind.PRODUCT:
        oracles = (*oracles, SECOND)

    def predicate(case: Case) -> bool:
        with np.errstate(all="ignore"):
            checked = examine(problem_of_case(case, rules), oracles)
            return agrees_with(finding, checked) and (not plainly or stands_out(checked, finding.party))

    return predicate


def smallest(
    case: Case, strategy: SearchStrategy[Case], stream: int, draws: int, predicate: Callable[[Case], bool]
) -> Case:
    """The simplest case that Hypothesis reaches from this one: it draws the same stream again, and shrinks this case.

    `draws` must be the number of draws with which the case was found: with another number the stream is another one.
    If the stream does not lead to the case, the case itself is returned.
    """
    wanted, best, reached, left = case.id, case, False, MOST_LARGE

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
        nonlocal best, reached, left
        reached = reached or drawn.id == wanted
        if reached and _is_large(drawn):
            left -= 1
            if left < 0:  # only small ones are tried from here on
                return
        if reached and predicate(drawn):
            best = drawn
            raise _FailsAlike

    with kept_elsewhere(), contextlib.suppress(_FailsAlike, HypothesisException):
        hunt()
    return best


def _is_large(case: Case) -> bool:
    return max((recipe.size for recipe in case.arrays.values()), default=0) > LARGE


def at_defaults(case: Case, predicate: Callable[[Case], bool]) -> Case:
    """The case with each option left out that it does not need to fail in the same way."""
    for at in range(len(case.network.nodes)):
        for option in list(case.network.nodes[at].config):
            node = case.network.nodes[at]
            plain = replace(node, config={name: value for name, value in node.config.items() if name != option})
            nodes = (*case.network.nodes[:at], plain, *case.network.nodes[at + 1 :])
            candidate = replace(case, network=replace(case.network, nodes=nodes))
            with contextlib.suppress(Exception):  # without it the arrays may not fit any more
                if predicate(candidate):
                    case = candidate
    return case


def simpler_arrays(case: Case, predicate: Callable[[Case], bool]) -> Case:
    """Zeros, ones or round numbers in place of the case's own numbers, in memory of their own, as far as it still fails
    in the same way."""
    arrays, dy = case.make()
    values = {**arrays, "": dy}
    left = MOST_LARGE if _is_large(case) else MOST_TRIES

    def attempt(name: str, change: Callable[[np.ndarray], np.ndarray], layout: str = "") -> bool:
        nonlocal left
        before = values[name]
        changed = np.asarray(change(before.copy()))  # np.round makes a number of an array without axes
        if left <= 0 or (not layout and np.array_equal(changed, before)):
            return False
        left -= 1
        trial = {**values, name: laid_out(np.asarray(changed.astype(before.dtype)), layout or layout_of(before))}
        candidate = Case.of(case.network, {n: a for n, a in trial.items() if n}, trial[""], case.dtype)
        if not predicate(candidate):
            return False
        values.update(trial)
        return True

    for name, array in list(values.items()):
        if layout_of(array) != CONTIGUOUS:
            attempt(name, np.asarray, CONTIGUOUS)
        if array.dtype.kind in "iub" or attempt(name, np.zeros_like) or attempt(name, np.ones_like):
            continue
        if not attempt(name, np.round):
            attempt(name, lambda a: a.astype(np.float64).round(1))
        for index in np.ndindex(array.shape):
            if not attempt(name, functools.partial(_with, index=index, value=0.0)):
                attempt(name, functools.partial(_with, index=index, value=1.0))
    return Case.of(case.network, {n: a for n, a in values.items() if n}, values[""], case.dtype)


def _with(array: np.ndarray, index: tuple[int, ...], value: float) -> np.ndarray:
    array[index] = value
    return array
