"""The tensor whose numbers are balls, and the way in and out of it.

A floating-point tensor of any dtype is exact here, and shows the dtype that PyTorch would give it. Integers and
booleans stay ordinary tensors, except for booleans that hulls leave open: those are a tensor of the balls 0, 1 and
[0, 1].
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.frameworks.torch_oracle import to_tensor
from backcheck_reference.frontends import judged
from backcheck_reference.frontends.torch_code.aten.buffers import offset
from backcheck_reference.frontends.torch_code.aten.shared import unavailable
from backcheck_reference.lazy import LazyModule, flint, torch
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.literals import lift

_trees = LazyModule("torch.utils._pytree", "torch")


def name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def is_inexact(dtype: Any) -> bool:
    return bool(dtype.is_floating_point or dtype.is_complex)


def is_narrow(dtype: Any) -> bool:
    """Is it a floating-point dtype of fewer digits than the one that is judged in, or a complex one of such?"""
    return is_inexact(dtype) and judged.is_narrow(name_of(dtype.to_real()))


@dataclass(slots=True)
class History:
    """Where the numbers of a memory come from; tensors that are views of each other have one.

    `moves` says that they may depend on the inputs, `through` is the narrowest dtype that rounded any of them. `apart`
    says that some view has a memory of its own here, as the real view of complex numbers: a write would not reach it.
    """

    moves: bool = True
    through: Any = None
    apart: bool = False

    def passes(self, dtype: Any) -> None:
        """These numbers are rounded to a dtype, or are made from such; None for none."""
        if dtype is not None and is_narrow(dtype):
            self.through = dtype if self.through is None else narrower(self.through, dtype)


def narrower(*dtypes: Any) -> Any:
    return min(dtypes, key=lambda dtype: judged.bits_of(name_of(dtype.to_real())))


def rounding_of(plain: Any) -> Any:
    """The dtype of an ordinary tensor where that is narrow and has rounded its numbers; else None."""
    if not is_narrow(plain.dtype):
        return None
    numbers = plain_numbers(plain)
    parts = (numbers.real, numbers.imag) if plain.is_complex() else (numbers,)
    real = plain.dtype.to_real()
    return real if any(judged.is_rounded(part, name_of(real)) for part in parts) else None


def plain_numbers(plain: Any) -> np.ndarray:
    """An ordinary tensor's numbers in the widest dtype of their kind."""
    plain = plain.detach().resolve_conj().resolve_neg()
    found: np.ndarray = (plain.to(torch.complex128) if plain.is_complex() else plain.double()).numpy()
    return found


@functools.cache
def exact_class() -> Any:
    """The tensor class, made when PyTorch is first needed. Methods that take the numbers out of PyTorch refuse."""

    class ExactTensor(torch.Tensor):  # type: ignore[misc, name-defined]  # known on first use only
        __torch_function__ = torch._C._disabled_torch_function_impl
        numpy, __array__ = _leaving(".numpy()"), _leaving("NumPy")
        tolist, data_ptr = _leaving(".tolist()"), _leaving(".data_ptr()")
        untyped_storage, __dlpack__ = _leaving("their storage"), _leaving("DLPack")

        @staticmethod
        def __new__(cls: Any, array: np.ndarray, dtype: Any, history: History) -> Any:
            strides = [step // array.itemsize for step in array.strides]
            made = torch.Tensor._make_wrapper_subclass(
                cls, array.shape, strides=strides, storage_offset=offset(array), dtype=dtype
            )
            made.array, made.history = array, history
            # a compiled extension that asks for the numbers gets an error, not an empty memory
            torch._C._set_throw_on_mutable_data_ptr(made)
            return made

        @classmethod
        def __torch_dispatch__(cls, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return _after_its_run(operator, args, kwargs or {})

    return ExactTensor


def _leaving(what: str) -> Callable[..., Any]:
    def refuse(self: Any, *_: Any, **__: Any) -> Any:
        raise unavailable(f"its numbers leave PyTorch through {what}")

    return refuse


def _after_its_run(operator: Any, args: Any, kwargs: Any) -> Any:
    """The operator on floats: a constant that the code made in an exact run and kept is met in a run on floats."""
    if operator._schema.is_mutable:
        raise unavailable("it writes into a tensor that it keeps from one call to the next")

    def rounded(leaf: Any) -> Any:
        return as_plain(leaf) if is_exact(leaf) else leaf

    return operator(*_trees.tree_map(rounded, args), **_trees.tree_map(rounded, kwargs))


def as_plain(tensor: Any) -> Any:
    """The numbers rounded to the dtype that they show, as an ordinary tensor."""
    if tensor.dtype.is_complex:
        numbers = np.array(list(map(complex, tensor.array.ravel().tolist())), dtype=complex)
        return torch.from_numpy(numbers.reshape(tensor.array.shape)).to(tensor.dtype)
    return torch.from_numpy(exact.to_float(tensor.array)).to(tensor.dtype)


def is_exact(leaf: Any) -> bool:
    return isinstance(leaf, exact_class())


def to_exact(array: np.ndarray) -> Any:
    """An array as a tensor: exact numbers as such, integers and booleans as they are."""
    if array.dtype != object:
        return to_tensor(array)
    return wrap(np.array(array, copy=True, subok=True), getattr(torch, judged.judged()), History())


def from_exact(tensor: Any) -> np.ndarray:
    """A tensor as an array of its own: exact where PyTorch has floats."""
    array = np.array(array_of(tensor.detach()), copy=True, subok=True)
    return array.view(exact.Scalar) if array.dtype == object and not array.ndim and type(array) is np.ndarray else array


def array_of(tensor: Any) -> np.ndarray:
    """What an operator is given for a tensor: its balls, or an ordinary tensor's numbers."""
    if is_exact(tensor):
        balls: np.ndarray = tensor.array
        return balls
    if is_inexact(tensor.dtype):
        return lift(plain_numbers(tensor))
    array: np.ndarray = tensor.detach().numpy()
    return array


def dtype_of(dtype: Any) -> np.dtype:
    """NumPy's dtype for PyTorch's: that of objects for exact numbers."""
    return np.dtype(object) if is_inexact(dtype) else torch.empty(0, dtype=dtype).numpy().dtype


def wrap(array: np.ndarray, dtype: Any, history: History) -> Any:
    """An object array as a tensor, over the same memory when every entry is a ball of its kind."""
    array = array.view(np.ndarray) if isinstance(array, exact.Scalar) else array
    kind = flint.acb if dtype.is_complex else flint.arb
    if any(type(value) is not kind for value in array.view(np.ndarray).flat):
        made = exact.pack(array.shape, [kind(value) for value in array.view(np.ndarray).flat]).view(np.ndarray)
        array = watched(made, array)
    return exact_class()(array, dtype, history)
