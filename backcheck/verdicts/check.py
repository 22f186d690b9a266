"""The check: every party asked, every tensor measured against the truth, a verdict for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backcheck.problem import OUTPUT, SUBJECT, Problem, pose
from backcheck.verdicts import invariants
from backcheck.verdicts.differences import Slope, ask_differences, judge_differences, judge_party
from backcheck.verdicts.framework_limits import near_smallest, within_limits
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.measure import Measure, explained, hull_fractions, is_near_smallest, measure
from backcheck.verdicts.parties import FRAMEWORKS, ORACLES, Answer, ask_framework, ask_subject
from backcheck.verdicts.second_order.products import PREFIX, SECOND, hessian_measures
from backcheck.verdicts.truth import truth as truths
from backcheck.verdicts.truth.node import State, argument_names
from backcheck.verdicts.truth.truth import Known, Truth
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.record import Record, Verdict
from scratch_bp.network import Network
from scratch_bp.rules import RULES, Rule

UNREAD = "none"  # stands for the rule of an array that nothing reads


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome for one problem: the answer of `check`.

    `measures` has a measure (a verdict, how far off, how much is allowed) for each tensor and party, `truth` what is
    known of the true gradients, and `answers` what each party computed. `disagreements` is empty when all agree.
    """

    problem: Problem
    truth: Truth
    answers: Mapping[str, Answer]
    measures: Mapping[tuple[str, str], Measure]

    @property
    def disagreements(self) -> tuple[tuple[str, str], ...]:
        """The (tensor, party) pairs that disagree, in order."""
        return tuple(key for key, measure in self.measures.items() if measure.verdict is Verdict.DISAGREE)


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
    """Check one posed problem. With "contract" among the oracles every node's promises are looked at too, with
    "second" Hessian-vector products."""
    answers = {SUBJECT: ask_subject(problem)}
    answers |= {name: ask_framework(name, problem) for name in FRAMEWORKS if name in oracles}
    use_exact = "exact" in oracles
    if problem.engine is not None:
        return _engine_examined(problem, answers, oracles)
    truth = truths.quick(problem) if use_exact else Truth({}, {}, why="the exact oracle was not asked")
    measures = _measured(problem, answers, truth)
    if use_exact and not (truth.ordinary and _all_within(answers, measures)):
        truth = truths.careful(problem)
        if problem.standin and not truth.known and truth.finite:
            truth = truths.of_standin(problem, truth)
        measures = _measured(problem, answers, truth)
    beyond = use_exact and not truth.known and truth.finite
    estimates = ask_differences(problem, extended=beyond) if "differences" in oracles else {}
    if truth.known:
        _excuse(problem, answers, truth, measures)
    if "differences" in oracles:
        for name in problem.wanted:
            measures[name, "differences"] = judge_differences(problem, estimates.get(name), truth, name)
    if use_exact:
        measures |= {(n, "exact"): _rule(truth, n, problem.dtype, measures[n, SUBJECT]) for n in problem.wanted}
    if not truth.known and truth.finite:
        _fall_back(problem, answers, estimates, measures)
    if use_exact and len(problem.network.nodes) > 1:
        measures |= _node_by_node(problem, measures)
    if invariants.PARTY in oracles:
        kept = invariants.promises(problem)
        measures |= {(f"{node}.{promise}", invariants.PARTY): found for node, promise, found in kept}
    measures = _settle_function(measures, answers)
    if SECOND in oracles:
        measures |= hessian_measures(problem, oracles, measures)
    return Checked(problem, truth, answers, measures)


def _node_by_node(problem: Problem, measures: Mapping[tuple[str, str], Measure]) -> dict[tuple[str, str], Measure]:
    """Where the whole network is too ill-conditioned to be judged in floats, each node is, at its actual values."""
    lost = [name for name in problem.wanted if measures[name, SUBJECT].verdict is Verdict.ILL_CONDITIONED]
    found: dict[tuple[str, str], Measure] = {}
    for node in problem.network.nodes if lost else ():
        alone = isolate(problem, node.name)
        if alone is not None:
            single = examine(alone, ("exact",))
            found |= {(f"{node.name}.{n}", SUBJECT): single.measures[n, SUBJECT] for n in alone.wanted}
    return found


