"""What NumPy makes from nothing, and functions of SciPy in Python, while a reference runs on tensors.

`np.zeros(shape)` and `np.asarray(x)` ask no array, so their names in NumPy are replaced, as for exact numbers. Only
code of a user is reached, and only within `tensors_run`; code that says `from numpy import zeros` is not, and
`np.zeros_like` serves it.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.shown_dtype import in_library
from backcheck_reference.frontends.numpy_code.tensors.array import TensorArray, bare, dressed
from backcheck_reference.frontends.numpy_code.tensors.values import constant
from backcheck_reference.lazy import torch

_current: ContextVar[bool] = ContextVar("a reference runs on tensors", default=False)


@contextmanager
def tensors_run() -> Iterator[None]:
    token = _current.set(True)
    try:
        yield
    finally:
        _current.reset(token)


def on_tensors(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function of that name, with tensors for what it makes of them; elsewhere NumPy's own."""
    if name not in (*MAKERS, *CONVERTERS):
        return original
    own = _made if name in MAKERS else _converted

    @functools.wraps(original)
    def either(*args: Any, **options: Any) -> Any:
        return own(original, args, options) if _current.get() and not in_library(2) else original(*args, **options)

    return either


MAKERS = ("zeros", "empty", "ones", "full")
CONVERTERS = ("array", "asarray", "asanyarray", "ascontiguousarray")


def _made(original: Callable[..., Any], args: Any, options: Any) -> Any:
    """A buffer of floats that can hold tensors' entries; of whole numbers and booleans NumPy's own."""
    if original.__name__ == "full" and isinstance(args[-1], TensorArray):
        return np.zeros(args[0]) + args[-1]
    made = original(*args, **options)
    return made if made.dtype.kind in "iubO" else TensorArray(constant(made))


def _converted(original: Callable[..., Any], args: Any, options: Any) -> Any:
    value, dtype = args[0], options.get("dtype", args[1] if len(args) > 1 else None)
    if isinstance(value, list | tuple) and any(isinstance(each, TensorArray) for each in _flat(value)):
        value = dressed(_stacked(value))
    if not isinstance(value, TensorArray):
        return original(*args, **options)
    if dtype is not None:
        return value.astype(dtype)
    return value.copy() if original.__name__ == "array" and options.get("copy", True) else value


def _flat(parts: Any) -> Iterator[Any]:
    for each in parts:
        if isinstance(each, list | tuple):
            yield from _flat(each)
        else:
            yield each


def _stacked(parts: Any) -> Any:
    """Lists of arrays and numbers as one tensor."""
    if not isinstance(parts, list | tuple):
        held = bare(parts)
        return held if isinstance(held, torch.Tensor) else torch.as_tensor(float(held), dtype=torch.float64)
    return torch.stack([_stacked(each) for each in parts])


def of_tensors(own: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A function of SciPy in Python, with our own in NumPy where an argument holds a tensor."""

    @functools.wraps(original)
    def either(*args: Any, **options: Any) -> Any:
        return (own if any(isinstance(each, TensorArray) for each in args) else original)(*args, **options)

    return either
