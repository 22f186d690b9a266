"""An object that makes its parameters in its first forward, as it was handed in but for what is made once.

What every forward changes (a list of the inputs it has seen, a cache, a counter) belongs to the call and is put back,
so that each judged call starts from the object as its user has it. What only the first one changes (a weight that is
made when the shapes are known, the mark that it is made) stays.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck.array_bits import bits
from backcheck.subjects.stateful.object_copy import copied
from backcheck.subjects.stateful.paths import attributes

HOLDERS = (list, dict, set)


def as_handed_in(layer: Any, once: Any, twice: Any) -> Any:
    """A copy of the object after one forward, with what a second forward changes as it was before the first."""
    built = copied(once)
    _put_back(layer, built, twice)
    return built


def without_growth(before: Any, after: Any) -> None:
    """Lists and other holders of `after` that grew in a call are as they were before; nothing else is touched."""
    held = attributes(before)
    for name, value in attributes(after).items():
        old = held.get(name)
        if isinstance(value, HOLDERS) and isinstance(old, HOLDERS) and len(value) != len(old):
            setattr(after, name, copied(old))
        elif _is_object(value) and type(old) is type(value):
            without_growth(old, value)


def _put_back(layer: Any, built: Any, twice: Any) -> None:
    """What a second forward changes in an object, as it was; what was not there before is gone again."""
    before, later = attributes(layer), attributes(twice)
    for name, value in attributes(built).items():
        if name in later and _same(value, later[name]):
            continue
        if name in before:
            setattr(built, name, _restored(before[name], value, later.get(name)))
        else:
            delattr(built, name)


def _restored(old: Any, value: Any, later: Any) -> Any:
    """The value with what `later` has otherwise as it was in `old`; parts that are made once stay."""
    if _same(value, later):
        return value
    if not (type(old) is type(value) is type(later)):
        return copied(old)
    if (
        isinstance(value, np.ndarray)
        and old.dtype == value.dtype
        and old.shape == value.shape
        and value.flags.writeable
    ):
        value[...] = old  # another array may be a view of this one
        return value
    if _is_object(value):
        _put_back(old, value, later)
        return value
    if isinstance(value, dict):
        kept = [key for key in value if key in old or (key in later and _same(value[key], later[key]))]
        parts = {key: _restored(old[key], value[key], later.get(key)) if key in old else value[key] for key in kept}
        value.clear()  # another part of the object may refer to this very dictionary
        value.update(parts)
        return value
    if isinstance(value, list) and len(old) == len(value) == len(later):
        value[:] = map(_restored, old, list(value), later)
        return value
    return copied(old)


def _is_object(value: Any) -> bool:
    return hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value)


def _same(one: Any, other: Any) -> bool:
    """Is it the same in both, bit for bit? What cannot be compared is taken to be what both share."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return bool(one.shape == other.shape and one.dtype == other.dtype and bits(one) == bits(other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.random.Generator):
        return bool(one.bit_generator.state == other.bit_generator.state)
    if _is_object(one):
        held, others = attributes(one), attributes(other)
        return held.keys() == others.keys() and all(_same(held[name], others[name]) for name in held)
    if isinstance(one, str | bytes | int | float | complex | bool | set | frozenset | None):
        return bool(one == other)
    return True
