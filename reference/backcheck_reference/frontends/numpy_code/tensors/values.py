"""Numbers and arrays as PyTorch's tensors: floats are float64, whole numbers int64, and booleans bool."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, torch


def floated(x: Any) -> Any:
    """Whole numbers and booleans as float64, which PyTorch would make float32."""
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.float64)


def tensor(x: Any) -> Any:
    """A number as a tensor without axes; a tensor is itself."""
    return x if isinstance(x, torch.Tensor) else torch.as_tensor(x, dtype=torch.float64 if type(x) is float else None)


def one_dtype(args: Sequence[Any]) -> list[Any]:
    """Tensors of one dtype, which PyTorch's maximum, products and joins of arrays ask for."""
    tensors = [tensor(x) for x in args]
    mixed = len({x.dtype for x in tensors}) > 1
    if not mixed:
        return tensors
    floats = any(x.is_floating_point() for x in tensors)
    return [floated(x) if floats else x.to(torch.int64) for x in tensors]


def converted(held: Any, dtype: Any) -> Any:
    kind = np.dtype(dtype).kind
    if kind in "iu":
        return held.to(torch.int64)
    if kind == "b":
        return held != 0
    if kind == "f" or dtype == "bfloat16":
        return floated(held)
    raise Unavailable(f"the dtype {np.dtype(dtype)} has no form on tensors")


def constant(array: np.ndarray) -> Any:
    if array.dtype.kind in "iub":
        return torch.as_tensor(np.array(array, dtype=bool if array.dtype.kind == "b" else np.int64))
    if array.dtype == object or array.dtype.kind == "c":
        raise Unavailable(f"an array of {array.dtype} beside tensors has no form")
    return torch.as_tensor(np.array(array, dtype=np.float64))
