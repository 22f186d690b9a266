"""The true gradient by differences of the forward, for tensors with too many entries to move them one by one.

Entries that act on different outputs can move together: the outputs that change tell them apart. Which outputs an entry
moves is seen in floats, and proved afterwards: along another direction the slopes must give what the forward does. So
where every entry has an output of its own, one move to each side gives the whole gradient. In other large tensors only
some entries are looked at: the ends, the largest answers, and some spread evenly over the tensor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from backcheck_reference.derivatives import along, jacobians
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import balls, exact, limits

MOST_PLACES, LEAST_PLACES = 40, 12  # entries to look at
EFFORT = 1_500_000  # about how many entries all runs of the forward may have together
KINK_GAP = exact.RESOLVED**0.5  # relative; one-sided slopes further apart are a kink, as for `jacobians.pull_back`
LEAST_SHARP = 1e-20  # radius of a slope as a part of its terms; a kink shows from 1e-15 on
GOLDEN_RATIO = 0.6180339887498949  # its multiples, modulo 1, are spread evenly

Members = Sequence[int] | np.ndarray  # places in the flat array
OneSidedSlopes = tuple[float, float]  # the one-sided slopes of an entry, the smaller first


@dataclass(frozen=True, eq=False)
class GradientProbe:
    """A gradient to be found: a function, its arrays, which of them it is taken by, and the cotangent of the value.

    `level` says with how many bits, and with how small a step.
    """

    function: Callable[..., np.ndarray]
    inputs: tuple[np.ndarray, ...]
    which: int
    dy: np.ndarray
    level: int = 0

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
        """Two directions, of 30 random bits in every entry."""
        drawn = [along.directions({"x": self.x}, ("x",), seed, positive=True)["x"] for seed in (1, 2)]
        return [exact.lift(v).ravel() for v in drawn]

    def slopes(self, members: Members, v: np.ndarray, sign: int) -> np.ndarray:
        """For every output, dy times its one-sided slope, where only the members move along v."""
        h = sign * flint.arb(2) ** -exact.LADDER[self.level][1]
        x = self.lifted[self.which].copy()
        x.reshape(-1)[members] += v[members] * h
        moved = [x if i == self.which else array for i, array in enumerate(self.lifted)]
        return self.weights * np.ravel((self.function(*moved) - self.value) / h)


def affordable(x: np.ndarray, dy: np.ndarray) -> bool:
    """Whether the exact oracle differences such an array entry by entry."""
    return x.size <= jacobians.MOST_ENTRIES and x.size * dy.size <= jacobians.MOST_JACOBIAN


def places_to_look_at(got: np.ndarray) -> list[int]:
    """Flat places to look at, the best first: both ends along each axis, then the largest and spread ones in turn."""
    size, places = got.size, np.arange(got.size).reshape(got.shape)
    most = MOST_PLACES if size > jacobians.MOST_ENTRIES else size
    if not size:
        return []
    middles = [n // 2 for n in got.shape]
    ends = [places[(*middles[:a], end, *middles[a + 1 :])] for a in range(got.ndim) for end in (-1, 0)]
    sizes = np.where(np.isfinite(got), abs(got), np.inf).ravel()
    largest = [place for place in np.argsort(-sizes, kind="stable")[:most].tolist() if sizes[place]]
    spread = [int(size * (GOLDEN_RATIO * (i + 1) % 1)) for i in range(most)]
    mixed = [place for i in range(most) for place in (*largest[i : i + 1], spread[i])]
    rest = range(size) if most == size else ()
    return list(dict.fromkeys([size - 1, 0, *map(int, ends), *mixed, *rest]))[:most]


def neighbours(place: int, shape: tuple[int, ...]) -> list[int]:
    """A flat place and those next to it along each axis."""
    at = np.array(np.unravel_index(place, shape))
    steps = [sign * np.eye(len(shape), dtype=int)[axis] for axis in range(len(shape)) for sign in (1, -1)]
    near = [at, *(at + step for step in steps)]
    return [int(np.ravel_multi_index(tuple(i), shape)) for i in near if np.all((i >= 0) & (i < shape))]


def known_at(probe: GradientProbe, chosen: Sequence[int]) -> dict[int, OneSidedSlopes]:
    """The truth by place: at all places if one move gives it, else at as many of those chosen as there is time for."""
    if not chosen:
        return {}
    try:
        return _known_at(probe, chosen)
    except _Blurred:  # beside numbers of 1e30 the difference that a small step makes is lost
        return known_at(replace(probe, level=probe.level + 1), chosen)


class _Blurred(Exception):
    """The precision does not tell the slopes."""


def _known_at(probe: GradientProbe, chosen: Sequence[int]) -> dict[int, OneSidedSlopes]:
    with exact.bits(exact.LADDER[probe.level][0]):
        sets = dict(zip(chosen, _outputs_moved(probe, chosen), strict=True))
        if probe.x.shape == probe.dy.shape and all(moved[i] and moved.sum() == 1 for i, moved in sets.items()):
            every = np.arange(probe.x.size)
            bounds = _together(probe, every, every)
            if bounds is not None:
                return dict(enumerate(bounds))
        return _in_groups(probe, sets)


def _outputs_moved(probe: GradientProbe, chosen: Sequence[int]) -> list[np.ndarray]:
    """For each place, which outputs change in floats if its entry changes a little, or becomes NaN."""
    every = np.ones(probe.dy.size, dtype=bool)
    if probe.dy.size == 1:
        return [every] * len(chosen)
    with np.errstate(all="ignore"):
        try:
            before = np.ravel(probe.function(*probe.inputs))
            with limits.lines_run():
                return [_changed(probe, before, place) for place in chosen]
        except Exception:  # the user's code may refuse such numbers: then every output may have moved
            return [every] * len(chosen)


def _changed(probe: GradientProbe, before: np.ndarray, place: int) -> np.ndarray:
    changed = np.zeros(before.shape, dtype=bool)
    for move in (1 / 64, np.nan):
        inputs = list(probe.inputs)
        inputs[probe.which] = probe.x.copy()
        entry = float(probe.x.flat[place])
        inputs[probe.which].flat[place] = entry + max(abs(entry), 1.0) * move
        changed |= np.ravel(probe.function(*inputs)) != before
    return changed


def _in_groups(probe: GradientProbe, sets: Mapping[int, np.ndarray]) -> dict[int, OneSidedSlopes]:
    """The truth at these places, with as many at once as move different outputs."""
    found: dict[int, OneSidedSlopes] = {}
    groups, left = _apart(sets, probe.dy.size), probe.runs
    while groups and left >= _cost(groups[0]):
        members = groups.pop(0)
        left -= _cost(members)
        owner = np.zeros(probe.dy.size, dtype=int)  # a single place owns every output
        if len(members) > 1:
            owner[:] = -1
            for number, place in enumerate(members):
                owner[sets[place]] = number
        bounds = _together(probe, members, owner)
        if bounds is None:  # they move other outputs than floats showed: one by one, then
            groups = [[place] for place in members] + groups
        else:
            found |= zip(members, bounds, strict=True)
    return found


def _cost(members: Sequence[int]) -> int:
    """Runs of the forward: one to each side, and one for the proof if several entries move."""
    return 3 if len(members) > 1 else 2


def _apart(sets: Mapping[int, np.ndarray], outputs: int) -> list[list[int]]:
    """The places in groups; no two places of a group move the same output."""
    groups: list[tuple[list[int], np.ndarray]] = []
    for place, moved in sets.items():
        group = next((each for each in groups if not np.any(each[1] & moved)), None)
        if group is None:
            group = ([], np.zeros(outputs, dtype=bool))
            groups.append(group)
        group[0].append(place)
        group[1][moved] = True
    return [members for members, _ in groups]


def _together(probe: GradientProbe, members: Members, owner: np.ndarray) -> list[OneSidedSlopes] | None:
    """The one-sided slopes by members that move at once; `owner` says which member moves each output, -1 for none.

    None if the proof shows that the outputs belong to others. A kink of one output is weighed by its own dy, as in the
    exact oracle.
    """
    v = probe.directions[0]
    up, down = probe.slopes(members, v, 1), probe.slopes(members, v, -1)
    parts = (up, down, abs(up - down), abs(up) + abs(down))
    above, below, gaps, sizes = (_owned(terms, owner, len(members)) / v[members] for terms in parts)
    if probe.level + 1 < len(exact.LADDER) and _is_blurred(above + below, sizes):
        raise _Blurred
    if len(members) > 1 and not _proved(probe, members, above):
        return None
    centre, gap = exact.to_float((above + below) / 2), exact.to_float(gaps)
    # where the terms cancel the centre is no measure: the error of the step is a part of the terms
    reach = np.where(gap > KINK_GAP * np.maximum(abs(centre), exact.to_float(sizes)), gap / 2, 0.0)
    return list(zip((centre - reach).tolist(), (centre + reach).tolist(), strict=True))


def _is_blurred(slopes: np.ndarray, sizes: np.ndarray) -> bool:
    """Does what rounding may do to a slope show beside the terms that it is made of?"""
    radii = balls.radii(slopes)
    return bool(np.any(radii[np.isfinite(radii)] > LEAST_SHARP * abs(exact.to_float(sizes))[np.isfinite(radii)]))


def _owned(terms: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
    """The terms added up by owner."""
    totals = exact.lift(np.zeros(count))
    np.add.at(totals, owner[owner >= 0], terms[owner >= 0])
    return totals


def _proved(probe: GradientProbe, members: Members, slopes: np.ndarray) -> bool:
    """Whether along another direction the slopes give what the forward does."""
    v = probe.directions[1]
    terms = slopes * v[members]
    apart = abs(exact.total(probe.slopes(members, v, 1)) - exact.total(terms))
    return apart.is_finite() and not apart > exact.SAME * exact.total(abs(terms))


def wrong_place(probe: GradientProbe, got: np.ndarray) -> int | None:
    """The flat place of an entry at which `got`, in exact numbers, is wrong, found by halving; None if none is."""

    def has_error(low: int, high: int) -> bool:
        members, v = np.arange(low, high), probe.directions[0]
        terms = np.ravel(got)[members] * v[members]
        found, size = exact.total(terms), exact.total(abs(terms))
        up = probe.slopes(members, v, 1)
        if not abs(found - exact.total(up)) > exact.SAME * size:
            return False
        down = probe.slopes(members, v, -1)
        away = abs(found - exact.total(up + down) / 2) - exact.total(abs(up - down)) / 2
        return bool(away > exact.SAME * size)

    with exact.bits(exact.LADDER[0][0]):
        low, high = 0, probe.x.size
        if not has_error(low, high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if has_error(low, middle) else (middle, high)
    return low
