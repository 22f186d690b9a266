"""How an object with state behaves from call to call: what it adds up, remembers, and writes into."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.arrays import as_arrays, is_integer
from backcheck.subjects.pairs.outputs import pack, unpack
from backcheck.subjects.stateful import parameters
from backcheck.subjects.stateful.layer import Layer, gradients, pull, run
from backcheck.subjects.stateful.object_copy import copied, floats_of
from backcheck.subjects.stateful.parameters import Leaf, Where
from backcheck.subjects.stateful.paths import ABSENT

Arrays = Sequence[np.ndarray]


@dataclass(frozen=True, slots=True)
class KnownObject:
    """What the first calls of an object showed.

    `layer` is the object with its parameters, and `arrays` the inputs it was called on. `stale` says how an earlier
    call spoils a later one, and is empty where none does.
    """

    layer: Layer
    arrays: list[np.ndarray]
    stale: str

    @property
    def notes(self) -> list[str]:
        said = "it adds its gradients up over calls of backward; each call is judged from its own start"
        return [said] if self.layer.renewed else []

    def hidden(self) -> list[str]:
        """A note on the float arrays that the value depends on and that are no parameters."""
        made = self.layer.made
        known = {id(leaf.get(made)) for leaf in self.layer.leaves}
        with np.errstate(all="ignore"):
            value, found = _moved_value(made, self.arrays, {}), []
            for path, array in floats_of(made):
                moved = {id(array): (array * 1.25 + 0.125).astype(array.dtype)}
                is_other = id(array) not in known and array.size > 0
                if is_other and not _same(value, _moved_value(made, self.arrays, moved)):
                    found.append(".".join(map(str, path)))
        said = f"its value depends on {', '.join(found)} too, where no gradient was looked for; `params` can say so"
        return [said] if found else []


def known_object(layer: Any, arrays: Arrays, params: Where, grads: Where, *, in_its_dtype: bool = False) -> KnownObject:
    """The parameters of an object, and what it does when it is called twice in each order that a training loop has.

    Every call is one of a copy. With `in_its_dtype` the inputs are cast to the dtype of the parameters. Raises BadInput
    for an object that cannot be called so.
    """
    with np.errstate(all="ignore"):
        found = Layer(*_settled(layer, arrays, params, grads), inputs=len(arrays))
        given = _cast(arrays, found.values.values()) if in_its_dtype else list(arrays)
        return observed(found, given)


def observed(layer: Layer, arrays: Arrays) -> KnownObject:
    """How the object behaves over two steps, at these inputs."""
    used = copied(layer.made)
    dy, first = _step(used, arrays, layer.leaves)
    second = _gradients(used, dy, layer.leaves, len(arrays))
    adds = _adds_up(first, second, len(arrays))
    stale = "" if adds else _stale(layer.made, arrays, layer.leaves, dy, first)
    return KnownObject(replace(layer, renewed=adds), list(arrays), stale)


def _settled(layer: Any, arrays: Arrays, params: Where, grads: Where) -> tuple[Any, list[Leaf]]:
    """The object to be checked, and its parameters.

    What its forward writes anew in every call is no parameter, though it be called x and have its dx. An object that
    makes its parameters in its first forward is taken as it is after that.
    """
    _require_own_functions(layer)
    probe = _after_one_step(layer, arrays)
    found = parameters.leaves(probe, params, grads)
    if params is None:
        later = _after_another(probe, arrays)
        found = [leaf for leaf in found if _same(leaf.get(probe), _get(leaf, later))]
    if all(np.shape(_get(leaf, layer)) == np.shape(leaf.get(probe)) for leaf in found):
        return layer, found
    built = copied(layer)
    _calling(layer, "forward", arrays, lambda: run(built, _copies(arrays)))
    return built, found


def _after_one_step(layer: Any, arrays: Arrays) -> Any:
    """A copy of the object after one forward and one backward, which is when its gradients exist.

    Raises BadInput in the user's own words when it cannot be called so.
    """
    probe = copied(layer)
    value, form = pack(_calling(layer, "forward", arrays, lambda: run(probe, _copies(arrays))))
    _calling(layer, "backward", arrays, lambda: pull(probe, unpack(form, np.ones_like(value))))
    return probe


def _calling(layer: Any, what: str, arrays: Arrays, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except BadInput:
        raise
    except Exception as error:
        shapes = ", ".join(f"{array.dtype}{list(array.shape)}" for array in arrays)
        name = type(layer).__name__
        raise BadInput(f"{name}.{what} raises {type(error).__name__}: {error} (called on {shapes})") from error


def _copies(arrays: Arrays) -> list[np.ndarray]:
    return [array.copy() for array in arrays]


def _after_another(probe: Any, arrays: Arrays) -> Any:
    """The object after forward has seen other inputs, where it takes them."""
    for others in (_others(arrays), _copies(arrays)):
        later = copied(probe)
        try:
            run(later, others)
        except Exception:  # another input may be outside of what it is for
            continue
        return later
    return probe


def _others(arrays: Arrays) -> list[np.ndarray]:
    return [array if is_integer(array) else (array * 0.5 + 0.25).astype(array.dtype) for array in arrays]


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


def _cast(arrays: Arrays, held: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The inputs in the dtype that the parameters have, where that is one."""
    dtypes = {array.dtype for array in held if not is_integer(array)}
    return as_arrays(arrays, dtypes.pop()) if len(dtypes) == 1 else list(arrays)


