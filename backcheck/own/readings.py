"""What a gradient that is not the derivative may be meant as. Each reading is proved before it is said.

A library may scale every gradient by one convention, leave an epsilon of its forward out of the backward, or end a
network in a loss that takes no cotangent. That is not a wrong gradient, and it is not agreement either: the verdict is
*convention*, with the reading as its reason.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from backcheck.checking import Checked
from backcheck.measure import Measure
from backcheck.own.subject import Own
from backcheck.problem import OUTPUT, SUBJECT, Problem
from reference import exact, leak
from reports.record import Verdict
from scratch_bp.rules import Rule

Examine = Callable[[Problem], Checked]


class Reading(NamedTuple):
    """What the gradients are meant as, in a sentence. `labels` are the sizes that a factor may be."""

    said: str
    labels: frozenset[str] = frozenset()


def read(
    own: Own, checked: Checked, examine: Examine, labels: frozenset[str] | None = None
) -> tuple[Checked, Reading | None]:
    """The check with its disagreements read as a convention where one is proved, and that reading.

    With `labels` a factor must be one of these: what it was in every case before.
    """
    if not _wrong(checked):
        return checked, None
    for reading in (_ignores_cotangent, _common_factor, _forward_epsilon, _fused):
        found = reading(own, checked, examine)
        if found is not None and (labels is None or not found.labels or found.labels & labels):
            measures = {key: _as_convention(key, m, found.said) for key, m in checked.measures.items()}
            return replace(checked, measures=measures), found
    return checked, None


def _wrong(checked: Checked) -> list[str]:
    """The gradients that disagree, when nothing else does."""
    keys = [key for key in checked.disagreements if key[1] in (SUBJECT, "exact", "contract")]
    names = {name for name, _ in keys}
    if OUTPUT in names or any(checked.answers[SUBJECT].malformed or {}):
        return []
    return [name for name in checked.problem.wanted if name in names]


def _as_convention(key: tuple[str, str], measure: Measure, said: str) -> Measure:
    mine = key[1] in (SUBJECT, "exact", "contract") and measure.verdict is Verdict.DISAGREE
    return replace(measure, verdict=Verdict.CONVENTION, reason=said) if mine else measure


def _common_factor(own: Own, checked: Checked, examine: Examine) -> Reading | None:
    """One factor in every gradient, and it is a size: a sum for a mean, or 1/batch everywhere.

    With a single gradient nothing tells a convention from a mistake, and then none is assumed.
    """
    wrong = _wrong(checked)
    telling = [n for n in checked.problem.wanted if n in checked.truth.known and checked.truth.known[n].scale > 0]
    if len(telling) < 2 or sorted(wrong) != sorted(telling):
        return None
    fitting = [
        (factor, what)
        for factor, what in _sizes(checked.problem)
        if all(_scaled(checked, name, factor) for name in telling)
    ]
    if not fitting:
        return None
    factor, what = fitting[0]
    said = f"every gradient is {what} x the derivative ({factor:.6g} here): a convention, kept in all {len(telling)}"
    return Reading(said, frozenset(label for _, label in fitting))


def _sizes(problem: Problem) -> Iterator[tuple[float, str]]:
    """The factors that a convention may have."""
    first = next(iter(problem.arrays.values()))
    named = [(n, f"the input's size along axis {axis}") for axis, n in enumerate(first.shape)]
    named += [(first.size, "the number of inputs"), (problem.dy.size, "the number of outputs")]
    for size, what in named:
        if size > 1:
            yield float(size), what
            yield 1 / size, f"1 / {what}"


def _scaled(checked: Checked, name: str, factor: float) -> bool:
    known, got = checked.truth.known[name], checked.answers[SUBJECT].tensors[name].astype(np.float64)
    return bool(np.all(abs(got - factor * known.hi) <= (1 + abs(factor)) * known.allowed))


def _ignores_cotangent(own: Own, checked: Checked, examine: Examine) -> Reading | None:
    """A loss at the end of a network: its backward gives the same whatever the cotangent, and that is right for 1."""
    problem = checked.problem
    if problem.dy.size != 1:
        return None
    doubled = problem.vjp(problem.arrays, 2 * problem.dy)[1]
    once = problem.vjp(problem.arrays, problem.dy)[1]
    if not all(np.array_equal(once[name], doubled[name]) for name in problem.wanted):
        return None
    at_one = examine(replace(problem, dy=np.ones_like(problem.dy)))
    others = [key for key in at_one.disagreements if key[1] in (SUBJECT, "exact")]
    said = "its backward takes no notice of the cotangent, and is right for 1: the end of a network"
    return None if others else Reading(said)


def _forward_epsilon(own: Own, checked: Checked, examine: Examine) -> Reading | None:
    """The gradient is that of the forward without one of its small constants, exactly so."""
    for label, (value, without) in own.without.items():
        rules = {own.name: Rule(_with_saved_of(own.rule, without), own.rule.backward)}
        if _right(replace(checked.problem, rules=rules)):
            said = f"the gradient is that of the forward without its {label} {value!r}: an epsilon in the forward only"
            return Reading(said)
    return None


def _with_saved_of(rule: Rule, without: Rule) -> Callable[..., Any]:
    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        return without.forward(*arrays, **config)[0], rule.forward(*arrays, **config)[1]

    return forward


def _right(problem: Problem) -> bool:
    arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
    try:
        return exact.judge(problem.function, problem.vjp, arrays, exact.lift(problem.dy), problem.wanted).right
    except Exception:  # a forward that does not run without its constant is no reading
        return False


def _fused(own: Own, checked: Checked, examine: Examine) -> Reading | None:
    """A softmax or a sigmoid whose backward hands the cotangent through: its derivative is left to the loss."""
    problem, known = checked.problem, checked.truth.known.get(OUTPUT)
    if len(problem.wanted) != 1 or known is None or problem.arrays[problem.wanted[0]].shape != problem.dy.shape:
        return None
    if not np.array_equal(checked.answers[SUBJECT].tensors[problem.wanted[0]], problem.dy):
        return None
    for name, candidate in _squashed(problem.arrays[problem.wanted[0]].astype(np.float64)):
        if np.all(abs(known.hi - candidate) <= known.allowed):
            said = f"forward is a {name} and its backward hands dy through: the derivative is left to the loss"
            return Reading(f"{said}. Check the two together, as one function")
    return None


def _squashed(x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "sigmoid", 1 / (1 + np.exp(-x))
    for axis in range(x.ndim):
        exps = np.exp(x - x.max(axis, keepdims=True))
        yield "softmax", exps / exps.sum(axis, keepdims=True)


def stopped(own: Own, checked: Checked) -> tuple[str, ...]:
    """Where exact arithmetic could not follow the code: what stopped it, as far as that is knowable."""
    if checked.truth.known or not checked.truth.why or not own.ordinary:
        return ()
    problem = checked.problem
    node = problem.network.nodes[0]

    def both(*arrays: np.ndarray) -> Any:
        value, saved = own.rule.forward(*arrays, **node.config)
        return value, own.rule.backward(saved, exact.lift(problem.dy))

    lifted = [exact.lift(array) for array in problem.arrays.values()]
    try:
        with exact.bits(exact.LADDER[0][0]):
            both(*lifted)
            said = leak.where_it_left(both, lifted)
    except Exception as error:  # the user's code on numbers it was not written for
        said = leak.where_it_stopped(error)
    where = f" ({said})" if said else ""
    return (f"exact arithmetic cannot follow this code{where}; the other oracles judged it",)
