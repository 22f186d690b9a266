"""A network while it grows, and an array that a rule is still to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from backcheck.strategies.candidates import Candidate, Start
from backcheck.strategies.catalogue import Array, Binding, Domain, Shape, Slot
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes
from scratch_bp.network import FIXED, ArraySpec, Network, Node


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
        """Take the state of `other`, a copy from before: what was added since then is gone."""
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
    """One array that a rule is to read, and what is known at that time: the sizes of axes, and the options."""

    candidate: Candidate
    position: int
    bound: Binding
    config: Mapping[str, Any]

    @property
    def slot(self) -> Slot:
        return self.candidate.shapes.arrays[self.position]

    @property
    def said(self) -> Array:
        """What the row says of this array."""
        return self.candidate.row.array(self.slot.stem)

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
        fits = self.candidate.shapes.read(self.position, shape, self.bound) is not None
        return fits and (listed is None or shape in listed)


def node_of(name: str) -> str:
    """The node that gives this value: `#3` gives `#3`, or `#3.0` and `#3.1`."""
    return name.partition(".")[0]


def network_of(draft: Draft, keep_unused: bool) -> Network:
    """The network with its final names; of the nodes those that its output depends on, or all."""
    nodes = draft.nodes if keep_unused else _reaching(draft)
    names = {"x": "x"}
    for number, node in enumerate(nodes, start=1):
        for name in node.reads:
            names[name] = names.get(name) or _name(name.partition("#")[0], number, names)
        outputs = [name for name in draft.shapes if node_of(name) == node.name]
        names |= {name: f"h{number}{name.removeprefix(node.name)}" for name in (node.name, *outputs)}
    arrays = {names[name]: spec for name, spec in draft.arrays.items() if name in names}
    renamed = (Node(names[n.name], n.rule, tuple(names[name] for name in n.reads), n.config) for n in nodes)
    return Network(arrays, tuple(renamed), names[draft.latest])


def _reaching(draft: Draft) -> list[Node]:
    """The nodes that the output depends on. The others cost time and tell little."""
    used, nodes = {node_of(draft.latest)}, []
    for node in reversed(draft.nodes):
        if node.name in used:
            used.update(map(node_of, node.reads))
            nodes.append(node)
    return nodes[::-1]


def _name(argument: str, number: int, names: Mapping[str, str]) -> str:
    """`w3` is the w of the third node and `weights2_3` its second weight, and an operand that stands for a value is
    `p3`; a target is just that."""
    stem = "p" if argument.startswith("x") else f"{argument}_" if argument[-1].isdigit() else argument
    name = argument if argument == "target" else f"{stem}{number}"
    while name in names.values() or name == f"h{number}":
        name += "_"
    return name
