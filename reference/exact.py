"""Exact arithmetic as an oracle: is this the derivative of that function, with no rounding in the way?

Arrays become `object` arrays of `flint.arb`, balls of 256 bits that carry their own error. Along a direction v the
function is run at x + h v and x - h v with h = 2^-112, which gives both one-sided slopes of every output to some
thirty digits. A gradient g is right along v when <g, v> lies between the one-sided slopes, each weighted by the
cotangent:

    centre = sum_j dy_j (up_j + down_j) / 2,  spread = sum_j |dy_j (up_j - down_j)| / 2,  |<g, v> - centre| <= spread.

At a smooth point the spread is of the order of h and the test is sharp to thirty digits. At a kink the spread stays
when h shrinks, and the interval is what a subgradient may be: each output has its own one-sided slopes and dy weighs
them (Clarke, Optimization and Nonsmooth Analysis, 1983). Nothing here is a tolerance: the balls' radii are proved.
"""

import functools
import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.lazy import Unavailable, flint

Arrays = Mapping[str, np.ndarray]
Function = Callable[[Arrays], np.ndarray]

# (bits, h = 2^-step). The later pairs are for numbers of 1e+-30, for kinks nearer than h, and for subnormals.
LADDER = ((256, 112), (1280, 400), (4608, 1400))
RESOLVED = 1e-30
# Code with constants such as 3 * 0.044715 or 2 / n is exact up to their rounding only. No wrong rule is as near.
FLOAT_CONSTANTS = 2.0**-46
NOTHING = 1104  # 2^-1104 is less than any float64 times any entry of a direction
SHARES = 5
GUARD = 16  # bits beyond those of h that the sums over the differences keep
ROUGH = 64  # for sizes, and for what has no more bits than a float64
FRANK = 1e-6  # a gap between the slopes this large is a kink at first sight: more bits will hardly close it


@contextmanager
def bits(precision: int) -> Iterator[None]:
    """Run the block with balls of this many bits."""
    context = flint.ctx
    before, context.prec = context.prec, precision
    try:
        yield
    finally:
        context.prec = before


def lift(array: np.ndarray) -> np.ndarray:
    """A floating-point array as exact numbers; index arrays stay as they are."""
    return array if array.dtype.kind in "iub" else _objects(flint.arb, array)


class Point(np.ndarray):
    """An object array without axes that stays an array: NumPy would hand out its bare element after every operation."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        plain = [each.view(np.ndarray) if isinstance(each, Point) else each for each in inputs]
        return _kept(getattr(ufunc, method)(*plain, **options))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _kept(super().__array_function__(function, types, args, kwargs))


def _kept(result: Any) -> Any:
    return pack((), [result]) if type(result) is flint.arb else _pointed(result)


def _pointed(result: Any) -> Any:
    without_axes = isinstance(result, np.ndarray) and result.dtype == object and result.ndim == 0
    return result.view(Point) if without_axes else result


def pack(shape: tuple[int, ...], numbers: list[Any]) -> np.ndarray:
    """An object array of a shape from its elements in order."""
    return _pointed(np.fromiter(numbers, dtype=object, count=len(numbers)).reshape(shape))


def _objects(function: Callable[..., Any], array: np.ndarray) -> np.ndarray:
    return pack(array.shape, list(map(function, array.astype(np.float64).ravel().tolist())))


def middles(array: np.ndarray) -> np.ndarray:
    """The midpoints of an array of balls, as exact numbers in a plain array."""
    return each_ball(lambda ball: ball.mid(), array) if array.dtype == object else array


def each_ball(function: Callable[[Any], Any], array: np.ndarray) -> np.ndarray:
    return pack(array.shape, [function(value) for value in array.view(np.ndarray).ravel()])


def to_float(array: np.ndarray) -> np.ndarray:
    """The midpoints of an array of balls, rounded to float64."""
    array = np.asarray(array, dtype=object).view(np.ndarray)
    numbers = map(float, array.ravel().tolist())
    return np.fromiter(numbers, dtype=np.float64, count=array.size).reshape(array.shape)


def zeros(array: np.ndarray) -> np.ndarray:
    """Which balls of an array cannot be told from zero."""
    numbers = np.asarray(array, dtype=object).view(np.ndarray)
    found = map(flint.arb.overlaps, numbers.ravel().tolist(), itertools.repeat(flint.arb(0)))
    return np.fromiter(found, dtype=bool, count=numbers.size).reshape(numbers.shape)


def unseen(array: np.ndarray) -> bool:
    """Are all balls around zero, and one of them wide enough to hold a number that a float64 can hold?"""
    numbers = np.asarray(array, dtype=object).view(np.ndarray).ravel().tolist()
    return bool(zeros(array).all()) and any(ball.rad() > flint.arb(2) ** -NOTHING for ball in numbers)


def holds_numbers(array: np.ndarray) -> bool:
    """Are all the elements of an object array exact numbers?"""
    return operator.countOf(map(type, array.view(np.ndarray).ravel().tolist()), flint.arb) == array.size


def require_exact(what: str, array: Any) -> None:
    """Raise Unavailable when an array that should hold exact numbers has been turned into floats on the way."""
    array = np.asarray(array).view(np.ndarray)
    if array.dtype == object and holds_numbers(array):
        return
    others = set(map(type, array.ravel().tolist())) - {flint.arb} if array.dtype == object else {array.dtype}
    if others:
        found = ", ".join(sorted(getattr(other, "__name__", str(other)) for other in others))
        raise Unavailable(f"exact arithmetic is not available for this code: {what} came back as {found}")


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Has each ball of one array a number in common with its counterpart in the other of the same size?"""
    mine, others = (each.view(np.ndarray).ravel().tolist() for each in (a, b))
    return len(mine) == len(others) and all(map(flint.arb.overlaps, mine, others))


