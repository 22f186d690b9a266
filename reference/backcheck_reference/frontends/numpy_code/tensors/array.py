"""An array for ordinary NumPy code that holds a PyTorch tensor: what NumPy is asked for, PyTorch computes.

The tensor may be of a subclass that has no numbers in memory, so nothing here asks for them. Floating-point numbers are
float64 throughout.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from backcheck_reference.frontends.numpy_code.tensors import indices
from backcheck_reference.frontends.numpy_code.tensors.functions import form_of, form_of_method
from backcheck_reference.frontends.numpy_code.tensors.values import constant, converted
from backcheck_reference.frontends.numpy_code.tensors.written import WrittenTensor
from backcheck_reference.lazy import Unavailable, torch

HOLDS = (
    "an array that holds a tensor met a function that takes plain arrays alone, or was put into one: "
    "write the function in NumPy, and make what is written into by np.zeros_like(x) or np.zeros(shape)"
)
OF_METHODS = ("axis", "keepdims", "initial")  # not how NumPy casts and lays out
# what they write into, among the numbers of entries, and what
WRITERS: Mapping[str, Callable[..., Any] | None] = {
    "copyto": lambda entries, value: (entries, value),
    "fill_diagonal": lambda entries, value: (entries.diagonal(), value),
    "put_along_axis": lambda entries, at, value, axis: (torch.take_along_dim(entries, at, axis), value),
    **dict.fromkeys(("put", "place", "putmask")),
}
OF_MEMORY = ("subok", "like", "casting")
VIEWS = ("transpose", "reshape", "ravel", "swapaxes", "squeeze", "diagonal", "moveaxis", "expand_dims", "broadcast_to")


def _as_method(name: str) -> Callable[..., Any]:
    """NumPy's function of that name with the array before the other arguments."""
    function = getattr(np, name)

    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    return method


_ravel, _reshaped, _transposed, _sorted = map(_as_method, ("ravel", "reshape", "transpose", "sort"))


