"""PyTorch's and JAX's callables: each as a pair, without what was written by hand, and its tensors as arrays."""

import copy
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from backcheck.subjects.pairs.generators import generators_of
from backcheck.subjects.pairs.pair import as_rule
from backcheck.subjects.pairs.small_constants import constants
from scratch_bp.rules import Rule

Framework = Literal["torch", "jax"]
Function = Callable[..., Any]


def pair_of(kind: Framework, function: Any) -> Rule:
    """The callable as forward and backward, on floats and on exact numbers."""
    pair: Rule = _module(kind).as_pair(function)
    return pair


def callable_of(kind: Framework, function: Any) -> Function:
    """The callable itself: the `apply` of an autograd.Function."""
    call: Function = getattr(function, "apply", function) if kind == "torch" and inspect.isclass(function) else function
    return call


def without_custom(kind: Framework, function: Any) -> Function:
    """The same function without what was written by hand, so that the framework's own derivative is an oracle."""
    module = _module(kind)
    left_out = module.without_custom_backward if kind == "torch" else module.without_custom_rules
    mirror: Function = left_out(function)
    return mirror


def rounds_to(kind: Framework, function: Any, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> str:
    """The dtype that the function's value went through, where that is narrower than the arrays' own; else nothing."""
    found: str = _module(kind).rounds_to(function, arrays, config)
    return found


def _module(kind: Framework) -> Any:
    """What brings a framework's operations to exact numbers; loaded for those who use that framework only."""
    return importlib.import_module(f"backcheck.subjects.pairs.{kind}_function")


def saying_none(kind: Framework, function: Any, raw: Rule) -> Rule:
    """The pair with None where the rule of a jax.custom_vjp returns None, for which JAX itself answers with zeros.

    Only the first call asks, on floats. A rule that cannot be asked so is left as it is.
    """
    if kind != "jax" or type(function).__name__ != "custom_vjp" or function.nondiff_argnums:
        return raw

    def backward(saved: Any, dy: Any) -> tuple[Any, ...]:
        grads = raw.backward(saved, dy)
        if any(array.dtype == object for array in saved.arrays):
            return grads
        left_out = _module(kind).left_out(function, saved.arrays, saved.config, dy)
        return tuple(None if at in left_out else grad for at, grad in enumerate(grads))

    return Rule(raw.forward, backward)


def without_constants(kind: Framework, function: Any) -> Mapping[str, tuple[float, Rule]]:
    """An autograd.Function with 0 for each small constant of its forward, by what the constant is called."""
    found: dict[str, tuple[float, Rule]] = {}
    if kind != "torch" or not (inspect.isclass(function) and hasattr(function, "apply")):
        return found
    own: Any = function
    for label, value, forward in constants(own.forward):
        other = type(own.__name__, (own,), {"forward": staticmethod(forward)})
        rule = as_rule(*pair_of(kind, other), numpy=False)
        found[label if label not in found else f"{label} {len(found)}"] = value, rule
    return found


def standin(torch: Function | None, jax: Function | None) -> Rule | None:
    """The function that was given in a framework, as a rule on exact numbers: for NumPy code that cannot be one."""
    if torch is None and jax is None:
        return None
    pair = pair_of("torch", torch) if torch is not None else pair_of("jax", jax)
    return as_rule(*pair, numpy=False)


def signature_of(function: Any) -> Function:
    """What has the names of the arrays in its signature: a Function's forward behind its ctx, a module's forward."""
    is_function = inspect.isclass(function) and hasattr(function, "apply")
    forward: Function = getattr(function, "forward", None) or function
    if not is_function:
        return forward

    def signed(*arrays: Any) -> Any:
        return function.apply(*arrays)

    arrays = [p for p in inspect.signature(forward).parameters.values() if p.name not in ("ctx", "self", "_")]
    signed.__signature__ = inspect.Signature(arrays)  # type: ignore[attr-defined]  # what `inspect` looks for first
    return signed


def whole_function(function: Any) -> Any:
    """The autograd.Function whose `apply` this is, which has the name and the signature; anything else is itself."""
    holder = getattr(function, "__self__", None)
    is_apply = inspect.isclass(holder) and hasattr(holder, "backward") and function == getattr(holder, "apply", None)
    return holder if is_apply else function


def is_tensor(value: Any) -> bool:
    """Is it PyTorch's? Who has a tensor has imported PyTorch, so that this need not."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_held(given: Any, among: Sequence[Any]) -> bool:
    """Is this a tensor that requires no gradient, among others of which some do?"""
    asked = [each.requires_grad for each in among if is_tensor(each)]
    return is_tensor(given) and given.is_floating_point() and not given.requires_grad and any(asked)


def is_module(value: Any) -> bool:
    """Is it an nn.Module whose backward is PyTorch's own, and not a method that was written by hand?"""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module) and not hasattr(value, "backward")


def is_module_class(value: Any) -> bool:
    """Is it a class of such modules?"""
    torch = sys.modules.get("torch")
    own = inspect.isclass(value) and not hasattr(value, "backward")
    return torch is not None and own and issubclass(value, torch.nn.Module)


def made(factory: Function, options: Mapping[str, Any]) -> Any:
    """What the factory makes, the same in every call: its random numbers come from one seed."""
    generators = generators_of(factory)
    with generators.at(generators.start):
        return factory(**options)


def module_of(given: Any) -> Any:
    """The module itself, or the one that a class or a function without arguments makes; None for anything else."""
    if is_module(given):
        return given
    makes = is_module_class(given) or (inspect.isfunction(given) and not inspect.signature(given).parameters)
    if not makes or "torch" not in sys.modules:
        return None
    found = made(given, {})
    return found if is_module(found) else None


def in_mode(module: Any, training: bool) -> Any:
    """A copy in training mode, or in evaluation mode."""
    return copy.deepcopy(module).train(training)


def knows_modes(module: Any) -> bool:
    """Does any part of it compute otherwise in training, as far as PyTorch's own parts and names in the code tell?"""
    for part in module.modules():
        code = getattr(type(part).forward, "__code__", None)
        names = (*code.co_names, *code.co_varnames) if code is not None else ()
        if "training" in names or hasattr(part, "track_running_stats"):
            return True
    return False


def module_function(module: Any) -> Function:
    """The module as a function of its inputs, and behind them of the parameters that require a gradient."""
    function: Function = _module("torch").with_parameters(module)[0]
    return function


def parameters_of(
    module: Any, inputs: Sequence[np.ndarray], config: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """Its parameters that require a gradient, by name; one that is used in several places has the first name.

    Raises BadInput where its value at these inputs follows them by other ways too.
    """
    importlib.import_module("backcheck.subjects.pairs.module_memory").require_followed(module, inputs, config or {})
    found: dict[str, np.ndarray] = _module("torch").with_parameters(module)[1]
    return found


def is_key(value: Any) -> bool:
    """Is it one of JAX's keys of random numbers, with a dtype of its own?"""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key)


def to_array(given: Any) -> np.ndarray:
    """A tensor, an array or a number as NumPy's array."""
    if is_key(given):  # JAX's functions take the integers of a key as well as the key
        return np.asarray(sys.modules["jax"].random.key_data(given))
    if not is_tensor(given):
        return np.asarray(given)
    import ml_dtypes  # noqa: F401 - NumPy knows bfloat16 by its name from then on

    from backcheck_reference.frameworks.torch_oracle import to_numpy

    tensor = given.detach().cpu()
    return to_numpy(tensor.clone(), np.dtype(str(tensor.dtype).removeprefix("torch.")))


def to_arrays(given: Any) -> Any:
    """The same in any holder."""
    if isinstance(given, tuple | list):
        return type(given)(to_arrays(each) for each in given)
    if isinstance(given, Mapping):
        return {name: to_arrays(each) for name, each in given.items()}
    return to_array(given)
