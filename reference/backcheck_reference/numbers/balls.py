"""How far rounding alone can push a gradient: the tolerance, derived by running the same code on balls.

A ball of p bits is rounded at every operation as a float of p bits is, and it carries the sum of all that rounding as
its radius. The inputs are balls of half an ulp, since nobody's inputs are better known. What NumPy, PyTorch or JAX
return for the same network differs from the truth by the same roundings in another order and through other formulas;
SLACK covers that difference. Its value is read off the distribution that `benchmarks/slack.py` measures.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import ROUGH, bits, lift, pack

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
    return np.ldexp(1.0, np.maximum(exponent, smallest) - BITS[dtype])


def half_ulp(array: np.ndarray, dtype: str, times: float = 1.0, numbers: np.ndarray | None = None) -> np.ndarray:
    """An array of balls around the entries, with a radius of `times` half an ulp; index arrays stay as they are.

    `numbers` are the entries as exact numbers, where somebody has them.
    """
    if array.dtype.kind in "iub":
        return array
    values = array.astype(np.float64).ravel()
    if values.size and abs(values).min() >= SMALLEST[dtype] and np.isfinite(values).all():
        with bits(ROUGH):  # the same by one ball around 1, in half the time
            once = flint.arb(1, times * 2.0 ** -BITS[dtype])
            return pack(array.shape, np.ravel((lift(array) if numbers is None else numbers) * once).tolist())
    radii = np.maximum(np.ldexp(abs(values), 1 - BITS[dtype]), SMALLEST[dtype] * 2.0 ** (1 - BITS[dtype])) * (times / 2)
    return pack(array.shape, list(map(flint.arb, values.tolist(), radii.tolist())))


def radii(array: np.ndarray) -> np.ndarray:
    """The radii of an array of balls in float64, rounded up; infinite where a ball has become everything."""
    return spans(array)[1]


def spans(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The midpoints of an array of balls in float64, and their radii as `radii` has them."""
    flat = np.asarray(array, dtype=object).view(np.ndarray).ravel().tolist()
    middles = np.fromiter(map(float, flat), dtype=np.float64, count=len(flat))
    found = np.fromiter(map(float, map(flint.arb.rad, flat)), dtype=np.float64, count=len(flat))
    for at in np.flatnonzero(~np.isfinite(middles)):
        found[at] = found[at] if flat[at].is_finite() else np.inf
    return middles.reshape(np.shape(array)), found.reshape(np.shape(array))


class Undecidable(RuntimeError):
    """A choice of an element (argmax, sort) hangs on a comparison that this precision cannot decide."""


