"""What can be drawn of the shaping rules."""

from collections.abc import Mapping
from math import prod

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import DIM, NEW_AXIS, Array, Binding, Choices, Config, Row, few_axes, unique

AXES = (0, -1, 1, -2)
MOST_ENTRIES = 400  # entries of a result: exact arithmetic runs on it

# by the number of axes: exchanges, which are their own inverses, and cycles of three and more, which are not
ORDERS: Mapping[int, Choices] = {
    0: ((),),
    1: ((0,), (-1,)),
    2: ((1, 0), (0, 1), (-1, 0)),
    3: ((1, 2, 0), (0, 2, 1), (2, 0, 1), (2, 1, 0), (-1, 0, 1)),
    4: ((0, 2, 1, 3), (0, 2, 3, 1), (0, 3, 1, 2), (1, 2, 3, 0), (-1, 1, 0, -2)),
    5: ((0, 2, 3, 4, 1), (0, 4, 1, 2, 3), (1, 0, 2, 4, 3)),
}


def _shapes(bound: Binding) -> Choices:
    """Laid flat, one axis kept, and all sizes in the opposite order, which looks like a transpose and is none."""
    shape = bound["*shape"]
    if not shape:
        return ((1,), (-1,), (), (1, -1))
    return unique((-1,), (shape[0], -1), (-1, shape[-1]), shape[::-1], (1, -1), (-1, 1), shape)


def _orders(bound: Binding) -> Choices:
    rank = len(bound["*shape"])
    return ORDERS.get(rank) or ((*range(1, rank), 0), (1, 0, *range(2, rank)))


def _sizes(bound: Binding) -> Choices:
    """Every axis of 1 repeated, or the first of them; new axes before, and none."""
    shape = bound["*shape"]
    kept = (-1,) * len(shape)
    wide = tuple(3 if n == 1 else -1 for n in shape)
    one = next(((*kept[:i], 2, *kept[i + 1 :]) for i, n in enumerate(shape) if n == 1), kept)
    return unique(wide, (2, *kept), one, kept, shape, (3, 1, *wide) if len(shape) < 3 else wide)


def _parts(bound: Binding) -> Choices:
    tuples = [each for n in bound["*shape"] if n > 1 for each in ((1, n - 1), (n - 1, 1), (1, n - 2, 1))]
    return unique(2, 1, 3, *(each for each in tuples if min(each) > 0))


def _split_fits(bound: Binding, config: Config) -> bool:
    size: int | Shape = config["split_size"]
    length: int = bound["*shape"][config["dim"]]
    return sum(size) == length if isinstance(size, tuple) else length <= 4 * size


def _not_empty(bound: Binding, config: Config) -> bool:
    length = bound["*shape"][config["dim"]]
    return len(range(length)[config["start"] : config["stop"] : config["step"]]) > 0


def _flat_fits(bound: Binding, config: Config) -> bool:
    rank = max(len(bound["*shape"]), 1)
    first: int = config["start_dim"]
    last: int = config["end_dim"]
    return -rank <= first < rank and -rank <= last < rank and first % rank <= last % rank


def _looked_up(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """An index like x, one place, more places than there are, and fewer along the other axes."""
    shape, dim = bound["*shape"], config["dim"] % len(bound["*shape"])
    less = tuple(max(n - 1, 1) for n in shape)
    return unique(
        shape,
        (*shape[:dim], 1, *shape[dim + 1 :]),
        (*shape[:dim], shape[dim] + 2, *shape[dim + 1 :]),
        (*less[:dim], shape[dim] + 1, *less[dim + 1 :]),
    )


def _entries(bound: Binding, config: Config) -> int:
    return int(bound["*shape"][config["dim"]])


def _pads(bound: Binding) -> Choices:
    by_axes = ((1, 1), (2, 0), (0, 1), (1, 2, 0, 1), (0, 0, 2, 1), (-1, 2), (1, 0, 0, 1, 1, 1))
    return tuple(pad for pad in by_axes if len(pad) <= 2 * len(bound["*shape"]))


def _pad_fits(bound: Binding, config: Config) -> bool:
    pad, mode, shape = config["pad"], config["mode"], bound["*shape"]
    sizes = [n for n in reversed(shape) for _ in range(2)][: len(pad)]
    padded = prod(shape) // prod(sizes[::2]) * prod(n + sum(pad[2 * i : 2 * i + 2]) for i, n in enumerate(sizes[::2]))
    if mode == "constant":
        return 0 < padded <= MOST_ENTRIES and all(n + p > 0 for n, p in zip(sizes, pad, strict=True))
    beyond = {"reflect": -1, "circular": 0, "replicate": 9}[mode]
    within = all(0 <= p <= n + beyond for n, p in zip(sizes, pad, strict=True))
    return within and padded <= MOST_ENTRIES and config["value"] is None


def _resize_fits(bound: Binding, config: Config) -> bool:
    size, factor = config["size"], config["scale_factor"]
    # corners are aligned between pixels alone; not said, they are not aligned
    if (size is None) == (factor is None) or (config["align_corners"] is not None and config["mode"] == "nearest"):
        return False
    old = (bound["height"], bound["width"])
    factors = factor if isinstance(factor, tuple) else (factor, factor)
    new = [int(n * f) for n, f in zip(old, factors, strict=True)] if size is None else [3, 7]
    return min(new) > 0 and bound["batch"] * bound["channels"] * prod(new) <= MOST_ENTRIES


def _upscales(bound: Binding) -> Choices:
    return tuple(r for r in (2, 3, 1) if bound["packed"] % (r * r) == 0)


ROWS: Mapping[str, Row] = {
    "reshape": Row({"shape": _shapes}),
    "flatten": Row({"start_dim": (0, 1, -2), "end_dim": (-1, 1, -2)}, fits=_flat_fits),
    "squeeze": Row({"dim": (None, 0, -1, (0, 1), (-1, -3))}, axes=DIM),
    "unsqueeze": Row(NEW_AXIS, fits=few_axes),
    "transpose": Row({"dim0": (0, -1), "dim1": (1, -1, -2)}, axes={"dim0": 1, "dim1": 1}),
    "permute": Row({"dims": _orders}, weight=2),
    "expand": Row({"size": _sizes}),
    "split": Row({"split_size": _parts, "dim": AXES}, fits=_split_fits, axes=DIM),
    "slice": Row(
        {"dim": AXES, "start": (None, 1, -2), "stop": (None, -1, 3), "step": (1, 2)}, fits=_not_empty, axes=DIM),
    "gather": Row({"dim": AXES}, axes=DIM, arrays={"index": Array(shapes=_looked_up, indices=_entries)}, weight=2),
    "pad": Row(
        {"pad": _pads, "mode": ("constant", "reflect", "replicate", "circular"), "value": (None, 0.5)}, fits=_pad_fits),
    "upsample": Row(
        {"size": (None, 5, (3, 7)), "scale_factor": (None, 2.0, 1.5, 0.5, (2.0, 3.0)),
         "mode": ("nearest", "bilinear"), "align_corners": (None, False, True)},
        fits=_resize_fits),
    "pixel_shuffle": Row({"upscale_factor": _upscales}),
}  # fmt: skip
