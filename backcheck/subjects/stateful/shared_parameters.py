"""The parameters of an object as the engine sees them: one array for each piece of memory.

Two places may hold the same numbers: one array in two layers, `self.V = self.W.T`, a buffer `self.flat` and the parts
`self.W` and `self.b` of it. What moves independently is the memory, so that the truth is the derivative by it, through
every array that lies in it. What backward says of it is the sum over the places: a step that subtracts each gradient
from its array adds them up in the one memory. Gradients that lie in one buffer as their parameters lie in theirs are
counted once. Where the sum is wrong, and the gradient of one place is the whole derivative by itself, that is another
reading (`alone`): right for whoever takes a step on that place only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.stateful.memory import addresses, groups, of_one_kind
from backcheck.subjects.stateful.paths import HOLDERS, Leaf, Path

Gradients = Mapping[Path, Any]


class Place(NamedTuple):
    """One place where a parameter is held.

    `at` has the position in the parameter of each entry that the place has, and `counts` is False for entries whose
    gradient is counted elsewhere; both are None for a place that is the parameter itself, alone.
    """

    leaf: Leaf
    at: np.ndarray | None = None
    counts: np.ndarray | None = None

    @property
    def positions(self) -> np.ndarray:
        return np.zeros(0, int) if self.at is None else self.at

    def part(self, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """What the place holds when the parameter has this value."""
        return value if self.at is None else np.ndarray.view(value, np.ndarray).reshape(-1)[self.at].reshape(shape)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One array of the engine's, of this name, and the places where the object holds its numbers."""

    name: str
    shape: tuple[int, ...]
    places: tuple[Place, ...]

    @property
    def in_parts(self) -> bool:
        """Is one of its places all of it, and are the others parts that make it up, as `W` and `b` do a buffer?"""
        return 0 < len(self._parts) < len(self.places) and self._parts_make_it_up

    @property
    def _parts(self) -> frozenset[int]:
        """The places that have some of its entries only, by number."""
        size = np.prod(self.shape)
        return frozenset(n for n, place in enumerate(self.places) if place.positions.size < size)

    @property
    def _parts_make_it_up(self) -> bool:
        at = np.concatenate([np.zeros(0, int), *(self.places[n].positions for n in self._parts)])
        return bool(at.size == np.unique(at).size == np.prod(self.shape))

    @property
    def names(self) -> str:
        """Those of all its places."""
        return _listed([place.leaf.name for place in self.places])

    def value(self, layer: Any) -> np.ndarray:
        """Its numbers in an object."""
        held = [np.asarray(place.leaf.get(layer)) for place in self.places]
        found = np.empty(self.shape, held[0].dtype)
        for place, array in zip(self.places, held, strict=True):
            if place.at is None:
                return array
            found.reshape(-1)[place.at] = array.reshape(-1)
        return found

    def gradient(self, found: Gradients) -> Any:
        """The gradient by it, of what was found at its places; None where nothing was."""
        if self.places[0].at is None:
            return found[self.places[0].leaf.path]
        parts = []
        for place in self.places:
            grad = found[place.leaf.path]
            if grad is not None and np.any(place.counts):
                parts.append((place, np.asanyarray(grad)))
                if parts[-1][1].size != place.positions.size:
                    return grad  # its shape is the finding
        if not parts:
            return None
        # exact numbers keep their class, and balls their watch
        like = next((part for _, part in parts if part.dtype == object), parts[0][1])
        total = np.zeros(self.shape, like.dtype)
        for place, part in parts:
            own = np.ndarray.view(part, np.ndarray).reshape(-1)
            np.add.at(total.reshape(-1), place.positions[place.counts], own[place.counts])
        dressed = np.ndarray.view(total, type(like))
        dressed.__array_finalize__(like)
        return dressed

    def alone(self) -> Iterator[tuple[str, "Parameter"]]:
        """The same with the gradients of some places only, which say all there is, and the names of those."""
        if len(self.places) < 2 or all(place.leaf.path[0] in HOLDERS for place in self.places):
            return  # what is in one holder is stepped on together
        numbers = range(len(self.places))
        whole = [frozenset({n}) for n in numbers if n not in self._parts]
        for chosen in [*whole, *([self._parts] if self._parts and self._parts_make_it_up else [])]:
            only = [
                place._replace(counts=np.full(place.positions.shape, n in chosen))
                for n, place in enumerate(self.places)
            ]
            yield _listed([self.places[n].leaf.name for n in sorted(chosen)]), replace(self, places=tuple(only))


