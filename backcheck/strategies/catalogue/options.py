"""The sets of options that go with an array of a given shape."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import Binding, Choices, Row


def choices_of(row: Row, option: str, shape: Shape, bound: Binding) -> Choices:
    """The option's choices for a first array of this shape, with these axes."""
    given, rank = row.config[option], len(shape)
    choices = given(bound) if callable(given) else given
    if option not in row.axes:
        return choices
    least = row.axes[option]
    return tuple(choice for choice in choices if all(-rank <= a < rank and shape[a] >= least for a in _axes(choice)))


def _axes(choice: Any) -> tuple[int, ...]:
    """The axes that an option names: one, several, or with None all, which every array has."""
    if choice is None:
        return ()
    return choice if isinstance(choice, tuple) else (choice,)


def every_config(row: Row, shape: Shape, bound: Binding) -> Iterator[dict[str, Any]]:
    """Each whole set of options that goes with a first array of this shape, the simplest first."""
    for choices in product(*(choices_of(row, option, shape, bound) for option in row.config)):
        config = dict(zip(row.config, choices, strict=True))
        if row.fits is None or row.fits(bound, config):
            yield config
