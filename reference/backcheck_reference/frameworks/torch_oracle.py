"""PyTorch autograd as an oracle."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck_reference.frameworks.mirrors import MIRRORS, Mirror
from backcheck_reference.lazy import OtherShape, torch

Program = Callable[[Callable[..., Any], Mapping[str, Any]], Any]


def apply(rule: str, *tensors: Any, mirrors: Mapping[str, Mirror] = MIRRORS, **config: Any) -> Any:
    return mirrors[rule].torch(*tensors, **config)


def value_and_grad(
    program: Program,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray,
    wanted: tuple[str, ...],
    mirrors: Mapping[str, Mirror] = MIRRORS,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The program's output and the gradient of sum(dy * output) by each wanted array, by PyTorch autograd.

    Raises Unavailable when PyTorch is not installed, and OtherShape when the output has not that of `dy`.
    """
    tensors = {name: to_tensor(array).requires_grad_(name in wanted) for name, array in arrays.items()}
    output = program(functools.partial(apply, mirrors=mirrors), tensors)
    if tuple(output.shape) != dy.shape:
        raise OtherShape(tuple(output.shape))
    leaves = [tensors[name] for name in wanted]
    found = torch.autograd.grad(output, leaves, to_tensor(dy), allow_unused=True) if output.requires_grad else ()
    grads = {
        name: np.zeros_like(arrays[name]) if grad is None else to_numpy(grad, arrays[name].dtype)
        for name, grad in zip(wanted, found or [None] * len(wanted), strict=True)
    }
    return to_numpy(output.detach(), dy.dtype), grads


def hessian_vector(
    program: Program,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray,
    wanted: tuple[str, ...],
    v: Mapping[str, np.ndarray],
    mirrors: Mapping[str, Mirror] = MIRRORS,
) -> dict[str, np.ndarray]:
    """The derivative along `v` of the gradient of sum(dy * output), by PyTorch's double backward.

    Raises Unavailable when PyTorch is not installed.
    """
    tensors = {name: to_tensor(array).requires_grad_(name in wanted) for name, array in arrays.items()}
    leaves, zeros = [tensors[name] for name in wanted], {name: np.zeros_like(arrays[name]) for name in wanted}
    output = program(functools.partial(apply, mirrors=mirrors), tensors)
    if not output.requires_grad:
        return zeros
    first = torch.autograd.grad(output, leaves, to_tensor(dy), create_graph=True, allow_unused=True)
    moved = [
        (g, to_tensor(v[name])) for name, g in zip(wanted, first, strict=True) if g is not None and g.requires_grad
    ]
    if not moved:
        return zeros
    grads, along = zip(*moved, strict=True)
    second = torch.autograd.grad(grads, leaves, along, allow_unused=True)
    # cloned, since a tensor that PyTorch knows to be zero has no memory of its own
    pairs = [(name, g.clone()) for name, g in zip(wanted, second, strict=True) if g is not None]
    found = {name: to_numpy(g, arrays[name].dtype) for name, g in pairs}
    return {**zeros, **found}


def to_tensor(array: np.ndarray) -> Any:
    """The array as a tensor with memory of its own. NumPy's bfloat16, which PyTorch does not know, by its bits; and it
    takes no array that runs backwards through its memory."""
    array = array.copy()
    if array.dtype.name == "bfloat16":
        return torch.tensor(array.view(np.int16)).view(torch.bfloat16)
    return torch.tensor(array)


def dense(tensor: Any) -> Any:
    """The same numbers with memory for each of them: the gradient of a sparse embedding has some rows only."""
    return tensor if tensor.layout == torch.strided else tensor.to_dense()


def to_numpy(tensor: Any, dtype: np.dtype) -> np.ndarray:
    """A tensor's numbers in NumPy's dtype: those of bfloat16, which PyTorch does not hand to NumPy, by their bits."""
    by_bits = dtype.name == "bfloat16"
    tensor = dense(tensor)
    array: np.ndarray = (tensor.contiguous().view(torch.int16) if by_bits else tensor).numpy()
    return array.view(dtype) if by_bits else array
