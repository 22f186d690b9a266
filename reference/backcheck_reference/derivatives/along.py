"""Slopes by exact differences: what a function does along one direction, beside what its gradient says.

Along a direction v the function is run at x + h v and x - h v with h = 2^-112, which gives both one-sided slopes of
every output to some thirty digits. A gradient g is right along v when <g, v> lies between the one-sided slopes, each
weighted by the cotangent:

    centre = sum_j dy_j (up_j + down_j) / 2,  spread = sum_j |dy_j (up_j - down_j)| / 2,  |<g, v> - centre| <= spread.

At a smooth point the spread is of the order of h and the test is sharp to thirty digits. At a kink the spread stays
when h shrinks, and the interval is what a subgradient may be: each output has its own one-sided slopes and dy weighs
them (Clarke, Optimization and Nonsmooth Analysis, 1983). Nothing here is a tolerance: the balls' radii are proved.
"""

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import (
    FLOAT_CONSTANTS,
    LADDER,
    NOTHING,
    RESOLVED,
    ROUGH,
    Arrays,
    Function,
    bits,
    dot,
    finite,
    flat,
    lift,
    require_exact,
    to_float,
    total,
)

SHARES = 5  # the sum over the outputs is kept in so many parts, for `follows`
MOST_FLIPPED = 200  # entries that are moved to the other side of a kink one by one
SIDES = (0, 1, -1, 2, 2, 2, 2)  # the points at which `beside` looks, in the words of `_aside`
SMALLER, LARGER = (np.frompyfunc(pick, 2, 1) for pick in (lambda a, b: a.min(b), lambda a, b: a.max(b)))
GUARD = 16  # bits beyond those of h that the sums over the differences keep
PLAIN_KINK = 1e-6  # a gap between the slopes this large is a kink at first sight: more bits will hardly close it


@dataclass(frozen=True, slots=True)
class Slopes:
    """What the differences say along one direction, all of it in balls (a float64 would overflow at 1e600).

    `got` is <g, v>, and `off` is got - centre at the precision of both: a reader of it may work with fewer bits.
    `spread` is half the gap between the one-sided slopes. `size` is the sum of |g v| over all entries, and `least` the
    same sum for the array that contributes least: an error that could hide is measured against that one. An array
    whose sum is below all that a float64 can hold does not count. `moves` are h v by array. `shares` are what the
    outputs add to the centre: those at 0, n, 2n, ... are the first of n shares, and so on.
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
    def plain_kink(self) -> bool:
        """The slopes of the two sides are proved to be far apart."""
        return bool(self.spread > self.size * PLAIN_KINK)

    @property
    def jump(self) -> bool:
        """The function itself jumps here: its slopes grow as h shrinks."""
        return bool(self.spread > self.size * flint.arb(2) ** (self.step // 2))

    @property
    def right(self) -> bool:
        """The gradient lies between the one-sided slopes; central differences are off by less than h times the size.

        At a jump there is no slope for it to lie outside of. A NaN compares as False, and is never right.
        """
        away = abs(self.off) - self.spread * (1 + flint.arb(2) ** -40) - self._h * self.size
        return self.jump or (away.is_finite() and not away > 0)

    def follows(self, grads: Arrays, factors: Sequence[float]) -> bool | None:
        """Are these the gradients for the cotangent times `factors`, repeated along its entries? None: undecided.

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


@functools.lru_cache(maxsize=64)
def _mixed(seed: int) -> np.random.SeedSequence:
    """The seed as NumPy spreads it over a generator's state, which takes as long as a small forward."""
    return np.random.SeedSequence(seed)


