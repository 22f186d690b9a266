"""The ways in: a pair of functions, an object with state, a torch callable, a JAX function.

Each brings what it was handed to one form, and then all go the same way: the first call, the subject, the verdicts.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.arrays import as_arrays, distinct, floats, is_integer, names_of
from backcheck.subjects.first_call import first_call
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.source_text import called, import_lines, mirror_lines
from backcheck.subjects.result.check import Check, judge
from backcheck.subjects.stateful.call_history import KnownObject, known_object
from backcheck.subjects.stateful.layer import Layer, instance
from backcheck.subjects.stateful.parameters import Where
from backcheck.subjects.subject import Subject
from backcheck.subjects.user_code import UserCode, of_framework, of_pair

Function = Callable[..., Any]


def check_vjp(
    forward: Function,
    backward: Function,
    *arrays: Any,
    config: Mapping[str, Any] | None = None,
    torch: Function | None = None,
    jax: Function | None = None,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
) -> Check:
    """Is `backward` the vector-Jacobian product of `forward`, at these arrays?

    `forward(*arrays, **config)` returns (y, saved), y one array or several; `backward(saved, dy)`, with dy in the form
    of y, returns one gradient for each array, of its shape, and None where there is none (integers, masks).

    `torch` and `jax` are the same function in that framework: `torch(*tensors, **config)`. Without them the oracles are
    exact arithmetic and finite differences of `forward` itself. `cotangent` is dy, drawn from `seed` when not given;
    `dtype` casts the floating-point arrays first.

    Raises BadInput for what cannot be checked; a wrong gradient is a verdict, not an exception.
    """
    _require_callable(forward=forward, backward=backward)
    _require_mirrors(torch=torch, jax=jax)
    code = of_pair(forward, backward, torch=torch, jax=jax)
    given = floats(arrays, dtype)
    silent = "backward returns None for {}, so no gradient is judged there"
    return _check(code, names_of(forward, len(given)), given, config, cotangent, seed, silent)


def check_layer(
    layer: Any,
    *arrays: Any,
    params: Where = None,
    grads: Where = None,
    values: Mapping[str, Any] | None = None,
    torch: Function | None = None,
    jax: Function | None = None,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
) -> Check:
    """Are the gradients of an object with state right: `forward(*arrays)`, then `backward(dy)`?

    `layer` is the object, or a function without arguments that makes one; it is copied and never changed. `params` and
    `grads` say where its parameters and their gradients are: the name of an attribute that holds an array, a dictionary
    or a list, a list of such names, or a mapping from names to dotted paths. Without them the customs of hand-written
    libraries are looked for (`params`/`grads`, `W`/`dW`, `.data`/`.grad`, ...). `values` has values for parameters, by
    name, in place of those it holds. `torch` and `jax` take the inputs and then the parameters.

    Raises BadInput for what cannot be checked; a wrong gradient is a verdict, not an exception.
    """
    _require_mirrors(torch=torch, jax=jax)
    made = instance(layer)
    known = known_object(made, as_arrays(arrays, dtype), params, grads, in_its_dtype=dtype is None)
    held = _with_values(known.layer.values, values)
    given = floats([*known.arrays, *held.values()], None)
    given = floats(given, next(array.dtype for array in given if not is_integer(array)))
    code = _object_code(layer, known.layer, {"params": params, "grads": grads}, torch, jax)
    names = distinct((*names_of(code.signature, len(known.arrays)), *held))
    silent = "no gradient was found for {}; `grads` can say where it is"
    return _check(code, names, given, {}, cotangent, seed, silent, known=known)


def check_torch(
    function: Any,
    *tensors: Any,
    config: Mapping[str, Any] | None = None,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
) -> Check:
    """Is the hand-written backward of a PyTorch callable right, at these tensors (or arrays)?

    `function` is a torch.autograd.Function, a module, or any callable that uses such. The oracles are PyTorch's own
    autograd through the code of each Function's forward, finite differences, and exact arithmetic on the operations
    that PyTorch records. Raises BadInput as `check_vjp` does, and Unavailable without PyTorch.
    """
    return _check_framework("torch", function, tensors, config, cotangent, dtype, seed)


def check_jax(
    function: Function,
    *arrays: Any,
    config: Mapping[str, Any] | None = None,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
) -> Check:
    """Is the rule of a JAX function with jax.custom_vjp or jax.custom_jvp right, at these arrays?

    The oracles are JAX's own derivative with every custom rule left out, finite differences, and exact arithmetic on
    the operations that JAX records. Raises BadInput as `check_vjp` does, and Unavailable without JAX.
    """
    return _check_framework("jax", function, arrays, config, cotangent, dtype, seed)


def _check_framework(
    kind: framework_callables.Framework,
    function: Any,
    given: Sequence[Any],
    config: Mapping[str, Any] | None,
    cotangent: Any,
    dtype: Any,
    seed: int,
) -> Check:
    arrays = floats([framework_callables.to_array(each) for each in given], dtype)
    code = of_framework(kind, function)
    dy = None if cotangent is None else framework_callables.to_arrays(cotangent)
    return _check(code, names_of(code.signature, len(arrays)), arrays, config, dy, seed)


def _check(
    code: UserCode,
    names: Sequence[str],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any] | None,
    cotangent: Any,
    seed: int,
    silent: str = "",
    *,
    known: KnownObject | None = None,
) -> Check:
    """The way that all of them go. `silent` is what to say of float arrays without a gradient."""
    seen = first_call(code, names, arrays, config or {})
    subject = Subject(code, code.rule(seen.reseed), tuple(names), seen, known.stale if known else "")
    if seen.precision:
        arrays = floats(arrays, seen.precision)
    notes = [*seen.notes, silent.format(", ".join(seen.silent))] if silent and seen.silent else seen.notes
    if known is not None:
        notes = [*known.notes, *notes, *known.hidden()]
    return announce(judge(subject, arrays, config or {}, cotangent=cotangent, seed=seed, notes=notes))


def _object_code(
    layer: Any, bound: Layer, said: Mapping[str, Where], torch: Function | None, jax: Function | None
) -> UserCode:
    """An object as a pair. A script makes it again by its class or its function, or has it by the name `layer`."""
    name = type(bound.made).__name__
    by_name = (inspect.isclass(layer) or inspect.isfunction(layer)) and "<lambda>" not in layer.__qualname__
    source = import_lines(layer) if by_name else [f"# layer is your own: the {name} that was checked"]
    lines, options = mirror_lines(torch=torch, jax=jax)
    return UserCode(
        kind="layer",
        name=name,
        forward=bound.forward,
        backward=bound.backward,
        signature=getattr(bound.made, "forward", bound.made),
        source=("import backcheck", *source, *lines),
        call=f"backcheck.check_layer({called(layer) if by_name else 'layer'},",
        options=(*options, *(f"{n}={where!r}" for n, where in said.items() if where is not None)),
        inputs=bound.inputs,
        torch=torch,
        jax=jax,
        standin=framework_callables.standin(torch, jax),
        without=bound.without,
    )


def _with_values(held: Mapping[str, np.ndarray], values: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
    """The parameters, some of them with other values. Raises BadInput for a name or a shape that is not there."""
    found = dict(held)
    for name, value in (values or {}).items():
        if name not in found or np.shape(value) != found[name].shape:
            has = ", ".join(f"{known}{list(array.shape)}" for known, array in held.items()) or "none"
            raise BadInput(f"values: {name}{list(np.shape(value))} is no parameter of this shape; there are {has}")
        found[name] = np.asarray(value)
    return found


def _require_callable(**given: Any) -> None:
    for name, function in given.items():
        if not callable(function):
            raise BadInput(f"{name} must be a function; got {type(function).__name__}")


def _require_mirrors(**given: Any) -> None:
    _require_callable(**{name: function for name, function in given.items() if function is not None})
