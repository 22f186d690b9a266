"""The check: every party is asked, every tensor is measured against the truth and gets a verdict.

`examine` is a sequence of passes over one examination. Each pass reads what the passes before it found, adds verdicts
or changes some, and says in its name what it does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from backcheck.containment import contained
from backcheck.keys import TensorKey
from backcheck.problem import SUBJECT, Problem, pose
from backcheck.verdicts import invariants, kinks, precision
from backcheck.verdicts.differences import ask_differences, judge_differences, judge_party
from backcheck.verdicts.framework_limits import excuse, overflowing, wavering
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import FRAMEWORKS, ORACLES, Answer, ask_framework, ask_subject, not_left_out
from backcheck.verdicts.passes import outlier, single_nodes
from backcheck.verdicts.passes.examination import Examination
from backcheck.verdicts.second_order.products import SECOND, hessian_measures
from backcheck.verdicts.truth import truth as truths
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.record import FAULTS, Verdict
from scratch_bp.network import Network
from scratch_bp.rules import Rule

OUR_RULES_JUDGED = (
    "what differentiates whole networks answers in floats; exact arithmetic judged our rules in its place"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome for one problem: the answer of `check`.

    `measures` has a measure (a verdict, how far off, how much is allowed) for each tensor and party, `truth` what is
    known of the true gradients, and `answers` what each party computed. `disagreements` is empty when all agree.
    """

    problem: Problem
    truth: Truth
    answers: Mapping[str, Answer]
    measures: Mapping[Key, Measure]

    @property
    def disagreements(self) -> tuple[Key, ...]:
        """The (tensor, party) pairs whose verdict is a fault, whatever its name, in order."""
        return tuple(key for key, measure in self.measures.items() if measure.verdict in FAULTS)


@contained()
def check(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray | None = None,
    *,
    rules: Mapping[str, Rule] | None = None,
    oracles: Sequence[str] = ORACLES,
) -> Checked:
    """Check every gradient of a network at these arrays.

    `arrays` has an array of the declared shape for each name that the network reads, the floating-point ones of one
    dtype. `dy` is the cotangent of the output, of its shape, and is drawn when not given. `rules` has the rule for each
    name in the network, and is our own table when not given. `oracles` are the parties that are asked beside it.

    Raises BadInput for missing arrays, wrong shapes, mixed dtypes, and numbers that are not finite.

    >>> import numpy as np
    >>> from scratch_bp.network import ArraySpec, Network, Node
    >>> network = Network({"x": ArraySpec((2, 3))}, (Node("h", "tanh", ("x",)),), "h")
    >>> check(network, {"x": np.ones((2, 3))}, oracles=("exact",)).disagreements
    ()
    """
    return examine(pose(network, arrays, dy, rules=rules), oracles)


def examine(problem: Problem, oracles: Sequence[str] = ORACLES) -> Checked:
    """Check one posed problem. With "contract" among the oracles the promises of every node are looked at too, with
    "second" Hessian-vector products."""
    found = Examination(problem, not_left_out(oracles))
    for each in PASSES if problem.engine is None else PASSES_OF_AN_ENGINE:
        each(found)
    return Checked(problem, found.truth, found.answers, found.measures)


def _ask_everybody(found: Examination) -> None:
    """The subject and the frameworks answer in floating point."""
    found.answers[SUBJECT] = ask_subject(found.problem)
    for name in FRAMEWORKS:
        if name in found.oracles:
            found.answers[name] = ask_framework(name, found.problem)


def _find_the_truth(found: Examination) -> None:
    """The quick way, and the careful way where anything is out of the ordinary; every answer is measured against it."""
    problem = found.problem
    if "exact" not in found.oracles:
        found.measure_answers()
        return
    found.truth = truths.quick(problem)
    found.measure_answers()
    if found.ordinary:
        return
    found.truth = truths.careful(problem)
    if problem.standin and found.out_of_reach:
        found.truth = truths.of_standin(problem, found.truth)
    found.measure_answers()


def _judge_kinks(found: Examination) -> None:
    """Between the one-sided slopes entry by entry an answer may still be none of those that the function has."""
    if found.truth.known:
        found.measures |= kinks.judged(found.problem, found.answers, found.truth, found.measures)


def _judge_precision(found: Examination) -> None:
    """An answer within what rounding may do to its formula is still imprecise where the problem is not to blame."""
    found.measures |= precision.judged(found.problem, found.answers, found.truth, found.measures)


def _excuse_frameworks(found: Examination) -> None:
    """A framework that misses by a known limit of its own, or answers otherwise each time, cannot answer here."""
    if found.truth.known:
        found.measures |= precision.excused(found.problem, found.answers, found.truth, found.measures)
        found.measures |= excuse(found.problem, found.answers, found.truth, found.measures)
        found.measures |= overflowing(found.problem, found.answers, found.truth, found.measures)
        found.measures |= wavering(found.problem, found.answers, found.measures)


