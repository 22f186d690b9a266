"""How an object with state behaves from call to call: what it adds up, remembers, and writes into."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.own import layer as layers
from backcheck.own.pair import pack, unpack
from backcheck.own.places import Leaf
from backcheck.problem import BadInput


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
    probe = copy.deepcopy(layer)
    name = type(layer).__name__
    for what in ("forward", "backward"):
        try:
            with np.errstate(all="ignore"):
                if what == "forward":
                    packed, form = pack(layers.run(probe, [array.copy() for array in arrays]))
                else:
                    layers.pull(probe, unpack(form, np.ones_like(packed)))
        except BadInput:
            raise
        except Exception as error:
            shapes = ", ".join(f"{array.dtype}{list(array.shape)}" for array in arrays)
            raise BadInput(f"{name}.{what} raises {type(error).__name__}: {error} (called on {shapes})") from error
    return probe


def observe(layer: Any, arrays: Sequence[np.ndarray], known: Sequence[Leaf]) -> Habits:
    """Call it twice in each order that a training loop would, always on copies."""
    notes: list[str] = []
    fresh, dy, first = _step(copy.deepcopy(layer), arrays, known, notes)
    second = _gradients(fresh, dy, known, len(arrays))
    adds = _adds_up(first, second, len(arrays))
    if adds:
        notes.append("it adds its gradients up over calls of backward; each call is judged from its own start")
    return Habits(adds, _stale(layer, arrays, known, dy, first, adds), tuple(notes))


def _step(
    layer: Any, arrays: Sequence[np.ndarray], known: Sequence[Leaf], notes: list[str] | None = None
) -> tuple[Any, Any, list[Any]]:
    given = [array.copy() for array in arrays]
    packed, form = pack(layers.run(layer, given))
    dy = np.ones_like(packed) * np.linspace(1, 2, packed.size).reshape(packed.shape).astype(packed.dtype)
    wholly = unpack(form, dy.copy())
    grads = _gradients(layer, wholly, known, len(arrays))
    if notes is not None:
        name = type(layer).__name__
        if any(a.tobytes() != b.tobytes() for a, b in zip(arrays, given, strict=True)):
            notes.append(f"{name} writes into its input; callers lose what they passed")
        if pack(wholly)[0].tobytes() != dy.tobytes():
            notes.append(f"{name}.backward writes into the cotangent it is given")
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
    used = copy.deepcopy(layer)
    others = [array if array.dtype.kind in "iub" else (array * 0.5 + 0.25).astype(array.dtype) for array in arrays]
    try:
        _step(used, others, known)
        value = np.array(pack(layers.run(used, [array.copy() for array in arrays]))[0])
        again = _gradients(used, dy, known, len(arrays))
        wanted = np.array(pack(layers.run(copy.deepcopy(layer), [array.copy() for array in arrays]))[0])
    except Exception:  # another input may be outside of what it is for; then nothing is learned here
        return ""
    if adds or value.tobytes() != wanted.tobytes():
        return ""
    same = all(
        (a is None) == (b is None) and (a is None or np.array_equal(a, b, equal_nan=True))
        for a, b in zip(first, again, strict=True)
    )
    return "" if same else "a second step gives another gradient than the first: something of the first step is kept"
