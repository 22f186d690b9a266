"""What may be written at a line: the names that have a value there, by the shapes of these values."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backcheck.edits.site import Site

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of one statement.

    numpy        what the module calls NumPy, or the library in its place; empty where it has none
    arrays       names of arrays, also fields and attributes, the nearest first; each value once
    numbers      names of numbers, and sizes of the arrays: `x.shape[0]`, `len(x)`, `eps`
    names        all names that have a value, whatever it is
    texts        strings that stand in the module
    calls        functions that the module has and does not call, of one array each
    unused       names that are given a value and never read: something is forgotten there
    expressions  other expressions of the module that have a value here
    shape        the shape of the value of an expression; () for a number, None where it is not known
    """

    numpy: str
    arrays: Sequence[str]
    numbers: Sequence[str]
    expressions: Sequence[str]
    shape: Callable[[str], Shape | None]
    calls: Sequence[str] = ()
    unused: frozenset[str] = frozenset()
    names: Sequence[str] = ()
    texts: Sequence[str] = ()

    def of_shape(self, wanted: Shape | None) -> Iterator[str]:
        """The arrays and then the other expressions with a value of this shape."""
        for text in (*self.arrays, *self.expressions):
            if wanted is None or self.shape(text) == wanted:
                yield text


class RepairText(NamedTuple):
    """A text for the place of a node, and how unlikely it is that this is what was meant."""

    text: str
    cost: float


class RepairOperator(NamedTuple):
    """What it is called, the kinds of node that it takes, and what it makes of one."""

    name: str
    kinds: tuple[type, ...]
    drafts: Callable[[Site, Words], Iterator[RepairText]]


def fits(one: Shape | None, other: Shape | None) -> bool:
    """Does the second broadcast to the first? What is not known may."""
    if one is None or other is None:
        return True
    if len(other) > len(one):
        return False
    return all(n in (1, m) for m, n in zip(one[::-1], other[::-1], strict=False))
