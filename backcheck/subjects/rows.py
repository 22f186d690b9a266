"""Some rows of a function of many entries, which depend on no others: shown on balls, and not assumed.

The forward is run twice more: once every entry of the other rows may be any number, and the values of these rows have
to come out the same; once every entry of these rows may be, and the values of the others have to. Then the derivative
by these rows is that of their own values alone.
"""

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backcheck_reference.frontends.torch_code.tensor_balls import Balls
from backcheck_reference.lazy import Unavailable, torch

NO_ROWS = "its value has no rows that belong to rows of an array"
OTHER_FUNCTION = "its rows alone are another function than within the whole"
DEPENDENT = "its rows depend on one another"
UNSEEN = "whether its rows depend on one another cannot be shown"
FLUSHED = 2.0**-40  # of a radius: far below what another row's entry would add

# from a mask of unknown entries by a tensor's place to the outputs of floats
FreeRun = Callable[[Mapping[int, Any]], Sequence[Balls]]


@dataclass(frozen=True, slots=True)
class Rows:
    """So many rows of `length`, from the `first` on."""

    first: int
    count: int
    length: int

    @property
    def here(self) -> slice:
        return slice(self.first, self.first + self.count)

    @property
    def words(self) -> str:
        return f"row {self.first}" if self.count == 1 else f"rows {self.first} to {self.first + self.count - 1}"

    def mask(self, tensor: Any, of_rows: bool) -> Any:
        """Where these rows are, or all others."""
        mask = torch.full(tensor.shape, not of_rows)
        mask[self.here] = of_rows
        return mask


@dataclass(frozen=True, slots=True)
class Cut:
    """The places of the tensors that these rows are taken of; the others stay whole.

    `beside` says what else might be cut, and is too large.
    """

    places: tuple[int, ...]
    rows: Rows
    beside: str = ""


def cuts(
    tensors: Sequence[Any], outputs: Sequence[Sequence[int]], wanted: Container[int], near: int, most: tuple[int, int]
) -> list[Cut] | str:
    """What may be cut around the row `near`, all tensors with so many rows first, and then each of them alone with the
    whole numbers beside it: a weight may have as many as a batch. Or why there is nothing.

    `most[0]` entries are aimed at, and no more than `most[1]` go into a part, where one row and what stays whole have
    as many.
    """
    lengths = {shape[0] if shape else 0 for shape in outputs}
    length = lengths.pop() if len(lengths) == 1 else 0
    alike = tuple(at for at, each in enumerate(tensors) if each.ndim and len(each) == length)
    if length < 2 or not any(at in wanted for at in alike):
        return NO_ROWS
    found, least = [], 0
    labels = tuple(at for at in alike if not tensors[at].is_floating_point())
    alone = [(at, *labels) for at in alike if at in wanted]
    for places in dict.fromkeys((alike, *(tuple(sorted(each)) for each in alone))):
        whole = sum(math.prod(each.shape) for at, each in enumerate(tensors) if at not in places)
        row = sum(math.prod(tensors[at].shape[1:]) for at in places) + sum(math.prod(shape[1:]) for shape in outputs)
        if row + whole <= most[1]:
            found.append(Cut(places, rows_near(near, length, (max(most[0], row + whole) - whole) // row)))
        else:
            least = min(least, row + whole) or row + whole
    too_large = f"one row and what it is made of have {least:,} entries, too many for exact arithmetic"
    return [replace(each, beside=too_large if least else "") for each in found] or too_large


def rows_near(near: int, length: int, most: int) -> Rows:
    """At most so many rows around one: a divisor of all, since some code makes blocks of them."""
    count = max(each for each in range(1, max(1, min(most, length)) + 1) if length % each == 0)
    return Rows(min(min(near, length - 1) // count * count, length - count), count, length)


def first_alone(run: FreeRun, tensors: Sequence[Any], whole: Sequence[Balls], found: Sequence[Cut]) -> Cut | str:
    """The first of the cuts of which the rows are shown to depend on no others, or why there is none."""
    why = found[0].beside or DEPENDENT
    for cut in found:
        try:
            if stand_alone(run, tensors, cut.places, whole, cut.rows):
                return cut
        except Unavailable:  # an operator that balls without end are too wide for
            why = UNSEEN
    return why


def stand_alone(run: FreeRun, tensors: Sequence[Any], cut: Sequence[int], whole: Sequence[Balls], rows: Rows) -> bool:
    """Do the values of these rows, and those of the others, not depend on one another?

    `cut` are the places of the tensors that have these rows, and `whole` the outputs with all entries as they are.
    """
    for these in (False, True) if rows.count < rows.length else ():
        free = run({at: rows.mask(tensors[at], these) for at in cut})
        if not all(_same(one, other, rows, not these) for one, other in zip(whole, free, strict=True)):
            return False
    return True


def _same(one: Balls, other: Balls, rows: Rows, within: bool) -> bool:
    """Are the numbers of these rows, or of all others, the same: as well known as before, and no further off?

    To the bit they need not be: a product may be computed in another order, and a look at the ends of a whole tensor
    may add what flushing takes, or leave it.
    """
    near = (other.rad <= one.rad * (1 + FLUSHED) + FLUSHED**10) & ((one.mid - other.mid).abs() <= one.rad)
    near |= (one.mid == other.mid) & (other.rad <= one.rad)  # minus infinity behind a mask
    near &= one.rad.isfinite()
    if not within:
        near[rows.here] = True
    return bool((near[rows.here] if within else near).all())
