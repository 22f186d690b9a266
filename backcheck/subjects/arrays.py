"""The arrays that somebody hands in: as NumPy's, floating-point ones in one dtype, and what each is called."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.signature import takes

NODE = "the code"  # the one node of the network that stands for somebody's code; no array is called so


def is_integer(array: np.ndarray) -> bool:
    """Is this an array without a gradient: of integers or booleans?"""
    return array.dtype.kind in "iub"


def as_arrays(arrays: Sequence[Any], dtype: Any) -> list[np.ndarray]:
    """The arrays as NumPy's, the floating-point ones in `dtype` when it is said. Raises BadInput for other kinds."""
    found = []
    wanted = None if dtype is None else _dtype(dtype)
    for at, given in enumerate(arrays, start=1):
        array = _array(at, given)
        if wanted is None and array.dtype.char == "g":
            raise BadInput(f"array {at} has dtype {array.dtype}; dtype='float64' checks it at the nearest doubles")
        if array.dtype.kind in "cOSUmM":
            raise BadInput(
                f"array {at} has dtype {array.dtype}; gradients are checked for real floating-point arrays "
                "(float16, bfloat16, float32, float64), with integers and booleans beside them"
            )
        found.append(array if wanted is None or is_integer(array) else array.astype(wanted))
    return found


def _array(at: int, given: Any) -> np.ndarray:
    try:
        return np.asarray(given)
    except Exception as error:
        raise BadInput(f"array {at} is no array: {error}") from error


def dtype_names(asked: Any) -> tuple[str, ...]:
    """The names of the dtypes that are asked for: one of them or several, by name, or NumPy's, PyTorch's, JAX's own."""
    several = asked if isinstance(asked, tuple | list) else (asked,)
    return tuple(each if isinstance(each, str) else _dtype(each).name for each in several)


def _dtype(asked: Any) -> np.dtype:
    # PyTorch's call themselves torch.float32, and NumPy does not know them
    name = str(asked).removeprefix("torch.") if type(asked).__module__ == "torch" else asked
    try:
        if name == "bfloat16":
            import ml_dtypes  # NumPy itself has no bfloat16  # noqa: F401
        found: np.dtype = np.dtype(name)
    except (ImportError, TypeError) as error:
        raise BadInput(f"dtype={asked!r}: {error}") from error
    if found.kind in "iubcOSUmM" or found.char == "g":
        raise BadInput(f"dtype={asked!r}: gradients are checked in float16, bfloat16, float32 or float64")
    return found


def floats(arrays: Sequence[Any], dtype: Any) -> list[np.ndarray]:
    """The arrays as `as_arrays` has them. Raises BadInput when none of them is of floating-point numbers."""
    found = as_arrays(arrays, dtype)
    if all(map(is_integer, found)):
        raise BadInput("none of the arrays holds floating-point numbers, so there is no gradient; pass 1.0 for 1")
    return found


_SEED = np.random.SeedSequence(0)  # to make one takes as long as a small forward


def others(arrays: Mapping[Any, np.ndarray]) -> dict[Any, np.ndarray]:
    """Other arrays of the same shapes: nearer to 0, no two entries by the same factor, so that ties are broken.

    What lies between 0 and 1 still does; integers are as they were.
    """
    rng, found = np.random.Generator(np.random.PCG64(_SEED)), {}
    for name, array in arrays.items():
        moved = array * rng.uniform(0.5, 0.9, array.shape) + rng.uniform(0.05, 0.1, array.shape)
        found[name] = array.copy() if is_integer(array) else np.asarray(moved).astype(array.dtype)
    return found


def names_of(function: Callable[..., Any], count: int) -> tuple[str, ...]:
    """What the function calls its first `count` arrays."""
    found = takes(function).names[:count]
    return distinct([*found, *(f"array{at}" for at in range(len(found), count))])


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once."""
    found: list[str] = []
    for name in names:
        while name in found:
            name += "_"
        found.append(name)
    return tuple(found)
