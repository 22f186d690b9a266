"""The gradients of a PyTorch or JAX callable as a function of its arrays and of the cotangent.

What PyTorch or JAX make of the derivative of *that* is the second order of the callable: double backward, and reverse
over reverse. A hand-written backward is part of the function, so its own derivative is judged as any other is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from backcheck.complex_numbers import parts_of_output
from backcheck_reference.lazy import jax, jnp, torch

Function = Callable[..., Any]


def gradient_function(kind: str, function: Function, wanted: Sequence[int]) -> Function:
    """(*arrays, dy) -> the gradients by the arrays at the positions `wanted`. dy is laid out as the engine has it: of
    the value's shape, or all floating-point outputs end to end."""
    return _of_torch(function, wanted) if kind == "torch" else _of_jax(function, wanted)


def _of_torch(function: Function, wanted: Sequence[int]) -> Function:
    def gradients(*given: Any, **config: Any) -> Any:
        *arrays, dy = given
        moved = [arrays[at] if arrays[at].requires_grad else arrays[at].requires_grad_() for at in wanted]
        with torch.enable_grad():
            result = function(*arrays, **config)
            several = isinstance(result, tuple | list)
            parts = map(parts_of_output, result if several else (result,))
            outputs = [each for each in parts if each.is_floating_point()]
            pairs = [
                (y, part) for y, part in zip(outputs, _parts(outputs, dy, several), strict=True) if y.requires_grad
            ]
            if not pairs:
                return tuple(torch.zeros_like(each) for each in moved)
            ys, dys = zip(*pairs, strict=True)
            found = torch.autograd.grad(ys, moved, dys, create_graph=True, allow_unused=True)
            _require_twice(found)
        return tuple(torch.zeros_like(x) if grad is None else grad for x, grad in zip(moved, found, strict=True))

    return gradients


def _require_twice(grads: Sequence[Any]) -> None:
    """Raises where PyTorch would at a second backward: once_differentiable leaves a node for that behind the gradient.

    Asked for single arrays, autograd does not come by that node, and says that nothing depends on them.
    """
    for grad in grads:
        if grad is not None and "Error" in type(grad.grad_fn).__name__:
            raise RuntimeError("the backward is marked as once_differentiable")


def _of_jax(function: Function, wanted: Sequence[int]) -> Function:
    def gradients(*given: Any, **config: Any) -> Any:
        *arrays, dy = given

        def outputs(*moved: Any) -> list[Any]:
            filled = list(arrays)
            for at, array in zip(wanted, moved, strict=True):
                filled[at] = array
            leaves = map(parts_of_output, jax.tree_util.tree_leaves(function(*filled, **config)))
            return [each for each in leaves if jnp.issubdtype(jnp.result_type(each), jnp.floating)]

        values, pull = jax.vjp(outputs, *(arrays[at] for at in wanted))
        return tuple(pull(_parts(values, dy, len(values) > 1)))

    return gradients


def _parts(outputs: Sequence[Any], dy: Any, several: bool) -> list[Any]:
    """The cotangent of each output."""
    if not several and len(outputs) == 1:
        return [dy.reshape(outputs[0].shape)]
    found, at, flat = [], 0, dy.reshape(-1)
    for each in outputs:
        size = 1
        for length in each.shape:
            size *= length
        found.append(flat[at : at + size].reshape(each.shape))
        at += size
    return found
