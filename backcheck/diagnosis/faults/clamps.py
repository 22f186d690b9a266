"""A clamp that the backward ignores: the forward is differentiated with its clamps taken out.

The forward runs on dual numbers that move along a direction v. A clamp is where it takes the larger or the smaller of
an array that moves and of one number that does not; there the array is passed on as it is. The result is the derivative
of the forward without the clamp. It explains the answer if it equals <got, v> along directions of 30 random bits, and
the derivative of the forward with the clamp does not.
"""

from collections.abc import Callable
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
MOST_DUALS = 50_000  # dual numbers are Python objects: with more entries a run takes seconds


@dataclass(frozen=True, slots=True)
class Clamp:
    """A limit `at` which a forward holds `held` of `count` values; `side` is 1 for a lower limit, -1 for an upper."""

    at: float
    side: int
    held: int
    count: int

    @property
    def words(self) -> str:
        where = f"at {number(self.at)} or {'above' if self.side > 0 else 'below'}"
        return f"{where} (it holds {self.held} of {self.count})"


class ClampMet(Exception):
    """Raised in a run in floats by the first operation that may be a clamp."""


@dataclass(slots=True)
class ClampRecorder:
    """The clamps that a run of a forward has met. With `in_floats` it ends at the first operation that may be one."""

    in_floats: bool = False
    clamps: list[Clamp] = field(default_factory=list)

    def keep(self, result: Any) -> Any:
        """The result as an array whose clamps are taken out too."""
        if type(result) is Dual:
            result = exact.pack((), [result])
        array = np.asarray(result) if self.in_floats else result
        if not isinstance(array, np.ndarray) or (array.dtype != object and not self.in_floats):
            return result
        unclamped = array.view(np.ndarray).view(UnclampedArray)
        unclamped.recorder = self
        return unclamped


class UnclampedArray(np.ndarray):
    """An array of dual numbers that ignores the clamps of the code it runs through, and records them."""

    recorder: ClampRecorder

    def __array_finalize__(self, parent: Any) -> None:
        self.recorder = getattr(parent, "recorder", ClampRecorder())

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        recorder = next(each.recorder for each in (*inputs, *(out or ())) if isinstance(each, UnclampedArray))
        plain = [_plain(each) for each in inputs]
        if ufunc.__name__ in CLAMPING and method == "__call__":
            return recorder.keep(CLAMPING[ufunc.__name__](recorder, *plain))
        if out is not None:
            options["out"] = tuple(_plain(each) for each in out)
        return recorder.keep(getattr(ufunc, method)(*plain, **options))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where and len(args) == 3:
            condition, *sides = (_plain(each) for each in args)
            # a condition that holds every entry may be about anything, and need not be a clamp
            chosen = _without(self.recorder, np.where(condition, *sides), *sides, all_held=False)
            return self.recorder.keep(chosen)
        return self.recorder.keep(super().__array_function__(function, types, args, kwargs))


def _plain(array: Any) -> Any:
    return array.view(np.ndarray) if isinstance(array, UnclampedArray) else array


def _larger(recorder: ClampRecorder, a: Any, b: Any) -> Any:
    return _without(recorder, np.maximum(a, b), a, b, all_held=True)


def _smaller(recorder: ClampRecorder, a: Any, b: Any) -> Any:
    return _without(recorder, np.minimum(a, b), a, b, all_held=True)


def _between(recorder: ClampRecorder, a: Any, low: Any, high: Any) -> Any:
    return _smaller(recorder, _larger(recorder, a, low), high)


CLAMPING: dict[str, Callable[..., Any]] = {
    "maximum": _larger,
    "fmax": _larger,
    "minimum": _smaller,
    "fmin": _smaller,
    "clip": _between,
}