def _judge_differences(found: Examination) -> None:
    """Finite differences of the forward are a party of their own."""
    if "differences" not in found.oracles:
        return
    found.slopes = ask_differences(found.problem, alone=found.out_of_reach)
    for key in found.problem.gradients:
        found.measures[key, "differences"] = judge_differences(found.problem, found.slopes.get(key), found.truth, key)


def _judge_the_rule(found: Examination) -> None:
    """What exact arithmetic says of the subject's own rule, with no rounding in the way."""
    if "exact" in found.oracles:
        for key in found.problem.gradients:
            own = found.measures[key, SUBJECT]
            found.measures[key, "exact"] = _ruling(found.truth, key, found.problem.dtype, own)


def _ruling(truth: Truth, key: TensorKey, dtype: str, own: Measure) -> Measure:
    """The exact oracle's verdict on one gradient. Its error is the residual, as a part of the tensor.

    Where the truth is not known entry by entry, the ruling was made along directions, and the scale is unknown.
    """
    known = truth.known.get(key)
    if key not in truth.rulings or (truth.known and known is None):
        return Measure(Verdict.UNAVAILABLE, reason=f"no reference value: {truth.why}")
    ruling, scale = truth.rulings[key], known.scale if known else np.nan
    if known is not None and known.absent is not None and ruling.right:
        return Measure(Verdict.UNAVAILABLE, reason=f"no truth: {known.why}")
    if np.isnan(ruling.residual):
        return Measure(Verdict.UNAVAILABLE, reason=ruling.reason)
    verdict = Verdict.KINK if ruling.kink else Verdict.AGREE
    if scale == 0:
        verdict = Verdict.VACUOUS
    if not ruling.right:
        verdict = Verdict.DISAGREE
    return Measure(
        verdict,
        absolute=ruling.residual * scale,
        relative=ruling.residual,
        ulps=ruling.residual * 2.0 ** BITS[dtype],
        fraction=ruling.residual / ruling.resolution if ruling.resolution else 0.0,
        allowed=ruling.resolution * scale,
        resolution=ruling.resolution,
        index=own.index,
        got=own.got,
        want=own.want,
        reason=ruling.reason,
    )


def _let_differences_judge(found: Examination) -> None:
    """Without a truth, finite differences judge the other parties, within their own estimated error."""
    if found.truth.known or not found.truth.finite:
        return
    for party, answer in found.answers.items():
        for key in found.problem.gradients:
            if key in answer.tensors and key in found.slopes:
                found.measures[key, party] = judge_party(found.problem, found.slopes[key], answer.tensors[key], key)


def _look_at_promises(found: Examination) -> None:
    """What every rule promises beside its gradients."""
    if invariants.PARTY in found.oracles:
        found.measures |= {(key, invariants.PARTY): kept for key, kept in invariants.promises(found.problem)}


def _look_at_second_order(found: Examination) -> None:
    """Hessian-vector products, where they are asked for."""
    if SECOND in found.oracles:
        found.measures |= hessian_measures(found.problem, found.oracles, found.measures)


PASSES: tuple[Callable[[Examination], None], ...] = (
    _ask_everybody,
    _find_the_truth,
    _judge_kinks,
    _judge_precision,
    _excuse_frameworks,
    _judge_differences,
    _judge_the_rule,
    _let_differences_judge,
    partial(single_nodes.judge_alone, examine=examine),
    partial(single_nodes.look_beyond_the_range, examine=examine),
    _look_at_promises,
    outlier.settle,
    _look_at_second_order,
)


def _find_the_truth_by_our_rules(found: Examination) -> None:
    """An engine has no rules that exact arithmetic could judge. Our rules, once judged, give the truth."""
    oracles = tuple(name for name in found.oracles if name not in FRAMEWORKS)
    ours = examine(replace(found.problem, engine=None), oracles)
    found.truth = Truth({}, {}, OUR_RULES_JUDGED)
    if not ours.disagreements:
        found.truth = replace(ours.truth, rulings={}, reports=(), composed=True)
    found.measure_answers()


def _judge_no_rule(found: Examination) -> None:
    """Exact arithmetic says nothing of an engine's own code."""
    if "exact" in found.oracles:
        for key in found.problem.gradients:
            found.measures[key, "exact"] = Measure(Verdict.UNAVAILABLE, reason=OUR_RULES_JUDGED)


PASSES_OF_AN_ENGINE: tuple[Callable[[Examination], None], ...] = (
    _ask_everybody,
    _find_the_truth_by_our_rules,
    _excuse_frameworks,
    _judge_no_rule,
    outlier.settle,
)
