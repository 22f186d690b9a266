"""An object with state as a pair of functions: forward(x) and backward(dy) on copies of it, its parameters as arrays.

Every call works on a copy that holds the given arrays in place of its parameters, wherever the object refers to them;
so caches, counters and running statistics of one call never reach the next. On exact numbers its other float arrays
(zeroed gradient buffers, running means) become exact as well.
"""

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.subjects.pairs.argument_order import cotangents
from backcheck.subjects.pairs.outputs import each_of
from backcheck.subjects.pairs.pair import as_rule
from backcheck.subjects.pairs.small_constants import constants, names_in, others
from backcheck.subjects.stateful.calls import USUAL_CALLS, Calls, require_reset
from backcheck.subjects.stateful.object_copy import copied, duplicate, with_parameters
from backcheck.subjects.stateful.parameters import Leaf
from backcheck.subjects.stateful.paths import ABSENT, Path, attributes, follow, is_floats, layers_of
from scratch_bp.rules import Rule

OUTPUTS = ("output", "out", "y")
INPUT_GRADIENTS = ("dinputs", "dx", "dX", "grad_input", "grad_inputs", "grad_x", "dinput")


@dataclass(frozen=True, slots=True)
class Layer:
    """An object with its parameters: a pair of functions of `inputs` arrays, and of the parameters behind them.

    An object that `adds` its gradients up over calls of backward, or is `spent` after one, starts every backward as its
    forward left it. `calls` says how it is called. `edit` changes a copy before it runs, for readings of the same code.
    """

    made: Any
    leaves: Sequence[Leaf]
    inputs: int
    adds: bool = False
    spent: bool = False
    calls: Calls = USUAL_CALLS
    edit: Callable[[Any], None] | None = None

    @property
    def values(self) -> dict[str, np.ndarray]:
        """The parameters that the object holds, by name."""
        return {leaf.name: np.asarray(leaf.get(self.made)) for leaf in self.leaves}

    def forward(self, *arrays: np.ndarray, **_: Any) -> tuple[Any, Any]:
        """The value at these inputs and parameters, and the copy that computed it."""
        layer = self.made
        if self.edit is not None:
            layer = copied(layer)
            self.edit(layer)
        own = with_parameters(layer, self.leaves, arrays[self.inputs :], arrays)
        return run(own, arrays[: self.inputs], self.calls), own

    def backward(self, own: Any, dy: Any) -> tuple[Any, ...]:
        """The gradients of the inputs and of the parameters."""
        own = duplicate(own) if self.adds or self.spent else own
        return tuple(gradients(own, dy, self.inputs, self.leaves, self.calls))

    def without(self) -> dict[str, tuple[float, Rule]]:
        """The rule with 0 for each small constant: in the code that forward runs, or in attributes, of the object or
        of the layers that it is made of."""
        found: dict[str, tuple[float, Rule]] = {}
        for path in ((), *layers_of(self.made)):
            for label, value, edit in _edits(path, follow(path, self.made), self.calls):
                rule = as_rule(replace(self, edit=edit).forward, self.backward)
                found[label if label not in found else f"{label} {len(found)}"] = value, rule
        return found


def gradients(layer: Any, dy: Any, inputs: int, leaves: Sequence[Leaf], calls: Calls = USUAL_CALLS) -> list[Any]:
    """What backward says of the inputs and of the parameters, returned or left in the object; None where nothing is."""
    dxs, rest = returned(layer, pull(layer, dy, calls), inputs, [leaf.name for leaf in leaves])
    return [*dxs, *(rest.get(leaf.name, gradient_of(leaf, layer)) for leaf in leaves)]


def gradient_of(leaf: Leaf, layer: Any) -> Any:
    """The gradient of a parameter after backward, or None."""
    try:
        return leaf.grad(layer)
    except ABSENT:
        return None


def instance(layer: Any, calls: Calls = USUAL_CALLS) -> Any:
    """The object itself, or what a factory makes. Raises BadInput for what has no forward and backward."""
    made = _made(layer) if inspect.isclass(layer) or (not _has_both(layer, calls) and callable(layer)) else layer
    if not _has_both(made, calls):
        raise BadInput(
            f"check_layer takes an object with {calls.forward}(x) and {calls.backward}(dy), or a function that makes "
            f"one; got {type(made).__name__}, which has no "
            f"{calls.backward if calls.forward_of(made) else calls.forward}; `methods` can say what they are called"
        )
    require_reset(made, calls)
    return made


def _made(factory: Callable[[], Any]) -> Any:
    try:
        return factory()
    except (Exception, SystemExit) as error:
        what = getattr(factory, "__name__", type(factory).__name__)
        raise BadInput(
            f"check_layer calls {what}() to make the object, and it {raised(error)}. "
            "Pass an object that has forward and backward, or a function that makes one: lambda: ..."
        ) from error


