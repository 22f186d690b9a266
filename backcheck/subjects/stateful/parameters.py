"""Where an object with state keeps its parameters and, after backward, their gradients.

Said by the caller (an attribute that holds an array, a dictionary or a list; a list of attributes; names to paths), or
found by the customs of hand-written libraries: `params`/`grads`, `W`/`dW`, `W`/`grad_W`, parameter objects with
`.data` and `.grad`; in the object itself, or in the layers that it is made of.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.by_name import CUSTOMS
from backcheck.subjects.stateful.paths import (
    ABSENT,
    GRADIENTS,
    HOLDERS,
    Leaf,
    Path,
    attributes,
    follow,
    inner_layers,
    is_box,
    is_floats,
    is_row,
    path_of,
)

Where = str | Sequence[str] | Mapping[str, str] | None


class NamedPlace(NamedTuple):
    """A parameter before its gradient is looked for: `within` is its path inside of the holder that it was found in."""

    name: str
    path: Path
    within: Path


def leaves(layer: Any, params: Where, grads: Where, *, finished: bool = True) -> list[Leaf]:
    """The parameters of an object after a first backward. Raises BadInput when what was said is not there.

    After a backward that raised (`finished` off) there need be no gradients yet.
    """
    if params is None:
        found = list(_customary(layer, grads))
    else:
        named = _said(layer, params)
        found = [Leaf(each.name, each.path, _gradient(layer, each, at, grads)) for at, each in enumerate(named)]
    if grads is not None:
        _require(layer, found, grads, finished)
    return found


def _said(layer: Any, where: Any) -> list[NamedPlace]:
    if isinstance(where, str):
        path = _reach("params", layer, where)
        return list(_within(layer, path, follow(path, layer)))
    if isinstance(where, Mapping):
        return [NamedPlace(name, _reach("params", layer, path), (name,)) for name, path in where.items()]
    last = [path.rpartition(".")[2] for path in where]
    # W for fc.W, but fc1.W and fc2.W as they are, since two parameters of one name would be taken for one
    names = [short if last.count(short) == 1 else path for short, path in zip(last, where, strict=True)]
    places = [_reach("params", layer, path) for path in where]
    return [NamedPlace(name, place, (short,)) for name, place, short in zip(names, places, last, strict=True)]


def _reach(what: str, layer: Any, text: str) -> Path:
    try:
        return path_of(text, layer)
    except ABSENT as error:
        has = ", ".join(attributes(layer)) or "no attributes"
        raise BadInput(f"{what}={text!r}: {type(layer).__name__} has nothing of this name; it has {has}") from error


def _require(layer: Any, found: Sequence[Leaf], grads: Any, finished: bool) -> None:
    """What was said of the gradients leads somewhere, after a backward that finished."""
    unknown = set(grads) - {leaf.name for leaf in found} if isinstance(grads, Mapping) else ()
    if unknown:
        names = ", ".join(leaf.name for leaf in found) or "none"
        raise BadInput(f"grads={dict(grads)!r}: the parameters are {names}; {min(unknown)} is none of them")
    texts = grads.values() if isinstance(grads, Mapping) else [grads] if isinstance(grads, str) else grads
    for text in texts if finished else ():
        _reach("grads", layer, text)
    if not isinstance(grads, str | Mapping) and len(texts) != len(found):
        names = ", ".join(leaf.name for leaf in found) or "none"
        raise BadInput(f"grads={list(texts)!r} are {len(texts)} for {len(found)} parameters ({names})")


def _customary(layer: Any, grads: Where, path: Path = (), seen: frozenset[int] = frozenset()) -> Iterator[Leaf]:
    """The parameters by custom: in a holder, in attributes, and in the layers that the object is made of."""
    own = follow(path, layer)
    named = _in_holder(own)
    if named is None:
        held = attributes(own)
        boxed = [name for name, value in held.items() if is_box(value)]
        plain = [name for name, value in held.items() if is_floats(value) and _partner(own, name) is not None]
        named = [NamedPlace(name, (name,), (name,)) for name in (*boxed, *plain)]
        for inner in inner_layers(own):
            if id(follow(inner, own)) not in seen:
                yield from _customary(layer, grads, (*path, *inner), seen | {id(own)})
    for at, each in enumerate(named):
        full = NamedPlace(".".join(map(str, (*path, each.name))), (*path, *each.path), each.within)
        if grads is not None:
            yield Leaf(full.name, full.path, _gradient(layer, full, at, grads))
        else:
            yield Leaf(full.name, full.path, _after(path, _gradient(own, each, at, None)))


def _after(path: Path, grad: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return (lambda layer: grad(follow(path, layer))) if path else grad


def _in_holder(layer: Any) -> list[NamedPlace] | None:
    for holder in HOLDERS:
        if hasattr(layer, holder):
            value = follow((holder,), layer)
            if isinstance(value, Mapping | list | tuple):
                return _without_gradients(list(_within(layer, (holder,), value)))
    return None


def _without_gradients(named: list[NamedPlace]) -> list[NamedPlace]:
    """Without those that are the gradient of another one, where a holder has both."""
    slopes = {custom.format(each.name) for each in named for custom in CUSTOMS}
    return [each for each in named if each.name not in slopes]


def _within(layer: Any, path: Path, value: Any, within: Path = ()) -> Iterator[NamedPlace]:
    """The arrays that a holder holds, by the names they have there or elsewhere in the object."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _within(layer, path, inner, (*within, key))
    elif is_row(value):
        for at, inner in enumerate(value):
            yield from _within(layer, path, inner, (*within, at))
    elif value is not None:
        yield NamedPlace(_name(layer, path, value, within), (*path, *within), within)