def _engine_examined(problem: Problem, answers: Mapping[str, Answer], oracles: Sequence[str]) -> Checked:
    """Somebody's whole engine against the truth about the same network, which our rules know once they are judged."""
    ours = examine(replace(problem, engine=None), tuple(name for name in oracles if name not in FRAMEWORKS))
    why = "what differentiates whole networks answers in floats; exact arithmetic judged our rules in its place"
    truth = replace(ours.truth, rulings={}, reports=(), composed=True) if not ours.disagreements else Truth({}, {}, why)
    measures = _measured(problem, answers, truth)
    if truth.known:
        _excuse(problem, answers, truth, measures)
    if "exact" in oracles:
        measures |= {(name, "exact"): Measure(Verdict.UNAVAILABLE, reason=why) for name in problem.wanted}
    return Checked(problem, truth, answers, _settle_function(measures, answers))


def _measured(problem: Problem, answers: Mapping[str, Answer], truth: Truth) -> dict[tuple[str, str], Measure]:
    return {
        (name, party): measure(problem, party, answer, truth, name)
        for party, answer in answers.items()
        for name in (OUTPUT, *problem.wanted)
    }


def _all_within(answers: Mapping[str, Answer], measures: Mapping[tuple[str, str], Measure]) -> bool:
    if any(answer.malformed for answer in answers.values()):
        return False
    return all(found.fraction <= 1 or answers[party].unavailable for (_, party), found in measures.items())


# a repair has no formula whose rounding could be followed
NO_WIDTH = "the truth is 0 behind a wrong rule, and how far rounding may be from it there nobody can tell"


def _excuse(
    problem: Problem, answers: Mapping[str, Answer], truth: Truth, measures: dict[tuple[str, str], Measure]
) -> None:
    """A framework that misses only because of a known limit of its own cannot answer here: unavailable, and why."""
    repaired = any(report.state is State.WRONG for report in truth.reports)
    for party in FRAMEWORKS:
        missed = [name for name, who in measures if who == party and measures[name, who].verdict is Verdict.DISAGREE]
        excuses = [within_limits(problem, party)] if missed else []
        tiny = [name for name in missed if is_near_smallest(truth.known[name])]
        excuses += [near_smallest(problem, party)] if tiny else []
        for name in missed:
            if repaired and _only_at_zeros(answers[party], truth.known[name], name):
                reason = NO_WIDTH
            else:
                asked = excuses if name in tiny else excuses[:1]
                reason = next((why for hulls, why in asked if _holds(hulls, answers[party], truth.known, name)), "")
            if reason:
                measures[name, party] = replace(measures[name, party], verdict=Verdict.UNAVAILABLE, reason=reason)


def _holds(
    hulls: Mapping[str, tuple[np.ndarray, np.ndarray]], answer: Answer, known: Mapping[str, Known], name: str
) -> bool:
    """Does a party's answer for a tensor lie in its hull?"""
    if name not in hulls or name not in answer.tensors:
        return False
    centre, reach = hulls[name]
    # beyond an infinite limit is nothing, nan neither
    got = np.where(np.isinf(reach), centre, answer.tensors[name].astype(np.float64))
    return bool(np.all(hull_fractions(got, replace(known[name], centre=centre, reach=reach)) <= 1))


def _only_at_zeros(answer: Answer, known: Known, name: str) -> bool:
    """Is every entry that is not explained one whose truth is 0 with no width?"""
    if name not in answer.tensors or answer.tensors[name].shape != known.hi.shape:
        return False
    got = answer.tensors[name].astype(np.float64)
    off = explained(got, known) > 1
    return bool(off.any()) and bool(np.all((known.hi == 0) & (known.allowed == 0) | ~off))


def _rule(truth: Truth, name: str, dtype: str, own: Measure) -> Measure:
    """The exact oracle's own verdict on the subject's rule. Its error is the residual, in the tensor's own measures.

    Where no tensor is known entry by entry the rulings are along directions, and the scale is not known either.
    """
    known = truth.known.get(name)
    if name not in truth.rulings or (truth.known and known is None):
        return Measure(Verdict.UNAVAILABLE, reason=f"the truth is not to be had: {truth.why}")
    ruling, scale = truth.rulings[name], known.scale if known else np.nan
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


