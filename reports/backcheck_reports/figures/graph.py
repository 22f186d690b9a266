"""The drawing of a network: nodes in layers by their longest path from the inputs, what they read as arrows.

An array that one node alone reads, after another value, is named inside its box; the others have boxes of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT = 196, 54
ARRAY_HEIGHT = 26
ACROSS, DOWN = 22, 26  # the gaps between boxes and between layers
LANE = 4
FLAG, EDGE = 56, 8  # room on the left for the word at the fault, and on the right
LETTERS = 24  # of a line in a box
MOST = 60  # nodes: a drawing of more shows nothing


Rows = Mapping[int, tuple[float, float]]  # by layer, where it begins and how tall it is
Lanes = Mapping[tuple[str, int], float]  # by name and layer, the middle of the box, or of what passes by


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
    rows, lanes = _ordered(items, layers)
    boxes = {item.name: _box(item, lanes[item.name, layer], rows[layer][0]) for item, layer in _each(items, layers)}
    arrows = [_arrow(read, item.name, layers, boxes, rows, lanes) for item in items for read in item.reads]
    width = max(middle for middle in lanes.values()) + BOX_WIDTH / 2 + EDGE
    height = max(box.y + box.height for box in boxes.values()) + 4
    title = str(data.get("title", "The network")) + "".join(
        f": {item.title} {item.name}" for item in items if item.kind == "broken" and item.lines
    )
    return Graph(title, width, height, tuple(boxes.values()), tuple(arrows), _described(items))


def _each(items: Sequence[_Item], layers: Mapping[str, int]) -> Iterator[tuple[_Item, int]]:
    return ((item, layers[item.name]) for item in items)


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


def _ordered(items: Sequence[_Item], layers: Mapping[str, int]) -> tuple[Rows, Lanes]:
    """Layer under layer. What is read further down gets a narrow lane of its own in the layers that it passes.

    In a layer all stand in the order of what they come from, and the boxes on the whole below it.
    """
    lanes: dict[tuple[str, int], float] = {}
    rows: dict[int, tuple[float, float]] = {}
    y = 4.0
    for layer in sorted(set(layers.values())):
        here = [item for item, its in _each(items, layers) if its == layer]
        places = [(item.name, BOX_WIDTH, _pull(_near(item, layers), layer, lanes)) for item in here]
        places += [(name, LANE, _pull((name,), layer, lanes)) for name in _passing(items, layers, layer)]
        lanes |= {(name, layer): middle for name, middle in _spaced(places)}
        rows[layer] = y, max(map(_height, here), default=0.0)
        y += rows[layer][1] + DOWN
    left = min(middle for (name, layer), middle in lanes.items() if layers[name] == layer) - BOX_WIDTH / 2
    return rows, {place: middle - left + FLAG for place, middle in lanes.items()}


def _passing(items: Sequence[_Item], layers: Mapping[str, int], layer: int) -> list[str]:
    """What comes from above and is read below."""
    read = {name for item, its in _each(items, layers) for name in item.reads if layers[name] < layer < its}
    return [item.name for item in items if item.name in read]


def _near(item: _Item, layers: Mapping[str, int]) -> Sequence[str]:
    """What it reads from the layer above, if anything: a chain with arrows past it stays straight."""
    return [name for name in item.reads if layers[name] == layers[item.name] - 1] or item.reads


def _pull(names: Sequence[str], layer: int, lanes: Mapping[tuple[str, int], float]) -> float | None:
    """The middle of where things come from in the layer above."""
    known = [lanes[name, layer - 1] for name in names if (name, layer - 1) in lanes]
    return sum(known) / len(known) if known else None


def _spaced(places: Sequence[tuple[str, float, float | None]]) -> Iterator[tuple[str, float]]:
    """Side by side, the boxes on average where they are pulled to; a lane gives way to a box."""
    order = sorted(places, key=lambda place: (place[2] or 0.0, -place[1]))
    middles, x = [], 0.0
    for _, width, _ in order:
        middles.append(x + width / 2)
        x += width + ACROSS
    away = [m - pull for m, (_, width, pull) in zip(middles, order, strict=True) if pull is not None and width > LANE]
    shift = sum(away) / len(away) if away else (x - ACROSS) / 2
    return ((name, middle - shift) for middle, (name, _, _) in zip(middles, order, strict=True))


def _height(item: _Item) -> float:
    return ARRAY_HEIGHT if not item.lines else BOX_HEIGHT - 14 * (len(item.lines) == 1)


def _box(item: _Item, middle: float, y: float) -> Box:
    x = round(middle - BOX_WIDTH / 2, 1)
    return Box(x, y, BOX_WIDTH, _height(item), round(middle, 1), item.kind, item.title, item.lines)


def _arrow(
    read: str, name: str, layers: Mapping[str, int], boxes: Mapping[str, Box], rows: Rows, lanes: Lanes
) -> Arrow:
    """From the foot of one box to the head of another, through its lane in the layers between."""
    start, end = boxes[read], boxes[name]
    x, y = start.middle, start.y + start.height
    line = f"M{x:g} {y:g}"
    for layer in range(layers[read] + 1, layers[name]):
        (top, height), lane = rows[layer], round(lanes[read, layer], 1)
        line += f"{_bend(x, y, lane, top)}V{top + height:g}"
        x, y = lane, top + height
    return Arrow(line + _bend(x, y, end.middle, end.y - 6), f"M{end.middle:g} {end.y:g}l-4 -8h8z")


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (to_y - y) / 2
    return f"C{x:g} {y + half:g} {to_x:g} {to_y - half:g} {to_x:g} {to_y:g}"


def _described(items: Sequence[_Item]) -> str:
    nodes = [f"{item.title} reads {', '.join(item.reads) or 'nothing'}" for item in items if item.lines]
    broken = [f"; the fault is at {item.title}" for item in items if item.kind == "broken"]
    return "; ".join(nodes) + "".join(broken)
