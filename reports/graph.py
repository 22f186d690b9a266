"""The drawing of a network: nodes in layers by their longest path from the inputs, what they read as arrows.

An array that one node alone reads, after another value, is named inside its box; the others have boxes of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT = 196, 54
ARRAY_HEIGHT = 26
ACROSS, DOWN = 22, 30  # the gaps between boxes and between layers
FLAG, EDGE = 56, 46  # room on the left for the word at the fault, and on the right for arrows that pass by
LETTERS = 24  # of a line in a box
MOST = 60  # nodes: a drawing of more shows nothing


@dataclass(frozen=True, slots=True)
class Box:
    """`lines` are what the network calls it and reads; `kind` is "array", "node" or "broken"."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    kind: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    line: str
    head: str


@dataclass(frozen=True, slots=True)
class Graph:
    title: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    description: str


@dataclass(frozen=True, slots=True)
class _Item:
    """One box before it has a place: what it is, and the other boxes that it reads."""

    name: str
    kind: str
    title: str
    lines: tuple[str, ...]
    reads: tuple[str, ...]


def graph(data: Mapping[str, Any] | None) -> Graph | None:
    """The drawing from a note's data; None where there is none, or too much."""
    if not data or not isinstance(data.get("nodes"), list) or not 0 < len(data["nodes"]) <= MOST:
        return None
    items = _items(data)
    layers = _layers(items)
    boxes = _placed(items, layers)
    arrows = [_arrow(boxes[read], boxes[item.name], layers, (read, item.name)) for item in items for read in item.reads]
    width = max(box.x + box.width for box in boxes.values()) + EDGE
    height = max(box.y + box.height for box in boxes.values()) + 4
    return Graph(
        str(data.get("title", "The network")), width, height, tuple(boxes.values()), tuple(arrows), _described(items)
    )


def _items(data: Mapping[str, Any]) -> list[_Item]:
    nodes: list[Mapping[str, Any]] = data["nodes"]
    shapes = {str(each["name"]): _shape(each) for each in data.get("arrays", ())}
    known = {*shapes, *(str(node["name"]) for node in nodes)}
    owners = {str(node["name"]): [_owner(str(read), nodes) for read in node["reads"]] for node in nodes}
    reads = {name: [each for each in own if each in known] for name, own in owners.items()}
    inside = {name: _inside(own, reads, shapes) for name, own in reads.items()}
    hidden = {array for own in inside.values() for array in own}
    read = {each for own in reads.values() for each in own}
    broken = str(data.get("broken", ""))
    arrays = [
        _Item(n, "broken" if n == broken else "array", f"{n} {shape}", (), ())
        for n, shape in shapes.items()
        if n not in hidden and n in read
    ]
    return arrays + [_node(node, broken, reads, inside, shapes) for node in nodes]


def _owner(read: str, nodes: Sequence[Mapping[str, Any]]) -> str:
    """The node of an output that is read as "h1.0"."""
    base = read.rpartition(".")[0]
    return base if any(node["name"] == base for node in nodes) else read


def _inside(own: Sequence[str], reads: Mapping[str, Sequence[str]], shapes: Mapping[str, str]) -> list[str]:
    """The arrays of a node that are not worth a box: read once in all, and not the first thing it reads."""
    everywhere = [each for some in reads.values() for each in some]
    return [each for each in own[1:] if each in shapes and everywhere.count(each) == 1]


def _node(
    node: Mapping[str, Any],
    broken: str,
    reads: Mapping[str, Sequence[str]],
    inside: Mapping[str, Sequence[str]],
    shapes: Mapping[str, str],
) -> _Item:
    name = str(node["name"])
    own = _cut(", ".join(f"{array} {shapes[array]}" for array in inside[name]))
    others = tuple(dict.fromkeys(each for each in reads[name] if each not in inside[name]))
    lines = tuple(line for line in (f"{name} {_shape(node)}", own) if line)
    return _Item(name, "broken" if name == broken else "node", _cut(str(node["rule"])), lines, others)


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def _shape(each: Mapping[str, Any]) -> str:
    shape = each.get("shape")
    return f"[{','.join(map(str, shape))}]" if isinstance(shape, list | tuple) else ""


def _layers(items: Sequence[_Item]) -> dict[str, int]:
    """Arrays stand one above the first node that reads them, nodes one below the lowest thing they read."""
    layers: dict[str, int] = {}
    arrays = {item.name for item in items if not item.lines}
    for item in items:
        if item.name not in arrays:
            layers[item.name] = 1 + max((layers.get(read, 0) for read in item.reads), default=0)
    for name in arrays:
        layers[name] = min(layers[item.name] for item in items if name in item.reads) - 1
    return layers


def _placed(items: Sequence[_Item], layers: Mapping[str, int]) -> dict[str, Box]:
    """Layer under layer; in a layer by the middle of what is read, and all layers about one axis."""
    rows: dict[int, list[_Item]] = {}
    for item in items:
        rows.setdefault(layers[item.name], []).append(item)
    widest = max(map(len, rows.values()))
    boxes: dict[str, Box] = {}
    y = 4.0
    for layer in sorted(rows):
        row = sorted(rows[layer], key=lambda item: _pull(item, boxes))
        x = FLAG + (widest - len(row)) * (BOX_WIDTH + ACROSS) / 2
        for turn, item in enumerate(row):
            boxes[item.name] = _box(item, x + turn * (BOX_WIDTH + ACROSS), y)
        y += max(boxes[item.name].height for item in row) + DOWN
    return boxes


def _pull(item: _Item, boxes: Mapping[str, Box]) -> float:
    known = [boxes[read].middle for read in item.reads if read in boxes]
    return sum(known) / len(known) if known else 0.0


def _box(item: _Item, x: float, y: float) -> Box:
    height = ARRAY_HEIGHT if not item.lines else BOX_HEIGHT - 14 * (len(item.lines) == 1)
    return Box(x, y, BOX_WIDTH, height, x + BOX_WIDTH / 2, item.kind, item.title, item.lines)


def _arrow(start: Box, end: Box, layers: Mapping[str, int], names: tuple[str, str]) -> Arrow:
    """Straight down to the next layer, and past the boxes between on the right where there are any."""
    if layers[names[1]] - layers[names[0]] <= 1:
        (x, y), (to_x, to_y) = (start.middle, start.y + start.height), (end.middle, end.y)
        half = (to_y - y) / 2
        line = f"M{x:g} {y:g}C{x:g} {y + half:g} {to_x:g} {to_y - half - 6:g} {to_x:g} {to_y - 6:g}"
        return Arrow(line, f"M{to_x:g} {to_y:g}l-4 -8h8z")
    (x, y), (to_x, to_y) = (start.x + start.width, start.y + start.height / 2), (end.x + end.width, end.y + 14)
    away = max(x, to_x) + EDGE - 8
    line = f"M{x:g} {y:g}C{away:g} {y:g} {away:g} {to_y:g} {to_x + 6:g} {to_y:g}"
    return Arrow(line, f"M{to_x:g} {to_y:g}l8 -4v8z")


def _described(items: Sequence[_Item]) -> str:
    nodes = [f"{item.title} reads {', '.join(item.reads) or 'nothing'}" for item in items if item.lines]
    broken = [f"; the fault is at {item.title}" for item in items if item.kind == "broken"]
    return "; ".join(nodes) + "".join(broken)