def parameters_of(
    layer: Any, leaves: Sequence[Leaf], found: Gradients, others: Sequence[np.ndarray]
) -> list[Parameter]:
    """The parameters of an object by the places that were found. `found` has the gradients after a backward, and
    `others` are all arrays that it holds. Raises BadInput where views see the memory of a parameter as other numbers.
    """
    values = [leaf.get(layer) for leaf in leaves]
    at = _addresses(layer, leaves, values, others)
    sets: list[list[int]] = []  # the places of one parameter each
    for n in range(len(leaves)):
        touched = [each for each in sets if any(n in at and m in at and np.isin(at[n], at[m]).any() for m in each)]
        joined = sorted([n, *(m for each in touched for m in each)])
        sets = sorted([*(each for each in sets if each not in touched), joined])
    return [_parameter([_Held(leaves[n], values[n], at.get(n)) for n in each], found) for each in sets]


class _Held(NamedTuple):
    """A place with what it holds and, where it shares memory, the addresses of its entries."""

    leaf: Leaf
    value: Any
    at: np.ndarray | None


def _addresses(
    layer: Any, leaves: Sequence[Leaf], values: Sequence[Any], others: Sequence[np.ndarray]
) -> dict[int, np.ndarray]:
    """Those of the entries of each place, by its number, where other places or arrays lie in the same memory."""
    arrays = {n: value for n, value in enumerate(values) if isinstance(value, np.ndarray)}
    numbers = Counter(map(id, arrays.values()))
    shared = {key for key, count in numbers.items() if count > 1}
    for group in groups([*others, *arrays.values()]):
        own = [leaves[n].name for n, value in arrays.items() if any(value is each for each in group)]
        if own and not of_one_kind(group):
            raise BadInput(
                f"{type(layer).__name__}: the parameter {own[0]} shares its memory with an array of another dtype, and "
                "exact numbers cannot be seen as those; hold it in an array of its own"
            )
        shared |= set(map(id, group))
    return {n: addresses(value) for n, value in arrays.items() if id(value) in shared}


def _parameter(held: Sequence[_Held], found: Gradients) -> Parameter:
    """One parameter, held at these places. It has the name and the shape of the first that has all of it, or else is
    the entries of all of them one after the other."""
    first = held[0]
    if first.at is None or (len(held) == 1 and np.unique(first.at).size == first.at.size):
        return Parameter(first.leaf.name, np.shape(first.value), (Place(first.leaf),))
    shared = [(each, each.at) for each in held if each.at is not None]
    order = np.unique(np.concatenate([at for _, at in shared]))
    name, shape = _listed([each.leaf.name for each in held]), order.shape
    for each, at in reversed(shared):
        if at.size == order.size == np.unique(at).size:
            name, shape, order = each.leaf.name, each.value.shape, at
    ranks, counted, places = np.argsort(order), set[tuple[int, int]](), []
    for each, at in shared:
        position = ranks[np.searchsorted(order, at, sorter=ranks)]
        pairs = _pairs(position, found[each.leaf.path], each.value.shape)
        fresh = [pair not in counted for pair in pairs] or [True] * at.size
        places.append(Place(each.leaf, position, np.array(fresh, dtype=bool)))
        counted |= set(pairs)
    return Parameter(name, shape, tuple(places))


def _pairs(position: np.ndarray, grad: Any, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Each entry of a parameter with where its gradient lies: what is the same in two places is one gradient."""
    if not isinstance(grad, np.ndarray) or grad.shape != shape:
        return []
    return list(zip(position.tolist(), addresses(grad).tolist(), strict=True))


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)
