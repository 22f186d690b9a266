"""An object that makes its parameters in its first forward, as it was handed in but for what is made once.

What every forward changes (a list of the inputs it has seen, a cache, a counter) belongs to the call and is put back,
so that each judged call starts from the object as its user has it. What only the first one changes (a weight that is
made when the shapes are known, the mark that it is made) stays.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

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
    before, later = attributes(layer), attributes(twice)
    for name, value in attributes(built).items():
        if name in later and _same(value, later[name]):
            continue
        old = before.get(name)
        if name in before and _is_object(value) and type(old) is type(value) and type(later.get(name)) is type(value):
            _put_back(old, value, later[name])
        elif isinstance(value, dict) and isinstance(old, dict) and isinstance(later.get(name), dict):
            _put_entries_back(old, value, later[name])
        elif name in before:
            setattr(built, name, copied(old))
        else:
            delattr(built, name)


def _put_entries_back(old: dict[Any, Any], built: dict[Any, Any], later: dict[Any, Any]) -> None:
    """The same for a dictionary, which may hold parameters and what was cached of the last input."""
    for key in list(built):
        if key in later and _same(built[key], later[key]):
            continue
        if key in old:
            built[key] = copied(old[key])
        else:
            del built[key]


def _is_object(value: Any) -> bool:
    return hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value)


def _same(one: Any, other: Any) -> bool:
    """Is it the same in both, bit for bit? What cannot be compared is taken to be what both share."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return bool(one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes())
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
