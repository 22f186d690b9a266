"""Copies of an object with state, with other arrays in place of those it holds.

The object itself is never changed. On exact numbers its float arrays (zeroed gradient buffers, running means) become
exact as well.
"""

import copy
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.stateful.memory import as_views, groups, of_one_kind, same_place, write
from backcheck.subjects.stateful.paths import Path, attributes, is_floats
from backcheck.subjects.stateful.shared_parameters import Parameter
from backcheck_reference.frontends import numpy_code
from backcheck_reference.frontends.numpy_code.tensors.array import TensorArray
from backcheck_reference.frontends.numpy_code.tensors.values import constant
from backcheck_reference.numbers import balls, exact


def with_parameters(
    layer: Any, known: Sequence[Parameter], given: Sequence[np.ndarray], arrays: Sequence[np.ndarray] = ()
) -> Any:
    """A copy in which each parameter is the array given, at every place that refers to it or to a view of it.

    When `arrays` are exact numbers, so become the other float arrays that it holds; when the parameters are given in
    another precision, so do they.
    """
    before = [parameter.value(layer) for parameter in known]
    pairs = [(place, value) for each, value in zip(known, given, strict=True) for place in each.places]
    places = [(place, value, place.leaf.get(layer)) for place, value in pairs]
    other, parts = _lifting(arrays) or _casting(before, given), list(_everything(layer, {}))
    # what a method or a property makes anew is a view of what the object holds
    memo = _as_views([*parts, *(old for *_, old in places)], other)
    for place, value, old in places:
        if id(old) in memo:
            write(memo[id(old)], place.part(value, old.shape))
        elif isinstance(old, np.ndarray):
            memo[id(old)] = value
    if other is not None:
        memo |= {id(each): other(each) for each in parts if is_floats(each) and id(each) not in memo}
    own = copied(layer, memo, parts)
    for place, value, old in places:
        if not isinstance(old, np.ndarray):
            place.leaf.put(own, value)
        elif not same_place(place.leaf.get(own), memo[id(old)]):
            raise BadInput(
                f"{type(layer).__name__}: the parameter {place.leaf.name} cannot be set, since what was found is a "
                "copy of it; `params` can name the attribute that holds it"
            )
    return own


def with_array(layer: Any, array: np.ndarray, values: np.ndarray) -> Any:
    """A copy in which one of the arrays that the object holds has other values, and all that shares its memory."""
    memo = _as_views(list(_everything(layer, {})), None)
    if id(array) in memo:
        write(memo[id(array)], values)
    else:
        memo[id(array)] = values
    return copied(layer, memo)


def copied(layer: Any, memo: dict[int, Any] | None = None, parts: Sequence[Any] | None = None) -> Any:
    """A deep copy, in which views of one memory are views of one memory again. Raises BadInput for an object that
    cannot be copied. `parts` are all that it refers to, if known.

    The modules among them (`self.xp = numpy`) are what cannot be copied and need not be.
    """
    parts = list(_everything(layer, {})) if parts is None else parts
    known = {id(each): each for each in parts if isinstance(each, types.ModuleType)} | (memo or {})
    known |= _as_views([each for each in parts if id(each) not in known], None)
    try:
        return copy.deepcopy(layer, known)
    except Exception as error:
        raise BadInput(
            f"{type(layer).__name__} cannot be copied ({error}), and every call here works on a copy; give it a "
            "__deepcopy__, or check its functions as a pair with check_vjp"
        ) from error


def duplicate(layer: Any) -> Any:
    """A copy of an object that may hold exact numbers, which know nothing of copying."""
    arrays = list(held(layer))
    memo = _as_views(arrays, None)
    return copied(layer, memo | {id(a): a.copy() for a in arrays if a.dtype == object and id(a) not in memo})


def _as_views(parts: Sequence[Any], other: Callable[[np.ndarray], np.ndarray] | None) -> dict[int, Any]:
    """The copies of the arrays that share memory, in `other` numbers if said, by the identity of the arrays."""
    found: dict[int, Any] = {}
    for group in filter(of_one_kind, groups([each for each in parts if isinstance(each, np.ndarray)])):
        found |= as_views(group, other if is_floats(group[0]) else None)
    return found


def _lifting(arrays: Sequence[np.ndarray]) -> Callable[[np.ndarray], Any] | None:
    """How the object's other arrays are made exact, or hold tensors, when its inputs do."""
    if any(isinstance(array, TensorArray) for array in arrays):
        return lambda array: TensorArray(constant(array))
    numbers = [array for array in arrays if isinstance(array, np.ndarray) and array.dtype == object]
    if not numbers:
        return None
    watch = next((array.watch for array in numbers if isinstance(array, balls.Hull)), None)
    return lambda array: numpy_code.ordinary(exact.lift(array) if watch is None else watch.keep(exact.lift(array)))


def _casting(before: Sequence[Any], given: Sequence[np.ndarray]) -> Callable[[np.ndarray], np.ndarray] | None:
    """How the object's other arrays come to the precision that its parameters are given in."""
    for old, new in zip(before, given, strict=True):
        if is_floats(old) and is_floats(new) and old.dtype != new.dtype:
            return lambda array: array.astype(new.dtype) if array.dtype == old.dtype else array
    return None


def held(value: Any) -> Iterator[np.ndarray]:
    """Every array that an object refers to, through attributes and containers, once each."""
    return (each for each in _everything(value, {}) if isinstance(each, np.ndarray))


def floats_of(value: Any, path: Path = (), seen: dict[int, Any] | None = None) -> Iterator[tuple[Path, np.ndarray]]:
    """The floating-point arrays of an object, each with the path to it, once each."""
    seen = {} if seen is None else seen
    if id(value) in seen or isinstance(value, type):
        return
    seen[id(value)] = value
    if is_floats(value):
        yield path, value
    for key, part in _parts(value):
        yield from floats_of(part, (*path, key), seen)


def _everything(value: Any, seen: dict[int, Any]) -> Iterator[Any]:
    if id(value) in seen or isinstance(value, type):
        return
    seen[id(value)] = value
    yield value
    for _, part in _parts(value):
        yield from _everything(part, seen)


def _parts(value: Any) -> list[tuple[Any, Any]]:
    """What an object is made of, by attribute, key or position."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list | tuple | set):
        return list(enumerate(value))
    if isinstance(value, np.ndarray | types.ModuleType) or inspect.isroutine(value):
        return []
    return list(attributes(value).items())