def _name(layer: Any, path: Path, value: Any, within: Path) -> str:
    """W for params["W"] and for params[0] when that is also self.W; else params0."""
    known = {id(other): name for name, other in attributes(layer).items()}
    if all(isinstance(key, int) for key in within):
        return known.get(id(value), f"{path[-1]}{'.'.join(map(str, within))}")
    return ".".join(map(str, within))


def _gradient(layer: Any, named: NamedPlace, at: int, where: Where) -> Callable[[Any], Any]:
    """How to reach the gradient of one parameter; it need not exist before the first backward."""
    if isinstance(where, Mapping):
        return _by_text(where[named.name]) if named.name in where else lambda copy: None
    if isinstance(where, str):
        return functools.partial(_among, where, named.within, at)
    if where is not None:
        return _by_text(where[at]) if at < len(where) else lambda copy: None
    if is_box(follow(named.path, layer)):
        return lambda copy: follow(named.path, copy).grad

    def find(copy: Any) -> Any:
        for holder in GRADIENTS:
            if hasattr(copy, holder):
                return _among(holder, named.within, at, copy)
        partner = _partner(copy, named.name)
        return _beside(named, copy) if partner is None else getattr(copy, partner)

    return find


def _beside(named: NamedPlace, layer: Any) -> Any:
    """The gradient in the holder of the parameter itself."""
    holder = follow(named.path[:-1], layer)
    keys = (custom.format(named.path[-1]) for custom in CUSTOMS)
    return next((holder[key] for key in keys if key in holder), None) if isinstance(holder, Mapping) else None


def _by_text(text: str) -> Callable[[Any], Any]:
    return lambda copy: follow(path_of(text, copy), copy)


def _among(text: str, within: Path, at: int, layer: Any) -> Any:
    """A gradient within a holder: where the parameter is in its own, with or without a d, or at its position."""
    holder = follow(path_of(text, layer), layer)
    if isinstance(holder, np.ndarray):
        return holder if at == 0 else None
    *outer, last = within or (at,)
    for key in (last, *(custom.format(last) for custom in CUSTOMS)):
        try:
            return follow((*outer, key), holder)
        except ABSENT:
            continue
    return holder[at] if is_row(holder) and at < len(holder) else None


def _partner(layer: Any, name: str) -> str | None:
    """The attribute that by custom holds the gradient of the parameter `name`."""
    bare = name.removeprefix("_")
    candidates = [custom.format(n) for n in (name, bare) for custom in CUSTOMS]
    return next((candidate for candidate in candidates if hasattr(layer, candidate)), None)
