"""How far rounding alone can push a gradient: the tolerance, derived by running the same code on balls.

A ball of p bits is rounded at every operation as a float of p bits is, and it carries the sum of all that rounding as
its radius. The inputs are balls of half an ulp, since nobody knows their inputs better. NumPy, PyTorch and JAX round
too, but in another order and through other formulas; SLACK covers that difference. Its value comes from the distances
that `benchmarks/slack.py` measures.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import ROUGH, bits, lift, pack
from backcheck_reference.numbers.open_comparisons import ON_HULLS, ROUNDED_BY_ARB, choose

SLACK = 8
SLACK_BITS = 3
BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
# The smallest normal number: below it a result may be rounded coarsely, or flushed to zero as JAX does on the CPU.
SMALLEST = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
LARGEST = {
    "float16": 65504.0,
    "bfloat16": float(2**128 - 2**120),
    "float32": float(2**128 - 2**104),
    "float64": float(np.finfo(np.float64).max),
}


def ulp(values: np.ndarray, dtype: str) -> np.ndarray:
    """The unit in the last place of each value at a dtype, and the smallest subnormal for zero."""
    exponent = np.frexp(np.where(np.isfinite(values), values, 1.0))[1]
    smallest = math.frexp(SMALLEST[dtype])[1]
    units: np.ndarray = np.ldexp(1.0, np.maximum(exponent, smallest) - BITS[dtype])
    return units


def half_ulp(array: np.ndarray, dtype: str, times: float = 1.0, numbers: np.ndarray | None = None) -> np.ndarray:
    """An array of balls around the entries, with a radius of `times` half an ulp; index arrays stay as they are.

    `numbers` are the entries as exact numbers, where the caller has them already.
    """
    if array.dtype.kind in "iub":
        return array
    values = array.astype(np.float64).ravel()
    if values.size and abs(values).min() >= SMALLEST[dtype] and np.isfinite(values).all():
        with bits(ROUGH):  # away from subnormals one ball around 1 gives every radius, in half the time
            once = flint.arb(1, times * 2.0 ** -BITS[dtype])
            widened: np.ndarray = (lift(array) if numbers is None else numbers) * once
            return widened
    radii = np.maximum(np.ldexp(abs(values), 1 - BITS[dtype]), SMALLEST[dtype] * 2.0 ** (1 - BITS[dtype])) * (times / 2)
    radii = np.where(np.isfinite(values), radii, 0.0)  # an infinity in a mask is what it is
    return pack(array.shape, list(map(flint.arb, values.tolist(), radii.tolist())))


def exact_infinities(array: np.ndarray) -> np.ndarray:
    """Which entries are infinite, as those of a mask: no rounding moves them, and no ball around them is finite."""
    return np.isinf(array.astype(np.float64))


def radii(array: np.ndarray) -> np.ndarray:
    """The radii of an array of balls in float64, rounded up; infinite where a ball has become everything."""
    return spans(array)[1]


def spans(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The midpoints of an array of balls in float64, and their radii as `radii` has them."""
    flat = np.asarray(array, dtype=object).view(np.ndarray).ravel().tolist()
    middles = np.fromiter(map(float, flat), dtype=np.float64, count=len(flat))
    found = np.fromiter([float(each.rad()) for each in flat], dtype=np.float64, count=len(flat))
    for at in np.flatnonzero(~np.isfinite(middles)):
        found[at] = found[at] if flat[at].is_finite() else np.inf
    return middles.reshape(np.shape(array)), found.reshape(np.shape(array))


class Undecidable(RuntimeError):
    """A choice of an element (argmax, sort) hangs on a comparison that this precision cannot decide."""


