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
from typing import Any, NamedTuple

import numpy as np

from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.signature import takes
from backcheck.subjects.arrays import names_of
from backcheck.subjects.pairs import by_name
from backcheck.subjects.pairs.argument_order import cotangents
from backcheck.subjects.pairs.by_name import matched, named
from backcheck.subjects.pairs.pair import as_rule
from backcheck.subjects.pairs.small_constants import constants, names_in, others
from backcheck.subjects.stateful.calls import USUAL_CALLS, Calls, require_reset
from backcheck.subjects.stateful.object_copy import copied, duplicate, with_parameters
from backcheck.subjects.stateful.paths import ABSENT, Leaf, Path, attributes, follow, is_floats, layers_of
from backcheck.subjects.stateful.shared_parameters import Parameter
from scratch_bp.rules import Rule

OUTPUTS = ("output", "out", "y")
INPUT_GRADIENTS = ("dinputs", "dx", "dX", "grad_input", "grad_inputs", "grad_x", "dinput")


class OneMemory(NamedTuple):
    """A parameter that several places hold, and the object read so that the gradient at some of them is all there is.

    With `in_parts` it is a buffer and its parts, and `alone` has every place of it.
    """

    name: str
    names: str
    in_parts: bool
    alone: "Sequence[tuple[str, Layer]]"


@dataclass(frozen=True, slots=True)
class Layer:
    """An object with its parameters: a pair of functions of `inputs` arrays, and of the parameters behind them.

    `leaves` are the places where parameters were found; several of one memory are one of the `parameters`.

    An object that `adds` its gradients up over calls of backward, or is `spent` after one, starts every backward as its
    forward left it. `calls` says how it is called. `edit` changes a copy before it runs, for readings of the same code.
    """

    made: Any
    leaves: Sequence[Leaf]
    parameters: Sequence[Parameter]
    inputs: int
    adds: bool = False
    spent: bool = False
    calls: Calls = USUAL_CALLS
    edit: Callable[[Any], None] | None = None

    @property
    def values(self) -> dict[str, np.ndarray]:
        """The parameters that the object holds, by name."""
        return {parameter.name: parameter.value(self.made) for parameter in self.parameters}

    def forward(self, *arrays: np.ndarray, **_: Any) -> tuple[Any, Any]:
        """The value at these inputs and parameters, and the copy that computed it."""
        layer = self.made
        if self.edit is not None:
            layer = copied(layer)
            self.edit(layer)
        own = with_parameters(layer, self.parameters, arrays[self.inputs :], arrays)
        return run(own, arrays[: self.inputs], self.calls), own

    def backward(self, own: Any, dy: Any) -> tuple[Any, ...]:
        """The gradients of the inputs and of the parameters."""
        own = duplicate(own) if self.adds or self.spent else own
        return tuple(self.gradients(own, dy))

    def gradients(self, own: Any, dy: Any) -> list[Any]:
        """What backward of a copy says of the inputs and of the parameters; None where it says nothing."""
        names = inputs_of(self.calls, own, self.inputs)
        dxs, found = gradients_at(own, pull(own, dy, self.calls), names, self.leaves, self.parameters)
        return [*dxs, *(parameter.gradient(found) for parameter in self.parameters)]

    def shared(self) -> list[OneMemory]:
        """The parameters that several places hold, with the readings by which some of those say all there is."""
        found = []
        for one in self.parameters:
            alone = []
            for names, other in one.alone():
                own = replace(self, parameters=[other if each is one else each for each in self.parameters])
                alone.append((names, own))
            found += [OneMemory(one.name, one.names, one.in_parts, alone)] if alone else []
        return found

    def without(self) -> dict[str, tuple[float, Rule]]:
        """The rule with 0 for each small constant: in the code that forward runs, or in attributes, of the object or
        of the layers that it is made of."""
        found: dict[str, tuple[float, Rule]] = {}
        for path in ((), *layers_of(self.made)):
            for label, value, edit in _edits(path, follow(path, self.made), self.calls):
                rule = as_rule(replace(self, edit=edit).forward, self.backward)
                found[label if label not in found else f"{label} {len(found)}"] = value, rule
        return found


