"""How an object with state behaves from call to call: what it adds up, remembers, and writes into."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.pair import pack, unpack
from backcheck.subjects.stateful import layer as layers
from backcheck.subjects.stateful import parameters
from backcheck.subjects.stateful.object_copy import copied, floats_of
from backcheck.subjects.stateful.parameters import Leaf, Where
from backcheck.subjects.stateful.paths import ABSENT


@dataclass(frozen=True, slots=True)
class Habits:
    """`renewed` when its gradients add up over calls; `stale` says how an earlier call spoils a later one."""

    renewed: bool
    stale: str
    notes: tuple[str, ...]


def first_call(layer: Any, arrays: Sequence[np.ndarray]) -> Any:
    """A copy of the object after one forward and one backward, which is when its gradients exist.

    Raises BadInput in the user's own words when it cannot be called so.
    """
    probe = copied(layer)
    y = _calling(layer, "forward", arrays, lambda: layers.run(probe, [array.copy() for array in arrays]))
    packed, form = pack(y)
    _calling(layer, "backward", arrays, lambda: layers.pull(probe, unpack(form, np.ones_like(packed))))
    return probe


def _calling(layer: Any, what: str, arrays: Sequence[np.ndarray], call: Callable[[], Any]) -> Any:
    try:
        with np.errstate(all="ignore"):
            return call()
    except BadInput:
        raise
    except Exception as error:
        shapes = ", ".join(f"{array.dtype}{list(array.shape)}" for array in arrays)
        name = type(layer).__name__
        raise BadInput(f"{name}.{what} raises {type(error).__name__}: {error} (called on {shapes})") from error


def settle(layer: Any, arrays: Sequence[np.ndarray], params: Where, grads: Where) -> tuple[Any, list[Leaf]]:
    """The object to be checked, and its parameters.

    What its forward writes anew in every call is no parameter, though it be called x and have its dx. An object that
    makes its parameters in its first forward is taken as it is after that.
    """
    _require_own_functions(layer)
    probe = first_call(layer, arrays)
    found = parameters.leaves(probe, params, grads)
    if params is None:
        later = _after_another(probe, arrays)
        found = [leaf for leaf in found if _same(leaf.get(probe), _get(leaf, later))]
    if all(np.shape(_get(leaf, layer)) == np.shape(leaf.get(probe)) for leaf in found):
        return layer, found
    built = copied(layer)
    _calling(layer, "forward", arrays, lambda: layers.run(built, [array.copy() for array in arrays]))
    return built, found


def _after_another(probe: Any, arrays: Sequence[np.ndarray]) -> Any:
    """The object after forward has seen other inputs, where it takes them."""
    for others in (_others(arrays), [array.copy() for array in arrays]):
        later = copied(probe)
        try:
            layers.run(later, others)
        except Exception:  # another input may be outside of what it is for
            continue
        return later
    return probe


def _others(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [array if array.dtype.kind in "iub" else (array * 0.5 + 0.25).astype(array.dtype) for array in arrays]


def _get(leaf: Leaf, layer: Any) -> Any:
    try:
        return leaf.get(layer)
    except ABSENT:
        return None


def _same(before: Any, after: Any) -> bool:
    return np.shape(before) == np.shape(after) and np.asarray(before).tobytes() == np.asarray(after).tobytes()


def _require_own_functions(layer: Any) -> None:
    """A function that was made with the object in it, `lambda x: x @ self.W`, stays with that one when it is copied."""
    for name, value in getattr(layer, "__dict__", {}).items():
        cells = getattr(value, "__closure__", None) or ()
        if any(cell.cell_contents is layer for cell in cells):
            raise BadInput(
                f"{type(layer).__name__}.{name} is a function that holds the object itself, so copies of the object "
                "would still use the original; make it a method"
            )


def unseen(layer: Any, arrays: Sequence[np.ndarray], known: Sequence[Leaf]) -> list[str]:
    """The float arrays that the value depends on and that are no parameters, by name."""
    taken = {id(leaf.get(layer)) for leaf in known}
    value = _value(layer, arrays, {})
    found = []
    for path, array in floats_of(layer):
        moved = (array * 1.25 + 0.125).astype(array.dtype)
        if id(array) not in taken and array.size and not _same(value, _value(layer, arrays, {id(array): moved})):
            found.append(".".join(map(str, path)))
    return found


def _value(layer: Any, arrays: Sequence[np.ndarray], memo: dict[int, Any]) -> Any:
    try:
        return np.array(pack(layers.run(copied(layer, memo), [array.copy() for array in arrays]))[0])
    except Exception:  # with another array in its place it may be no valid object
        return None


def observe(layer: Any, arrays: Sequence[np.ndarray], known: Sequence[Leaf]) -> Habits:
    """Call it twice in each order that a training loop would, always on copies."""
    fresh, dy, first = _step(copied(layer), arrays, known)
    second = _gradients(fresh, dy, known, len(arrays))
    adds = _adds_up(first, second, len(arrays))
    said = "it adds its gradients up over calls of backward; each call is judged from its own start"
    return Habits(adds, _stale(layer, arrays, known, dy, first, adds), (said,) * adds)


def _step(layer: Any, arrays: Sequence[np.ndarray], known: Sequence[Leaf]) -> tuple[Any, Any, list[Any]]:
    packed, form = pack(layers.run(layer, [array.copy() for array in arrays]))
    dy = np.ones_like(packed) * np.linspace(1, 2, packed.size).reshape(packed.shape).astype(packed.dtype)
    grads = _gradients(layer, unpack(form, dy.copy()), known, len(arrays))
    return layer, unpack(form, dy.copy()), grads


def _gradients(layer: Any, dy: Any, known: Sequence[Leaf], inputs: int) -> list[Any]:
    result = layers.pull(layer, copy.deepcopy(dy))
    dxs, rest = layers.returned(layer, result, inputs, [leaf.name for leaf in known])
    found = [*dxs, *(rest.get(leaf.name, layers.gradient_of(leaf, layer)) for leaf in known)]
    return [None if grad is None else np.array(grad) for grad in found]


def _adds_up(first: Sequence[Any], second: Sequence[Any], inputs: int) -> bool:
    """Some parameter's gradient is twice what it was and not zero, and everything else is as it was or doubled so."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True)]
    same = [a is b is None or np.array_equal(a, b) for a, b in pairs]
    doubled = [a is not None and b is not None and np.array_equal(2 * a, b) and bool(np.any(a)) for a, b in pairs]
    own = zip(same[inputs:], doubled[inputs:], strict=True)
    return all(same[:inputs]) and any(doubled[inputs:]) and all(s or d for s, d in own)


def _stale(
    layer: Any, arrays: Sequence[np.ndarray], known: Sequence[Leaf], dy: Any, first: Sequence[Any], adds: bool
) -> str:
    """Does the gradient of a second step depend on the first, though its value does not?"""
    used = copied(layer)
    try:
        _step(used, _others(arrays), known)
        value = np.array(pack(layers.run(used, [array.copy() for array in arrays]))[0])
        again = _gradients(used, dy, known, len(arrays))
        wanted = np.array(pack(layers.run(copied(layer), [array.copy() for array in arrays]))[0])
    except Exception:  # another input may be outside of what it is for; then nothing is learned here
        return ""
    if adds or value.tobytes() != wanted.tobytes():
        return ""
    same = all(
        (a is None) == (b is None) and (a is None or np.array_equal(a, b, equal_nan=True))
        for a, b in zip(first, again, strict=True)
    )
    return "" if same else "a second step gives another gradient than the first: something of the first step is kept"
