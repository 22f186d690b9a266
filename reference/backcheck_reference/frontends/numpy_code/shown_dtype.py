"""The dtype that an exact array shows: object to NumPy and to this project, to a user's code that of its judgement."""

import sys
from typing import Any

import numpy as np

from backcheck_reference.frontends.judged import judged

# Code that knows what to do with arrays of objects; all other code is a user's own.
LIBRARIES = frozenset({"numpy", "scipy", "torch", "jax", "backcheck", "backcheck_reference", "scratch_bp"})
HONEST = np.dtype(object)


def shown(with_imaginary: bool) -> np.dtype:
    dtype = np.dtype(judged())
    return np.dtype(np.complex128 if dtype.itemsize == 8 else np.complex64) if with_imaginary else dtype


def in_library(depth: int) -> bool:
    """Is the code that many frames above this call a library's?"""
    return sys._getframe(depth + 1).f_globals.get("__name__", "").partition(".")[0] in LIBRARIES


def is_float(dtype: Any) -> bool:
    """Does this ask for floating-point numbers? A true dtype of objects asks for whatever an array holds."""
    return np.dtype(dtype).kind in "fcO"


def wants_complex(dtype: Any) -> bool:
    return dtype is not None and np.dtype(dtype).kind == "c"


def without_float(value: Any) -> Any:
    """The honest dtype for one of floating-point numbers; all else as it is."""
    numbers = (float, np.floating, complex, np.complexfloating)
    is_type = isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, numbers))
    return HONEST if is_type and is_float(value) else value