def gradients_at(
    layer: Any,
    result: Any,
    inputs: Sequence[str],
    leaves: Sequence[Leaf],
    parameters: Sequence[Parameter] = (),
) -> tuple[list[Any], dict[Path, Any]]:
    """What backward says of the inputs, and at each place of a parameter, returned or left in the object; None where
    nothing is."""
    names = [leaf.name for leaf in leaves]
    dxs, rest = returned(layer, result, inputs, names, [each.name for each in parameters])
    return dxs, {leaf.path: rest.get(leaf.name, gradient_of(leaf, layer)) for leaf in leaves}


def inputs_of(calls: Calls, layer: Any, count: int) -> tuple[str, ...]:
    """What the forward of an object calls its first arrays."""
    return names_of(calls.forward_of(layer) or layer, count)


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
        return backward(*by_name.cotangents(dy, takes(backward).names[:wanted]))
    result = backward()
    scale = dy.reshape(()) if np.size(dy) == 1 else None
    if scale is None or result is None:
        return result
    return tuple(g * scale for g in result) if isinstance(result, tuple | list) else result * scale


def began(error: BaseException) -> bool:
    """Was it the code of backward that raised this, and not the call of it, with the wrong number of arguments?"""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and frame.tb_frame.f_code is not pull.__code__


def returned(
    layer: Any, result: Any, inputs: Sequence[str], names: Sequence[str], once: Sequence[str] = ()
) -> tuple[list[Any], dict[str, Any]]:
    """The gradients of the inputs, and those of parameters that backward returned with them: by `names`, or `once` for
    each piece of memory."""
    if result is None:
        result = input_gradient(layer)
    count, rest = len(inputs), dict[str, Any]()
    whole = named(result, [*inputs, *names])
    parts: list[Any] = []
    for part in _flat(result, count) if whole is None else [whole]:
        held = named(part, [*inputs, *names])
        if held is None:
            parts.append(part)
        else:
            own, others = _by_name(layer, held, inputs, names)
            rest, parts = rest | own, [*parts, *others]
    for each in (names, once):
        if len(parts) == count + len(each) and not rest:
            return parts[:count], dict(zip(each, parts[count:], strict=True))
    if len(parts) > count:
        raise BadInput(
            f"{type(layer).__name__}.backward returned {len(parts)} gradients; expected {count} for its inputs"
            + (f", or {count + len(names)} with its parameters {', '.join(names)}" if names else "")
            + "; `params` can say which of its arrays are parameters "
            + f"({', '.join(name for name, value in attributes(layer).items() if is_floats(value))})"
        )
    return [*parts, *[None] * (count - len(parts))], rest


def _by_name(
    layer: Any, held: Mapping[Any, Any], inputs: Sequence[str], names: Sequence[str]
) -> tuple[dict[str, Any], list[Any]]:
    """The gradients of parameters, by name, and those of the inputs in their order, where some are there.

    Raises BadInput for a name that is that of none of them, unless it stands for the one input that there is.
    """
    found = {key: matched([key], names) for key in held}
    own = {name: held[key] for fits in found.values() if fits for name, key in fits.items()}
    others = [key for key, fits in found.items() if not fits]
    fits = matched(others, inputs)
    if not others:
        return own, []
    if fits is not None:
        return own, [held[fits[name]] if name in fits else None for name in inputs]
    if len(others) == len(inputs) == 1:
        return own, [held[others[0]]]
    raise BadInput(
        f"{type(layer).__name__}.backward returned gradients by name ({', '.join(map(str, held))}); expected those of "
        f"its inputs {', '.join(inputs)}" + (f" and of its parameters {', '.join(names)}" if names else "")
    )


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
