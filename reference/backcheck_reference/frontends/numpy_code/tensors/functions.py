"""NumPy's functions on PyTorch's tensors: own forms where `torch._numpy` has none, or not PyTorch's own operation.

All take tensors, Python's numbers and ordinary arguments, and give tensors. Numbers stay Python's: `x ** 2` is
PyTorch's power with a whole exponent, and not one with a tensor for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.tensors.reductions import METHODS, REDUCTIONS, total
from backcheck_reference.frontends.numpy_code.tensors.ufuncs import UFUNCS
from backcheck_reference.frontends.numpy_code.tensors.values import floated, one_dtype, tensor
from backcheck_reference.lazy import F, LazyModule, Unavailable, torch

Function = Callable[..., Any]
over_torch = LazyModule("torch._numpy", "torch")


def where(condition: Any, *branches: Any) -> Any:
    condition = tensor(condition)
    if not branches:
        return torch.nonzero(condition, as_tuple=True)
    a, b = branches
    if not (isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)):
        # a number beside a tensor of floats stays a number; all else would make a float32
        a, b = (
            each if _is_float(other) and type(each) in (int, float) else tensor(each)
            for each, other in ((a, b), (b, a))
        )
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        a, b = one_dtype((a, b))
    return torch.where(condition if condition.dtype == torch.bool else condition != 0, a, b)


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    result = tensor(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return result


def clip(a: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Any:
    low, high = bounds.get("min", a_min), bounds.get("max", a_max)
    low = low if low is None else UFUNCS["maximum"](a, low)
    a = a if low is None else low
    return a if high is None else UFUNCS["minimum"](a, high)


def einsum(subscripts: Any, *operands: Any, **options: Any) -> Any:
    if not isinstance(subscripts, str):
        raise Unavailable("np.einsum with lists of axes has no form on tensors; write its string")
    return torch.einsum(subscripts, *one_dtype(operands))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return torch.tensordot(*one_dtype((a, b)), dims=axes if isinstance(axes, int) else [_listed(each) for each in axes])


def _listed(axes: Any) -> list[int]:
    return [axes] if isinstance(axes, int) else list(axes)


def dot(a: Any, b: Any) -> Any:
    a, b = one_dtype((a, b))
    if not (a.ndim and b.ndim):
        return a * b
    return torch.matmul(a, b) if b.ndim <= 2 else torch.tensordot(a, b, dims=([-1], [-2]))


def take(a: Any, indices: Any, axis: Any = None, *, mode: str = "raise") -> Any:
    if axis is None:
        a, axis = a.reshape(-1), 0
    n, indices = a.shape[axis], tensor(indices)
    indices = indices.clamp(0, n - 1) if mode == "clip" else indices % n if mode == "wrap" else _from_start(indices, n)
    found = torch.index_select(a, axis, indices.reshape(-1))
    axis %= a.ndim
    return found.reshape((*a.shape[:axis], *indices.shape, *a.shape[axis + 1 :]))


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    return torch.take_along_dim(arr, _from_start(indices, arr.shape[axis]), axis)


def _from_start(indices: Any, n: int) -> Any:
    """Negative ones count from the end; those beyond it stay, and PyTorch raises."""
    return torch.where(indices < 0, indices + n, indices)


def pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0) -> Any:
    if isinstance(pad_width, torch.Tensor):
        pad_width = pad_width.tolist()
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)).tolist()
    if mode == "constant" and isinstance(constant_values, int | float):
        return F.pad(array, [width for pair in reversed(widths) for width in pair], value=constant_values)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise Unavailable(f"np.pad with mode {mode!r} and these values has no form on tensors")
    for axis, pair in enumerate(widths):
        if any(pair):
            at = np.pad(np.arange(array.shape[axis]), pair, mode=mode)
            array = torch.index_select(array, axis, torch.as_tensor(at))
    return array


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None, **_: Any) -> Any:
    sizes = _listed(window_shape)
    axes = range(x.ndim) if axis is None else [each % x.ndim for each in _listed(axis)]
    for at, size in zip(axes, sizes, strict=True):
        x = x.unfold(at, size, 1)
    return x


def filled(value: float) -> Function:
    def like(a: Any, dtype: Any = None, order: Any = "K", subok: Any = True, shape: Any = None) -> Any:
        of: Any = dtype or ("int64" if not a.is_floating_point() and a.dtype != torch.bool else None)
        kind = {"int64": torch.int64, "bool": torch.bool}.get(of, torch.float64 if dtype else a.dtype)
        return torch.full(tuple(a.shape if shape is None else _listed(shape)), value, dtype=kind)

    return like


def full_like(a: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    return filled(0.0)(a, dtype, **options) + fill_value


def concatenate(arrays: Sequence[Any], axis: Any = 0, dtype: Any = None, casting: Any = None) -> Any:
    arrays = one_dtype(arrays)
    return torch.cat([each.reshape(-1) for each in arrays] if axis is None else arrays, dim=axis or 0)


def stack(arrays: Sequence[Any], axis: int = 0, dtype: Any = None, casting: Any = None) -> Any:
    return torch.stack(one_dtype(arrays), dim=axis)


def reshape(a: Any, shape: Any, order: Any = "C", *, copy: Any = None) -> Any:
    if order not in ("C", "A"):
        raise Unavailable(f"np.reshape with order={order!r} has no form on tensors")
    return a.reshape(tuple(_listed(shape)))


def flip(m: Any, axis: Any = None) -> Any:
    return torch.flip(m, tuple(range(m.ndim)) if axis is None else tuple(_listed(axis)))


FUNCTIONS: Mapping[str, Function] = {
    "where": where,
    "select": select,
    "clip": clip,
    **REDUCTIONS,
    "linalg.solve": lambda a, b: torch.linalg.solve(floated(a), floated(b)),
    "einsum": einsum,
    "tensordot": tensordot,
    "dot": dot,
    "cross": lambda a, b, *, axis=-1: torch.linalg.cross(a, b, dim=axis),
    "outer": lambda a, b: tensor(a).reshape(-1)[:, None] * tensor(b).reshape(-1),
    "take": take,
    "take_along_axis": take_along_axis,
    "pad": pad,
    "lib.stride_tricks.sliding_window_view": sliding_window_view,
    "zeros_like": filled(0.0),
    "empty_like": filled(0.0),
    "ones_like": filled(1.0),
    "full_like": full_like,
    "concatenate": concatenate,
    "stack": stack,
    "unstack": lambda x, *, axis=0: torch.unbind(x, axis),
    "flip": flip,
    "reshape": reshape,
    "matrix_transpose": lambda x: x.mT,
    "linalg.matrix_transpose": lambda x: x.mT,
    "linalg.matmul": lambda a, b: torch.matmul(*one_dtype((a, b))),
    "linalg.diagonal": lambda x, *, offset=0: torch.diagonal(x, offset, -2, -1),
    "copy": lambda a, order="K", subok=False: a.clone(),
    "shape": lambda a: tuple(a.shape),
    "ndim": lambda a: a.ndim,
    "size": lambda a, axis=None: a.numel() if axis is None else a.shape[axis],
    "result_type": lambda *_: np.dtype(np.float64),
    "iscomplexobj": lambda _: False,
    "isrealobj": lambda _: True,
    "real": lambda a: a,
    "nansum": lambda a, axis=None, **options: total(torch.where(torch.isnan(a), 0.0, a), axis, **options),
}


def form_of(name: str) -> Function:
    """The function of tensors for NumPy's of that name. Raises Unavailable, and names it, where there is none."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    place: Any = over_torch.load()
    for part in name.split("."):
        place = getattr(place, part, None)
    if place is None:
        raise Unavailable(f"np.{name} has no form on tensors; write it with other functions of NumPy")
    return _unboxed(name, place)


def form_of_method(name: str, method: str) -> Function:
    """The same for a universal function, `np.add(a, b)`, and for its methods, as `np.add.reduce(a)`."""
    if method == "__call__":
        return UFUNCS[name] if name in UFUNCS else form_of(name)
    if method == "outer" and name in UFUNCS:
        return lambda a, b: UFUNCS[name](a.reshape(*a.shape, *[1] * b.ndim), b)
    if (name, method) not in METHODS:
        raise Unavailable(f"np.{name}.{method} has no form on tensors; write it with other functions of NumPy")
    return METHODS[name, method]


def _unboxed(name: str, function: Function) -> Function:
    def run(*args: Any, **options: Any) -> Any:
        try:
            return _bare(function(*args, **options))
        except NotImplementedError as error:
            raise Unavailable(f"np.{name} has no form on tensors with these arguments: {error}") from error

    return run


def _bare(found: Any) -> Any:
    if isinstance(found, tuple | list):
        parts = [_bare(each) for each in found]
        return parts if isinstance(found, list) else tuple(parts)
    return found.tensor if isinstance(found, over_torch.ndarray) else found
