"""A reference in NumPy as a function of PyTorch's tensors, which autograd differentiates."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code import install
from backcheck_reference.frontends.numpy_code.tensor_buffers import tensors_run
from backcheck_reference.frontends.numpy_code.tensors.array import TensorArray, bare
from backcheck_reference.lazy import Unavailable, torch


def as_torch(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of arrays as one of tensors: one tensor, or a tuple or list of them, as the function returns.

    It computes in float64, in which the code's constants are what they say, and hands its results on in the dtype that
    PyTorch would give them. Raises Unavailable, and names it, at a function of NumPy that has no form on tensors.
    """

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        given = [each for each in (*args, *options.values()) if isinstance(each, torch.Tensor)]
        floats = [each.dtype for each in given if each.is_floating_point()]
        dtype = functools.reduce(torch.promote_types, floats) if floats else torch.float64
        device = given[0].device if given else torch.get_default_device()
        install(1)
        try:
            with torch.device(device), tensors_run():
                result = function(*map(dressed_input, args), **{key: dressed_input(v) for key, v in options.items()})
                return _plain(result, dtype)
        finally:
            install(-1)

    return call


def dressed_input(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    if value.is_complex():
        raise Unavailable("a reference in NumPy is run on real tensors, and this one is complex")
    return TensorArray(value.to(torch.float64) if value.is_floating_point() else _whole(value))


def _whole(value: Any) -> Any:
    return value if value.dtype == torch.bool else value.to(torch.int64)


def _plain(result: Any, dtype: Any) -> Any:
    if isinstance(result, list | tuple):
        parts = [_plain(each, dtype) for each in result]
        return parts if isinstance(result, list) else tuple(parts)
    held = bare(result)
    if not isinstance(held, torch.Tensor):
        if not isinstance(held, int | float | np.ndarray):
            raise Unavailable(f"a reference returns arrays, and this one returned {type(result).__name__}")
        held = torch.as_tensor(held, dtype=torch.float64 if isinstance(held, float) else None)
    return held.to(dtype) if held.is_floating_point() else held