def directions(
    arrays: Arrays, wanted: tuple[str, ...], seed: int, positive: bool = False, alike: bool = False
) -> dict[str, np.ndarray]:
    """A direction with 30 random bits in each entry, relative to the entry where that is huge or tiny.

    With `alike` every entry is about 1, so that no slope hides behind the one along a huge entry.
    """
    rng = np.random.Generator(np.random.PCG64(_mixed(seed)))
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

    `value` is function(arrays) and `dy` the cotangent of its output, both exact; `grads` and `v` hold those of the
    arrays that are moved. With `one_side` only one slope is taken, of a function that has no kinks: then the distance
    between it and the gradient, which is the error of the step, stands for the spread.
    """
    h = flint.arb(2) ** -step
    moves = {name: _by_power(part, -step) for name, part in v.items()}

    def change(step_by: Callable[[Any, Any], Any]) -> np.ndarray:
        end = function({**arrays, **{name: step_by(arrays[name], move) for name, move in moves.items()}})
        with bits(step + GUARD):  # the differences are known to no more bits than these
            moved: np.ndarray = end - value
        return moved

    up, width = change(operator.add), 1 if one_side else 2
    down = None if one_side else change(operator.sub)
    require_exact("the forward value", up)

    def in_shares() -> tuple[Any, ...]:
        whole, weights = flat(up if down is None else up - down), flat(dy)
        return tuple(dot(weights[at::SHARES], whole[at::SHARES]) / (width * h) for at in range(SHARES))

    with bits(step + GUARD):
        shares = in_shares()
        if down is not None and not all(share.is_finite() for share in shares):
            up, down = _from_inside(up, down)
            shares = in_shares()
        terms = [grads[name] * move for name, move in moves.items()]
        got, centre = sum(map(total, terms), flint.arb(0)) / h, sum(shares, flint.arb(0))
        off = got - centre
    with bits(ROUGH):  # enough for sizes
        spread = abs(off) if down is None else total(abs(dy * (up + down))) / (2 * h)
        sizes = [total(abs(term)) / h for term in terms]
        size = sum(sizes, flint.arb(0)).max(abs(centre))
    nothing = flint.arb(2) ** -NOTHING
    parts = [upper for upper in (flint.arb(part.upper()) for part in sizes) if upper > nothing]
    least = functools.reduce(lambda a, b: a.min(b), parts) if parts else size
    return Slopes(got, centre, off, spread, size, least, step, moves, shares)


def _from_inside(up: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The changes of each output to the two sides. Where the function has no value on one side, as x ** 1.5 below 0,
    the change to the other side stands for both: the one-sided slope is all that there is."""
    no_up, no_down = ~finite(up), ~finite(down)
    if not (no_up ^ no_down).any():
        return up, down
    return np.where(no_up, -down, up), np.where(no_down, -up, down)