class Hull(np.ndarray):
    """An object array of balls on which a comparison that cannot be decided takes both branches.

    Such a comparison answers the ball [0, 1]; `np.where` on it is the union of both sides, and a product with it
    covers both products. So a gradient computed near or at a kink becomes a ball that holds every convention. After
    every operation the watch adds its floor to the radius, which covers underflow, and notes the largest number met.
    """

    watch: Any

    def __array_finalize__(self, parent: Any) -> None:
        self.watch = getattr(parent, "watch", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        watch = next(i.watch for i in (*inputs, *(out or ())) if isinstance(i, Hull))
        plain = [i.view(np.ndarray) if isinstance(i, Hull) else i for i in inputs]
        special = ON_HULLS.get((ufunc, method))
        if special is not None:
            return watch.keep(special(*plain, **options))
        if out is not None:
            options["out"] = tuple(o.view(np.ndarray) if isinstance(o, Hull) else o for o in out)
        result = getattr(ufunc, method)(*plain, **options)
        watch.met(ufunc, plain, result)
        if ufunc not in ROUNDED_BY_ARB:
            result = watch.once * result
        if out is not None and isinstance(out[0], np.ndarray):
            out[0].view(np.ndarray)[...] = watch.round(result)
            return out[0]
        return watch.keep(watch.round(result))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where and len(args) == 3:
            return self.watch.keep(choose(*(np.asarray(a).view(np.ndarray) for a in args)))
        # stacking, padding and broadcasting give plain arrays back, on which a comparison would take any branch
        return self.watch.keep(super().__array_function__(function, types, args, kwargs))

    def argmax(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]  # NumPy's is three overloads
        return _decided(self, axis, options, 1)

    def argmin(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]
        return _decided(self, axis, options, -1)

    def sort(self, *args: Any, **options: Any) -> Any:
        raise Undecidable("a sort of balls")

    argsort = partition = argpartition = sort


class Watch:
    """What one run on hulls shares: the floor that each result is widened by, and the largest number met on the way.

    The floor is what may be lost below the smallest normal number, and `times` as much for a formula that is not ours.
    """

    def __init__(self, dtype: str, floor: float | None = None, times: float = 1.0) -> None:
        self.floor = flint.arb(0, times * SLACK * SMALLEST[dtype] / 2 if floor is None else floor)
        # arb may know a function better than its precision says (erf near -1), but a float is rounded all the same
        self.once = rounded(dtype, SLACK) if floor is None else flint.arb(1)
        self.peak = 0.0

    def lift(self, array: np.ndarray, dtype: str) -> np.ndarray:
        balls = half_ulp(array, dtype, SLACK)
        return balls if balls is array else self.keep(np.where(exact_infinities(array), balls, balls + self.floor))

    def point(self, array: np.ndarray) -> np.ndarray:
        """Balls so small that only a point exactly on a kink reaches across it: 2^-200 of an entry, and around a zero
        less than any float."""
        if array.dtype.kind in "iub":
            return array
        small, least = flint.arb(2) ** -200, flint.arb(2) ** -1300
        values = array.astype(np.float64).ravel().tolist()
        radii = [0 if math.isinf(v) else abs(v) * small if v else least for v in values]
        balls: np.ndarray = self.keep(pack(array.shape, list(map(flint.arb, map(flint.arb, values), radii))))
        return balls

    def round(self, result: Any) -> Any:
        if isinstance(result, np.ndarray) and result.dtype == object:
            self._look(result.ravel())
            # a complex number is two balls, and both are widened
            either = result.size and type(result.item(0)) is flint.acb
            return result + (flint.acb(self.floor, self.floor) if either else self.floor)
        if type(result) is flint.arb:
            self._look([result])
            return result + self.floor
        return result

    def keep(self, result: Any) -> Any:
        if type(result) is flint.arb:
            result = pack((), [result])
        if not (isinstance(result, np.ndarray) and result.dtype == object):
            return result
        kept = result.view(Hull)
        kept.watch = self
        return kept

    def met(self, ufunc: np.ufunc, inputs: Sequence[Any], result: Any) -> None:
        """Called after each operation, with what went in and what came out; a watch may note it."""

    def _look(self, results: Iterable[Any]) -> None:
        finite = [value for value in results if type(value) is flint.arb and value.is_finite()]
        self.peak = max(self.peak, max((float(value.abs_upper()) for value in finite), default=0.0))


def watched(array: np.ndarray, *sources: Any) -> np.ndarray:
    """The array under the watch of a hull among the sources, if there is one."""
    watch = next((source.watch for source in sources if isinstance(source, Hull)), None)
    kept: np.ndarray = array if watch is None else watch.keep(array)
    return kept


def _decided(array: Hull, axis: int | None, options: dict[str, Any], sign: int) -> Any:
    """The index of the largest (sign 1) or smallest ball, where no other ball can be as large."""
    flat = sign * array.view(np.ndarray)
    flat, axis_ = (flat.ravel(), 0) if axis is None else (flat, axis)
    chosen = flat.argmax(axis=axis_, keepdims=True)
    below = np.asarray(flat < np.take_along_axis(flat, chosen, axis_), dtype=bool)
    if (~below).sum() != chosen.size:
        raise Undecidable("an argmax or argmin of balls that overlap")
    return chosen if options.get("keepdims") else chosen.squeeze(axis_)


def run_at(dtype: str, slack_bits: int = 0) -> Any:
    """A block at the precision of a dtype, less the bits of slack."""
    return bits(BITS[dtype] - slack_bits)


def rounded(dtype: str, times: float = 1.0) -> Any:
    """One rounding at this dtype as a factor: the ball 1 with a radius of `times` half an ulp.

    A framework may round every value it stores, also one that our code computes exactly, as a clamped constant.
    """
    return flint.arb(1, times * 2.0 ** -BITS[dtype])
