"""Growing a random network node by node, so that every network drawn is valid and nothing is drawn and rejected.

A node is drawn as: stop or go on; the value it is about (the latest, mostly); a rule that can read a value of that
shape, and at which position; then each other array, new or one that fits; then its options. The axis names in the
rule's signature decide what fits, so a new rule needs no code here.

Everything is made of one operation, `pick(options)`, earlier being simpler; weights are repetitions in the tuple.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from backcheck.catalogue import Binding, RuleShapes, Shape, Slot, fill
from backcheck.menu import EVERY_SIZE, Entry, Menu, Offer, Sizes, choices_of
from backcheck.picking import MAX_CHOICES, Pick
from scratch_bp.network import ArraySpec, Network, Node

MAX_RANK = 3
NEW, ABSENT = "(new)", "(absent)"


class Grown(NamedTuple):
    """A network and the shape of its output."""

    network: Network
    shape: Shape


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

    def shape_of(self, name: str) -> Shape:
        return self.shapes[name] if name in self.shapes else self.arrays[name].shape

    def new_array(self, name: str, shape: Shape, role: str, classes: int | None = None) -> str:
        self.arrays[name] = ArraySpec(shape, role, classes)
        if classes is None:
            self.shapes[name] = shape
        return name

    def new_node(self, rule: str, reads: tuple[str, ...], config: Mapping[str, Any], shape: Shape) -> None:
        self.latest = f"#{len(self.nodes)}"
        self.nodes.append(Node(self.latest, rule, reads, config))
        self.unread = (*(name for name in self.unread if name not in reads), self.latest)
        self.shapes[self.latest] = shape


def grow(pick: Pick, menu: Menu, max_nodes: int) -> Grown:
    """A network of 1 to `max_nodes` nodes, ending in its last value or in a loss on it."""
    draft = Draft(sizes=menu.sizes)
    draft.new_array("x", pick(menu.starts), "input")
    while _grow_node(pick, menu, draft, max_nodes):
        pass
    losses = menu.losses(draft.shapes[draft.latest]) if len(draft.nodes) < max_nodes else ()
    # drawn even where it decides nothing: the fewer draws hang on others, the better a failure shrinks
    ends_in_loss = pick((False, True))
    if losses and (ends_in_loss or not draft.nodes):
        _add_node(pick, draft, pick(losses), draft.latest)
    keep_unused = pick(range(12)) == 11
    return Grown(_network(draft, keep_unused), draft.shapes[draft.latest])


def _grow_node(pick: Pick, menu: Menu, draft: Draft, max_nodes: int) -> bool:
    """Add a node that is no loss, or stop."""
    latest = draft.shapes[draft.latest]
    going = pick(range(12))
    may_stop = bool(draft.nodes or menu.losses(latest))
    stops = may_stop and going < 1 + bool(draft.nodes)
    if stops or not menu.layers(latest) or len(draft.nodes) == max_nodes:
        return False
    main = _main(pick, menu, draft)
    _add_node(pick, draft, pick(menu.layers(draft.shapes[main])[:MAX_CHOICES]), main)
    return True


def _main(pick: Pick, menu: Menu, draft: Draft) -> str:
    """The value that the next node is about: mostly the latest, else an older one, seldom a parameter."""
    way = pick(range(12))
    others = [name for name in draft.shapes if name != draft.latest and menu.layers(draft.shapes[name])]
    if way < 9 or not others:
        return draft.latest
    values = [name for name in others if name not in draft.arrays or name == "x"]
    dangling = [name for name in values if name in draft.unread]
    return pick(others if way == 11 else (dangling or values or others)[:MAX_CHOICES])


def _add_node(pick: Pick, draft: Draft, offer: Offer, main: str) -> None:
    """Let the rule read `main`, and draw the rest of what it reads and its options."""
    entry, places = offer
    reads, bound = _reads(pick, draft, entry, main, pick((*places[:1] * 3, *places[1:])))
    shapes = [draft.shape_of(name) for name in reads]
    config = _config(pick, entry, shapes[0])
    draft.new_node(entry.name, reads, config, entry.shapes.result(bound, shapes, config))


def _reads(pick: Pick, draft: Draft, entry: Entry, main: str, place: int) -> tuple[tuple[str, ...], Binding]:
    """What the rule reads, with `main` at `place`, and the sizes of its axes."""
    reads, given = {place: main}, len(entry.shapes.arrays)
    bound = entry.shapes.read(place, draft.shapes[main], {}) or {}
    for position in _reading_order(entry.shapes, place):
        name = _read(pick, draft, entry, position, bound, reads) if position < given else ABSENT
        if name == ABSENT:
            given = min(given, position)  # arrays go by position: those behind it are absent too
            continue
        reads[position] = name
        bound = entry.shapes.read(position, draft.shape_of(name), bound) or bound
    return tuple(reads[position] for position in sorted(reads)), bound


def _reading_order(shapes: RuleShapes, place: int) -> list[int]:
    """Class indices last: how many classes there are follows from the other arrays."""
    rest = [position for position in range(len(shapes.arrays)) if position != place]
    return sorted(rest, key=lambda position: shapes.arrays[position].integer)


def _read(pick: Pick, draft: Draft, entry: Entry, position: int, bound: Binding, reads: Mapping[int, str]) -> str:
    """A new array or one that fits, or none where the rule can do without."""
    slot, classes = entry.shapes.arrays[position], None
    if slot.integer:
        (classes,) = fill((entry.row.indices[slot.name],), bound)
    else:
        options = _options(draft, entry, position, bound, reads.values())
        if slot.optional and position > max(reads):
            options = [ABSENT] * ((len(options) + 1) // 2) + options
        if (name := pick(options[:MAX_CHOICES])) != NEW:
            return name
    role = "target" if slot.name == "target" else "parameter"
    return draft.new_array(
        f"{slot.name}#{len(draft.arrays)}", _new_shape(pick, draft.sizes, entry, slot, bound), role, classes
    )


def _options(draft: Draft, entry: Entry, position: int, bound: Binding, taken: Iterable[str]) -> list[str]:
    """A new array and the values and arrays that fit, each as often as it is to be read."""
    fits = [name for name, shape in draft.shapes.items() if entry.shapes.read(position, shape, bound) is not None][-12:]
    slot = entry.shapes.arrays[position]
    if not slot.carries:  # a parameter: mostly a new one, sometimes one that plays the same part elsewhere
        return [NEW] * max(1, 4 * len(fits)) + fits + [name for name in fits if name.startswith(f"{slot.name}#")] * 3
    # data: join a branch, take an older value again, or read the same value twice; a loss of one value is seldom wanted
    new = 2 + (2 * len(fits) if entry.shapes.is_loss else len(fits) // 2)
    return [NEW] * new + [name for name in fits if name in draft.unread and name not in taken] * 3 + fits


def _new_shape(pick: Pick, sizes: Sizes, entry: Entry, slot: Slot, bound: Binding) -> Shape:
    """A shape for this array: its bound axes as they are, the others drawn."""
    free = dict(bound)
    equal = [size for size in bound.values() if isinstance(size, int)]
    for axis in slot.dims:
        if axis.isdigit() or axis in free:
            continue
        if axis[0] != "*":
            free[axis] = pick((*sizes.widths, *equal * 3)[:MAX_CHOICES])
        elif entry.shapes.broadcasts:
            free[axis] = pick(_partners(bound["*broadcast"]))
        else:
            free[axis] = pick(sizes.leads)
    return fill(slot.dims, free)


@lru_cache(maxsize=1024)
def _partners(shape: Shape) -> tuple[Shape, ...]:
    """Shapes that broadcast with this one: the same, fewer axes, an axis of 1, and, the other way, larger ones."""
    shorter = [shape[i:] for i in range(1, len(shape) + 1)]
    flat = [(*shape[:i], 1, *shape[i + 1 :]) for i in range(len(shape)) if shape[i] != 1]
    stretched = [(*shape[:i], 3, *shape[i + 1 :]) for i in range(len(shape)) if shape[i] == 1]
    longer = [(size, *shape) for size in (2, 4) if len(shape) < MAX_RANK]
    return (shape, shape, *shorter, *flat, *stretched, *longer)


def _config(pick: Pick, entry: Entry, shape: Shape) -> dict[str, Any]:
    """The options drawn, without those left at their default: the rule's own default is under test too."""
    config = {}
    for option in entry.row.config:
        choice = pick(choices_of(entry.row, option, shape))
        if choice != entry.shapes.defaults.get(option):
            config[option] = choice
    return config


def _network(draft: Draft, keep_unused: bool) -> Network:
    nodes = draft.nodes if keep_unused else _reaching(draft)
    names = {"x": "x"}
    for number, node in enumerate(nodes, start=1):
        for name in node.reads:
            names[name] = names.get(name) or _name(name.partition("#")[0], number, names)
        names[node.name] = f"h{number}"
    arrays = {names[name]: spec for name, spec in draft.arrays.items() if name in names}
    renamed = (Node(names[n.name], n.rule, tuple(names[name] for name in n.reads), n.config) for n in nodes)
    return Network(arrays, tuple(renamed), names[draft.latest])


def _reaching(draft: Draft) -> list[Node]:
    """The nodes that the output depends on; the others cost time and tell little."""
    used, nodes = {draft.latest}, []
    for node in reversed(draft.nodes):
        if node.name in used:
            used.update(node.reads)
            nodes.append(node)
    return nodes[::-1]


def _name(argument: str, number: int, names: Mapping[str, str]) -> str:
    """`w3` is the w of the third node, and an operand that stands for a value is `p3`; a target is just that."""
    name = argument if argument == "target" else f"{'p' if argument.startswith('x') else argument}{number}"
    while name in names.values() or name == f"h{number}":
        name += "_"
    return name
