"""Who computes another function than the others: the subject, or a framework."""

from collections.abc import Mapping, Sequence

import numpy as np

from backcheck.keys import OUTPUT
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts.framework_limits import excuse, is_the_truth_in_float64
from backcheck.verdicts.measure import Measure, explained
from backcheck.verdicts.other_function import elsewhere
from backcheck.verdicts.parties import FRAMEWORKS, Answer
from backcheck.verdicts.passes.examination import Examination
from backcheck.verdicts.truth.truth import Truth
from backcheck_reports.number_format import apart
from backcheck_reports.record import Verdict

NOT_JUDGED = ": not judged"  # ends what is said of a framework whose value is no number


def settle(found: Examination) -> None:
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