class Hull(np.ndarray):
    """An object array of balls on which a comparison that cannot be decided takes both branches.

    Such a comparison answers the ball [0, 1]; `np.where` on it is the union of both sides, and a product with it
    covers both products. So a gradient computed near or at a kink becomes a ball that holds every convention. After
    every operation the radius grows by the watch's floor, which covers underflow; its peak is the largest number met.
    """

    watch: Any

    def __array_finalize__(self, parent: Any) -> None:
        self.watch = getattr(parent, "watch", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        watch = next(i.watch for i in (*inputs, *(out or ())) if isinstance(i, Hull))
        plain = [i.view(np.ndarray) if isinstance(i, Hull) else i for i in inputs]
        special = SPECIAL.get((ufunc, method))
        if special is not None:
            return watch.keep(special(*plain, **options))
        if out is not None:
            options["out"] = tuple(o.view(np.ndarray) if isinstance(o, Hull) else o for o in out)
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc not in ARITHMETIC:
            result = watch.once * result
        if out is not None and isinstance(out[0], np.ndarray):
            out[0].view(np.ndarray)[...] = watch.round(result)
            return out[0]
        return watch.keep(watch.round(result))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where and len(args) == 3:
            return self.watch.keep(_choose(*(np.asarray(a).view(np.ndarray) for a in args)))
        # stacking, padding and broadcasting give plain arrays back, on which a later comparison would pick at random
        return self.watch.keep(super().__array_function__(function, types, args, kwargs))

    def argmax(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]  # NumPy's is three overloads
        return _decided(self, axis, options, 1)

    def argmin(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]
        return _decided(self, axis, options, -1)

    def sort(self, *args: Any, **options: Any) -> Any:
        raise Undecidable("a sort of balls")

    argsort = partition = argpartition = sort


class Watch:
    """What one careful run shares: the floor that each result is widened by, and the largest number met on the way.

    The floor is what may be lost below the smallest normal number, and `times` as much for a formula that is not ours.
    """

    def __init__(self, dtype: str, floor: float | None = None, times: float = 1.0) -> None:
        self.floor = flint.arb(0, times * SLACK * SMALLEST[dtype] / 2 if floor is None else floor)
        # balls of a function may come back finer than their precision, erf near -1 for one: a float is rounded
        self.once = rounded(dtype, SLACK) if floor is None else flint.arb(1)
        self.peak = 0.0

    def lift(self, array: np.ndarray, dtype: str) -> np.ndarray:
        balls = half_ulp(array, dtype, SLACK)
        return balls if balls is array else self.keep(balls + self.floor)

    def point(self, array: np.ndarray) -> np.ndarray:
        """Balls so small that they reach across a kink only from exactly on it: 2^-200 of an entry, and beside zero
        less than any float."""
        if array.dtype.kind in "iub":
            return array
        small, least = flint.arb(2) ** -200, flint.arb(2) ** -1300
        values = array.astype(np.float64).ravel().tolist()
        return self.keep(pack(array.shape, [flint.arb(flint.arb(v), abs(v) * small if v else least) for v in values]))

    def round(self, result: Any) -> Any:
        if isinstance(result, np.ndarray) and result.dtype == object:
            self._look(result.ravel())
            return result + self.floor
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

    def _look(self, results: Iterable[Any]) -> None:
        finite = [value for value in results if type(value) is flint.arb and value.is_finite()]
        self.peak = max(self.peak, max((float(value.abs_upper()) for value in finite), default=0.0))


def _compare(yes: Callable[..., Any], no: Callable[..., Any]) -> Callable[..., np.ndarray]:
    def compare(a: Any, b: Any, **_: Any) -> np.ndarray:
        true, false = np.asarray(yes(a, b), dtype=bool), np.asarray(no(a, b), dtype=bool)
        if np.all(true | false):
            return true
        answers = zip(true.ravel(), false.ravel(), strict=True)
        return pack(true.shape, [flint.arb(1) if t else flint.arb(0) if f else flint.arb(0.5, 0.5) for t, f in answers])

    return compare


def _pick(condition: Any, a: Any, b: Any) -> Any:
    if condition is True or condition == 1:
        return a
    if condition is False or condition == 0:
        return b
    return flint.arb(a).union(flint.arb(b))


_choose_each = np.frompyfunc(_pick, 3, 1)
_larger = np.frompyfunc(lambda a, b: flint.arb(a).max(flint.arb(b)), 2, 1)
_smaller = np.frompyfunc(lambda a, b: flint.arb(a).min(flint.arb(b)), 2, 1)


def _choose(condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if condition.dtype == bool:
        return np.where(condition, a, b)
    return np.asarray(_choose_each(condition, a, b), dtype=object)


def _reduce(pairwise: np.ufunc) -> Callable[..., Any]:
    def reduce(a: np.ndarray, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **_: Any) -> Any:
        if axis is None:
            axis = tuple(range(a.ndim))
        axes = sorted((x % a.ndim for x in np.atleast_1d(axis)), reverse=True)
        for x in axes:
            a = np.asarray(pairwise.reduce(a, axis=x, keepdims=keepdims), dtype=object)
        return a

    return reduce


# What balls round as floats do; frozen here, since everything else is a function.
ARITHMETIC = frozenset(
    {np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive, np.absolute, np.matmul, np.square}
)
_greater, _less = _compare(np.greater, np.less_equal), _compare(np.less, np.greater_equal)

SPECIAL: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    (np.greater, "__call__"): _greater,
    (np.less, "__call__"): _less,
    (np.greater_equal, "__call__"): _compare(np.greater_equal, np.less),
    (np.less_equal, "__call__"): _compare(np.less_equal, np.greater),
    (np.equal, "__call__"): _compare(np.equal, np.not_equal),
    (np.not_equal, "__call__"): _compare(np.not_equal, np.equal),
    (np.maximum, "__call__"): lambda a, b, **_: _larger(a, b),
    (np.minimum, "__call__"): lambda a, b, **_: _smaller(a, b),
    (np.maximum, "reduce"): _reduce(_larger),
    (np.minimum, "reduce"): _reduce(_smaller),
    (np.logical_and, "__call__"): lambda a, b, **_: a * b,
    (np.bitwise_and, "__call__"): lambda a, b, **_: a * b,
    (np.logical_or, "__call__"): lambda a, b, **_: 1 - (1 - a) * (1 - b),
    (np.bitwise_or, "__call__"): lambda a, b, **_: 1 - (1 - a) * (1 - b),
    (np.logical_not, "__call__"): lambda a, **_: 1 - a,
    (np.invert, "__call__"): lambda a, **_: 1 - a,
    (np.sign, "__call__"): lambda a, **_: _greater(a, 0) * 1 - _less(a, 0) * 1,
}


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
    """The precision of a dtype as a block, less the bits of slack."""
    return bits(BITS[dtype] - slack_bits)


def rounded(dtype: str, times: float = 1.0) -> Any:
    """One rounding at this dtype as a factor: the ball 1 with a radius of `times` half an ulp.

    A party may round every value it stores, also one that our own code happens to get exactly, like a clamped constant.
    """
    return flint.arb(1, times * 2.0 ** -BITS[dtype])
