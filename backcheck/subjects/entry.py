"""The ways in: a pair of functions, an object with state, a torch callable, a JAX function."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.first_call import attempt
from backcheck.subjects.pairs.pair import as_rule, in_order, pair_without
from backcheck.subjects.pairs.source_text import called, imports, mirrors, name_of
from backcheck.subjects.result.check import Check, judge
from backcheck.subjects.stateful import call_history
from backcheck.subjects.stateful import layer as layers
from backcheck.subjects.stateful.parameters import Where
from backcheck.subjects.subject import Own, as_arrays, distinct, floats, names_of

PAIR = ("forward", "backward")  # what a script calls functions without a name


def check_vjp(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *arrays: Any,
    config: Mapping[str, Any] | None = None,
    torch: Callable[..., Any] | None = None,
    jax: Callable[..., Any] | None = None,
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
    config, raw, backward = dict(config or {}), backward, in_order(backward)
    _require_callable(forward=forward, backward=backward)
    _require_callable(torch=torch, jax=jax)
    lines, options = mirrors(torch=torch, jax=jax)
    given = floats(arrays, dtype)
    name = name_of(forward)
    names = names_of(forward, len(given))
    trial = attempt(name, forward, backward, given, config, names)
    if trial.precision:
        given = floats(given, trial.precision)
    own = Own(
        name=name,
        rule=as_rule(forward, backward, reseed=trial.reseed),
        names=names,
        moves=trial.moves,
        torch=torch,
        jax=jax,
        standin=framework_callables.standin(torch, jax),
        source=("import backcheck", *imports(forward, raw, otherwise=PAIR), *lines),
        call=f"backcheck.check_vjp({called(forward, PAIR[0])}, {called(raw, PAIR[1])},",
        options=tuple(options),
        without=pair_without((forward, backward)),
    )
    still = [
        n for n, a, moves in zip(names, given, trial.moves, strict=True) if not moves and a.dtype.kind not in "iub"
    ]
    notes = [f"backward returns None for {', '.join(still)}, so no gradient is judged there"] * bool(still)
    return announce(judge(own, given, config, cotangent=cotangent, seed=seed, notes=(*trial.notes, *notes)))


def check_layer(
    layer: Any,
    *arrays: Any,
    params: Where = None,
    grads: Where = None,
    values: Mapping[str, Any] | None = None,
    torch: Callable[..., Any] | None = None,
    jax: Callable[..., Any] | None = None,
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
    _require_callable(torch=torch, jax=jax)
    made, given = layers.instance(layer), as_arrays(arrays, dtype)
    with np.errstate(all="ignore"):
        made, known = call_history.settle(made, given, params, grads)
        before = [np.asarray(leaf.get(made)) for leaf in known]
        given = _in_one_dtype(given, before, dtype)
        seen = call_history.observe(made, given, known)
        unseen = call_history.unseen(made, given, known)
    name = type(made).__name__
    bound = layers.Layer(lambda config: made, lambda config: known, len(given), seen.renewed)
    held = _with_values(dict(zip([leaf.name for leaf in known], before, strict=True)), values)
    full = _alike([*given, *held.values()])
    inputs = names_of(made.forward if hasattr(made, "forward") else made, len(given))
    names = distinct((*inputs, *held))
    trial = attempt(name, bound.forward, bound.backward, full, {}, names)
    if trial.precision:
        full = floats(full, trial.precision)
    said: dict[str, Where] = {"params": params, "grads": grads}
    brought, text = _source(layer, name)
    lines, options = mirrors(torch=torch, jax=jax)
    notes = (*seen.notes, *trial.notes, *_not_judged(names, full, trial.moves, unseen))
    own = Own(
        name=name,
        rule=as_rule(bound.forward, bound.backward, reseed=trial.reseed),
        names=names,
        moves=trial.moves,
        torch=torch,
        jax=jax,
        standin=framework_callables.standin(torch, jax),
        source=("import backcheck", *brought, *lines),
        call=f"backcheck.check_layer({text},",
        options=(*options, *(f"{n}={where!r}" for n, where in said.items() if where is not None)),
        inputs=len(given),
        without=layers.without(made, bound),
        stale=seen.stale,
    )
    return announce(judge(own, full, {}, cotangent=cotangent, seed=seed, notes=notes))


def _require_callable(**given: Any) -> None:
    for name, function in given.items():
        if not callable(function) and (function is not None or name in ("forward", "backward")):
            raise BadInput(f"{name} must be a function; got {type(function).__name__}")


def _source(layer: Any, name: str) -> tuple[list[str], str]:
    """How a script has the object: made again by its class or its function, or as it is, by the name `layer`."""
    made_by = inspect.isclass(layer) or inspect.isfunction(layer)
    if made_by and "<lambda>" not in layer.__qualname__:
        return imports(layer), called(layer)
    return [f"# layer is your own: the {name} that was checked"], "layer"


def _not_judged(
    names: Sequence[str], arrays: Sequence[np.ndarray], moves: Sequence[bool], unseen: Sequence[str]
) -> list[str]:
    """What its value may depend on, and no gradient was found for."""
    still = [n for n, a, moves in zip(names, arrays, moves, strict=True) if not moves and a.dtype.kind not in "iub"]
    notes = [f"no gradient was found for {', '.join(still)}; `grads` can say where it is"] * bool(still)
    said = f"its value depends on {', '.join(unseen)} too, where no gradient was looked for; `params` can say so"
    return [*notes, said] if unseen else notes


def _alike(arrays: Sequence[Any]) -> list[np.ndarray]:
    """Inputs and parameters in the dtype of the first that is floating point. Raises BadInput when none is."""
    found = floats(arrays, None)
    return floats(found, next(array.dtype for array in found if array.dtype.kind not in "iub"))


def _with_values(held: Mapping[str, np.ndarray], values: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
    """The parameters, some of them with other values. Raises BadInput for a name or a shape that is not there."""
    found = dict(held)
    for name, value in (values or {}).items():
        if name not in found or np.shape(value) != found[name].shape:
            has = ", ".join(f"{known}{list(array.shape)}" for known, array in held.items()) or "none"
            raise BadInput(f"values: {name}{list(np.shape(value))} is no parameter of this shape; there are {has}")
        found[name] = np.asarray(value)
    return found


def _in_one_dtype(given: list[np.ndarray], parameters: list[np.ndarray], dtype: Any) -> list[np.ndarray]:
    """The inputs in the dtype that the parameters have, unless another was asked for."""
    own = {array.dtype for array in parameters if array.dtype.kind not in "iub"}
    return as_arrays(given, own.pop()) if dtype is None and len(own) == 1 else given


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
    return _framework("torch", function, tensors, dict(config or {}), cotangent, dtype, seed)


def check_jax(
    function: Callable[..., Any],
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
    return _framework("jax", function, arrays, dict(config or {}), cotangent, dtype, seed)


def _framework(
    kind: str, function: Any, given: Sequence[Any], config: dict[str, Any], cotangent: Any, dtype: Any, seed: int
) -> Check:
    arrays = floats([framework_callables.to_array(each) for each in given], dtype)
    found = framework_callables.pair_of(kind, function)
    trial = attempt(found.name, *found.raw, arrays, config)
    if trial.precision:
        arrays = floats(arrays, trial.precision)
    own = Own(
        name=found.name,
        rule=found.rule,
        names=names_of(found.plain, len(arrays)),
        moves=trial.moves,
        source=("import backcheck", *imports(function)),
        call=f"backcheck.check_{kind}({called(function)},",
        ordinary=False,
        torch=found.mirror if kind == "torch" else None,
        jax=found.mirror if kind == "jax" else None,
    )
    cotangent = None if cotangent is None else framework_callables.to_arrays(cotangent)
    return announce(judge(own, arrays, config, cotangent=cotangent, seed=seed, notes=trial.notes))
