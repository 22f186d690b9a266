"""What a jaxpr's values are here: tensors of float64, int64 or bool, and Python's numbers for what has no axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, torch

Form = Callable[..., Any]


def tensor(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value
    return torch.as_tensor(value, dtype=torch.float64 if isinstance(value, float) else None)


def constant(value: Any, dtype: Any) -> Any:
    """A constant of a jaxpr. What has no axes is the decimal that a narrow dtype rounded: `0.1`, and not float32's."""
    if not isinstance(dtype, np.dtype):
        return value  # a random key; what reads it has no form and says so
    array = np.asarray(value)
    if dtype.kind == "c":
        raise Unavailable("complex constants have no form on tensors")
    if array.ndim:
        return torch.as_tensor(np.array(array, dtype=_shown(dtype)))
    if dtype.kind in "iub":
        return array.item()
    return float(str(array.astype(dtype)[()]))


def _shown(dtype: np.dtype) -> Any:
    return np.bool_ if dtype.kind == "b" else np.int64 if dtype.kind in "iu" else np.float64


def converted(x: Any, *, new_dtype: Any, **_: Any) -> Any:
    """Floats of another width are the same numbers."""
    kind = np.dtype(new_dtype).kind
    if kind == "c":
        raise Unavailable("complex numbers have no form on tensors")
    if not isinstance(x, torch.Tensor):
        return bool(x) if kind == "b" else int(x) if kind in "iu" else float(x)
    if kind == "b":
        return x if x.dtype == torch.bool else x != 0
    if kind in "iu":
        return x.to(torch.int64)
    return x if x.is_floating_point() else x.to(torch.float64)