def _without(recorder: ClampRecorder, result: Any, a: Any, b: Any, *, all_held: bool) -> Any:
    """The array that moves, if the result is its clamp at the other, which is one number; else the result."""
    if recorder.in_floats:
        raise ClampMet
    for fixed, moving in ((a, b), (b, a)):
        limits, values = _values(fixed), np.broadcast_to(moving, np.shape(result))
        if not limits or _moves(fixed) or not _moves(moving) or any(each != limits[0] for each in limits):
            continue
        pairs = list(zip(_values(result), _values(values), strict=True))
        for side in (1, -1):
            if all(taken == (each if _beyond(each, limits[0], side) else limits[0]) for taken, each in pairs):
                held = sum(not _beyond(each, limits[0], side) for _, each in pairs)
                if held == len(pairs) and not all_held:
                    return result
                if held:
                    recorder.clamps.append(Clamp(float(limits[0]), side, held, len(pairs)))
                return values.copy()
    return result


def _values(array: Any) -> list[Any]:
    """The values of duals and of plain numbers; of balls the middles, since balls of any width equal nothing."""
    return [each.value.mid() if type(each) is Dual else flint.arb(float(each)) for each in np.ravel(array).tolist()]


def _moves(array: Any) -> bool:
    return any(type(each) is Dual and each.slope != 0 for each in np.ravel(array).tolist())


def _beyond(value: Any, limit: Any, side: int) -> bool:
    return bool(value > limit) if side > 0 else bool(value < limit)


def ignored(wrong: Wrong) -> str | None:
    """The gradient as if the forward clamped nothing. A cut at zero is a mask, which is a fault of its own."""
    array = wrong.inputs.get(wrong.argument)
    if wrong.forward is None or array is None or array.shape != wrong.got.shape:
        return None
    if array.size + wrong.dy.size > MOST_DUALS or evidence(wrong) < ENOUGH_EVIDENCE or not _may_clamp(wrong):
        return None
    met: list[Clamp] = []
    try:
        with exact.bits(exact.LADDER[0][0]):
            if not all(_explains(wrong, seed, met) for seed in DIRECTION_SEEDS):
                return None
    except Exception:  # the user's code need not run on dual numbers
        return None
    clamps = list(dict.fromkeys(met))
    if not any(clamp.at for clamp in clamps):
        return None
    words = ", and ".join(clamp.words for clamp in clamps[:2])
    return f"the clamp is ignored: the forward keeps a value {words}, and got is the gradient as if it did not"


def _may_clamp(wrong: Wrong) -> bool:
    """Has the forward any operation that may be a clamp? One run in floats saves four on dual numbers."""
    assert wrong.forward is not None
    keep = ClampRecorder(in_floats=True).keep
    try:
        wrong.forward(*(keep(a) if a.dtype.kind == "f" else a for a in wrong.inputs.values()), **wrong.config)
    except ClampMet:
        return True
    except Exception:  # the user's code need not take such an array
        return False
    return False


def _explains(wrong: Wrong, seed: int, met: list[Clamp]) -> bool:
    """Is <got, v> the derivative without clamps along one direction, and much nearer to it than to the truth?"""
    v = along.directions(wrong.inputs, (wrong.argument,), seed)[wrong.argument]
    recorder = ClampRecorder()
    unclamped, truth = _derivative(wrong, v, recorder.keep), _derivative(wrong, v, lambda array: array)
    met.extend(recorder.clamps)
    got = exact.total(exact.lift(wrong.got) * exact.lift(v))
    apart, error = abs(got - unclamped), abs(got - truth)
    size = float(abs(wrong.got * v).sum())
    return bool(apart <= 10.0 ** (1 - wrong.digits) * size and apart <= MOST_UNEXPLAINED * error)


def _derivative(wrong: Wrong, v: np.ndarray, seen_as: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The derivative of <dy, forward> along v, from one run on dual numbers."""
    forward = wrong.forward
    assert forward is not None
    arrays = [
        seen_as(duals.lift(exact.lift(array), exact.lift(v) if name == wrong.argument else None))
        for name, array in wrong.inputs.items()
    ]
    value = forward(*arrays, **wrong.config)[0]
    return exact.total(exact.lift(wrong.dy) * duals.slopes_of("the value", _plain(value)))
