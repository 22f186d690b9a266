"""The derivative of a function entry by entry from exact differences of it alone: the truth without a backward."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.derivatives.along import unit
from backcheck_reference.derivatives.dependence import dependent
from backcheck_reference.derivatives.variation import change, within_a_step
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.exact import (
    LADDER,
    RESOLVED,
    bits,
    each_ball,
    finite,
    lift,
    middles,
    pack,
    to_float,
)

# A Jacobian by differences runs the forward twice for each entry; beyond these sizes it is not tried.
MOST_ENTRIES, MOST_JACOBIAN = 600, 40_000
STEEP = 20  # slopes above 2^20 are looked at with a shorter step too

Inputs = Sequence[np.ndarray]
Columns = list[list[Any]]


def pull_back(
    function: Callable[..., np.ndarray],
    inputs: tuple[np.ndarray, ...],
    which: int,
    dy: np.ndarray,
    derive: Callable[[Inputs, int], Columns] | None = None,
) -> np.ndarray:
    """The cotangent `dy` pulled back to one input by differences of the function alone: the truth without a backward.

    On balls wider than exact numbers the Jacobian is taken at their middles, and the gradient is given the width by
    which it changes up to their upper ends, to first order. Near a kink the Jacobian is taken there too, and both are
    covered. Raises Unavailable when the Jacobian is too large for this. `derive` is used for `jacobian` of the
    function: one that remembers its answers, for instance.
    """
    derive = derive or functools.partial(jacobian, function)
    x = inputs[which]
    if x.size > MOST_ENTRIES or x.size * np.size(dy) > MOST_JACOBIAN:
        raise Unavailable(f"the truth would need {x.size} differences of {np.size(dy)} values each; too many here")
    with bits(LADDER[0][0]):
        middle = [middles(a) for a in inputs]
        # the upper ends of the balls, without a width of their own
        upper = [each_ball(lambda b: (b.mid() + b.rad()).mid(), a) if a.dtype == object else a for a in inputs]
    weights = np.asarray(dy).view(np.ndarray).ravel().tolist()
    lower = derive(middle, which)
    numbers = [sum((d * a for d, a in zip(weights, column, strict=True)), flint.arb(0)) for column in lower]
    if same(middle, upper) or within_a_step(middle, upper):
        return pack(x.shape, numbers)
    widths = change(function, upper, which, weights, middle[which], numbers)
    if widths is not None:
        return pack(x.shape, [flint.arb(n) + flint.arb(0, w) for n, w in zip(numbers, widths, strict=True)])
    ends = zip(lower, derive(upper, which), strict=True)
    both = [sum((d * a.union(b) for d, a, b in zip(weights, *columns, strict=True)), flint.arb(0)) for columns in ends]
    return pack(x.shape, both)


def pull_back_at(
    function: Callable[..., np.ndarray], inputs: Inputs, which: int, dy: np.ndarray, places: Sequence[Any]
) -> list[Any]:
    """The same at a few entries of one input, for tensors of any size: exact numbers, NaN where there is no slope."""
    weights = np.asarray(dy).view(np.ndarray).ravel().tolist()
    with bits(LADDER[0][0]):
        middle = [middles(a) for a in inputs]
        columns = jacobian(function, middle, which, places)
        return [sum((d * a for d, a in zip(weights, column, strict=True)), flint.arb(0)) for column in columns]


def same(some: Inputs, others: Inputs) -> bool:
    """Are these the same numbers, array by array?"""
    pairs = zip(some, others, strict=True)
    return all(a.shape == b.shape and a.ravel().tolist() == b.ravel().tolist() for a, b in pairs)


def jacobian(
    function: Callable[..., np.ndarray], inputs: Inputs, which: int, places: Iterable[Any] | None = None
) -> Columns:
    """The derivative of every output by each entry of one input, at exact numbers and the ladder's first precision.

    `places` are the indices of the entries, all of them unless given. A slope is NaN where there is none: where an
    output that depends on the entry is not finite, and where the differences grow as the step shrinks.
    """
    precision, step = LADDER[0]
    with bits(precision):
        value = np.ravel(function(*inputs))
        steps = lift(unit(inputs[which]))
        chosen = list(np.ndindex(steps.shape) if places is None else places)
        found = [_column(function, inputs, which, index, steps[index], value, step) for index in chosen]
    lost = ~finite(value)
    if lost.any() and not lost.all():
        _without_part_in([each.slopes for each in found], lost, function, inputs, which, chosen)

    @functools.cache
    def value_at(precision: int) -> np.ndarray:
        with bits(precision):
            return np.ravel(function(*inputs))

    for column, place in zip(found, chosen, strict=True):
        _sharpen(column, function, inputs, which, place, value_at)
        _look_closer(column, function, inputs, which, place, value_at)
    return [column.slopes for column in found]


class Column(NamedTuple):
    """The slopes of all outputs by one entry, and which of them are of one side only, at the end of a domain."""

    slopes: list[Any]
    one_sided: list[bool]


def _column(
    function: Callable[..., np.ndarray],
    inputs: Inputs,
    which: int,
    index: Any,
    size: Any,
    value: np.ndarray,
    step: int,
) -> Column:
    """The derivative of every output by one entry: the middle of two slopes that differ by no more than the step
    explains, and at a kink the ball that holds both. Where the function has no value on one side, the other tells."""
    h, ends = size * flint.arb(2) ** -step, []
    for move in (-h, h):
        moved = inputs[which].copy()
        moved[index] = moved[index] + move
        ends.append(np.ravel(function(*inputs[:which], moved, *inputs[which + 1 :])))
    down, up = (value - ends[0]) / h, (ends[1] - value) / h
    slopes, one_sided = [], []
    for a, b in zip(down, up, strict=True):
        one_sided.append(a.is_finite() != b.is_finite())
        if one_sided[-1]:
            slopes.append(b if b.is_finite() else a)
            continue
        middle, gap = (a + b) / 2, abs(a - b).mid()
        slopes.append(middle if gap <= RESOLVED**0.5 * abs(middle).mid() else a.union(b))
    return Column(slopes, one_sided)


def _without_part_in(
    columns: Columns,
    lost: np.ndarray,
    function: Callable[..., np.ndarray],
    inputs: Inputs,
    which: int,
    places: Sequence[Any],
) -> None:
    """A slope of 0 for the outputs that are not finite in the columns of entries on which they do not depend."""
    floats = [to_float(a) if a.dtype == object else a for a in inputs]
    found = dependent(function, floats, which)
    if found is None or found.shape[1] != lost.size:
        return
    for column, place in zip(columns, places, strict=True):
        entry = int(np.ravel_multi_index(place, inputs[which].shape)) if place else 0
        for output in np.flatnonzero(lost & ~found[entry]):
            column[output] = flint.arb(0)


def _sharpen(
    column: Column,
    function: Callable[..., np.ndarray],
    inputs: Inputs,
    which: int,
    place: Any,
    value_at: Callable[[int], np.ndarray],
) -> None:
    """Slopes that these bits do not show are taken with more: beside a number as small as the half ulp of a zero, the
    step is smaller still, and the values have no digit left that changes with it."""
    for precision, step in LADDER[1:]:
        blurred = [output for output, slope in enumerate(column.slopes) if slope.rad() > 2**STEEP]
        if not blurred:
            return
        with bits(precision):
            size = lift(unit(inputs[which]))[place]
            closer = _column(function, inputs, which, place, size, value_at(precision), step).slopes
            for output in blurred:
                if closer[output].rad() < column.slopes[output].rad():
                    column.slopes[output] = closer[output]


def _look_closer(
    column: Column,
    function: Callable[..., np.ndarray],
    inputs: Inputs,
    which: int,
    place: Any,
    value_at: Callable[[int], np.ndarray],
) -> None:
    """Steep slopes and those of one side are taken with a shorter step too. One that has grown with it, as that of a
    root at 0, is none, and becomes NaN. One that fades with it, as that of x ** 1.5 at 0, is 0."""
    slopes = column.slopes
    chosen = [o or abs(s).upper() > 2**STEEP for o, s in zip(column.one_sided, slopes, strict=True)]
    if not any(chosen):
        return
    precision, step = LADDER[1]
    with bits(precision):
        size = lift(unit(inputs[which]))[place]
        closer = _column(function, inputs, which, place, size, value_at(precision), step).slopes
        shorter = flint.arb(2) ** ((step - LADDER[0][1]) // 8)
        for output in np.flatnonzero(chosen):
            before, after = abs(slopes[output]).upper(), abs(closer[output]).upper()
            if after > before * shorter:
                slopes[output] = flint.arb("nan")
            elif column.one_sided[output]:
                slopes[output] = flint.arb(0, after) if after * shorter < before else closer[output]
