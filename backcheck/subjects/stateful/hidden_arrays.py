"""The float arrays of an object that its value depends on, and for which no gradient is looked for.

A bias whose gradient backward forgets has no `db` to be found by. An array beside parameters with a gradient, or one
that is called as weights and biases are, may be one: it is not judged, and that is no agreement. Statistics and masks
are called so, and what forward itself writes is its state.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.subjects.arrays import is_integer
from backcheck.subjects.pairs.generators import generators_of
from backcheck.subjects.pairs.outputs import pack
from backcheck.subjects.stateful.layer import Layer, run
from backcheck.subjects.stateful.memory import addresses
from backcheck.subjects.stateful.object_copy import copied, floats_of, with_array
from backcheck.subjects.stateful.paths import Path, follow
from backcheck_reference.numbers.balls import BITS

BUFFERS = ("running", "moving", "num_batches", "mask")  # what hand-written layers call what is never trained
PARAMETER = re.compile(r"(w|u|v|b|weights?|bias(es)?|gamma|beta|kernels?|theta|embeddings?)(_?\w\w?)?(_term)?$", re.I)


class HiddenArrays(NamedTuple):
    """By name: those that may be parameters, of which the gradient is not judged, and all others."""

    unjudged: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return *self.unjudged, *self.others

    @property
    def notes(self) -> list[str]:
        """What is said of the others."""
        names = ", ".join(self.others)
        said = f"its value depends on {names} too, where no gradient was looked for; `params` can say so"
        return [said] if names else []

    def without(self, names: Collection[str]) -> "HiddenArrays":
        """The same without those that the caller says are fixed."""
        return HiddenArrays(*(tuple(name for name in each if name not in names) for each in self))


NOTHING_HIDDEN = HiddenArrays()


def hidden_arrays(layer: Layer, arrays: Sequence[np.ndarray], said: bool) -> HiddenArrays:
    """Those of an object at these inputs. Where its parameters were `said`, the others are none."""
    made = layer.made
    known = [leaf.get(made) for leaf in layer.leaves]
    taken = np.concatenate(
        [np.zeros(0, np.int64), *(addresses(each) for each in known if isinstance(each, np.ndarray))]
    )
    free = {path: ~np.isin(addresses(each), taken).reshape(each.shape) for path, each in floats_of(made)}
    held = [(path, each) for path, each in floats_of(made) if free[path].any()]
    if not held:
        return NOTHING_HIDDEN
    with np.errstate(all="ignore"):
        value = _value(layer, arrays)
        other = {path: np.where(free[path], each * 1.25 + 0.125, each) for path, each in held}
        moving = [(path, each) for path, each in held if not _same(value, _value(layer, arrays, each, other[path]))]
        state = _state(layer, arrays) if moving and not said else set()
        owners = {id(_owner(made, leaf.path)) for leaf in layer.leaves}
        unjudged = []
        for path, each in moving if not said else ():
            last = str(path[-1]).lstrip("_")
            named = id(_owner(made, path)) in owners or PARAMETER.match(last) is not None
            if named and path not in state and not last.startswith(BUFFERS):
                unjudged += [path] if _moves_smoothly(layer, arrays, value, each, free[path]) else []
    names = {path: ".".join(map(str, path)) for path, _ in moving}
    others = tuple(name for path, name in names.items() if path not in unjudged)
    return HiddenArrays(tuple(names[path] for path in unjudged), others)


def _moves_smoothly(
    layer: Layer, arrays: Sequence[np.ndarray], value: Any, array: np.ndarray, free: np.ndarray
) -> bool:
    """Does the value follow the array in small steps? A mask that is compared with 0 makes it jump, or do nothing."""
    step = 2.0 ** -(0.37 * BITS.get(array.dtype.name, BITS["float64"]))
    for sign in (1, -1):
        moved = []
        for by in (step, step / 16):
            other = _value(layer, arrays, array, np.where(free, array + sign * by * (1 + abs(array)), array))
            moved.append(
                np.inf if other is None or other.shape != value.shape else float(abs(other - value).max(initial=0))
            )
        if 0 < moved[1] < moved[0] / 4 < np.inf:
            return True
    return False


def _state(layer: Layer, arrays: Sequence[np.ndarray]) -> set[Path]:
    """The paths to the arrays that a forward writes anew."""
    later = copied(layer.made)
    try:
        _run(layer, later, [each if is_integer(each) else (each * 0.5 + 0.25).astype(each.dtype) for each in arrays])
    except Exception:  # another input may be outside of what it is for
        later = copied(layer.made)
        _run(layer, later, arrays)
    after = dict(floats_of(later))
    return {path for path, array in floats_of(layer.made) if not _same(array, after.get(path))}


def _value(layer: Layer, arrays: Sequence[np.ndarray], array: Any = None, moved: Any = None) -> Any:
    """The value of a copy, in which one of its arrays may have other values; None where it is no valid object then."""
    try:
        own = copied(layer.made) if array is None else with_array(layer.made, array, moved.astype(array.dtype))
        return np.array(pack(_run(layer, own, arrays))[0])
    except Exception:
        return None


def _run(layer: Layer, own: Any, arrays: Sequence[np.ndarray]) -> Any:
    """The forward value, by the same random numbers each time."""
    generators = generators_of(layer.made)
    with generators.at(generators.start):
        return run(own, [array.copy() for array in arrays], layer.calls)


def _owner(made: Any, path: Path) -> Any:
    """The innermost object on the way to an array, past lists and dictionaries."""
    for end in range(len(path) - 1, 0, -1):
        found = follow(path[:end], made)
        if hasattr(found, "__dict__") and not isinstance(found, np.ndarray | dict | list | tuple):
            return found
    return made


def _same(one: Any, other: Any) -> bool:
    same = np.shape(one) == np.shape(other)
    return same and np.asarray(one).tobytes() == np.asarray(other).tobytes()
