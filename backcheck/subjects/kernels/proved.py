"""A sample of a kernel's truth proved exactly: a few rows of its reference, where these depend on no others.

The truth beside a kernel is the reference's in float64, with its own radius. Of some rows the reference is run on exact
numbers too, forward and backward below PyTorch's autograd, and shown to be the derivative of its own forward by exact
differences. What comes out has to lie within the radius of the whole's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.keys import gradient
from backcheck.problem import Problem
from backcheck.subjects.first_call import FirstCall
from backcheck.subjects.kernels.asked.models import BITS
from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.judged.examination import ExaminedKernel
from backcheck.subjects.rows import DEPENDENT, OTHER_FUNCTION, Cut, Rows, cuts
from backcheck.subjects.subject import Subject
from backcheck.subjects.user_code import of_framework
from backcheck.verdicts.truth import truth as truths
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reference.frontends.torch_code.tensor_balls import Balls
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reports.record import Verdict

NONE = "the truth is that of float64 with its radius; none of it was proved exactly"
LARGE = 1024.0  # a number that is put in place of others
AIMED_AT, MOST = 1024, 4096  # entries of a part, and the most where one row has more than the first


def with_proof(found: ExaminedKernel) -> ExaminedKernel:
    """The same, with a note on how many entries of each gradient were proved exactly, or why none were."""
    judged = [each for each in found.tensors if each.is_gradient and not each.where]
    if not judged or any(each.verdict is Verdict.UNAVAILABLE for each in found.tensors):
        return found
    try:
        proved = _proved(found)
    except Exception as error:  # a reference on exact numbers: what it raises is why nothing was proved
        first = (str(error).splitlines() or [""])[0]
        proved = first if isinstance(error, Unavailable) else f"it raises {type(error).__name__}: {first}"
    return replace(found, notes=(*found.notes, _said(found, proved)))


def _said(found: ExaminedKernel, proved: Mapping[int, int] | str) -> str:
    question = found.question
    if isinstance(proved, str):
        return f"{NONE}: {proved}"
    names = {at: f"d{question.names[at]}" for at in question.wanted}
    if not proved:
        return f"{NONE}: all rows add up in {' and '.join(names.values())}"
    some = [f"{n:,} of {question.tensors[at].numel():,} entries of {names[at]}" for at, n in proved.items()]
    rest = [name for at, name in names.items() if at not in proved]
    none = f"; none of {' and '.join(rest)}, in which all rows add up" if rest else ""
    return f"proved exactly: {', '.join(some)}{none}; the rest is float64 with its radius"


def _proved(found: ExaminedKernel) -> dict[int, int] | str:
    """By the place of a tensor how many entries of its gradient have an exact truth within its balls, or why none."""
    question, whole = found.question, found.truth.under(found.question.model)
    shapes = [tuple(each.mid.shape) for each in _floats(whole.outputs)]
    near = next((each.index[0] for each in found.tensors if each.is_gradient and each.index), 0)
    tried = cuts(question.on_cpu, shapes, question.wanted, near, (AIMED_AT, MOST))
    alone = tried if isinstance(tried, str) else _alone(question, tried)
    if isinstance(alone, str):
        return alone
    cut, rows = alone.places, alone.rows
    exact = _exactly(question, cut, rows, [dy for dy in found.cotangents if dy is not None])
    balls = dict(zip(question.wanted, whole.gradients, strict=True))
    share = 1.0 if BITS[question.model.sums] == BITS["float64"] else 2.0**-29
    own = {at: (each, exact[at]) for at, each in balls.items() if at in cut and each is not None}
    if not all(_lies_within(truth, each, rows, share) for each, truth in own.values()):
        return OTHER_FUNCTION
    return {at: truth.hi.size for at, (_, truth) in own.items()}


def _floats(outputs: Sequence[Any]) -> list[Balls]:
    return [each for each in outputs if isinstance(each, Balls) and each.mid.is_floating_point()]


def _alone(question: Question, tried: Sequence[Cut]) -> Cut | str:
    """The first of the cuts whose rows no other numbers elsewhere change, and the other way round.

    In plain floats, as balls would cost more than the rest of the check. What does depend on others and is not seen
    here is another function alone, and its exact gradients do not lie in the balls.
    """
    wide = torch.float64 if any(each.dtype == torch.float64 for each in question.tensors) else torch.float32
    tensors = [each.to(wide) if each.is_floating_point() else each for each in question.on_cpu]
    whole = _values(question, tensors)
    return next((cut for cut in tried if _stands_alone(question, tensors, whole, cut)), tried[0].beside or DEPENDENT)


def _values(question: Question, tensors: Sequence[Any]) -> list[Any]:
    """The reference's outputs in floats."""
    try:
        with torch.no_grad():
            found = question.reference(*tensors, **question.config)
    except Exception as error:  # a look at its numbers, which it may take
        raise Unavailable(f"the reference raises {type(error).__name__} at other numbers") from error
    outputs = found if isinstance(found, (tuple, list)) else (found,)
    return [y for y in outputs if torch.is_tensor(y) and y.is_floating_point()]


