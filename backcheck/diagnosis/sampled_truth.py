"""The truth about a gradient by differences of the forward, of a tensor with too many entries to move one by one too.

Entries that act on different outputs can move together, and are told apart by the outputs that they move. Which outputs
those are is seen in floats and proved afterwards: along another direction the slopes found have to give what the
forward does. So where every entry has one output of its own, one move to each side tells all of them. Elsewhere a large
tensor is looked at in some of its entries: the ends, the largest answers, and places all over it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backcheck_reference.derivatives import along, jacobians
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact

MOST_PLACES, LEAST_PLACES = 40, 12  # entries to look at
EFFORT = 1_500_000  # entries that all runs of the forward may have together, more or less
SAME = 1e-20  # exact answers further apart than this part are two answers
KINK = exact.RESOLVED**0.5  # one-sided slopes further apart than this part are a kink, as for `jacobians.pull_back`
GOLDEN = 0.6180339887498949

Members = Sequence[int] | np.ndarray  # places in the flat array
Bound = tuple[float, float]  # the one-sided slopes of an entry, the smaller first


@dataclass(frozen=True, eq=False)
class GradientProbe:
    """A function of arrays, where it is to be differentiated by one of them, and the cotangent of its value."""

    function: Callable[..., np.ndarray]
    inputs: tuple[np.ndarray, ...]
    which: int
    dy: np.ndarray

    @property
    def x(self) -> np.ndarray:
        return self.inputs[self.which]

    @cached_property
    def lifted(self) -> list[np.ndarray]:
        return [exact.lift(array) for array in self.inputs]

    @cached_property
    def value(self) -> np.ndarray:
        value = np.asarray(self.function(*self.lifted), dtype=object)
        exact.require_exact("the forward value", value)
        return value

    @cached_property
    def weights(self) -> np.ndarray:
        return np.ravel(exact.lift(self.dy))

    @cached_property
    def runs(self) -> int:
        """How often the forward may be run."""
        return max(2 * LEAST_PLACES, EFFORT // max(self.x.size, self.dy.size))

    @cached_property
    def directions(self) -> list[np.ndarray]:
        """Two, of 30 random bits in every entry."""
        drawn = [along.directions({"x": self.x}, ("x",), seed, positive=True)["x"] for seed in (1, 2)]
        return [exact.lift(v).ravel() for v in drawn]

    def slopes(self, members: Members, v: np.ndarray, sign: int) -> np.ndarray:
        """dy times the one-sided slope of every output, without the sum, where the members alone move along v."""
        h = sign * flint.arb(2) ** -exact.LADDER[0][1]
        x = self.lifted[self.which].copy()
        x.reshape(-1)[members] += v[members] * h
        moved = [x if i == self.which else array for i, array in enumerate(self.lifted)]
        return self.weights * np.ravel((self.function(*moved) - self.value) / h)


def affordable(x: np.ndarray, dy: np.ndarray) -> bool:
    """Whether the exact oracle differences such an array entry by entry."""
    return x.size <= jacobians.MOST_ENTRIES and x.size * dy.size <= jacobians.MOST_JACOBIAN


def spots(got: np.ndarray) -> list[int]:
    """Flat places to look at, in order of preference: both ends along each axis, then the largest and all over."""
    size, places = got.size, np.arange(got.size).reshape(got.shape)
    most = MOST_PLACES if size > jacobians.MOST_ENTRIES else size
    if not size:
        return []
    middles = [n // 2 for n in got.shape]
    ends = [places[(*middles[:a], end, *middles[a + 1 :])] for a in range(got.ndim) for end in (-1, 0)]
    sizes = np.where(np.isfinite(got), abs(got), np.inf).ravel()
    largest = [place for place in np.argsort(-sizes, kind="stable")[:most].tolist() if sizes[place]]
    spread = [int(size * (GOLDEN * (i + 1) % 1)) for i in range(most)]
    mixed = [place for i in range(most) for place in (*largest[i : i + 1], spread[i])]
    rest = range(size) if most == size else ()
    return list(dict.fromkeys([size - 1, 0, *map(int, ends), *mixed, *rest]))[:most]


def beside(place: int, shape: tuple[int, ...]) -> list[int]:
    """A flat place and those next to it along each axis."""
    at = np.array(np.unravel_index(place, shape))
    steps = [sign * np.eye(len(shape), dtype=int)[axis] for axis in range(len(shape)) for sign in (1, -1)]
    near = [at, *(at + step for step in steps)]
    return [int(np.ravel_multi_index(tuple(i), shape)) for i in near if np.all((i >= 0) & (i < shape))]


def known_at(point: GradientProbe, chosen: Sequence[int]) -> dict[int, Bound]:
    """The truth by place: at all there are where that is one move, else at those chosen that there is time for."""
    if not chosen:
        return {}
    with exact.bits(exact.LADDER[0][0]):
        sets = dict(zip(chosen, _outputs_moved(point, chosen), strict=True))
        if point.x.shape == point.dy.shape and all(moved[i] and moved.sum() == 1 for i, moved in sets.items()):
            every = np.arange(point.x.size)
            bounds = _together(point, every, every)
            if bounds is not None:
                return dict(enumerate(bounds))
        return _in_groups(point, sets)


def _outputs_moved(point: GradientProbe, chosen: Sequence[int]) -> list[np.ndarray]:
    """For each place the outputs that change in floats when its entry does, by a little or to no number at all."""
    every = np.ones(point.dy.size, dtype=bool)
    if point.dy.size == 1:
        return [every] * len(chosen)
    with np.errstate(all="ignore"):
        try:
            before = np.ravel(point.function(*point.inputs))
            return [_changed(point, before, place) for place in chosen]
        except Exception:  # anybody's code, which may refuse such numbers: then every output may have moved
            return [every] * len(chosen)


def _changed(point: GradientProbe, before: np.ndarray, place: int) -> np.ndarray:
    changed = np.zeros(before.shape, dtype=bool)
    for move in (1 / 64, np.nan):
        inputs = list(point.inputs)
        inputs[point.which] = point.x.copy()
        entry = float(point.x.flat[place])
        inputs[point.which].flat[place] = entry + max(abs(entry), 1.0) * move
        changed |= np.ravel(point.function(*inputs)) != before
    return changed


def _in_groups(point: GradientProbe, sets: Mapping[int, np.ndarray]) -> dict[int, Bound]:
    found: dict[int, Bound] = {}
    groups, left = _apart(sets, point.dy.size), point.runs
    while groups and left >= _cost(groups[0]):
        members = groups.pop(0)
        left -= _cost(members)
        owner = np.full(point.dy.size, -1 if len(members) > 1 else 0)
        for number, place in enumerate(members if len(members) > 1 else ()):
            owner[sets[place]] = number
        bounds = _together(point, members, owner)
        if bounds is None:  # what they move is not what it seemed: one by one
            groups = [[place] for place in members] + groups
        else:
            found |= zip(members, bounds, strict=True)
    return found


def _cost(members: Sequence[int]) -> int:
    """Runs: to both sides, and where several move once more for the proof."""
    return 3 if len(members) > 1 else 2


def _apart(sets: Mapping[int, np.ndarray], outputs: int) -> list[list[int]]:
    """Groups of places no two of which move the same output."""
    groups: list[tuple[list[int], np.ndarray]] = []
    for place, moved in sets.items():
        group = next((each for each in groups if not np.any(each[1] & moved)), None)
        if group is None:
            group = ([], np.zeros(outputs, dtype=bool))
            groups.append(group)
        group[0].append(place)
        group[1][moved] = True
    return [members for members, _ in groups]


def _together(point: GradientProbe, members: Members, owner: np.ndarray) -> list[Bound] | None:
    """The slopes by members that move at once; `owner` says which of them each output belongs to, -1 for none.

    None when the outputs turn out to belong to others. A kink of one output is weighed by its own dy, as in the oracle.
    """
    v = point.directions[0]
    up, down = point.slopes(members, v, 1), point.slopes(members, v, -1)
    above, below, gaps = (_owned(terms, owner, len(members)) / v[members] for terms in (up, down, abs(up - down)))
    if len(members) > 1 and not _proved(point, members, above):
        return None
    centre, gap = exact.to_float((above + below) / 2), exact.to_float(gaps)
    reach = np.where(gap > KINK * abs(centre), gap / 2, 0.0)
    return list(zip((centre - reach).tolist(), (centre + reach).tolist(), strict=True))


def _owned(terms: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
    """The terms added up by owner."""
    totals = exact.lift(np.zeros(count))
    np.add.at(totals, owner[owner >= 0], terms[owner >= 0])
    return totals


def _proved(point: GradientProbe, members: Members, slopes: np.ndarray) -> bool:
    """Along another direction the slopes give what the forward does."""
    v = point.directions[1]
    terms = slopes * v[members]
    apart = abs(exact.total(point.slopes(members, v, 1)) - exact.total(terms))
    return not apart > SAME * exact.total(abs(terms))


def wrong_place(point: GradientProbe, got: np.ndarray) -> int | None:
    """An entry at which `got`, in exact numbers, is not the gradient, found by halving; None if there is none."""

    def off(low: int, high: int) -> bool:
        members, v = np.arange(low, high), point.directions[0]
        terms = np.ravel(got)[members] * v[members]
        found, size = exact.total(terms), exact.total(abs(terms))
        up = point.slopes(members, v, 1)
        if not abs(found - exact.total(up)) > SAME * size:
            return False
        down = point.slopes(members, v, -1)
        away = abs(found - exact.total(up + down) / 2) - exact.total(abs(up - down)) / 2
        return bool(away > SAME * size)

    with exact.bits(exact.LADDER[0][0]):
        low, high = 0, point.x.size
        if not off(low, high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if off(low, middle) else (middle, high)
    return low
