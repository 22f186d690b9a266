"""What people get wrong in kernels, said of a tensor only where it reproduces its numbers."""

import itertools
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.subjects.kernels.judged.allowed import Allowed, TensorVerdict, as_float64
from backcheck.subjects.kernels.judged.examination import ExaminedKernel
from backcheck.subjects.kernels.told.asked_again import by_reference
from backcheck.subjects.kernels.told.hypotheses import HYPOTHESES, Explanation, WrongTensor, missing_values
from backcheck_reports.record import Verdict

SAME_FIT = 1.05  # times the distance of the best explanation, within which another is as good


def told(found: ExaminedKernel) -> ExaminedKernel:
    """The same with a sentence for each tensor that is wrong in a known way.

    What reproduces the numbers under the promised precision explains them better than a coarser precision does: such a
    tensor is wrong, and not imprecise.
    """
    fitting = {each.name: _explanations(found, each) for each in found.tensors}
    counts = Counter(text for texts in fitting.values() for text in texts)
    tensors, faults = [], []
    for each in found.tensors:
        # one fault for all tensors, where there is one; then the first of those that fit one tensor alike
        text = max(fitting[each.name], key=counts.__getitem__, default="")
        faults += [f"{each.name}: {text}"] if text else []
        tensors.append(replace(each, verdict=Verdict.DISAGREE) if text else each)
    return replace(found, tensors=tuple(tensors), faults=tuple(faults))


def _explanations(found: ExaminedKernel, each: TensorVerdict) -> list[str]:
    """The faults that fit a tensor about as well as the best of them: several do where all of them are near."""
    if each.verdict not in (Verdict.DISAGREE, Verdict.IMPRECISE) or not math.isfinite(each.allowed):
        return []
    wrong = _wrong(found, each)
    if wrong is None:
        return []
    missing = missing_values(wrong)
    # of the rest of the entries nothing can be said that would explain these
    simple = iter([missing]) if missing else (hypothesis(wrong) for hypothesis in HYPOTHESES)
    tried = [one for one in itertools.chain(by_reference(found, each, wrong), simple) if one is not None]
    # where a coarser precision explains all entries, that some of them are right by chance says nothing
    tried = [one for one in tried if one.candidate is not None or each.verdict is Verdict.DISAGREE]
    scores = [_distance(wrong, one) for one in tried]
    best = min(scores, default=math.inf)
    return [one.text for one, score in zip(tried, scores, strict=True) if score <= SAME_FIT * best]


def _distance(w: WrongTensor, one: Explanation) -> float:
    """How far an explanation is from the numbers, in parts of what is allowed; the root of the mean square."""
    if one.candidate is None:
        return 1.0  # it says where, and not what
    fractions = Allowed(one.candidate, w.allowance(one.candidate)).fractions(w.got)
    # each number that is fitted takes a part of the error away, as in any fit by least squares
    left = max(fractions.size - one.free, 1)
    return float(np.sqrt(np.sum(np.minimum(fractions, 1.0) ** 2) / left))


def _wrong(found: ExaminedKernel, each: TensorVerdict) -> WrongTensor | None:
    question, run, promised = found.question, found.run, found.question.model
    if each.is_gradient:
        at = next((at for at in question.wanted if f"d{question.names[at]}" == each.name), None)
        got = None if at is None else run.gradients[at]
        own = None if at is None or got is None else found.truth.of_gradient(at, promised, _dtype(got))
    else:
        names = ["output"] if len(run.outputs) == 1 else [f"output {k}" for k in range(len(run.outputs))]
        if each.name not in names:
            return None
        got = run.outputs[names.index(each.name)]
        own = found.truth.of_output(names.index(each.name), promised, _dtype(got))
    if got is None or own is None or tuple(got.shape) != own.mid.shape:
        return None
    whole = own.whole()
    answer = as_float64(got)
    sizes = {n for tensor in question.tensors for n in tensor.shape if n > 1}
    right = whole.fractions(answer) <= 1
    return WrongTensor(answer, whole.truth, whole.allowed, right, _dtype(got), tuple(sorted(sizes)))


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")
