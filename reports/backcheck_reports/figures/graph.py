"""The drawing of a network: nodes in layers by their longest path from the inputs, with arrows for what they read.

An array has a box of its own, unless only one node reads it and reads something else first: then it is named in that
node's box.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT, LINE_HEIGHT = 196, 54, 14
ARRAY_HEIGHT = 26
ACROSS, DOWN = 22, 26  # the gaps between boxes and between layers
LANE_WIDTH = 4  # of an arrow that passes a layer
LEFT_MARGIN, RIGHT_MARGIN = 56, 8  # on the left there is room for the word at the fault
LINE_LETTERS = 24  # of a line in a box
MOST_NODES = 60  # a drawing of more shows nothing

LayerRows = Mapping[int, tuple[float, float]]  # by layer, where it begins and how tall it is
Middles = Mapping[tuple[str, int], float]  # by name and layer, the middle of the box, or of the arrow that passes


@dataclass(frozen=True, slots=True)
class Box:
    """`kind` is "array", "node" or "broken"; `lines` are its name and shape, and the arrays that only it reads."""

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
    """The drawing from a note's data; None where there are none, or too many nodes."""
    if not data or not isinstance(data.get("nodes"), list) or not 0 < len(data["nodes"]) <= MOST_NODES:
        return None
    items = _items(data)
    layers = _layers(items)
    rows, middles = _placed(items, layers)
    boxes = {}
    for item in items:
        layer = layers[item.name]
        middle, y = middles[item.name, layer], rows[layer][0]
        own = (item.kind, item.title, item.lines)
        boxes[item.name] = Box(round(middle - BOX_WIDTH / 2, 1), y, BOX_WIDTH, _height(item), round(middle, 1), *own)
    arrows = [_arrow(read, item.name, layers, boxes, rows, middles) for item in items for read in item.reads]
    width = max(middles.values()) + BOX_WIDTH / 2 + RIGHT_MARGIN
    height = max(box.y + box.height for box in boxes.values()) + 4
    title = str(data.get("title", "The network")) + "".join(
        f": {item.title} {item.name}" for item in items if item.kind == "broken" and item.lines
    )
    return Graph(title, width, height, tuple(boxes.values()), tuple(arrows), _described(items))


def _items(data: Mapping[str, Any]) -> list[_Item]:
    nodes: list[Mapping[str, Any]] = data["nodes"]
    shapes = {str(each["name"]): _shape(each) for each in data.get("arrays", ())}
    names = {str(node["name"]) for node in nodes}

    def source(read: str) -> str:
        """The name of what is read; for one of several outputs, read as "h1.0", the name of the node."""
        base = read.rpartition(".")[0]
        return base if base in names else read

    sources = {str(node["name"]): [source(str(read)) for read in node["reads"]] for node in nodes}
    reads = {name: [each for each in some if each in shapes or each in names] for name, some in sources.items()}
    times = Counter(each for some in reads.values() for each in some)
    # an array is named in a node's box if nothing else reads it, and the node reads something else first
    inside = {n: [each for each in some[1:] if each in shapes and times[each] == 1] for n, some in reads.items()}
    hidden = {array for some in inside.values() for array in some}
    broken = str(data.get("broken", ""))
    arrays = [
        _Item(name, "broken" if name == broken else "array", f"{name} {shape}", (), ())
        for name, shape in shapes.items()
        if name not in hidden and name in times
    ]
    return arrays + [_node(node, broken, reads, inside, shapes) for node in nodes]


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
    return text if len(text) <= LINE_LETTERS else text[: LINE_LETTERS - 1] + "…"


def _shape(each: Mapping[str, Any]) -> str:
    shape = each.get("shape")
    return f"[{','.join(map(str, shape))}]" if isinstance(shape, list | tuple) else ""


def _layers(items: Sequence[_Item]) -> dict[str, int]:
    """A node stands one layer below the lowest thing that it reads, an array one above the first node that reads it."""
    layers: dict[str, int] = {}
    arrays = {item.name for item in items if not item.lines}
    for item in items:
        if item.name not in arrays:
            layers[item.name] = 1 + max((layers.get(read, 0) for read in item.reads), default=0)
    for name in arrays:
        layers[name] = min(layers[item.name] for item in items if name in item.reads) - 1
    return layers


def _placed(items: Sequence[_Item], layers: Mapping[str, int]) -> tuple[LayerRows, Middles]:
    """Layer under layer. An arrow that goes further down has a narrow lane in each layer that it passes.

    In a layer, boxes and lanes stand in the order of what they come from in the layer above, near below it.
    """
    middles: dict[tuple[str, int], float] = {}
    rows: dict[int, tuple[float, float]] = {}
    y = 4.0
    for layer in sorted(set(layers.values())):
        here = [item for item in items if layers[item.name] == layer]
        below = [item for item in items if layers[item.name] > layer]
        # what an item reads from the layer just above, if anything: so a chain is straight, even where arrows pass it
        near = [[name for name in item.reads if layers[name] == layer - 1] or item.reads for item in here]
        passing = {name for item in below for name in item.reads if layers[name] < layer}
        wanted = [(i.name, BOX_WIDTH, _middle_above(n, layer, middles)) for i, n in zip(here, near, strict=True)]
        wanted += [(i.name, LANE_WIDTH, _middle_above((i.name,), layer, middles)) for i in items if i.name in passing]
        middles |= {(name, layer): middle for name, middle in _spaced(wanted)}
        rows[layer] = y, max(map(_height, here), default=0.0)
        y += rows[layer][1] + DOWN
    left = min(middle for (name, layer), middle in middles.items() if layers[name] == layer) - BOX_WIDTH / 2
    return rows, {place: middle - left + LEFT_MARGIN for place, middle in middles.items()}


def _middle_above(names: Sequence[str], layer: int, middles: Middles) -> float | None:
    """The mean of the middles that these things have in the layer above; None where they have none there."""
    known = [middles[name, layer - 1] for name in names if (name, layer - 1) in middles]
    return sum(known) / len(known) if known else None


def _spaced(wanted: Sequence[tuple[str, float, float | None]]) -> Iterator[tuple[str, float]]:
    """The middles of things that stand side by side, from their widths and the middles that they want.

    On average the boxes stand where they want to; the lanes have no say.
    """
    order = sorted(wanted, key=lambda each: (each[2] or 0.0, -each[1]))
    middles, x = [], 0.0
    for _, width, _ in order:
        middles.append(x + width / 2)
        x += width + ACROSS
    boxes = [(m, want) for m, (_, width, want) in zip(middles, order, strict=True) if width > LANE_WIDTH]
    away = [middle - want for middle, want in boxes if want is not None]
    shift = sum(away) / len(away) if away else (x - ACROSS) / 2
    return ((name, middle - shift) for middle, (name, _, _) in zip(middles, order, strict=True))


def _height(item: _Item) -> float:
    if not item.lines:
        return ARRAY_HEIGHT
    return BOX_HEIGHT if len(item.lines) > 1 else BOX_HEIGHT - LINE_HEIGHT


def _arrow(
    read: str, name: str, layers: Mapping[str, int], boxes: Mapping[str, Box], rows: LayerRows, middles: Middles
) -> Arrow:
    """From the foot of one box to the head of another, through its lane in the layers between."""
    start, end = boxes[read], boxes[name]
    x, y = start.middle, start.y + start.height
    line = f"M{x:g} {y:g}"
    for layer in range(layers[read] + 1, layers[name]):
        (top, height), lane = rows[layer], round(middles[read, layer], 1)
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