def _has_both(layer: Any, calls: Calls) -> bool:
    return not inspect.isclass(layer) and hasattr(layer, calls.backward) and calls.forward_of(layer) is not None


def run(layer: Any, arrays: Sequence[Any], calls: Calls = USUAL_CALLS) -> Any:
    """The forward value: returned, or left in `output` by those that return nothing."""
    value = calls.forward_of(layer)(*arrays)  # type: ignore[misc]  # `instance` made sure that there is one
    if value is None:
        value = next((getattr(layer, name) for name in OUTPUTS if getattr(layer, name, None) is not None), None)
    if value is None:
        raise BadInput(
            f"{type(layer).__name__}.{calls.forward} returned nothing, and left nothing in {' or '.join(OUTPUTS)}"
        )
    return value


def pull(layer: Any, dy: Any, calls: Calls = USUAL_CALLS) -> Any:
    """What backward returns. One that takes a cotangent for each output gets them so; a loss whose backward takes none
    is scaled by it."""
    backward = calls.backward_of(layer)
    wanted = cotangents(backward)
    if wanted is None or wanted == 1:
        return backward(dy)
    if wanted > 1:
        return backward(*each_of(dy))
    result = backward()
    scale = dy.reshape(()) if np.size(dy) == 1 else None
    if scale is None or result is None:
        return result
    return tuple(g * scale for g in result) if isinstance(result, tuple | list) else result * scale


def returned(layer: Any, result: Any, inputs: int, names: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """The gradients of the inputs, and those of parameters that backward returned with them."""
    if result is None:
        result = input_gradient(layer)
    parts = _flat(result, inputs)
    rest: dict[str, Any] = {}
    for each in [part for part in parts if isinstance(part, Mapping)]:
        found = {str(key).removeprefix("d").removeprefix("_"): grad for key, grad in each.items()}
        rest |= {name: grad for key, grad in found.items() for name in (key, f"d{key}") if name in names}
        at = next(i for i, part in enumerate(parts) if part is each)
        parts[at : at + 1] = [grad for key, grad in found.items() if key not in rest and f"d{key}" not in rest]
    if len(parts) == inputs + len(names) and not rest:
        return parts[:inputs], dict(zip(names, parts[inputs:], strict=True))
    if len(parts) > inputs:
        raise BadInput(
            f"{type(layer).__name__}.backward returned {len(parts)} gradients; expected {inputs} for its inputs"
            + (f", or {inputs + len(names)} with its parameters {', '.join(names)}" if names else "")
            + "; `params` can say which of its arrays are parameters "
            + f"({', '.join(name for name, value in attributes(layer).items() if is_floats(value))})"
        )
    return [*parts, *[None] * (inputs - len(parts))], rest


def input_gradient(layer: Any) -> Any:
    """The gradient of the input where backward stores it and returns nothing."""
    return next((getattr(layer, name) for name in INPUT_GRADIENTS if getattr(layer, name, None) is not None), None)


def _flat(result: Any, inputs: int) -> list[Any]:
    """What backward returned, with (dW, db) in a tuple of their own laid beside dx."""
    parts = list(result) if isinstance(result, tuple | list) else [result]
    last = parts[-1] if parts else None
    return [*parts[:-1], *last] if len(parts) == inputs + 1 and isinstance(last, tuple | list) else parts


Edit = Callable[[Any], None]


def _edits(path: Path, own: Any, calls: Calls) -> Iterator[tuple[str, float, Edit]]:
    for name, method in _methods(own, calls):
        for label, value, other in constants(method):
            yield label, value, functools.partial(_with_method, path, name, getattr(other, "__func__", other))
    names = frozenset(name for _, method in _methods(own, calls) for name in names_in(method))
    for name, value in attributes(own).items():
        if not hasattr(value, "backward"):  # the layers that it is made of have paths of their own
            for label, found, other in others(name, value, names):
                yield label, found, functools.partial(_with_other, path, name, other)


def _methods(own: Any, calls: Calls) -> Iterator[tuple[str, Any]]:
    """Its forward, and the methods that this names."""
    kind = type(own)
    name = calls.forward if hasattr(kind, calls.forward) else "__call__"
    code = getattr(getattr(kind, name, None), "__code__", None)
    for each in (name, *(code.co_names if code is not None else ())):
        if isinstance(getattr(kind, each, None), types.FunctionType):
            yield each, getattr(kind, each)


def _with_method(path: Path, name: str, function: Any, layer: Any) -> None:
    own = follow(path, layer)
    if name == "__call__":  # Python looks for it in the class
        own.forward = types.MethodType(function, own)
    else:
        setattr(own, name, types.MethodType(function, own))


def _with_other(path: Path, name: str, value: Any, layer: Any) -> None:
    setattr(follow(path, layer), name, value)
