"""The smallest network at which the two sides part, told by its numbers."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from backcheck.diagnosis.shrink import simpler_arrays
from backcheck.keys import OUTPUT, TensorKey, gradient
from backcheck.regression.difference.changes import Smallest, Tally
from backcheck.regression.difference.collection import VALUE, WHOLE, Key, Seen, case_at, compared_answers
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.sides.processes import Pair, both
from backcheck.strategies.case import Case, draw_as_text
from backcheck_reports.storage.codec import dumps
from scratch_bp.network import Network

SIMPLIFIED = 8  # rules whose smallest case is made simpler, entry by entry
FEW = 12  # entries that an array may have to be written out


def smallest_of(seen: Seen, pair: Pair) -> dict[str, tuple[Key, Smallest]]:
    """For each rule that changed: of its worst row the case with the fewest entries, made simpler where it can be."""
    worst: dict[str, tuple[Key, Tally]] = {}
    for key, tally in seen.tallies.items():
        before = worst.get(key[0])
        if tally.kind is not Kind.SAME and (before is None or _order(key, tally) < _order(*before)):
            worst[key[0]] = key, tally
    ranked = sorted(worst.values(), key=lambda item: _order(*item))
    found = {}
    for number, (key, tally) in enumerate(ranked):
        case = min((Case.from_json(case_at(seen, place)) for place in tally.parted[tally.kind]), key=_entries)
        if number < SIMPLIFIED and tally.kind is not Kind.ROUNDING and key[0] != WHOLE:
            case = simpler_arrays(case, partial(_shows, pair, key, tally.kind))
        found[key[0]] = key, _told(pair, case, key)
    return found


def _order(key: Key, tally: Tally) -> tuple[int, int, bool, str]:
    """The worst kind first, then the most bits: what a float64 shows is the easiest to read."""
    dtypes = ("float64", "float32", "float16", "bfloat16")
    return list(Kind).index(tally.kind), dtypes.index(key[2]), key[1] == VALUE, key[1]


def _entries(case: Case) -> int:
    return sum(recipe.size for recipe in case.arrays.values())


def _tensor(key: Key) -> TensorKey:
    return OUTPUT if key[1] == VALUE else gradient(key[1].removeprefix("d"))


def _shows(pair: Pair, key: Key, kind: Kind, case: Case) -> bool:
    old, new = (answer[0] for answer in both(pair, "answer", [(case.to_json(), False)], False))
    return any(name == _tensor(key) and it.kind is kind for name, it in compared_answers(old, new, case.dtype))


def _told(pair: Pair, case: Case, key: Key) -> Smallest:
    whole = key[0] == WHOLE
    old, new = (answer[0] for answer in both(pair, "answer", [(case.to_json(), False)], whole))
    arrays, dy = case.make()
    shown = "; ".join(_written(name, each) for name, each in {**arrays, "dy": dy}.items())
    name = _most_apart(old, new) if whole else _tensor(key)
    entry = _entry(old.tensors.get(name), new.tensors.get(name))
    label = VALUE if name == OUTPUT else f"d{name}"
    return Smallest(
        network_text(case.network), shown, f"{label}{entry[0]}", *entry[1:], json.loads(dumps(case.to_json()))
    )


def _most_apart(old: Any, new: Any) -> TensorKey:
    def apart(name: TensorKey) -> float:
        a, b = (np.asarray(each.tensors[name].value, np.float64) for each in (old, new))
        return float(np.max(np.nan_to_num(abs(a - b), nan=np.inf), initial=0.0))

    return max((name for name in new.tensors if name in old.tensors), key=apart, default=OUTPUT)


def _entry(old: Any, new: Any) -> tuple[str, str, str, str]:
    """Where the two are furthest apart: the index, what each says, and the truth about the new side's function."""
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
    if array.size > FEW:
        return f"{name}[{','.join(map(str, array.shape))}]"
    return f"{name} = {np.array2string(np.asarray(array, np.float64), separator=', ', max_line_width=10_000)}".replace(
        "\n", ""
    )


def network_text(network: Network) -> str:
    """As everywhere else; a rule that the harness does not know is written without the shapes of what it computes."""
    try:
        return draw_as_text(network)
    except Exception:  # anybody's rule, by any name, run on zeros
        return "\n".join(f"{n.name} = {n.rule}({', '.join([*n.reads, *_options(n.config)])})" for n in network.nodes)


def _options(config: Mapping[str, Any]) -> list[str]:
    return [f"{option}={value!r}" for option, value in config.items()]
