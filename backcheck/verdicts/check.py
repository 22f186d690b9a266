"""The check: every party is asked, every tensor is measured against the truth and gets a verdict.

`examine` is a sequence of passes over one examination. Each pass reads what the passes before it found, adds verdicts
or changes some, and says in its name what it does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from backcheck.containment import contained
from backcheck.keys import OUTPUT, TensorKey
from backcheck.problem import SUBJECT, Problem, pose
from backcheck.verdicts import invariants, kinks, precision
from backcheck.verdicts.differences import Slope, ask_differences, judge_differences, judge_party
from backcheck.verdicts.framework_limits import excuse, is_the_truth_in_float64, overflowing, wavering
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.measure import Key, Measure, explained, measure
from backcheck.verdicts.other_function import elsewhere
from backcheck.verdicts.parties import FRAMEWORKS, ORACLES, Answer, ask_framework, ask_subject, not_left_out
from backcheck.verdicts.second_order.products import SECOND, hessian_measures
from backcheck.verdicts.truth import truth as truths
from backcheck.verdicts.truth.node import State
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.number_format import apart
from backcheck_reports.record import FAULTS, Verdict
from scratch_bp.network import Network
from scratch_bp.rules import Rule

OUR_RULES_JUDGED = (
    "what differentiates whole networks answers in floats; exact arithmetic judged our rules in its place"
)

NOT_JUDGED = ": not judged"  # ends what is said of a framework whose value is no number


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


@dataclass(slots=True)
class Examination:
    """What the passes have found so far."""

    problem: Problem
    oracles: Sequence[str]
    answers: dict[str, Answer] = field(default_factory=dict)
    truth: Truth = field(default_factory=lambda: Truth({}, {}, why="the exact oracle was not asked"))
    slopes: Mapping[TensorKey, Slope] = field(default_factory=dict)
    measures: dict[Key, Measure] = field(default_factory=dict)

    @property
    def out_of_reach(self) -> bool:
        """The exact oracle was asked and found no truth, although the numbers are finite."""
        return "exact" in self.oracles and not self.truth.known and self.truth.finite

    def measure_answers(self) -> None:
        """Every answer against the truth that is known now."""
        self.measures = {
            (key, party): measure(self.problem, party, answer, self.truth, key)
            for party, answer in self.answers.items()
            for key in self.problem.tensors
        }

    @property
    def ordinary(self) -> bool:
        """The truth is known, the point is smooth, and every answer is within the tolerance: nothing calls for more."""
        if not self.truth.ordinary or any(answer.malformed for answer in self.answers.values()):
            return False
        return all(found.fraction <= 1 or self.answers[p].unavailable for (_, p), found in self.measures.items())


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
        return Measure(Verdict.UNAVAILABLE, reason=f"the truth is not to be had: {truth.why}")
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


def _look_at_single_nodes(found: Examination) -> None:
    """Where a network is too ill-conditioned to be judged in floats, or digits are lost, each node is judged alone.

    So are the nodes that are at a kink: each has to take a convention of its own function, along every direction. Of
    the whole that cannot be asked: relu(x) - relu(-x) has the slope 1 at 0, and with right conventions 0.

    A network of good rules may lose digits as a whole, which is nobody's fault. It is imprecise where a node is, at the
    values that it had.
    """
    problem, known = found.problem, found.truth.known
    if "exact" not in found.oracles or len(problem.network.nodes) < 2:
        return
    own = {key: found.measures[key, SUBJECT] for key in problem.tensors}
    suspects = {key: m for key, m in own.items() if precision.is_suspect(m, known.get(key))}
    everything = any(own[key].verdict is Verdict.ILL_CONDITIONED for key in problem.gradients)
    bent = {report.node.name for report in found.truth.reports if report.state is State.KINK}
    imprecise: dict[str, Measure] = {}
    for node in reversed(problem.network.nodes):
        if not (suspects or everything or node.name in bent):
            continue
        alone = isolate(problem, node.name)
        if alone is None:
            continue
        said = (Verdict.IMPRECISE, Verdict.DISAGREE) if suspects or everything else (Verdict.DISAGREE,)
        for key, m in _alone(alone, node.name, said, everything):
            found.measures[key, SUBJECT] = m
            if m.verdict is Verdict.IMPRECISE:
                imprecise.setdefault(f"{node.name} ({node.rule})", m)
    for name, m in list(imprecise.items())[:1]:
        whole = precision.of_network(problem, found.answers[SUBJECT], found.truth, suspects, f"{name}: {m.reason}")
        found.measures |= {(key, SUBJECT): judged for key, judged in whole.items()}


def _alone(alone: Problem, node: str, said: Sequence[Verdict], everything: bool) -> Iterator[tuple[TensorKey, Measure]]:
    """The verdicts on one node by itself; without `everything` those alone that are to be `said`."""
    single = examine(alone, ("exact",))
    for key in alone.tensors:
        m = single.measures[key, SUBJECT]
        if (everything and key != OUTPUT) or m.verdict in said:
            yield replace(key, node=node), m


def _look_beyond_the_range(found: Examination) -> None:
    """An answer that is not finite is no fault where a right gradient on the way does not fit the dtype."""
    if "exact" not in found.oracles or found.problem.engine is not None or len(found.problem.network.nodes) < 2:
        return
    lost = [
        (key, SUBJECT)
        for key, got in found.answers[SUBJECT].tensors.items()
        if found.measures[key, SUBJECT].verdict is Verdict.DISAGREE and not np.isfinite(got.astype(np.float64)).all()
    ]
    reason = _beyond_the_range(found.problem) if lost else ""
    if reason:
        found.measures |= {k: replace(found.measures[k], verdict=Verdict.OUT_OF_RANGE, reason=reason) for k in lost}


def _beyond_the_range(problem: Problem) -> str:
    """The node whose gradient is not finite, and rightly so, at the values that it had. Empty where there is none, or
    where another one is at fault."""
    said = ""
    for node in reversed(problem.network.nodes):
        alone = isolate(problem, node.name)
        if alone is None:
            continue
        single = examine(alone, ("exact",))
        if any(party == SUBJECT for _, party in single.disagreements):
            return ""
        for key, got in single.answers[SUBJECT].tensors.items():
            if key != OUTPUT and not np.isfinite(got.astype(np.float64)).all():
                said = f"the gradient of {node.name} ({node.rule}) by {key.name} is beyond {problem.dtype} here"
    return said


def _look_at_promises(found: Examination) -> None:
    """What every rule promises beside its gradients."""
    if invariants.PARTY in found.oracles:
        found.measures |= {(key, invariants.PARTY): kept for key, kept in invariants.promises(found.problem)}


def _settle_the_function(found: Examination) -> None:
    """Who is the outlier when the functions differ: the frameworks together outweigh the subject.

    The truth about gradients is about the subject's own function. Where every framework that answers computes
    another function, that is the subject's fault and says nothing about their gradients.
    """
    asked = [name for name in FRAMEWORKS if name in found.answers and not found.answers[name].unavailable]
    said = {name: _how_it_differs(found, name) for name in asked}
    if not asked or not all(said.values()):
        for name in [] if found.problem.drawn else [each for each in asked if not said[each]]:
            _leave_out_lost(found, name)
        return
    for key, party in list(found.measures):
        if party in asked:
            reason = "the subject computes another function"
            found.measures[key, party] = Measure(Verdict.UNAVAILABLE, reason=reason)
    found.measures[OUTPUT, SUBJECT] = _other_function(found, asked, said)


def _leave_out_lost(found: Examination, name: str) -> None:
    """Nothing is judged by somebody's own mirror where its value is no number and the subject's is one.

    The mirrors of our rules are the frameworks' own functions: there it is a fault of the framework.
    """
    value = found.measures[OUTPUT, name]
    if value.verdict is not Verdict.DISAGREE or np.isfinite(value.got):
        return
    at = f" at {list(value.index)}" if value.index else ""
    reason = f"{name} computes {value.got:g}{at}, where the forward value is {value.want:.5g}{NOT_JUDGED}"
    for key in found.problem.tensors:
        if found.measures[key, name].verdict is Verdict.DISAGREE:
            found.measures[key, name] = Measure(Verdict.UNAVAILABLE, reason=reason)


def _how_it_differs(found: Examination, name: str) -> str:
    """How a framework's function differs from the subject's, in words that go on "what torch computes"; empty where
    they look the same."""
    apart = found.measures[OUTPUT, name].verdict is Verdict.DISAGREE and _worst_place(found, name) is not None
    if apart and not is_the_truth_in_float64(found.problem, name, found.truth, OUTPUT):
        return "here"
    shape = (found.answers[name].malformed or {}).get(OUTPUT, "")
    if shape.startswith("has shape"):
        return shape
    gradients = [found.measures[key, name].verdict for key in found.problem.gradients]
    return elsewhere(found.problem, name, _is_excused) if Verdict.DISAGREE in gradients else ""


def _is_excused(problem: Problem, name: str, answer: Answer, truth: Truth, found: Measure) -> bool:
    """A framework that gives the truth in float64 computes the same function, and loses digits in a narrow dtype. It
    may lose them by a known limit too."""
    if is_the_truth_in_float64(problem, name, truth, OUTPUT):
        return True
    return bool(excuse(problem, {name: answer}, truth, {(OUTPUT, name): found}))


def _worst_place(found: Examination, name: str) -> tuple[int, ...] | None:
    """Where a framework's value is furthest from the subject's; None where they are the same.

    An entry that is no finite number in either says nothing: exp(x) / sum exp(x) is NaN where a softmax is not.
    """
    value, known = found.answers[name].tensors[OUTPUT].astype(np.float64), found.truth.known[OUTPUT]
    told = np.isfinite(value) if known.absent is None else np.isfinite(value) & ~known.absent
    off = np.where(told, explained(value, known), 0.0)
    at = np.unravel_index(int(off.argmax()), off.shape)
    return tuple(map(int, at)) if off[at] > 1 else None


def _other_function(found: Examination, asked: Sequence[str], said: Mapping[str, str]) -> Measure:
    how, names, verb = said[asked[0]], " and ".join(asked), "computes" if len(asked) == 1 else "compute"
    if how.startswith("has shape"):
        theirs = how.removeprefix("has shape ").partition(", expected")[0]
        reason = f"has shape {list(found.problem.dy.shape)}; what {names} {verb} has shape {theirs}"
        return Measure(Verdict.DISAGREE, reason=reason)
    if how != "here":
        return Measure(Verdict.DISAGREE, reason=f"is not what {names} {verb}: {how}")
    at = _worst_place(found, asked[0])
    assert at is not None
    got, want = (float(found.answers[name].tensors[OUTPUT][at]) for name in (SUBJECT, asked[0]))
    own, theirs = apart(got, want)
    return Measure(
        Verdict.DISAGREE,
        absolute=abs(got - want),
        relative=abs(got - want) / abs(want) if want else np.inf,
        index=at,
        got=got,
        want=want,
        reason=f"is not what {names} {verb}: {own}{f' at {list(at)}' if at else ''} against its {theirs}",
    )


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
    _look_at_single_nodes,
    _look_beyond_the_range,
    _look_at_promises,
    _settle_the_function,
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
    _settle_the_function,
)
