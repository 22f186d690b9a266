"""Tensors as NumPy arrays and back, bfloat16 too, which neither library has in common with the other."""

from typing import Any

import ml_dtypes
import numpy as np

from backcheck_reference.lazy import torch

KNOWN = frozenset({
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bfloat16",
})  # fmt: skip


def as_array(tensor: Any) -> np.ndarray:
    """The tensor's own memory as a NumPy array, where NumPy can reach it."""
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        return np.asarray(tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16))
    return np.asarray(tensor.numpy())


def as_tensor(array: Any) -> Any:
    """A NumPy or JAX array as a tensor, in the same memory where that can be."""
    shared = as_shared_tensor(array)
    return _shared(np.array(array, copy=True, order="C")) if shared is None else shared


def as_shared_tensor(array: Any) -> Any | None:
    """A NumPy array as a tensor in the same memory; None where PyTorch has no such tensor."""
    if type(array) is not np.ndarray or array.dtype.name not in KNOWN or not array.dtype.isnative:
        return None
    if not array.flags.writeable or any(stride < 0 or stride % array.itemsize for stride in array.strides):
        return None
    return _shared(array)


def _shared(array: np.ndarray) -> Any:
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