def _moved_value(layer: Any, arrays: Arrays, memo: dict[int, Any]) -> Any:
    """The value of a copy in which other arrays stand for some of its own, by their ids."""
    try:
        return _value(copied(layer, memo), arrays)
    except Exception:  # with another array in its place it may be no valid object
        return None


def _value(layer: Any, arrays: Arrays) -> np.ndarray:
    return np.array(pack(run(layer, _copies(arrays)))[0])


def _step(layer: Any, arrays: Arrays, leaves: Sequence[Leaf]) -> tuple[Any, list[Any]]:
    """One forward and one backward: the cotangent, no two entries of which are the same, and the gradients."""
    value, form = pack(run(layer, _copies(arrays)))
    dy = np.ones_like(value) * np.linspace(1, 2, value.size).reshape(value.shape).astype(value.dtype)
    return unpack(form, dy.copy()), _gradients(layer, unpack(form, dy.copy()), leaves, len(arrays))


def _gradients(layer: Any, dy: Any, leaves: Sequence[Leaf], inputs: int) -> list[Any]:
    found = gradients(layer, copy.deepcopy(dy), inputs, leaves)
    return [None if grad is None else np.array(grad) for grad in found]


def _adds_up(first: Sequence[Any], second: Sequence[Any], inputs: int) -> bool:
    """Some parameter's gradient is twice what it was and not zero, and everything else is as it was or doubled so."""
    pairs = list(zip(first, second, strict=True))
    same = [a is b is None or np.array_equal(a, b) for a, b in pairs]
    doubled = [a is not None and b is not None and np.array_equal(2 * a, b) and bool(np.any(a)) for a, b in pairs]
    own = zip(same[inputs:], doubled[inputs:], strict=True)
    return all(same[:inputs]) and any(doubled[inputs:]) and all(s or d for s, d in own)


def _stale(layer: Any, arrays: Arrays, leaves: Sequence[Leaf], dy: Any, first: Sequence[Any]) -> str:
    """Does the gradient of a second step depend on the first, though its value does not?"""
    used = copied(layer)
    try:
        _step(used, _others(arrays), leaves)
        value = _value(used, arrays)
        again = _gradients(used, dy, leaves, len(arrays))
        wanted = _value(copied(layer), arrays)
    except Exception:  # another input may be outside of what it is for; then nothing is learned here
        return ""
    if value.tobytes() != wanted.tobytes():
        return ""
    same = all(
        (a is None) == (b is None) and (a is None or np.array_equal(a, b, equal_nan=True))
        for a, b in zip(first, again, strict=True)
    )
    return "" if same else "a second step gives another gradient than the first: something of the first step is kept"
