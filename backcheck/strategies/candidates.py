"""Which rules can read a value of a given shape, and where: worked out from their signatures once, then remembered."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

from backcheck.strategies.catalogue import Binding, CatalogueError, Domain, Row, RuleShapes, Shape, signature_of
from backcheck.strategies.catalogue.options import every_config
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes
from scratch_bp.rules import Rule


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that may be drawn. The sets of options that go with a shape are worked out once."""

    name: str
    row: Row
    shapes: RuleShapes
    _configs: dict[Shape, tuple[dict[str, Any], ...]] = field(default_factory=dict, compare=False)
    _places: dict[tuple[Shape, Domain | None], tuple[int, ...]] = field(default_factory=dict, compare=False)

    def places(self, shape: Shape, domain: Domain | None) -> tuple[int, ...]:
        """The positions at which the rule can read a value of this shape."""
        if (shape, domain) not in self._places:
            self._places[shape, domain] = _places(self, shape, domain)
        return self._places[shape, domain]

    @property
    def follows(self) -> bool:
        """Can it read what another rule computes? Nobody can promise that such numbers lie in a domain."""
        return any(self.row.array(self.shapes.arrays[at].stem).domain is None for at in _readable(self))

    def configs(self, shape: Shape) -> tuple[dict[str, Any], ...]:
        """Each whole set of options that goes with a first array of this shape."""
        if shape not in self._configs:
            bound = self.shapes.read(self.shapes.leader, shape, {})
            found = () if bound is None else tuple(every_config(self.row, shape, bound))
            self._configs[shape] = found
        return self._configs[shape]

    def has_config(self, shape: Shape) -> bool:
        """Is there any? The first that is found will do."""
        bound = self.shapes.read(self.shapes.leader, shape, {})
        return bound is not None and next(every_config(self.row, shape, bound), None) is not None

    def counted(self, bound: Binding, config: Mapping[str, Any]) -> "Candidate":
        """The rule with as many arrays as it reads with these options."""
        count = next((array.count for array in self.row.arrays.values() if array.count), None)
        return self if count is None else replace(self, shapes=self.shapes.counted(count(bound, config)))


class Offer(NamedTuple):
    """A rule, and the positions at which it can read a value of the shape asked about."""

    candidate: Candidate
    places: tuple[int, ...]


class Start(NamedTuple):
    """What an input may be: its shape, and the domain that its numbers lie in, if any."""

    shape: Shape
    domain: Domain | None = None


Offers = Callable[[Shape, Domain | None], tuple[Offer, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """The rules to draw from, by name.

    layers, losses   the rules that can read a value of a shape and a domain; what a node computes has no domain
    starts           the inputs that at least one rule can read
    """

    candidates: Mapping[str, Candidate]
    layers: Offers
    losses: Offers
    starts: tuple[Start, ...]
    sizes: Sizes


NO_ROW = Row()
NO_DOMAIN = 12  # inputs without a domain for each one with a domain
MOST_MENUS, MOST_CANDIDATES, MOST_SHAPES = 200, 2_000, 4_096
_CANDIDATES: dict[Any, Candidate] = {}  # a candidate holds its row, whose id is in its key
# with the candidates, whose rows must live as long as their ids
_MENUS: dict[Any, tuple[tuple[Candidate, ...], Menu]] = {}


def menu_of(
    rules: Iterable[str] | None, table: Mapping[str, Rule], catalogue: Mapping[str, Row], sizes: Sizes = EVERY_SIZE
) -> Menu:
    """The menu of these rules, in the catalogue's order; a rule without a row there has no options to draw."""
    chosen = set(table) if rules is None else set(rules)
    order = [name for name in catalogue if name in chosen] + sorted(chosen - set(catalogue))
    found = tuple(candidate_of(name, table, catalogue) for name in order)
    # the same menu is one object, however often it is asked for: what is worked out about it is kept with it
    key = (sizes, tuple((each.name, each.shapes.forward, id(each.row)) for each in found))
    if key not in _MENUS:
        if len(_MENUS) >= MOST_MENUS:
            _MENUS.clear()
        _MENUS[key] = found, _menu(found, sizes)
    return _MENUS[key][1]


def _menu(candidates: tuple[Candidate, ...], sizes: Sizes) -> Menu:
    layers, losses = (
        lru_cache(MOST_SHAPES)(partial(_offers, [each for each in candidates if each.shapes.is_loss is loss]))
        for loss in (False, True)
    )
    domains = dict.fromkeys(a.domain for each in candidates for a in each.row.arrays.values() if a.domain)

    def is_read(start: Start) -> bool:
        return any(each.places(*start) for each in candidates)

    anywhere = [start for start in map(Start, sizes.starts) if is_read(start)]
    bounded = [start for shape in sizes.starts for d in domains if is_read(start := Start(shape, d))]
    if not anywhere and not bounded and sizes != EVERY_SIZE:
        return _menu(candidates, EVERY_SIZE)  # few sizes spare a compiler time; of these rules none reads any
    if not anywhere and not bounded:
        raise CatalogueError(
            f"an input is one of {sizes.starts[:5]}, an image or a volume; none of the rules "
            f"{[each.name for each in candidates]} reads such a one"
        )
    times = 1 if not bounded or not anywhere else max(1, NO_DOMAIN * len(bounded) // len(anywhere))
    return Menu({each.name: each for each in candidates}, layers, losses, (*anywhere * times, *bounded), sizes)


def candidate_of(name: str, table: Mapping[str, Rule], catalogue: Mapping[str, Row]) -> Candidate:
    """The rule as it may be drawn. Raises CatalogueError where its signature or its row does not say enough."""
    row, shapes = catalogue.get(name, NO_ROW), signature_of(name, table)
    key = (name, shapes.forward, id(row))
    if key not in _CANDIDATES:
        for slot in shapes.arrays:
            if slot.integer and row.array(slot.stem).indices is None:
                raise CatalogueError(
                    f"{name}: {slot.name} holds integers; its row must say which axis they point into, or how many "
                    "values there are"
                )
        if len(_CANDIDATES) >= MOST_CANDIDATES:
            _CANDIDATES.clear()
        _CANDIDATES[key] = Candidate(name, row, shapes)
    return _CANDIDATES[key]


def _offers(candidates: Sequence[Candidate], shape: Shape, domain: Domain | None) -> tuple[Offer, ...]:
    """One offer for each rule that can read a value of this shape, repeated by the rule's weight."""
    offers = [Offer(each, each.places(shape, domain)) for each in candidates]
    return tuple(offer for offer in offers if offer.places for _ in range(offer.candidate.row.weight))


def _places(candidate: Candidate, shape: Shape, domain: Domain | None) -> tuple[int, ...]:
    row, shapes = candidate.row, candidate.shapes
    known = {
        i: shapes.read(i, shape, {})
        for i in _readable(candidate)
        if row.array(shapes.arrays[i].stem).domain in (None, domain)
    }
    places = tuple(i for i, bound in known.items() if bound is not None and _large_enough(row, bound))
    return places if not row.led or (places and candidate.has_config(shape)) else ()


def _readable(candidate: Candidate) -> Iterator[int]:
    """The positions at which it may read a value that is there: no integers, and only the first where that leads."""
    row, shapes = candidate.row, candidate.shapes
    for i, slot in enumerate(shapes.arrays):
        if not slot.integer and not row.array(slot.stem).fixed and (not row.led or i == shapes.leader):
            yield i


def _large_enough(row: Row, bound: Binding) -> bool:
    return all(bound[axis] >= least for axis, least in row.axes.items() if axis in bound)
