"""A PyTorch function, a `torch.autograd.Function` class or a module, as one callable of tensors."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from backcheck_reference.frameworks.torch_oracle import dense, to_numpy, to_tensor
from backcheck_reference.lazy import torch


def as_callable(function: Any) -> Callable[..., Any]:
    """`apply` for a `torch.autograd.Function` class; a module with its parameters fixed, in its inputs' dtype."""
    call: Callable[..., Any] = function.apply if is_function_class(function) else function
    if isinstance(call, torch.nn.Module):
        return lambda *tensors, **config: _called(call, {}, tensors, config)
    return call


def is_function_class(function: Any) -> bool:
    return isinstance(function, type) and issubclass(function, torch.autograd.Function)


def with_parameters(module: Any) -> tuple[Callable[..., Any], dict[str, np.ndarray]]:
    """The module as a function of its inputs followed by its parameters, and the parameters' values by name.

    They are those that require a gradient; the others are fixed, as the buffers are.
    """
    moved = {name: value for name, value in module.named_parameters() if value.requires_grad}
    names = list(moved)

    def call(*tensors: Any, **config: Any) -> Any:
        first = len(tensors) - len(names)
        parameters = dict(zip(names, tensors[first:], strict=True))
        return _called(module, parameters, tensors[:first], config)

    return call, {name: as_array(value) for name, value in moved.items()}


def value_of(
    module: Any, parameters: Mapping[str, np.ndarray], inputs: Sequence[np.ndarray], config: Mapping[str, Any]
) -> list[bytes]:
    """The bits of a module's value at these parameters, in the dtype of the inputs; those not given are its own."""
    tensors = [to_tensor(array) for array in inputs]
    dtype = next((each.dtype for each in tensors if each.is_floating_point()), torch.get_default_dtype())
    given = {name: to_tensor(value).to(dtype) for name, value in parameters.items()}
    result = _called(module, given, tensors, config)
    return [as_array(each).tobytes() for each in (result if isinstance(result, tuple | list) else (result,))]


def as_array(tensor: Any) -> np.ndarray:
    """An ordinary tensor's numbers as an array of their own, in the same dtype."""
    # cloned, since a tensor that PyTorch knows to be zero has no memory of its own
    plain = dense(tensor.detach()).clone().resolve_conj()
    return to_numpy(plain, np.dtype(ml_dtypes.bfloat16 if plain.dtype == torch.bfloat16 else np.float64))


def _called(module: Any, parameters: dict[str, Any], inputs: Any, config: Any) -> Any:
    """The module's value at these parameters. All its other state is copied, so that a call cannot change the next."""
    given = (*inputs, *parameters.values())
    dtype = next((tensor.dtype for tensor in given if tensor.is_floating_point()), torch.get_default_dtype())
    rest = (*module.named_parameters(), *module.named_buffers())
    copies = {
        name: value.detach().to(dtype, copy=True) if value.is_floating_point() else value.detach().clone()
        for name, value in rest
        if name not in parameters
    }
    return torch.func.functional_call(module, {**copies, **parameters}, tuple(inputs), config)


def named(call: Callable[..., Any], function: Any) -> Callable[..., Any]:
    """The callable with the names that the function gives its arrays: verdicts speak of them."""
    try:
        call.__signature__ = _signature(function)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return call
    return call


def _signature(function: Any) -> inspect.Signature:
    """The function's signature; behind `apply` that of the class's forward, without its context."""
    owner = getattr(function, "__self__", function)
    if not is_function_class(owner):
        return inspect.signature(function.forward if isinstance(function, torch.nn.Module) else function)
    signature = inspect.signature(owner.forward)
    return signature if has_own_context(owner) else signature.replace(parameters=[*signature.parameters.values()][1:])


def has_own_context(cls: Any) -> bool:
    """Is the class written with `setup_context` beside a forward that has no `ctx`?"""
    return cls.setup_context is not torch.autograd.Function.setup_context
