"""Which rules can read a value of a given shape, and where: worked out from their signatures once, then remembered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from backcheck.catalogue import Binding, CatalogueError, Row, RuleShapes, Shape, signature_of
from scratch_bp.rules import Rule


class Sizes(NamedTuple):
    """The sizes that networks are made of. A compiler compiles for every shape, so it is given few at a time."""

    leads: tuple[Shape, ...]
    widths: tuple[int, ...]

    @property
    def starts(self) -> tuple[Shape, ...]:
        return tuple((*lead, width) for width in self.widths for lead in self.leads)


# the width 1 first, since it is the simplest, and yet not the most common
EVERY_SIZE = Sizes(leads=((2,), (1,), (4,), (3, 2), ()), widths=(1, 2, 3, 5, 8, 2, 3, 5))


def some_sizes(number: int) -> Sizes:
    """A few of the sizes, by number: two leading shapes and three widths. All numbers together reach every pair."""
    leads, widths = EVERY_SIZE.leads, (2, 3, 5, 8)
    first, second = number % 5, (number // 5) % 4
    pair = (leads[first], leads[(first + 1 + second) % 5])
    others = (widths[number % 4], widths[(number + 1 + number // 4 % 3) % 4])
    return Sizes(pair, (1, *others, *others))


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule that may be drawn."""

    name: str
    row: Row
    shapes: RuleShapes


class Offer(NamedTuple):
    """A rule, and the positions at which it can read a value of the shape asked about."""

    entry: Entry
    places: tuple[int, ...]


class Menu(NamedTuple):
    """The rules to draw from, by the shape that they are to read, and the input shapes that at least one accepts."""

    layers: Callable[[Shape], tuple[Offer, ...]]
    losses: Callable[[Shape], tuple[Offer, ...]]
    starts: tuple[Shape, ...]
    sizes: Sizes


def menu_of(
    rules: Iterable[str] | None, table: Mapping[str, Rule], catalogue: Mapping[str, Row], sizes: Sizes = EVERY_SIZE
) -> Menu:
    """The menu of these rules, in the catalogue's order; a rule without a row there has no options to draw.

    Unless said, all rules but those with a domain.
    """
    undrawn = {name for name, row in catalogue.items() if row.domain}
    chosen = set(table) - undrawn if rules is None else set(rules)
    if chosen & undrawn:
        raise CatalogueError(
            f"{', '.join(sorted(chosen & undrawn))}: not defined everywhere, so not for random networks; leave it out, "
            "or make a network by hand"
        )
    order = [name for name in catalogue if name in chosen] + sorted(chosen - set(catalogue))
    entries = [_entry(name, catalogue.get(name, Row()), signature_of(name, table)) for name in order]
    layers = lru_cache(partial(_offers, [entry for entry in entries if not entry.shapes.is_loss]))
    losses = lru_cache(partial(_offers, [entry for entry in entries if entry.shapes.is_loss]))
    starts = tuple(shape for shape in sizes.starts if layers(shape) or losses(shape))
    if not starts:
        raise CatalogueError(
            f"an input has 1 to 3 axes, as in {sizes.starts[:5]}; none of the rules {order} reads such a one"
        )
    return Menu(layers, losses, starts, sizes)


def _entry(name: str, row: Row, shapes: RuleShapes) -> Entry:
    for slot in shapes.arrays:
        if slot.integer and slot.name not in row.indices:
            raise CatalogueError(
                f"{name}: {slot.name} holds class indices; its row must say which axis they point into"
            )
    return Entry(name, row, shapes)


def choices_of(row: Row, option: str, shape: Shape) -> tuple[Any, ...]:
    """The option's choices for a first array of this shape."""
    choices, rank, least = row.config[option], len(shape), row.least.get(option, 0)
    if option not in row.axes:
        return choices
    return tuple(axis for axis in choices if -rank <= axis < rank and shape[axis] >= least)


def _offers(entries: list[Entry], shape: Shape) -> tuple[Offer, ...]:
    """One offer for each rule that can read a value of this shape, repeated by the rule's weight."""
    offers = [Offer(entry, _places(entry, shape)) for entry in entries for _ in range(entry.row.weight)]
    return tuple(offer for offer in offers if offer.places)


def _places(entry: Entry, shape: Shape) -> tuple[int, ...]:
    row, shapes = entry.row, entry.shapes
    if not all(choices_of(row, option, shape) for option in row.axes):
        return ()
    slots = shapes.arrays[:1] if row.axes or row.least else shapes.arrays
    bound = {i: shapes.read(i, shape, {}) for i, slot in enumerate(slots) if not slot.integer}
    return tuple(i for i, known in bound.items() if known is not None and _large_enough(row, known))


def _large_enough(row: Row, bound: Binding) -> bool:
    return all(bound[axis] >= least for axis, least in row.least.items() if axis in bound)
