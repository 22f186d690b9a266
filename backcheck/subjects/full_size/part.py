"""A part of a large problem that exact arithmetic can be asked about: a few rows, where these depend on no others.

That they do not is shown and not assumed. The forward is run twice more on balls: once every entry of the other rows
may be any number, and the values of these rows have to come out the same; once every entry of these rows may be, and
the values of the others have to. The code is then checked the ordinary way on these rows alone, and its exact value and
derivative there have to lie in the balls of the whole: code that looks at the number of its rows is another function of
fewer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey
from backcheck.subjects.full_size.balls import BallTruth, as_tensor, own_radius
from backcheck.subjects.result.check import Check, judge
from backcheck.subjects.subject import Subject
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reference.frontends.torch_code.tensor_balls import Balls, Enclosed
from backcheck_reference.lazy import Unavailable, torch

MOST = 2048  # entries of a part: exact arithmetic on it takes some hundredths of a second
FEW = 128  # of a wrong rule's, which is repaired entry by entry, if a row has no more
FLUSHED = 2.0**-40  # of a radius: far below what another row's entry would add
OTHER_FUNCTION = "its rows alone are another function than within the whole"
DEPENDENT = "its rows depend on one another"
UNSEEN = "whether its rows depend on one another cannot be shown"


@dataclass(frozen=True)
class Part:
    """The ordinary check of some rows, and the arrays that were cut to them; the others went in whole.

    `is_same` says that it is shown to be the same function there: its exact truth lies in the balls of the whole.
    """

    check: Check
    first: int
    count: int
    names: tuple[str, ...]
    is_same: bool = False

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + self.count)

    @property
    def words(self) -> str:
        if self.count == 1:
            return f"row {self.first}"
        return f"rows {self.first} to {self.first + self.count - 1}"

    def exact(self, key: TensorKey) -> Known | None:
        """The exact truth of these rows of a tensor; None where there is none."""
        exactly = self.check.checked.truth.rulings and (key == OUTPUT or key.name in self.names)
        return self.check.checked.truth.known.get(key) if exactly else None


def part_of(
    own: Subject, truth: BallTruth, whole: Enclosed, known: Mapping[TensorKey, Known], near: int, wrong: bool
) -> Part | str:
    """The part with the row `near`, or why there is none. Of what is `wrong` it is a small one."""
    problem = truth.problem
    lengths = {shape[0] if shape else 0 for shape in truth.shapes}
    length = lengths.pop() if len(lengths) == 1 else 0
    names = tuple(name for name, array in problem.arrays.items() if array.ndim and len(array) == length)
    if length < 2 or not any(name in problem.wanted for name in names):
        return "its value has no rows that belong to rows of an array"
    in_a_row = sum(problem.arrays[name].size // length for name in names) + problem.dy.size // length
    beside = sum(array.size for name, array in problem.arrays.items() if name not in names)
    if in_a_row + beside > MOST:
        return f"one row has {in_a_row + beside:,} entries, too many for exact arithmetic"
    most = FEW if wrong and in_a_row + beside <= FEW else MOST
    count = _rows(length, (most - beside) // in_a_row)
    first = min(near // count * count, length - count)
    rows = slice(first, first + count)
    if count < length:
        try:
            stand_alone = _stand_alone(truth, whole, names, rows)
        except Unavailable:  # an operator that balls without end are too wide for
            return UNSEEN
        if not stand_alone:
            return DEPENDENT
    try:
        arrays = [array[rows] if name in names else array for name, array in problem.arrays.items()]
        check = judge(own, arrays, problem.network.nodes[0].config, cotangent=_cut(truth, rows))
    except (Unavailable, BadInput) as reason:
        return f"its rows cannot be had alone: {reason}"
    part = Part(check, first, count, names)
    keys = [key for key in known if key != OUTPUT or len(truth.shapes) == 1]  # several values lie end to end
    pairs = [(each, known[key]) for key in keys if (each := part.exact(key)) is not None]
    if not all(_lies_within(exact, of_all, rows) for exact, of_all in pairs):
        return OTHER_FUNCTION
    return replace(part, is_same=bool(pairs))


def _rows(length: int, most: int) -> int:
    """How many rows: a divisor, since code that makes blocks of its rows needs whole ones."""
    divisors = [count for count in range(1, min(most, length) + 1) if length % count == 0]
    return divisors[-1]


def _cut(truth: BallTruth, rows: slice) -> np.ndarray:
    parts = [part[rows].numpy() for part in truth.parts_of(as_tensor(truth.problem.dy))]
    return parts[0] if len(parts) == 1 else np.concatenate([part.ravel() for part in parts])


def _stand_alone(truth: BallTruth, whole: Enclosed, names: Sequence[str], rows: slice) -> bool:
    """Do the values of these rows stay what they are whatever stands in the others, and those of the others likewise?

    Then the derivative by these rows is that of their own values alone.
    """
    cut = [at for at, name in enumerate(truth.problem.arrays) if name in names]
    for these in (False, True):
        masks = {at: _mask(truth.tensors[at], rows, these) for at in cut}
        free = truth.enclosed(unknown=masks)
        if not all(_same(one, other, rows, not these) for one, other in _parts(truth, whole, free)):
            return False
    return True


def _parts(truth: BallTruth, whole: Enclosed, other: Enclosed) -> Iterator[tuple[Balls, Balls]]:
    """Each output of the whole beside that of another run."""
    (one,), (two,) = whole.outputs, other.outputs
    for parts in zip(*map(truth.parts_of, (one.mid, one.rad, two.mid, two.rad)), strict=True):
        yield Balls(*parts[:2]), Balls(*parts[2:])


def _mask(tensor: Any, rows: slice, of_rows: bool) -> Any:
    """Where these rows are, or all others."""
    mask = torch.full(tensor.shape, not of_rows)
    mask[rows] = of_rows
    return mask


def _same(one: Balls, other: Balls, rows: slice, within: bool) -> bool:
    """Are the numbers of these rows, or of all others, the same: as well known as before, and no further off?

    To the bit they need not be: a product may be computed in another order, and a look at the ends of a whole tensor
    may add what flushing takes, or leave it.
    """
    near = (other.rad <= one.rad * (1 + FLUSHED) + FLUSHED**10) & ((one.mid - other.mid).abs() <= one.rad)
    if not within:
        near[rows] = True
    return bool((near[rows] if within else near).all())


def _lies_within(exact: Known, known: Known, rows: slice) -> bool:
    """Does the exact truth of the rows lie in the balls of the whole?"""
    own = own_radius(known)[rows]
    return exact.hi.shape == own.shape and bool(np.all(abs(exact.hi - known.hi[rows]) <= own))
