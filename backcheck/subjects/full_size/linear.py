"""Is the backward of code with many entries linear in dy, as every backward promises?

In the part exact arithmetic has said so. Of the whole it is asked whether -2^16 dy gives -2^16 times the gradient: by
linear code to the bit, since no rounding depends on a sign or a power of two. What clips, normalises or takes absolute
values shows there. Without a part the gradient for a cotangent of other signs and sizes has to be right too.
"""

from collections.abc import Mapping

import numpy as np

from backcheck.array_bits import bits
from backcheck.keys import TensorKey, promise
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE
from backcheck.subjects.full_size.balls import BallTruth
from backcheck.subjects.full_size.part import Part
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key, fractions
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reports.record import Verdict

LINEAR: Key = (promise("linear", NODE), invariants.PARTY)
FACTOR = -(2.0**16)


def is_linear(found: Checked, part: Part | str, truth: BallTruth) -> bool:
    """Is there no doubt of it?"""
    of_part = part.check.measures.get(LINEAR) if isinstance(part, Part) else None
    if of_part is not None and of_part.verdict is Verdict.AGREE and _is_homogeneous(found):
        return True
    problem = found.problem
    factors = np.resize(np.array(invariants.FACTORS), problem.dy.shape)
    another = np.asarray(np.where(problem.dy == 0, 1.0, problem.dy) * factors).astype(problem.dy.dtype)
    return _is_right_for(problem, another, truth.of_gradients(truth.enclosed(another).gradients))


def _is_homogeneous(found: Checked) -> bool:
    """Does a multiple of dy give that multiple of the gradient, to the bit?"""
    problem, answer = found.problem, found.answers[SUBJECT].tensors
    dtype = problem.dy.dtype.type
    _, grads = problem.vjp(problem.arrays, np.asarray(problem.dy * dtype(FACTOR)))
    pairs = [(grads[key.name], np.asarray(answer[key] * dtype(FACTOR))) for key in problem.gradients]
    return all(bits(one + dtype(0)) == bits(other + dtype(0)) for one, other in pairs)  # -0.0 is 0


def _is_right_for(problem: Problem, dy: np.ndarray, known: Mapping[TensorKey, Known]) -> bool:
    """Is backward right for this cotangent too?"""
    _, grads = problem.vjp(problem.arrays, dy)
    return all(
        fractions(grads[key.name].astype(np.float64), known[key])[0].max(initial=0.0) <= 1
        and bool(np.isfinite(known[key].allowed).all())
        for key in problem.gradients
    )
