"""Where an object with state keeps its parameters and, after backward, their gradients.

Said by the caller (an attribute that holds an array, a dictionary or a list; a list of attributes; names to paths), or
found by the customs of hand-written libraries: `params`/`grads`, `W`/`dW`, `W`/`grad_W`, parameter objects with
`.data` and `.grad`.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.problem import BadInput

HOLDERS = ("params", "parameters", "_params", "_parameters", "weights_and_biases")
GRADIENTS = ("grads", "gradients", "_grads", "_gradients", "dparams")
CUSTOMS = ("d{}", "grad_{}", "{}_grad", "d_{}", "g{}", "grad{}", "grads_{}", "delta_{}")
INPUT_GRADIENTS = ("dinputs", "dx", "dX", "grad_input", "grad_x", "dinput")
Where = str | Sequence[str] | Mapping[str, str] | None


class Leaf(NamedTuple):
    """One parameter: its name, the dotted path to it and how to find its gradient, in any copy of the object."""

    name: str
    path: str
    grad: Callable[[Any], Any]

    def get(self, layer: Any) -> Any:
        return unboxed(_follow(self.path, layer))

    def put(self, layer: Any, value: Any) -> None:
        """Set a parameter that is a bare number; arrays are replaced by their identity."""
        holder, _, key = self.path.rpartition(".")
        inner = _follow(holder, layer) if holder else layer
        if isinstance(inner, dict | list):
            inner[key if isinstance(inner, dict) else int(key)] = value  # type: ignore[index]
        else:
            setattr(inner, key, value)


def leaves(layer: Any, params: Where, grads: Where) -> list[Leaf]:
    """The parameters of an object. Raises BadInput when what was said is not there."""
    found = _said("params", layer, params) if params is not None else _customary(layer)
    return [Leaf(name, path, _gradient(name, path, at, grads)) for at, (name, path) in enumerate(found)]


def _said(what: str, layer: Any, where: Any) -> list[tuple[str, str]]:
    if isinstance(where, str):
        return list(_within(layer, where, _reach(what, layer, where)))
    pairs = where.items() if isinstance(where, Mapping) else [(path.rpartition(".")[2], path) for path in where]
    for _, path in pairs:
        _reach(what, layer, path)
    return list(pairs)


def _reach(what: str, layer: Any, path: str) -> Any:
    try:
        return _follow(path, layer)
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        has = ", ".join(name for name in vars(layer)) if hasattr(layer, "__dict__") else "no attributes"
        raise BadInput(f"{what}={path!r}: {type(layer).__name__} has no such attribute; it has {has}") from error


def _follow(path: str, layer: Any) -> Any:
    """The value at a dotted path of attributes, keys and positions."""
    return functools.reduce(_step, path.split("."), layer)


def _step(holder: Any, key: str) -> Any:
    if isinstance(holder, Mapping):
        return holder[key]
    if isinstance(holder, list | tuple):
        return holder[int(key)]
    value = getattr(holder, key)
    return value() if key in HOLDERS and callable(value) else value


def _customary(layer: Any) -> list[tuple[str, str]]:
    for holder in HOLDERS:
        if hasattr(layer, holder):
            value = _follow(holder, layer)
            if isinstance(value, Mapping | list | tuple):
                return list(_within(layer, holder, value))
    own = getattr(layer, "__dict__", {})
    boxed = [name for name, value in own.items() if _is_box(value)]
    named = [name for name, value in own.items() if _is_floats(value) and _partner(layer, name) is not None]
    return [(name, name) for name in (*boxed, *named)]


def _within(layer: Any, path: str, value: Any) -> Iterator[tuple[str, str]]:
    """The arrays that a holder holds, by the names they have there or elsewhere in the object."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _within(layer, f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        names = {id(other): name for name, other in getattr(layer, "__dict__", {}).items()}
        for at, inner in enumerate(value):
            known = names.get(id(inner), f"{path.rpartition('.')[2]}{at}")
            yield from ((known, inner_path) for _, inner_path in _within(layer, f"{path}.{at}", inner))
    elif value is not None:
        yield path.rpartition(".")[2], path


def _gradient(name: str, path: str, at: int, where: Where) -> Callable[[Any], Any]:
    """How to reach the gradient of one parameter; it need not exist before the first backward."""
    if isinstance(where, Mapping):
        return functools.partial(_follow, where.get(name, name))
    if isinstance(where, str):
        return functools.partial(_among, where, name, at)
    if where is not None:
        return functools.partial(_follow, where[at])

    def find(copy: Any) -> Any:
        if _is_box(_follow(path, copy)):
            return _follow(path, copy).grad
        for holder in GRADIENTS:
            if hasattr(copy, holder):
                return _among(holder, name, at, copy)
        partner = _partner(copy, name)
        return None if partner is None else getattr(copy, partner)

    return find


def _among(path: str, name: str, at: int, layer: Any) -> Any:
    """A gradient within a holder: under the parameter's name, with or without a d, or at its position."""
    holder = _follow(path, layer)
    if isinstance(holder, Mapping):
        keys = (name, *(custom.format(name) for custom in CUSTOMS))
        return next((holder[key] for key in keys if key in holder), None)
    return holder[at] if isinstance(holder, list | tuple) and at < len(holder) else holder


def _partner(layer: Any, name: str) -> str | None:
    """The attribute that by custom holds the gradient of the parameter `name`."""
    bare = name.removeprefix("_")
    candidates = [custom.format(n) for n in (name, bare) for custom in CUSTOMS]
    return next((candidate for candidate in candidates if hasattr(layer, candidate)), None)


def _is_box(value: Any) -> bool:
    """A parameter object: an array in `.data` or `.value`, its gradient in `.grad`."""
    return hasattr(value, "grad") and _is_floats(unboxed(value)) and not isinstance(value, np.ndarray)


def unboxed(value: Any) -> Any:
    """The array of a parameter object; an array itself."""
    if isinstance(value, np.ndarray):
        return value
    return getattr(value, "data", getattr(value, "value", value))


def _is_floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind not in "iubO"


def input_gradient(layer: Any) -> Any:
    """The gradient of the input where backward stores it and returns nothing."""
    return next((getattr(layer, name) for name in INPUT_GRADIENTS if getattr(layer, name, None) is not None), None)
