"""Complex arrays at the edge: the engine sees real and imaginary parts as a last axis of two.

For a real L, the gradient of a complex x is dL/d(re x) + i dL/d(im x), as PyTorch has it, and the cotangent of a
complex output is the same of that output. So the two parts of a gradient are the gradients of the two parts. JAX's
gradients are the conjugates of these; its functions are asked as functions of the parts too, which needs no rule.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.numbers.complex_balls import is_complex as is_exact_complex

Function = Callable[..., Any]
REAL = {"complex64": "float32", "complex128": "float64"}


def is_complex(array: Any) -> bool:
    """Are these complex numbers, of floats or exact ones?"""
    if not isinstance(array, np.ndarray):
        return False
    kind = np.ndarray.dtype.__get__(array).kind  # the true dtype: exact arrays show another one
    return kind == "c" or (kind == "O" and is_exact_complex(array))


def as_real(array: Any) -> Any:
    """The parts of a complex array along a new last axis."""
    return np.stack([array.real, array.imag], axis=-1)


def as_complex(parts: Any) -> Any:
    """The inverse of `as_real`."""
    if parts.dtype == object:
        return parts[..., 0] + 1j * parts[..., 1]
    array = np.empty(parts.shape[:-1], np.complex128 if parts.dtype == np.float64 else np.complex64)
    array.real, array.imag = parts[..., 0], parts[..., 1]
    return array


def in_parts(arrays: Sequence[Any]) -> tuple[list[Any], frozenset[int]]:
    """The arrays with the complex ones as their parts, and which those are."""
    found = [array if isinstance(array, np.ndarray) else _array(array) for array in arrays]
    at = frozenset(k for k, array in enumerate(found) if is_complex(array))
    return [as_real(array) if k in at else array for k, array in enumerate(found)], at


def _array(given: Any) -> Any:
    """What is complex as an array; the rest as it came, for whoever makes arrays of it."""
    try:
        array = np.asarray(given)
    except Exception:  # it is said elsewhere that this is no array
        return given
    return array if is_complex(array) else given


def real_dtype(dtype: Any) -> Any:
    """The dtype of the parts, where this is a complex one."""
    try:
        return REAL.get(np.dtype(dtype).name, dtype)
    except TypeError:  # it is said elsewhere that this is no dtype
        return dtype


def taking_parts(forward: Function, at: frozenset[int]) -> Function:
    """The forward as a function of the parts of its complex arrays."""

    @functools.wraps(forward)
    def run(*arrays: Any, **config: Any) -> Any:
        return forward(*(as_complex(array) if k in at else array for k, array in enumerate(arrays)), **config)

    return run


def giving_parts(backward: Function, at: frozenset[int]) -> Function:
    """The backward that goes with it: a gradient is given as the parts too."""

    @functools.wraps(backward)
    def pull(saved: Any, dy: Any) -> Any:
        grads = backward(saved, dy)
        grads = list(grads) if isinstance(grads, tuple | list) else [grads]
        return tuple(_parts_of(grad) if k in at else grad for k, grad in enumerate(grads))

    return pull


def _parts_of(grad: Any) -> Any:
    if grad is None:
        return None
    grad = np.asanyarray(grad)
    return as_real(grad if is_complex(grad) else grad + 0j)


def of_framework(kind: str, function: Function | None, at: frozenset[int]) -> Function | None:
    """A function of PyTorch or JAX as one of parts. Whoever calls it turns what comes out by `parts_of_output`."""
    if function is None:
        return None
    call = function.apply if inspect.isclass(function) and hasattr(function, "apply") else function

    @functools.wraps(call)
    def run(*arrays: Any, **config: Any) -> Any:
        given = [_framework_complex(kind, array) if k in at else array for k, array in enumerate(arrays)]
        return call(*given, **config)

    return run


def _framework_complex(kind: str, array: Any) -> Any:
    if kind == "jax":
        return array[..., 0] + 1j * array[..., 1]
    from backcheck_reference.lazy import torch

    return torch.view_as_complex(array.contiguous())


def parts_of_output(y: Any) -> Any:
    """A framework's complex result as its parts; all else as it is."""
    if "complex" not in str(getattr(y, "dtype", "")):
        return y
    torch = sys.modules.get("torch")  # who has a tensor has imported it
    if torch is not None and isinstance(y, torch.Tensor):
        return torch.view_as_real(y.resolve_conj())
    from backcheck_reference.lazy import jnp

    return jnp.stack([jnp.real(y), jnp.imag(y)], axis=-1)