def beside(found: Slopes, function: Function, arrays: Arrays, dy: np.ndarray, v: Arrays) -> Slopes:
    """The slopes along v also at points beside a kink, at the precision and step of those found at the kink.

    Where one output has several kinks, as a loss that sums many, the slopes at the point itself need not reach the ends
    of what a subgradient may be. 3 max(a, 0) - 2 max(b, 0) has the subgradient (3, -2) at 0, whose slope along (1, -1)
    is 5, while the slopes to the two sides are 3 and 2. Every slope at a point beside it, displaced by far more than
    the step and far less than a float could be, is that of a subgradient (Clarke, 1983, theorem 2.5.1).

    Points to random sides rarely lie where seven kinks all have the same slope. So where the gradient is still outside,
    the last point is moved entry by entry to the other side, as long as that leads towards the gradient.
    """
    step = found.step
    h, reach = flint.arb(2) ** -step, flint.arb(2) ** -(step // 2)
    rng = np.random.Generator(np.random.PCG64(0))
    weights = flat(dy)

    def slopes_at(aside: Arrays) -> tuple[np.ndarray, np.ndarray]:
        at = {**arrays, **{name: arrays[name] + lift(part) * reach for name, part in aside.items()}}
        ends = [function({**at, **{name: at[name] + t * lift(part) for name, part in v.items()}}) for t in (-h, 0, h)]
        return flat(ends[1] - ends[0]) / h, flat(ends[2] - ends[1]) / h

    asides = [{name: aside_of(rng, sign, arrays[name]) for name in v} if sign else {} for sign in SIDES]
    seen = [each for aside in asides for each in slopes_at(aside)]
    ends = (functools.reduce(pick, seen) for pick in (SMALLER, LARGER))
    for low, high in towards(found.got, weights, slopes_at, asides[-1], *ends):
        centre, spread = dot(weights, low + high) / 2, dot(abs(weights), high - low) / 2
        wider = replace(found, centre=centre, spread=spread, off=found.got - centre)
        if wider.right:
            break
    return wider


def towards(
    got: Any,
    weights: np.ndarray,
    slopes_at: Callable[[Arrays], tuple[np.ndarray, np.ndarray]],
    aside: Arrays,
    low: np.ndarray,
    high: np.ndarray,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The smallest and largest slopes of the outputs, and then with points on the way towards `got`."""
    yield low, high
    entries = [(name, index) for name, part in aside.items() for index in np.ndindex(part.shape)]
    if len(entries) > MOST_FLIPPED:
        return
    here, nearest = {name: part.copy() for name, part in aside.items()}, None
    for name, index in entries * 2:
        here[name][index] *= -1
        found = slopes_at(here)
        low, high = (functools.reduce(pick, (end, *found)) for pick, end in ((SMALLER, low), (LARGER, high)))
        away = min(abs(got - dot(weights, each)).mid() for each in found)
        if nearest is not None and away > nearest:
            here[name][index] *= -1
        else:
            nearest = away
        yield low, high


def aside_of(rng: np.random.Generator, sign: int, array: np.ndarray) -> np.ndarray:
    """A displacement of every entry, of its own size: all up (1), all down (-1), or to either side (2)."""
    size = (1 + rng.random(array.shape)) * unit(array)
    signs = rng.integers(0, 2, array.shape) * 2 - 1 if sign == 2 else sign
    aside: np.ndarray = size * signs
    return aside


def _by_power(array: np.ndarray, power: int) -> np.ndarray:
    """An array times a power of two, as exact numbers. Where float64 holds the products that is one lift."""
    scaled = np.ldexp(array, power)
    held = np.array_equal(np.ldexp(scaled, -power), array)
    return lift(scaled) if held else lift(array) * flint.arb(2) ** power


def is_bent(function: Function, arrays: Arrays, dy: np.ndarray, name: str, seed: int = 1) -> bool:
    """Has the function a kink or a jump along one array? Then the gap between its slopes stays as h shrinks."""
    precision, step = LADDER[0]
    v = lift(directions(arrays, (name,), seed)[name])
    with bits(precision):
        value = flat(function(arrays))
        gaps = []
        for power in (step - 32, step):
            h = flint.arb(2) ** -power
            ends = [flat(function({**arrays, name: arrays[name] + t * v})) for t in (h, -h)]
            gaps.append(abs(ends[0] - 2 * value + ends[1]) / h)
        # that of a smooth function falls by 2^-32
        stays = gaps[1] * flint.arb(2) ** 16 > gaps[0]
        return bool(np.any(np.asarray(stays, dtype=bool) & np.asarray(abs(flat(dy)) > 0, dtype=bool)))


def smooth_outputs(function: Function, arrays: Arrays, wanted: tuple[str, ...], seed: int) -> np.ndarray:
    """Which outputs have the same slope to both sides along a direction, as the first precision sees it."""
    precision, step = LADDER[0]
    v = directions(arrays, wanted, seed)
    with bits(precision):
        h = flint.arb(2) ** -step
        moves = {name: lift(part) * h for name, part in v.items()}
        value = function(arrays)
        up = function({**arrays, **{name: arrays[name] + move for name, move in moves.items()}}) - value
        down = value - function({**arrays, **{name: arrays[name] - move for name, move in moves.items()}})
        return np.asarray(abs(up - down) <= (abs(up) + abs(down)) * flint.arb(RESOLVED), dtype=bool)