class TensorArray(WrittenTensor, NDArrayOperatorsMixin):
    """Looks like an array of float64, int64 or bool."""

    __array_priority__ = 1000.0
    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # as NumPy's arrays

    shape = property(lambda self: tuple(self.tensor.shape))
    ndim = property(lambda self: self.tensor.ndim)
    size = property(lambda self: self.tensor.numel())
    T = property(lambda self: _transposed(self))
    mT = property(lambda self: self.through(lambda t: t.mT))
    real = property(lambda self: self)

    @property
    def dtype(self) -> np.dtype[Any]:
        held = self.tensor
        return np.dtype(bool if held.dtype == torch.bool else np.float64 if held.is_floating_point() else np.int64)

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        """Floats of another width are the same numbers."""
        return TensorArray(converted(self.tensor, dtype))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        name = ufunc.__name__
        if options.pop("where", True) is not True:
            raise Unavailable(f"np.{name} with where= has no form on tensors; np.where has")
        if method == "at":
            return self._at(name, *inputs)
        dtype = options.pop("dtype", None)
        named = {key: bare(options[key]) for key in OF_METHODS if key in options}
        form = form_of_method(name, method)
        found = form(*(bare(np.asarray(each) if isinstance(each, list | tuple) else each) for each in inputs), **named)
        found = converted(found, dtype) if dtype is not None else found
        return dressed(found) if out is None else _put_into(out, found)

    def _at(self, name: str, target: Any, index: Any, value: Any = None) -> None:
        if name != "add" or target is not self:
            raise Unavailable(f"np.{name}.at has no form on tensors; np.add.at has")
        self.put(bare(value), indices.places(self.tensor, bare(index)), add=True)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
        if kwargs.pop("out", None) is not None:
            raise Unavailable(f"np.{name} with out= has no form on tensors; assign its result")
        if name in WRITERS:
            return self._write(name, *args, **kwargs)
        if name in VIEWS and isinstance(args[0] if args else None, TensorArray):
            rest, named = list(map(bare, args[1:])), {key: bare(value) for key, value in kwargs.items()}
            return args[0].through(lambda held: _run(name, [held, *rest], named), name)
        return called(name, *args, **kwargs)

    def _write(self, name: str, target: Any, *args: Any, **options: Any) -> None:
        """NumPy's functions that write into their first argument."""
        places = WRITERS[name]
        if places is None or not isinstance(target, TensorArray):
            raise Unavailable(f"np.{name} has no form on tensors; assign by an index or take np.where")
        held = target.tensor
        where, value = places(
            torch.arange(held.numel(), device=held.device).reshape(held.shape), *map(bare, args), **options
        )
        target.put(value, where)

    def __getitem__(self, index: Any) -> Any:
        index = bare(index)
        if indices.is_basic(index):
            return self.through(lambda held: indices.taken(held, index))
        return TensorArray(indices.taken(self.tensor, index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.put(bare(value), indices.places(self.tensor, bare(index)))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[at] for at in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.tensor)

    def __index__(self) -> int:
        if self.tensor.is_floating_point():
            raise TypeError("only integer arrays without axes can be an index")
        return int(self.tensor)

    def __int__(self) -> int:
        return self.__index__()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """Whole numbers and booleans, which index ordinary arrays; no derivative goes through them."""
        if self.tensor.is_floating_point():
            raise Unavailable(HOLDS)
        return np.array(self.tensor.tolist(), dtype=dtype or self.dtype).reshape(self.shape)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)  # NumPy and others look for protocols
        raise Unavailable(f"an array's {name} has no form on tensors; write it with functions of NumPy")

    def __float__(self) -> float:
        raise Unavailable(
            "float(x) takes a number out of its array, where no derivative follows; leave it in the array"
        )

    def item(self, *_: Any) -> Any:
        return float(self)

    tolist = item

    def copy(self, order: str = "C") -> Any:
        return TensorArray(self.tensor)

    def flatten(self, order: str = "C") -> Any:
        return _ravel(self, order=order).copy()

    def reshape(self, *shape: Any, order: str = "C", **_: Any) -> Any:
        return _reshaped(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return _transposed(self, (axes[0] if len(axes) == 1 else axes) or None)

    sum, mean, max = map(_as_method, ("sum", "mean", "max"))
    min, prod, var = map(_as_method, ("min", "prod", "var"))
    std, argmax, argmin = map(_as_method, ("std", "argmax", "argmin"))
    argsort, cumsum, cumprod = map(_as_method, ("argsort", "cumsum", "cumprod"))
    all, any, round = map(_as_method, ("all", "any", "round"))
    clip, dot, take = map(_as_method, ("clip", "dot", "take"))
    repeat, trace, nonzero = map(_as_method, ("repeat", "trace", "nonzero"))
    conj, searchsorted, ravel = map(_as_method, ("conj", "searchsorted", "ravel"))
    swapaxes, squeeze, diagonal = map(_as_method, ("swapaxes", "squeeze", "diagonal"))

    def fill(self, value: Any) -> None:
        self.put(bare(value))

    def sort(self, axis: int = -1, **options: Any) -> None:
        self.put(_sorted(self, axis, **options).tensor)


def _put_into(out: Any, found: Any) -> Any:
    """`x += y` is NumPy's add with x for its `out`."""
    target = out[0] if len(out) == 1 else None
    if not isinstance(target, TensorArray):
        raise Unavailable(HOLDS)
    target.put(found)
    return target


def called(name: str, *args: Any, dtype: Any = None, order: Any = "K", **options: Any) -> Any:
    """NumPy's function of that name."""
    if order not in ("C", "K", "A", None):
        raise Unavailable(f"np.{name} with order={order!r} has no form on tensors")
    named = {key: bare(value) for key, value in options.items() if key not in OF_MEMORY}
    makes = name.endswith("_like")
    if dtype is not None and makes:
        named["dtype"] = np.dtype(dtype).name
    found = _run(name, list(map(bare, args)), named)
    return dressed(found if dtype is None or makes else converted(found, dtype))


def _run(name: str, args: list[Any], named: dict[str, Any]) -> Any:
    form = form_of(name)
    try:
        return form(*args, **named)
    except TypeError as error:
        raise Unavailable(f"np.{name} with these arguments has no form on tensors: {error}") from error


def bare(value: Any) -> Any:
    """What tensors' functions take: an array as a tensor, a NumPy number as Python's."""
    if isinstance(value, TensorArray):
        return value.tensor
    if isinstance(value, np.ndarray):
        return constant(value)
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind in "iub" else float(value)
    if type(value) in (list, tuple):
        return type(value)(map(bare, value))
    if type(value) is slice:
        return slice(*map(bare, (value.start, value.stop, value.step)))
    return value


def dressed(found: Any) -> Any:
    if isinstance(found, torch.Tensor):
        return TensorArray(found)
    return type(found)(map(dressed, found)) if type(found) in (list, tuple) else found
