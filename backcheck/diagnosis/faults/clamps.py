"""A clamp that the backward does not know of: the forward differentiated with its clamps taken out.

The forward runs on dual numbers that move along a direction v. Wherever it keeps the larger or the smaller of what
moves and of one number that does not, what moves is passed on as it is. The derivative that comes out is that of the
forward without the clamp, and the answer is explained when <got, v> is this derivative along directions of 30 random
bits, while the forward as it stands has another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.fit import ENOUGH_EVIDENCE, MOST_UNEXPLAINED, evidence
from backcheck.diagnosis.faults.words import number
from backcheck.diagnosis.faults.wrong_gradient import Wrong
from backcheck_reference.derivatives import along
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import duals, exact
from backcheck_reference.numbers.duals import Dual

DIRECTION_SEEDS = (11, 12)
MOST_DUALS = 50_000  # dual numbers are objects: beyond so many entries a run takes seconds


@dataclass(frozen=True, slots=True)
class Clamp:
    """A number at which a forward holds `held` of `count` values; `side` is 1 where it is the least they may be."""

    at: float
    side: int
    held: int
    count: int

    @property
    def words(self) -> str:
        where = f"at {number(self.at)} or {'above' if self.side > 0 else 'below'}"
        return f"{where} (it holds {self.held} of {self.count})"


class ClampMet(Exception):
    """A forward that may have a limit."""


@dataclass(slots=True)
class ClampRecorder:
    """The limits that one run has met. With `ask` it is a run in floats, which ends at the first."""

    ask: bool = False
    limits: list[Clamp] = field(default_factory=list)

    def keep(self, result: Any) -> Any:
        """The result as an array on which limits go on being taken out."""
        if type(result) is Dual:
            result = exact.pack((), [result])
        array = np.asarray(result) if self.ask else result
        if not isinstance(array, np.ndarray) or (array.dtype != object and not self.ask):
            return result
        free = array.view(np.ndarray).view(UnclampedArray)
        free.seen = self
        return free


class UnclampedArray(np.ndarray):
    """An object array of dual numbers that no limit holds."""

    seen: ClampRecorder

    def __array_finalize__(self, parent: Any) -> None:
        self.seen = getattr(parent, "seen", ClampRecorder())

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        seen = next(each.seen for each in (*inputs, *(out or ())) if isinstance(each, UnclampedArray))
        plain = [_plain(each) for each in inputs]
        if ufunc.__name__ in LIMITING and method == "__call__":
            return seen.keep(LIMITING[ufunc.__name__](seen, *plain))
        if out is not None:
            options["out"] = tuple(_plain(each) for each in out)
        return seen.keep(getattr(ufunc, method)(*plain, **options))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where and len(args) == 3:
            condition, *sides = (_plain(each) for each in args)
            return self.seen.keep(_chosen(self.seen, np.where(condition, *sides), *sides))
        return self.seen.keep(super().__array_function__(function, types, args, kwargs))


def _plain(array: Any) -> Any:
    return array.view(np.ndarray) if isinstance(array, UnclampedArray) else array


def _larger(seen: ClampRecorder, a: Any, b: Any) -> Any:
    return _without(seen, np.maximum(a, b), a, b, all_held=True)


def _smaller(seen: ClampRecorder, a: Any, b: Any) -> Any:
    return _without(seen, np.minimum(a, b), a, b, all_held=True)


def _between(seen: ClampRecorder, a: Any, low: Any, high: Any) -> Any:
    return _smaller(seen, _larger(seen, a, low), high)


def _chosen(seen: ClampRecorder, result: np.ndarray, a: Any, b: Any) -> Any:
    # where every entry is held the condition may be about anything
    return _without(seen, result, a, b, all_held=False)


LIMITING: dict[str, Callable[..., Any]] = {
    "maximum": _larger,
    "fmax": _larger,
    "minimum": _smaller,
    "fmin": _smaller,
    "clip": _between,
}


def _without(seen: ClampRecorder, result: Any, a: Any, b: Any, *, all_held: bool) -> Any:
    """The side that moves, where the other is one number and the result the larger or the smaller of the two."""
    if seen.ask:
        raise ClampMet
    for limit, moving in ((a, b), (b, a)):
        limits, values = _values(limit), np.broadcast_to(moving, np.shape(result))
        if not limits or _moves(limit) or not _moves(moving) or any(each != limits[0] for each in limits):
            continue
        pairs = list(zip(_values(result), _values(values), strict=True))
        for side in (1, -1):
            if all(taken == (each if _beyond(each, limits[0], side) else limits[0]) for taken, each in pairs):
                held = sum(not _beyond(each, limits[0], side) for _, each in pairs)
                if held == len(pairs) and not all_held:
                    return result
                seen.limits += [Clamp(float(limits[0]), side, held, len(pairs))] if held else []
                return values.copy()
    return result


def _values(array: Any) -> list[Any]:
    """The values of duals and of plain numbers alike, without the width of balls, which are equal to nothing."""
    return [each.value.mid() if type(each) is Dual else flint.arb(float(each)) for each in np.ravel(array).tolist()]


def _moves(array: Any) -> bool:
    return any(type(each) is Dual and each.slope != 0 for each in np.ravel(array).tolist())


def _beyond(value: Any, limit: Any, side: int) -> bool:
    return bool(value > limit) if side > 0 else bool(value < limit)


def ignored(wrong: Wrong) -> str | None:
    """The gradient as if the forward clamped nothing. What is cut off at zero is a mask, and said elsewhere."""
    array = wrong.inputs.get(wrong.argument)
    if (
        wrong.forward is None
        or array is None
        or array.shape != wrong.got.shape
        or array.size + wrong.dy.size > MOST_DUALS
    ):
        return None
    if evidence(wrong) < ENOUGH_EVIDENCE:
        return None
    if not _has_limits(wrong):
        return None
    met: list[Clamp] = []
    try:
        with exact.bits(exact.LADDER[0][0]):
            if not all(_explains(wrong, seed, met) for seed in DIRECTION_SEEDS):
                return None
    except Exception:  # the code is anybody's, and need not run on dual numbers
        return None
    limits = list(dict.fromkeys(met))
    if not any(limit.at for limit in limits):
        return None
    return f"the clamp is ignored: {_listed(limits)}, and got is the gradient as if it did not"


def _has_limits(wrong: Wrong) -> bool:
    """One run in floats tells what takes four on dual numbers to find out."""
    assert wrong.forward is not None
    keep = ClampRecorder(ask=True).keep
    try:
        wrong.forward(*(keep(a) if a.dtype.kind == "f" else a for a in wrong.inputs.values()), **wrong.config)
    except ClampMet:
        return True
    except Exception:  # the code is anybody's, and need not take such an array
        return False
    return False


def _listed(limits: Sequence[Clamp]) -> str:
    return f"the forward keeps a value {', and '.join(limit.words for limit in limits[:2])}"


def _explains(wrong: Wrong, seed: int, met: list[Clamp]) -> bool:
    """Is <got, v> the derivative without limits along one direction, and nearer to it than to the truth?"""
    v = along.directions(wrong.inputs, (wrong.argument,), seed)[wrong.argument]
    seen = ClampRecorder()
    free, truth = _along(wrong, v, seen.keep), _along(wrong, v, lambda array: array)
    met.extend(seen.limits)
    got = exact.total(exact.lift(wrong.got) * exact.lift(v))
    apart, error = abs(got - free), abs(got - truth)
    size = float(abs(wrong.got * v).sum())
    return bool(apart <= 10.0 ** (1 - wrong.digits) * size and apart <= MOST_UNEXPLAINED * error)


def _along(wrong: Wrong, v: np.ndarray, seen_as: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The derivative of <dy, forward> along v, from one run on dual numbers."""
    forward = wrong.forward
    assert forward is not None
    arrays = [
        seen_as(duals.lift(exact.lift(array), exact.lift(v) if name == wrong.argument else None))
        for name, array in wrong.inputs.items()
    ]
    value = forward(*arrays, **wrong.config)[0]
    return exact.total(exact.lift(wrong.dy) * duals.slopes_of("the value", _plain(value)))
