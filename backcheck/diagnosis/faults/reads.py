"""An array that the forward reads in several places: its gradient is the sum of what goes through each of them.

The forward runs on dual numbers, and every operation that reads the array is counted. In a run in which only one of the
reads moves, the derivative is what goes through that read. So the sum can be taken apart, and what a backward left out
of it, or counted twice, is told by the read. A loop reads its weights once in every step: where the outputs have an
axis of as many steps, a gradient that goes back only some of the steps is told as well.

Each part is compared along two directions of 30 random bits, which an answer does not meet by chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.fit import MOST_UNEXPLAINED, off
from backcheck.diagnosis.faults.wrong_gradient import Wrong
from backcheck_reference.derivatives import along
from backcheck_reference.numbers import duals, exact
from backcheck_reference.numbers.duals import Dual

DIRECTION_SEEDS = (21, 22)
MOST_READS = 12
MOST_DUALS = 5_000  # each read costs two runs on Python objects
LEAST_WRONG = 2  # one wrong entry proves nothing

# these give a view of the same numbers in other places, which is no read
REARRANGING = frozenset({"reshape", "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "ravel", "flip"})


@dataclass(slots=True)
class ReadCounter:
    """The reads of one run by the operation that makes them; `moving` is the only one that moves, None if all do."""

    moving: int | None = None
    made: list[str] = field(default_factory=list)

    def read(self, array: Any, operation: str) -> Any:
        """The array as this read sees it."""
        if isinstance(array, list | tuple):
            return type(array)(self.read(each, operation) for each in array)
        if not isinstance(array, CountedArray):
            return array
        self.made.append(operation)
        plain = array.view(np.ndarray)
        if self.moving is None or self.moving == len(self.made) - 1:
            return plain
        return exact.pack(plain.shape, [Dual(each.value) for each in plain.ravel().tolist()])


class CountedArray(np.ndarray):
    """An array of dual numbers that counts the operations which read it."""

    counter: ReadCounter

    def __array_finalize__(self, parent: Any) -> None:
        self.counter = getattr(parent, "counter", ReadCounter())

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        plain = [self.counter.read(each, ufunc.__name__) for each in inputs]
        if out is not None:
            options["out"] = tuple(each.view(np.ndarray) if isinstance(each, CountedArray) else each for each in out)
        return getattr(ufunc, method)(*plain, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function.__name__ in REARRANGING:
            return super().__array_function__(function, types, args, kwargs)
        name = function.__name__
        return function(
            *(self.counter.read(each, name) for each in args),
            **{key: self.counter.read(each, name) for key, each in kwargs.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Along one direction: <got, v>, <want, v>, and what each output sends back through each read, in floats."""

    got: float
    want: float
    size: float
    by_read: np.ndarray
    made: tuple[str, ...]

    def same(self, candidate: float, digits: float) -> bool:
        apart = abs(self.got - candidate)
        return apart <= 10.0 ** (2 - digits) * self.size and apart <= MOST_UNEXPLAINED * abs(self.got - self.want)


def misread(wrong: Wrong) -> str | None:
    """What goes through one of the reads is missing, or alone, or counted twice; or the steps back are too few."""
    array = wrong.inputs.get(wrong.argument)
    if wrong.forward is None or array is None or array.shape != wrong.got.shape or off(wrong).sum() < LEAST_WRONG:
        return None
    if wrong.known is not None or array.size + wrong.dy.size > MOST_DUALS:
        return None
    try:
        with exact.bits(exact.LADDER[0][0]):
            first, second = (_parts(wrong, seed) for seed in DIRECTION_SEEDS)
    except Exception:  # the user's code need not run on such arrays
        return None
    if first is None or second is None or first.made != second.made:
        return None
    for words, counted in _candidates(wrong, first.made):
        if all(each.same(float((each.by_read * counted).sum()), wrong.digits) for each in (first, second)):
            return words
    return None


def _parts(wrong: Wrong, seed: int) -> Parts | None:
    """None where the array is read once, or too often, or where the reads are not all that the output hangs on."""
    v = along.directions(wrong.inputs, (wrong.argument,), seed)[wrong.argument]
    counter = ReadCounter()
    whole = _slopes(wrong, v, counter)
    if not 2 <= len(counter.made) <= MOST_READS:
        return None
    each = [_slopes(wrong, v, ReadCounter(moving=at)) for at in range(len(counter.made))]
    live = [at for at, slopes in enumerate(each) if np.any(slopes)]  # `0 * x[0]`, for a first state, is no read
    if len(live) < 2:
        return None
    by_read = np.array([each[at] for at in live])
    want, size = float((wrong.want * v).sum()), float(abs(wrong.got * v).sum() + abs(wrong.want * v).sum())
    tiny = 10.0 ** (2 - wrong.digits) * size
    if abs(by_read.sum() - want) > tiny or abs(whole.sum() - want) > tiny:
        return None
    return Parts(float((wrong.got * v).sum()), want, size, by_read, tuple(counter.made[at] for at in live))


def _slopes(wrong: Wrong, v: np.ndarray, counter: ReadCounter) -> np.ndarray:
    """dy times the slope of each output along v, through the reads that move."""
    assert wrong.forward is not None  # `misread` has looked
    arrays = []
    for name, array in wrong.inputs.items():
        lifted = duals.lift(exact.lift(array), exact.lift(v) if name == wrong.argument else None)
        if name == wrong.argument:
            counted = lifted.view(np.ndarray).view(CountedArray)
            counted.counter = counter
            lifted = counted
        arrays.append(lifted)
    value = np.asarray(wrong.forward(*arrays, **wrong.config)[0]).view(np.ndarray)
    return exact.to_float(exact.lift(wrong.dy) * duals.slopes_of("the value", value)).reshape(wrong.dy.shape)


def _candidates(wrong: Wrong, made: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """In words, and how often what each output sends back through each read is counted (1 is right)."""
    n, ndim = len(made), wrong.dy.ndim
    head = f"the forward reads {wrong.argument} {n} times, and got"
    for at, operation in enumerate(made):
        where = f"read {at + 1} ({operation})"
        this = (np.arange(n) == at).reshape(n, *(1,) * ndim) * 1.0
        yield f"{head} lacks what goes through {where}", 1 - this
        if n > 2:
            yield f"{head} has only what goes through {where}", this
        yield f"{head} counts what goes through {where} twice", 1 + this
    for axis, steps in enumerate(wrong.dy.shape):
        for back in range(n - 1) if n in (steps, steps - 1) else ():
            reach = f"{back} steps" if back != 1 else "1 step"
            said = f"{head} goes back {reach} of the {steps} along axis {axis} of the output: it is truncated in time"
            yield said, _within(n, steps, back).reshape(n, *(steps if other == axis else 1 for other in range(ndim)))


def _within(n: int, steps: int, back: int) -> np.ndarray:
    """By read and step: 1 where the step is that of the read or at most `back` steps after it.

    A state that is zero at first has its first read, that counts, in the second step.
    """
    later = np.arange(steps)[None, :] - (np.arange(n) + steps - n)[:, None]
    inside: np.ndarray = ((later >= 0) & (later <= back)) * 1.0
    return inside