def _settle_function(
    measures: dict[tuple[str, str], Measure], answers: Mapping[str, Answer]
) -> dict[tuple[str, str], Measure]:
    """Who is the outlier when forward values differ: the frameworks together outweigh the subject.

    The truth about gradients is about the subject's own function. Where every framework that answers computes
    another function, that is the subject's fault and says nothing about their gradients.
    """
    asked = [name for name in FRAMEWORKS if name in answers and not answers[name].unavailable]
    others = [name for name in asked if measures[OUTPUT, name].verdict is Verdict.DISAGREE]
    if not asked or others != asked:
        return measures
    names = " and ".join(asked)
    for tensor, party in list(measures):
        if party in asked:
            measures[tensor, party] = Measure(Verdict.UNAVAILABLE, reason="the subject computes another function")
    measures[OUTPUT, SUBJECT] = _other_function(measures[OUTPUT, SUBJECT], answers[asked[0]], names)
    return measures


def _other_function(own: Measure, framework: Answer, names: str) -> Measure:
    want = (
        float(np.asarray(framework.tensors[OUTPUT]).astype(np.float64)[own.index]) if own.index is not None else np.nan
    )
    return Measure(
        Verdict.DISAGREE,
        absolute=abs(own.got - want),
        relative=abs(own.got - want) / abs(want) if want else np.inf,
        index=own.index,
        got=own.got,
        want=want,
        reason=f"is not what {names} computes",
    )


def _fall_back(
    problem: Problem,
    answers: Mapping[str, Answer],
    estimates: Mapping[str, Slope],
    measures: dict[tuple[str, str], Measure],
) -> None:
    """Without exact arithmetic finite differences judge the other parties, with the error they own to."""
    for party, answer in answers.items():
        for name in problem.wanted:
            if name in answer.tensors and name in estimates:
                measures[name, party] = judge_party(problem, estimates[name], answer.tensors[name])


def records(checked: Checked, *, case: str, network: int, profile: str) -> Iterator[Record]:
    """One record for each tensor and party of a checked problem."""
    problem = checked.problem
    readers, width = _readers(problem), _width(problem)
    for (tensor, party), m in checked.measures.items():
        rule, argument = readers[tensor] if tensor in readers else _of_node(problem.network, tensor)
        shape, known = _shape_of(problem, tensor), checked.truth.known.get(tensor)
        yield Record(
            case=case,
            network=network,
            tensor=tensor,
            rule=rule,
            argument=argument,
            party=party,
            dtype=problem.dtype,
            profile=profile,
            shape=tuple(shape),
            entries=int(np.prod(shape, dtype=int)) if party != invariants.PARTY else 0,
            verdict=m.verdict,
            absolute=m.absolute,
            relative=m.relative,
            ulps=m.ulps,
            fraction=m.fraction,
            allowed=m.allowed,
            resolution=m.resolution,
            index=m.index,
            got=m.got,
            want=m.want,
            reason=m.reason,
            depth=len(problem.network.nodes),
            width=width,
            magnitude=known.scale if known else 0.0,
        )


def _width(problem: Problem) -> int:
    """The longest axis of all that goes in and comes out."""
    return max((n for array in (*problem.arrays.values(), problem.dy) for n in array.shape), default=1)


def _of_node(network: Network, tensor: str) -> tuple[str, str]:
    """What is said of a node by itself is kept under its rule, and its argument or promise."""
    name, _, what = tensor.rpartition(".")
    return next(node.rule for node in network.nodes if node.name == name), what


def _shape_of(problem: Problem, tensor: str) -> tuple[int, ...]:
    tensor = tensor.removeprefix(PREFIX)
    if tensor == OUTPUT:
        return problem.dy.shape
    return problem.arrays[tensor].shape if tensor in problem.arrays else ()


def _readers(problem: Problem) -> dict[str, tuple[str, str]]:
    """For each array the rule that reads it first and the name it has there; for the output the rule that makes it."""
    found, network = dict[str, tuple[str, str]](), problem.network
    for node in network.nodes:
        names = argument_names(RULES.get(node.rule) or problem.rules[node.rule], len(node.reads))
        for read, argument in zip(node.reads, names, strict=True):
            found.setdefault(read, (node.rule, argument))
    made = {node.name: node.rule for node in network.nodes}
    unread = dict.fromkeys(network.arrays, (UNREAD, "unread"))
    first = {**unread, **found}
    second = {PREFIX + name: (rule, PREFIX + argument) for name, (rule, argument) in first.items()}
    return {**first, **second, OUTPUT: (made.get(network.output, "none"), "value")}
