"""An object with state as a pair of functions: forward(x) and backward(dy) on copies of it, its parameters as arrays.

Every call works on a copy that holds the given arrays in place of its parameters, wherever the object refers to them;
so caches, counters and running statistics of one call never reach the next. On exact numbers its other float arrays
(zeroed gradient buffers, running means) become exact as well.
"""

import copy
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.own import places
from backcheck.own.constants import constants, small
from backcheck.own.pair import as_rule
from backcheck.own.places import Leaf
from backcheck.problem import BadInput
from reference import balls, exact, ordinary
from scratch_bp.rules import Rule

OUTPUTS = ("output", "out", "y")


@dataclass(frozen=True, slots=True)
class Layer:
    """How to make the object from its options, what its parameters are then, and how many arrays its forward takes.

    With `renewed` every backward starts from the object as its forward left it, for those that add their gradients up.
    `edit` changes a copy before it runs, and `call` runs instead of its forward: for readings of the same code.
    """

    make: Callable[[Mapping[str, Any]], Any]
    known: Callable[[Mapping[str, Any]], Sequence[Leaf]]
    inputs: int
    renewed: bool = False
    edit: Callable[[Any], None] | None = None
    call: Callable[..., Any] | None = None

    def forward(self, *arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        """The value at these inputs and parameters, and the copy that computed it."""
        layer, known = self.make(config), self.known(config)
        if self.edit is not None:
            layer = copy.deepcopy(layer)
            self.edit(layer)
        own = with_parameters(layer, known, arrays[self.inputs :], arrays)
        y = self.call(own, *arrays[: self.inputs]) if self.call else run(own, arrays[: self.inputs])
        return y, (own, known)

    def backward(self, saved: Any, dy: Any) -> tuple[Any, ...]:
        """The gradients of the inputs and of the parameters."""
        layer, known = saved
        layer = duplicate(layer) if self.renewed else layer
        dxs, rest = returned(layer, pull(layer, dy), self.inputs, [leaf.name for leaf in known])
        return (*dxs, *(rest.get(leaf.name, gradient_of(leaf, layer)) for leaf in known))


def gradient_of(leaf: Leaf, layer: Any) -> Any:
    """The gradient of a parameter after backward, or None."""
    try:
        return leaf.grad(layer)
    except (AttributeError, KeyError, IndexError, TypeError):
        return None


def instance(layer: Any) -> Any:
    """The object itself, or what a factory makes. Raises BadInput for what has no forward and backward."""
    made = layer() if inspect.isclass(layer) or (not _has_both(layer) and callable(layer)) else layer
    if not _has_both(made):
        raise BadInput(
            f"check_layer takes an object with forward(x) and backward(dy), or a function that makes one; "
            f"got {type(made).__name__}, which has no {'backward' if _method(made) else 'forward'}"
        )
    return made


def _has_both(layer: Any) -> bool:
    return not inspect.isclass(layer) and hasattr(layer, "backward") and _method(layer) is not None


def _method(layer: Any) -> Callable[..., Any] | None:
    return getattr(layer, "forward", None) or (layer if callable(layer) else None)


def run(layer: Any, arrays: Sequence[Any]) -> Any:
    """The forward value: returned, or left in `output` by those that return nothing."""
    value = _method(layer)(*arrays)  # type: ignore[misc]  # `instance` made sure that there is one
    if value is None:
        value = next((getattr(layer, name) for name in OUTPUTS if getattr(layer, name, None) is not None), None)
    if value is None:
        raise BadInput(f"{type(layer).__name__}.forward returned nothing, and left nothing in {' or '.join(OUTPUTS)}")
    return value


def pull(layer: Any, dy: Any) -> Any:
    """What backward returns; a loss whose backward takes no cotangent is scaled by it."""
    if takes_cotangent(layer):
        return layer.backward(dy)
    result = layer.backward()
    scale = dy.reshape(()) if np.size(dy) == 1 else None
    return result if scale is None or result is None else _times(result, scale)


def takes_cotangent(layer: Any) -> bool:
    """Has its backward a parameter by position?"""
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    try:
        return any(p.kind not in named for p in inspect.signature(layer.backward).parameters.values())
    except (TypeError, ValueError):
        return True


def _times(result: Any, scale: Any) -> Any:
    return tuple(g * scale for g in result) if isinstance(result, tuple | list) else result * scale


def returned(layer: Any, result: Any, inputs: int, names: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """The gradients of the inputs, and those of parameters that backward returned with them."""
    if result is None:
        result = places.input_gradient(layer)
    if isinstance(result, Mapping):
        found = {key.removeprefix("d").removeprefix("_"): grad for key, grad in result.items()}
        rest = {name: found.pop(name) for name in names if name in found}
        return [*found.values(), *[None] * inputs][:inputs], rest
    parts = list(result) if isinstance(result, tuple | list) else [result]
    if len(parts) == inputs + len(names):
        return parts[:inputs], dict(zip(names, parts[inputs:], strict=True))
    if len(parts) > inputs:
        raise BadInput(
            f"{type(layer).__name__}.backward returned {len(parts)} gradients; expected {inputs} for its inputs"
            + (f", or {inputs + len(names)} with its parameters {', '.join(names)}" if names else "")
        )
    return [*parts, *[None] * (inputs - len(parts))], {}


def with_parameters(
    layer: Any, known: Sequence[Leaf], given: Sequence[np.ndarray], arrays: Sequence[np.ndarray] = ()
) -> Any:
    """A copy in which each parameter is the array given, at every place that refers to it.

    When `arrays` are exact numbers, so become the other float arrays that it holds.
    """
    before = [leaf.get(layer) for leaf in known]
    pairs = list(zip(known, before, given, strict=True))
    memo: dict[int, Any] = {id(old): new for _, old, new in pairs if isinstance(old, np.ndarray)}
    lifted = _lifting(arrays)
    for array in held(layer) if lifted is not None else ():
        if array.dtype.kind == "f":
            memo.setdefault(id(array), lifted(array))
    try:
        own = copy.deepcopy(layer, memo)
    except TypeError as error:
        raise BadInput(
            f"{type(layer).__name__} cannot be copied ({error}); pass a function that makes one: lambda: ..."
        ) from error
    for leaf, old, new in pairs:
        if not isinstance(old, np.ndarray):
            leaf.put(own, new)
    return own


def duplicate(layer: Any) -> Any:
    """A copy of an object that may hold exact numbers, which know nothing of copying."""
    return copy.deepcopy(layer, {id(array): array.copy() for array in held(layer) if array.dtype == object})


def _lifting(arrays: Sequence[np.ndarray]) -> Callable[[np.ndarray], np.ndarray] | None:
    """How the object's other arrays are made exact, when its inputs are."""
    numbers = [array for array in arrays if isinstance(array, np.ndarray) and array.dtype == object]
    if not numbers:
        return None
    watch = next((array.watch for array in numbers if isinstance(array, balls.Hull)), None)
    return lambda array: ordinary.ordinary(exact.lift(array) if watch is None else watch.keep(exact.lift(array)))


def held(value: Any, seen: set[int] | None = None) -> Iterator[np.ndarray]:
    """Every array that an object refers to, through attributes and containers, once each."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, type):
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
        return
    parts: list[Any] = []
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, list | tuple | set):
        parts = list(value)
    elif not inspect.ismodule(value) and not inspect.isroutine(value):
        slots = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
        parts = [*getattr(value, "__dict__", {}).values(), *slots]
    for part in parts:
        yield from held(part, seen)


def without(layer: Any, bound: Layer) -> dict[str, tuple[float, Rule]]:
    """The object as a rule with 0 for each small constant: in the code of its forward, or among its attributes."""
    found: dict[str, tuple[float, Rule]] = {}
    for label, value, other in constants(getattr(layer, "forward", layer)):
        changed = replace(bound, call=getattr(other, "__func__", other))
        found[label if label not in found else f"{label} {len(found)}"] = (
            value,
            as_rule(changed.forward, bound.backward),
        )
    for name, value in getattr(layer, "__dict__", {}).items():
        if small(value):
            changed = replace(bound, edit=functools.partial(_zero, name))
            found[name] = value, as_rule(changed.forward, bound.backward)
    return found


def _zero(name: str, layer: Any) -> None:
    setattr(layer, name, 0.0)
