"""A network while it grows, and an array that a rule is still to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from backcheck.strategies.candidates import EVERY_SIZE, Candidate, Sizes, Start
from backcheck.strategies.catalogue import Array, Binding, Domain, Shape, Slot
from scratch_bp.network import FIXED, ArraySpec, Node


@dataclass(slots=True)
class Draft:
    """A network while it grows: arrays, nodes, the shape of every float value, and the values nobody reads yet.

    Names are given at the end, when it is known what is left; until then an array is `w#3` and a node `#3`.
    """

    arrays: dict[str, ArraySpec] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    latest: str = "x"
    sizes: Sizes = EVERY_SIZE

    @classmethod
    def of(cls, start: Start, sizes: Sizes) -> "Draft":
        """With nothing but an input."""
        draft = cls(sizes=sizes)
        draft.new_array("x", ArraySpec(start.shape, "input", domain=start.domain))
        return draft

    def copy(self) -> "Draft":
        return Draft(dict(self.arrays), list(self.nodes), dict(self.shapes), self.unread, self.latest, self.sizes)

    def become(self, other: "Draft") -> None:
        """Take back what was added since `other` was a copy of this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))

    def shape_of(self, name: str) -> Shape:
        return self.shapes[name] if name in self.shapes else self.arrays[name].shape

    def domain_of(self, name: str) -> Domain | None:
        return self.arrays[name].domain if name in self.arrays else None

    def new_array(self, name: str, spec: ArraySpec) -> str:
        self.arrays[name] = spec
        if spec.classes is None and spec.role != FIXED:
            self.shapes[name] = spec.shape
        return name

    def new_node(
        self, rule: str, reads: tuple[str, ...], config: Mapping[str, Any], shapes: Mapping[str, Shape]
    ) -> None:
        """`shapes` has the shape of each output, by name."""
        self.nodes.append(Node(self.next_node, rule, reads, config))
        self.latest = next(iter(shapes))
        self.unread = (*(name for name in self.unread if name not in reads), *shapes)
        self.shapes.update(shapes)

    @property
    def next_node(self) -> str:
        return f"#{len(self.nodes)}"


class Want(NamedTuple):
    """One array that a rule is to read, and what is known when it is looked for."""

    entry: Candidate
    position: int
    bound: Binding
    config: Mapping[str, Any]

    @property
    def slot(self) -> Slot:
        return self.entry.shapes.arrays[self.position]

    @property
    def said(self) -> Array:
        """What the row says of this array."""
        return self.entry.row.array(self.slot.stem)

    @property
    def domain(self) -> Domain | None:
        return self.said.domain

    @property
    def role(self) -> str:
        """What a new array is in the network."""
        if self.said.fixed:
            return FIXED
        return "target" if self.slot.name == "target" else "parameter"

    @property
    def shapes(self) -> tuple[Shape, ...] | None:
        """The shapes that the row lists; None where axis names say it all."""
        number = {self.slot.stem: self.slot.number} if self.slot.number else {}
        return None if self.said.shapes is None else self.said.shapes({**self.bound, **number}, self.config)

    @property
    def classes(self) -> int | None:
        """How many values an array of integers may have."""
        indices = self.said.indices
        if not self.slot.integer or indices is None:
            return None
        if callable(indices):
            return indices(self.bound, self.config)
        return indices if isinstance(indices, int) else int(self.bound[indices])

    def takes(self, shape: Shape) -> bool:
        listed = self.shapes
        fits = self.entry.shapes.read(self.position, shape, self.bound) is not None
        return fits and (listed is None or shape in listed)


def node_of(name: str) -> str:
    """The node that gives this value: `#3` gives `#3`, or `#3.0` and `#3.1`."""
    return name.partition(".")[0]
