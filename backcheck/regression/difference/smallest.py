"""The smallest network at which the two sides differ, with its numbers."""

from functools import partial

import numpy as np

from backcheck.diagnosis.shrink import simpler_arrays
from backcheck.keys import OUTPUT, TensorKey, gradient
from backcheck.regression.difference.changes import Smallest
from backcheck.regression.difference.observations import (
    WHOLE_NETWORKS,
    Observations,
    RowKey,
    answers_to,
    case_at,
    compared_answers,
)
from backcheck.regression.difference.tally import Tally
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.sides.answers import SideAnswer, SideTensor
from backcheck.regression.sides.large_cases import entries
from backcheck.regression.sides.processes import BothSides
from backcheck.regression.sides.raw_runs import VALUE
from backcheck.strategies.case import Case, draw_as_text
from backcheck.subjects.arrays import NODE
from backcheck_reports.storage.codec import plain
from scratch_bp.network import Network, Node

SIMPLIFIED = 8  # rules whose smallest case is made simpler, entry by entry: each entry asks both sides again
MOST_SIMPLIFIED = 40  # entries of a case
AS_IT_IS = (Kind.ROUNDING, Kind.NOT_FINITE)  # kinds whose cases are shown as they were met
MOST_WRITTEN = 12  # entries of an array that is written out


def smallest_of(seen: Observations, pair: BothSides) -> dict[str, tuple[RowKey, Smallest]]:
    """For each rule that changed, the case of its worst row with the fewest entries, made simpler where possible."""
    worst: dict[str, tuple[RowKey, Tally]] = {}
    for key, tally in seen.tallies.items():
        before = worst.get(key[0])
        if tally.kind is not Kind.SAME and (before is None or _order(key, tally) < _order(*before)):
            worst[key[0]] = key, tally
    ranked = sorted(worst.values(), key=lambda item: _order(*item))
    found = {}
    for number, (key, tally) in enumerate(ranked):
        case = min((Case.from_json(case_at(seen, pair, place)) for place in tally.places[tally.kind]), key=entries)
        small = entries(case) <= MOST_SIMPLIFIED
        if number < SIMPLIFIED and small and tally.kind not in AS_IT_IS and key[0] != WHOLE_NETWORKS:
            case = simpler_arrays(case, partial(_shows, pair, key, tally.kind))
        found[key[0]] = key, _smallest(pair, case, key)
    return found


def _order(key: RowKey, tally: Tally) -> tuple[int, int, bool, str]:
    """The worst kind first, then the widest dtype: its numbers are the easiest to read."""
    dtypes = ("float64", "float32", "float16", "bfloat16")
    return list(Kind).index(tally.kind), dtypes.index(key[2]), key[1] == VALUE, key[1]


def _tensor(key: RowKey) -> TensorKey:
    return OUTPUT if key[1] == VALUE else gradient(key[1].removeprefix("d"))


def _shows(pair: BothSides, key: RowKey, kind: Kind, case: Case) -> bool:
    """Does the case show the same kind of change in the same tensor?"""
    answers = answers_to(pair, case.to_json(), whole=False)
    return any(name == _tensor(key) and it.kind is kind for name, it in compared_answers(*answers, case.dtype))


def _smallest(pair: BothSides, case: Case, key: RowKey) -> Smallest:
    whole = key[0] == WHOLE_NETWORKS
    old, new = answers_to(pair, case.to_json(), whole)
    arrays, dy = case.make()
    shown = "; ".join(_written(name, each) for name, each in {**arrays, "dy": dy}.items())
    name = _most_apart(old, new) if whole else _tensor(key)
    index, at_old, at_new, truth = _entry(old.tensors.get(name), new.tensors.get(name))
    label = VALUE if name == OUTPUT else f"d{name}"
    return Smallest(network_text(case.network), shown, label + index, at_old, at_new, truth, plain(case.to_json()))


def _most_apart(old: SideAnswer, new: SideAnswer) -> TensorKey:
    """The tensor that differs most."""

    def apart(name: TensorKey) -> float:
        a, b = old.tensors[name].value, new.tensors[name].value
        if a is None or b is None:
            return np.inf
        return float(np.max(np.nan_to_num(abs(a.astype(float) - b.astype(float)), nan=np.inf), initial=0.0))

    return max((name for name in new.tensors if name in old.tensors), key=apart, default=OUTPUT)


def _entry(old: SideTensor | None, new: SideTensor | None) -> tuple[str, str, str, str]:
    """The entry at which the two are furthest apart: its index, both values, and the truth about the new side."""
    if old is None or new is None or old.value is None or new.value is None:
        said = ["none" if each is None or each.value is None else "an answer" for each in (old, new)]
        return "", said[0], said[1], ""
    a, b = (np.asarray(each.value, np.float64) for each in (old, new))
    if a.shape != b.shape or not a.size:
        return "", f"shape {list(a.shape)}", f"shape {list(b.shape)}", ""
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(np.where(a == b, 0.0, abs(a - b)), nan=np.inf)
        hi = new.hi if new.hi is not None else old.hi
        off = abs(b - hi) if hi is not None and not apart.any() else apart
    at = tuple(int(i) for i in np.unravel_index(int(np.nan_to_num(off, nan=np.inf).argmax()), a.shape))
    index = f"[{', '.join(map(str, at))}]" if at else ""
    return index, f"{a[at]:.17g}", f"{b[at]:.17g}", "" if hi is None else f"{hi[at]:.17g}"


def _written(name: str, array: np.ndarray) -> str:
    if array.size > MOST_WRITTEN:
        return f"{name}[{','.join(map(str, array.shape))}]"
    text = np.array2string(np.asarray(array, np.float64), separator=", ", max_line_width=10_000)
    return f"{name} = {text}".replace("\n", "")


def network_text(network: Network) -> str:
    """The network as text. The outputs of a rule that the harness does not know have no shapes in it."""
    try:
        return draw_as_text(network)
    except Exception:  # the shapes are found by running it on zeros, and an unknown rule may raise anything
        return "\n".join(map(_node_text, network.nodes))


def _node_text(node: Node) -> str:
    options = [f"{option}={value!r}" for option, value in node.config.items()]
    name = "y" if node.name == NODE else node.name
    return f"{name} = {node.rule}({', '.join([*node.reads, *options])})"