def _stands_alone(question: Question, tensors: Sequence[Any], whole: Sequence[Any], cut: Cut) -> bool:
    rows = cut.rows
    here, others = (rows.here,), (slice(0, rows.first), slice(rows.here.stop, None))
    for filled, kept in ((_all_but, here), (_only, others)):
        other = [filled(each, rows) if at in cut.places else each for at, each in enumerate(tensors)]
        pairs = zip(whole, _values(question, other), strict=True)
        if not all(_same(one[part], two[part]) for one, two in pairs for part in kept):
            return False
    return True


def _same(one: Any, other: Any) -> bool:
    """To the bit; what is nan in the whole already, as a row that is masked throughout, may stay so."""
    return torch.equal(one, other) or bool(((one == other) | (one.isnan() & other.isnan())).all())


def _all_but(tensor: Any, rows: Rows) -> Any:
    """The tensor with nan in all other rows, and of integers with each other's."""
    found = torch.full_like(tensor, torch.nan) if tensor.is_floating_point() else tensor.flip(0)
    found[rows.here] = tensor[rows.here]
    return found


def _only(tensor: Any, rows: Rows) -> Any:
    """The tensor with a large number in these rows, and of integers with others'."""
    found = tensor.clone()
    found[rows.here] = LARGE if tensor.is_floating_point() else tensor.flip(0)[rows.here]
    return found


def _exactly(question: Question, cut: Sequence[int], rows: Rows, dys: Sequence[Any]) -> dict[int, Known]:
    """The exact gradients of these rows alone. Raises Unavailable where exact arithmetic has none."""
    problem = _problem(question, cut, rows, dys)
    truth = truths.quick(problem)
    if not truth.ordinary:
        raise Unavailable(truth.why or "exact arithmetic does not follow the reference")
    return {at: truth.known[gradient(question.names[at])] for at in question.wanted}


def _problem(question: Question, cut: Sequence[int], rows: Rows, dys: Sequence[Any]) -> Problem:
    """The reference as code that is judged, at these rows of the kernel's own numbers."""
    fixed = {name for at, name in enumerate(question.names) if at not in question.wanted}
    code = of_framework("torch", question.reference)
    own = Subject(code, code.rule(), tuple(question.names), FirstCall(fixed=frozenset(fixed)))
    given = [each[rows.here] if at in cut else each for at, each in enumerate(question.on_cpu)]
    arrays = [(each.double() if each.is_floating_point() else each).numpy() for each in given]
    parts = [dy.to("cpu").double()[rows.here].numpy() for dy in dys]
    packed = parts[0] if len(parts) == 1 else np.concatenate([part.ravel() for part in parts])
    return own.problem(arrays, question.config, packed)


def _lies_within(exact: Known, balls: Balls, rows: Rows, share: float) -> bool:
    mid, rad = (each[rows.here].numpy() for each in balls)
    return exact.hi.shape == mid.shape and bool(np.all(abs(exact.hi - mid) <= rad * share))
