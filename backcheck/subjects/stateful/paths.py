"""The way to a value within an object: attributes, keys and positions, one after the other."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.frontends.numpy_code.tensors.array import TensorArray

HOLDERS = ("params", "parameters", "_params", "_parameters", "weights_and_biases")
GRADIENTS = ("grads", "gradients", "_grads", "_gradients", "dparams")
ABSENT = (AttributeError, KeyError, IndexError, TypeError, ValueError)

Path = tuple[Any, ...]


def path_of(text: str, layer: Any) -> Path:
    """A dotted text as a path; names that hold dots themselves, as "params.fc1.W" may, are tried first."""
    if not text:
        return ()
    parts = text.split(".")
    for count in range(len(parts), 0, -1):
        head = ".".join(parts[:count])
        for key in (head, int(head)) if head.isdecimal() else (head,):
            try:
                return (key, *path_of(".".join(parts[count:]), _step(layer, key)))
            except ABSENT:
                continue
    raise KeyError(text)


def follow(path: Path, layer: Any) -> Any:
    """The value at a path."""
    return functools.reduce(_step, path, layer)


def _step(holder: Any, key: Any) -> Any:
    if isinstance(holder, Mapping | list | tuple):
        return holder[key]
    value = getattr(holder, key)
    if key in (*HOLDERS, *GRADIENTS) and callable(value):
        value = value()
        return list(value) if isinstance(value, Iterator) else value
    return value


class Leaf(NamedTuple):
    """One parameter: its name, the path to it and how to find its gradient, in any copy of the object."""

    name: str
    path: Path
    grad: Callable[[Any], Any]

    def get(self, layer: Any) -> Any:
        return unboxed(follow(self.path, layer))

    def put(self, layer: Any, value: Any) -> None:
        """Set a parameter that is a bare number; arrays are replaced by their identity."""
        inner, key = follow(self.path[:-1], layer), self.path[-1]
        if isinstance(inner, dict | list):
            inner[key] = value
        else:
            setattr(inner, key, value)


def attributes(value: Any) -> dict[str, Any]:
    """What an object holds by name, in its __dict__ and in its __slots__."""
    slots = [vars(kind).get("__slots__", ()) for kind in type(value).__mro__]
    named = [name for each in slots for name in ((each,) if isinstance(each, str) else each)]
    found = {name: getattr(value, name) for name in named if hasattr(value, name) and name != "__dict__"}
    return {**getattr(value, "__dict__", {}), **found}


def unboxed(value: Any) -> Any:
    """The array of a parameter object; an array or a number itself."""
    if isinstance(value, np.ndarray | np.generic | TensorArray):
        return value
    return getattr(value, "data", getattr(value, "value", value))


def is_floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind not in "iubO"


def is_box(value: Any) -> bool:
    """A parameter object: an array in `.data` or `.value`, its gradient in `.grad`."""
    return hasattr(value, "grad") and is_floats(unboxed(value)) and not isinstance(value, np.ndarray)


def layers_of(layer: Any, path: Path = (), seen: frozenset[int] = frozenset()) -> Iterator[Path]:
    """The paths to all layers that an object is made of."""
    own = follow(path, layer)
    for inner in inner_layers(own):
        if id(follow(inner, own)) not in seen:
            yield (*path, *inner)
            yield from layers_of(layer, (*path, *inner), seen | {id(own)})


def inner_layers(layer: Any) -> Iterator[Path]:
    """The paths to the objects with a backward that an object holds."""
    for name, value in attributes(layer).items():
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if is_row(value) else ()
        yield from ((name, key) for key, inner in pairs if _is_layer(inner))
        if _is_layer(value):
            yield (name,)


def is_row(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_layer(value: Any) -> bool:
    return hasattr(value, "backward") and not isinstance(value, type)