class NotFinite(Unavailable):
    """The truth itself is no finite number."""


def require_finite(what: str, array: Any) -> None:
    """Raise NotFinite when an exact number has become everything or nothing, as 1 / 0 or the root of a ball at 0."""
    if not all(map(flint.arb.is_finite, np.asarray(array, dtype=object).view(np.ndarray).ravel().tolist())):
        raise NotFinite(f"{what} is not a finite number here, even in exact arithmetic")


_telling: ContextVar[list[bool] | None] = ContextVar("telling", default=None)


def tell(smooth: bool) -> None:
    """A piece of code has run on exact numbers; `smooth` where nothing that it did can have a kink or a jump."""
    told = _telling.get()
    if told is not None:
        told.append(smooth)


@contextmanager
def _told() -> Iterator[list[bool]]:
    """What the pieces of code that run in the block tell of themselves."""
    told: list[bool] = []
    token = _telling.set(told)
    try:
        yield told
    finally:
        _telling.reset(token)


@dataclass(frozen=True, slots=True)
class Slopes:
    """What the differences say along one direction, all of it in balls (a float64 would overflow at 1e600).

    `off` is got - centre, taken at the precision of both: what reads it later may work with fewer bits. `spread` is
    half the gap between the one-sided slopes, `size` the sum of |g v| over all entries, `least` the same sum for the
    array that contributes least, zeros aside: what is hidden is measured against that one. A ball around zero may be
    anything that it holds, until it is too small for a float64 to hold any of it. `moves` are h v by array, and
    `shares` what the outputs add to the centre, those at 0, n, 2n, ... the first of n shares, and so on.
    """

    got: Any
    centre: Any
    off: Any
    spread: Any
    size: Any
    least: Any
    step: int
    moves: Arrays
    shares: tuple[Any, ...]

    @property
    def residual(self) -> float:
        """The distance from the gradient to the middle of the one-sided slopes, relative to the terms of <g, v>."""
        return 0.0 if self.jump else _ratio(self.off, self.size)

    @property
    def resolution(self) -> float:
        """The smallest error, relative to the least of the arrays' parts, that could not hide here."""
        unknown = self.spread + self.got.rad() + self.centre.rad() + self._h * self.size
        return _ratio(unknown, self.least)

    @property
    def smooth(self) -> bool:
        return self.resolution <= RESOLVED

    @property
    def frank(self) -> bool:
        """The slopes of the two sides are proved to be far apart."""
        return bool(self.spread > self.size * FRANK)

    @property
    def jump(self) -> bool:
        """The function itself jumps here: its slopes grow as h shrinks."""
        return bool(self.spread > self.size * flint.arb(2) ** (self.step // 2))

    @property
    def right(self) -> bool:
        """The gradient lies between the one-sided slopes; central differences are off by less than h times the size.

        At a jump there is no slope for it to lie outside of.
        """
        away = abs(self.off) - self.spread * (1 + flint.arb(2) ** -40) - self._h * self.size
        return self.jump or not away > 0

    def follows(self, grads: Arrays, factors: Sequence[float]) -> bool | None:
        """Are these the gradients for the cotangent times `factors`, entry by entry and over again? None: who knows.

        There are as many factors as shares.
        """
        most = max(map(abs, factors))
        with bits(self.step + GUARD):
            centre = sum(map(operator.mul, self.shares, factors), flint.arb(0))
            off = sum((dot(grads[name], move) for name, move in self.moves.items()), flint.arb(0)) / self._h - centre
            if abs(off) < most * (self.spread + RESOLVED * self.size):
                return True
            terms = [total(abs(grads[name] * move)) for name, move in self.moves.items()]
            size = sum(terms, flint.arb(0)) / self._h + most * self.size
            return False if abs(off) > most * self.spread + FLOAT_CONSTANTS * size else None

    @property
    def _h(self) -> Any:
        return flint.arb(2) ** -self.step


def _ratio(part: Any, whole: Any) -> float:
    """|part| / whole from above; |part| itself where the whole cannot be told from zero, as in a saturated unit."""
    upper = flint.arb(abs(part).upper())
    return float(upper / whole.mid()) if whole > 0 else float(upper)


def directions(
    arrays: Arrays, wanted: tuple[str, ...], seed: int, positive: bool = False, alike: bool = False
) -> dict[str, np.ndarray]:
    """A direction with 30 random bits in each entry, relative to the entry where it is huge or tiny; or, with `alike`,
    about 1 in each, so that nothing hides behind the slope along a huge one."""
    rng = np.random.Generator(np.random.PCG64(seed))
    chosen = {}
    for name in wanted:
        x = arrays[name]
        v = rng.integers(2**29, 2**30, x.shape) / 2.0**30
        if not positive:
            v = v * (2 * rng.integers(0, 2, x.shape) - 1)
        chosen[name] = v if alike else v * unit(x)
    return chosen


def unit(x: np.ndarray) -> np.ndarray:
    magnitude = abs(to_float(x) if x.dtype == object else x.astype(np.float64))
    if magnitude.max(initial=0.0) < 2.0**20 and magnitude.min(where=magnitude > 0, initial=1.0) >= 2.0**-21:
        return np.ones(x.shape)
    exponent = np.frexp(magnitude)[1]
    return np.where((magnitude > 0) & (abs(exponent) > 20), np.ldexp(1.0, np.clip(exponent, -1000, 1000)), 1.0)


def slopes(
    function: Function,
    arrays: Arrays,
    value: np.ndarray,
    dy: np.ndarray,
    grads: Arrays,
    v: Arrays,
    step: int,
    one_side: bool = False,
) -> Slopes:
    """Compare <grads, v> with the one-sided differences of `function` at exact `arrays`, at the precision in force.

    `value` is function(arrays) and `dy` the cotangent of its output, both exact; `grads` and `v` have a part of the
    arrays, the ones to be moved. With `one_side` only one slope is taken, of a function that has no kinks: it differs
    from the gradient's by what its own step is off, and that stands for the spread.
    """
    h = flint.arb(2) ** -step
    moves = {name: _by_power(part, -step) for name, part in v.items()}

    def change(step_by: Callable[[Any, Any], Any]) -> np.ndarray:
        end = function({**arrays, **{name: step_by(arrays[name], move) for name, move in moves.items()}})
        with bits(step + GUARD):  # of the differences no more is known
            return end - value

    up, width = change(operator.add), 1 if one_side else 2
    down = None if one_side else change(operator.sub)
    require_exact("the forward value", up)
    with bits(step + GUARD):
        whole, weights = _flat(up if down is None else up - down), _flat(dy)
        shares = tuple(dot(weights[at::SHARES], whole[at::SHARES]) / (width * h) for at in range(SHARES))
        terms = [grads[name] * move for name, move in moves.items()]
        parts = [total(term) for term in terms]
        got, centre = sum(parts, flint.arb(0)) / h, sum(shares, flint.arb(0))
        off = got - centre
    with bits(ROUGH):  # sums of sizes lose nothing to speak of by it
        spread = abs(off) if down is None else total(abs(dy * (up + down))) / (2 * h)
        sizes = [total(abs(term)) / h for term in terms]
        size = sum(sizes, flint.arb(0)).max(abs(centre))
    nothing = flint.arb(2) ** -NOTHING
    parts = [upper for upper in (flint.arb(part.upper()) for part in sizes) if upper > nothing]
    least = functools.reduce(lambda a, b: a.min(b), parts) if parts else size
    return Slopes(got, centre, off, spread, size, least, step, moves, shares)


def _by_power(array: np.ndarray, power: int) -> np.ndarray:
    """An array times a power of two as exact numbers: lifted once where float64 holds the products."""
    scaled = np.ldexp(array, power)
    held = np.array_equal(np.ldexp(scaled, -power), array)
    return lift(scaled) if held else lift(array) * flint.arb(2) ** power


def _flat(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=object).view(np.ndarray).ravel()


def total(terms: np.ndarray) -> Any:
    """The sum of all entries as one number."""
    return flint.arb(np.add.reduce(_flat(terms)))


def dot(a: np.ndarray, b: np.ndarray) -> Any:
    """The sum of the products of all entries as one number."""
    return flint.arb(np.dot(_flat(a), _flat(b)))


def smooth_outputs(function: Function, arrays: Arrays, wanted: tuple[str, ...], seed: int) -> np.ndarray:
    """Which outputs have one slope to both sides along a direction, as far as the first precision can tell."""
    precision, step = LADDER[0]
    v = directions(arrays, wanted, seed)
    with bits(precision):
        h = flint.arb(2) ** -step
        moves = {name: lift(part) * h for name, part in v.items()}
        value = function(arrays)
        up = function({**arrays, **{name: arrays[name] + move for name, move in moves.items()}}) - value
        down = value - function({**arrays, **{name: arrays[name] - move for name, move in moves.items()}})
        return np.asarray(abs(up - down) <= (abs(up) + abs(down)) * flint.arb(RESOLVED), dtype=bool)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer for one function at one point: its value and the judged gradient in exact numbers, and the slopes.

    `fading` says that the gradient's distance from the slopes has shrunk with the step: it was the step's own error,
    all that there is to see where a cubic has its flat point. `growing` says that the slopes grow as the step shrinks:
    the function jumps here, as sign does at 0, and has no slope to lie outside of.
    """

    value: np.ndarray
    grads: Arrays
    slopes: Slopes
    fading: bool = False
    growing: bool = False

    @property
    def right(self) -> bool:
        return self.slopes.right or self.fading or self.growing

    @property
    def residual(self) -> float:
        return self.slopes.residual if self.slopes.right or not self.right else 0.0

    @property
    def smooth(self) -> bool:
        return self.slopes.smooth


def _settled(before: Judgement | None, found: Judgement) -> bool:
    """Have the slopes stopped moving as h shrinks?

    Where the steps are long for the function, a curve that is odd about the point, such as softmax at a tie of 1e50,
    shows the same wrong slope on both sides. No rule is called wrong on one length of step.
    """
    if before is None:
        return False
    moved = abs(before.slopes.centre - found.slopes.centre)
    return bool(moved <= found.slopes.size * flint.arb(RESOLVED) ** 0.5)


def _fading(before: Judgement | None, found: Slopes) -> bool:
    """Is the gradient nearer to the slopes by half as many digits as the step is shorter? A wrong one stays away."""
    if before is None:
        return False
    shorter = flint.arb(2) ** ((found.step - before.slopes.step) // 2)
    away, was = abs(found.off).upper(), abs(before.slopes.off).lower()  # what could not be seen there has not shrunk
    return bool(flint.arb(away) * shorter <= flint.arb(was))


def _growing(before: Judgement | None, found: Slopes) -> bool:
    """Are the slopes larger by half as many digits as the step is shorter?"""
    if before is None:
        return False
    shorter = flint.arb(2) ** ((found.step - before.slopes.step) // 2)
    return bool(abs(found.centre) > abs(before.slopes.centre) * shorter) and bool(abs(before.slopes.centre) > 0)


def judge(
    function: Function,
    vjp: Callable[[Arrays, np.ndarray], tuple[np.ndarray, Arrays]],
    arrays: Arrays,
    dy: np.ndarray,
    wanted: tuple[str, ...],
    *,
    seed: int = 0,
    positive: bool = False,
    alike: bool = False,
    levels: int = len(LADDER),
    pieces: int = 0,
) -> Judgement:
    """Is `vjp` the gradient of `function` at these exact arrays, along one random direction through `wanted`?

    Climbs the ladder of precisions until the point shows itself smooth; with fewer `levels` it does not climb for a
    plain kink. A point that never does is at a kink, and then
    `right` says whether the gradient lies between the one-sided slopes. Raises Unavailable when the code leaves exact
    arithmetic.

    Where the function runs so many `pieces` of code, and each of them tells that it has no kinks, one side is enough.
    """
    v = directions(arrays, wanted, seed, positive, alike)
    before: Judgement | None = None
    for precision, step in LADDER[:levels]:
        with bits(precision):
            with _told() as told:
                value, grads = vjp(arrays, dy)
            require_exact("the forward value", value)
            for name in wanted:
                require_exact(f"the gradient of {name}", grads[name])
            seen = None
            if 0 < len(told) == pieces and all(told):
                seen = slopes(function, arrays, value, dy, grads, v, step, one_side=True)
            if seen is None or not seen.smooth:
                seen = slopes(function, arrays, value, dy, grads, v, step)
            found = Judgement(value, grads, seen, _fading(before, seen), _growing(before, seen))
            if found.smooth and (found.right or _settled(before, found)):
                break
        if levels < len(LADDER) and found.slopes.frank:
            break
        before = found
    return found
