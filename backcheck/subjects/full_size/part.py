"""A part of a large problem that exact arithmetic can be asked about: a few rows, where these depend on no others.

The code is checked the ordinary way on these rows alone, and its exact value and derivative there have to lie in the
balls of the whole: code that looks at the number of its rows is another function of fewer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey
from backcheck.subjects.full_size.balls import BallTruth, as_tensor, own_radius
from backcheck.subjects.result.check import Check
from backcheck.subjects.result.judgement import judge
from backcheck.subjects.rows import OTHER_FUNCTION, Cut, Rows, cuts, first_alone
from backcheck.subjects.subject import Subject
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reference.frontends.torch_code.tensor_balls import Balls, Enclosed
from backcheck_reference.lazy import Unavailable

MOST = 2048  # entries of a part: exact arithmetic on it takes some hundredths of a second
FEW = 128  # of a wrong rule's, which is repaired entry by entry, if a row has no more


@dataclass(frozen=True)
class Part:
    """The ordinary check of some rows, and the arrays that were cut to them; the others went in whole.

    `is_same` says that it is shown to be the same function there: its exact truth lies in the balls of the whole.
    """

    check: Check
    rows: Rows
    names: tuple[str, ...]
    is_same: bool = False

    @property
    def words(self) -> str:
        return self.rows.words

    def exact(self, key: TensorKey) -> Known | None:
        """The exact truth of these rows of a tensor; None where there is none."""
        exactly = self.check.checked.truth.rulings and (key == OUTPUT or key.name in self.names)
        return self.check.checked.truth.known.get(key) if exactly else None


def part_of(
    own: Subject, truth: BallTruth, whole: Enclosed, known: Mapping[TensorKey, Known], near: int, wrong: bool
) -> Part | str:
    """The part with the row `near`, or why there is none. Of what is `wrong` it is a small one."""
    problem = truth.problem
    tried = cuts(truth.tensors, truth.shapes, truth.wanted, near, (FEW if wrong else MOST, MOST))
    cut = tried if isinstance(tried, str) else _alone(truth, whole, tried)
    if isinstance(cut, str):
        return cut
    rows, names = cut.rows, tuple(name for at, name in enumerate(problem.arrays) if at in cut.places)
    try:
        arrays = [array[rows.here] if name in names else array for name, array in problem.arrays.items()]
        check = judge(own, arrays, problem.network.nodes[0].config, cotangent=_cut(truth, rows))
    except (Unavailable, BadInput) as reason:
        return f"its rows cannot be had alone: {reason}"
    part = Part(check, rows, names)
    keys = [key for key in known if key != OUTPUT or len(truth.shapes) == 1]  # several values lie end to end
    pairs = [(each, known[key]) for key in keys if (each := part.exact(key)) is not None]
    if not all(_lies_within(exact, of_all, rows) for exact, of_all in pairs):
        return OTHER_FUNCTION
    return replace(part, is_same=bool(pairs))


def _cut(truth: BallTruth, rows: Rows) -> np.ndarray:
    parts = [part[rows.here].numpy() for part in truth.parts_of(as_tensor(truth.problem.dy))]
    return parts[0] if len(parts) == 1 else np.concatenate([part.ravel() for part in parts])


def _alone(truth: BallTruth, whole: Enclosed, tried: Sequence[Cut]) -> Cut | str:
    def parts(found: Enclosed) -> list[Balls]:
        (packed,) = found.outputs
        return [Balls(*each) for each in zip(*map(truth.parts_of, packed), strict=True)]

    def run(masks: Mapping[int, Any]) -> list[Balls]:
        return parts(truth.enclosed(unknown=masks))

    return first_alone(run, truth.tensors, parts(whole), tried)


def _lies_within(exact: Known, known: Known, rows: Rows) -> bool:
    """Does the exact truth of the rows lie in the balls of the whole?"""
    own = own_radius(known)[rows.here]
    return exact.hi.shape == own.shape and bool(np.all(abs(exact.hi - known.hi[rows.here]) <= own))
