"""The tensor whose numbers are balls of float64, and the way in and out of it.

It shows the dtype that PyTorch would give it, and lies over a memory of middles and one of radii with one layout. So a
view is PyTorch's own view of the middles, and the radii are found through it; a write reaches all that shares it.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.tensor_balls.rounding import Ball


class Origin(NamedTuple):
    """What numbers are the largest or smallest of, with the operator's name and its axes."""

    source: Any
    name: str
    axes: tuple[int, ...]
    version: int  # of the memory: a write raises it

    def is_of(self, tensor: Any) -> bool:
        """Was it made from this tensor, as it lies?"""
        mid, source = tensor.mid, self.source
        alike = mid.shape == source.shape and mid.stride() == source.stride()
        return bool(alike and mid.data_ptr() == source.data_ptr() and mid._version == self.version)


class BallMemory:
    """What the views of one memory share: all its radii in a row, or None where every number is exact."""

    __slots__ = ("moves", "origin", "radii")

    def __init__(self, radii: Any, moves: int) -> None:
        self.radii, self.moves = radii, moves
        self.origin: Origin | None = None


@functools.cache
def ball_class() -> Any:
    """The tensor class, made when PyTorch is first needed."""

    class BallTensor(torch.Tensor):  # type: ignore[misc, name-defined]  # known on first use only
        __torch_function__ = torch._C._disabled_torch_function_impl
        numpy, __array__ = _leaving(".numpy()"), _leaving("NumPy")
        tolist, data_ptr = _leaving(".tolist()"), _leaving(".data_ptr()")
        untyped_storage, __dlpack__ = _leaving("their storage"), _leaving("DLPack")

        @staticmethod
        def __new__(cls: Any, mid: Any, memory: BallMemory, dtype: Any) -> Any:
            made = torch.Tensor._make_wrapper_subclass(
                cls, mid.shape, strides=mid.stride(), storage_offset=mid.storage_offset(), dtype=dtype
            )
            made.mid, made.memory = mid, memory
            # a compiled extension that asks for the numbers gets an error, not an empty memory
            torch._C._set_throw_on_mutable_data_ptr(made)
            return made

        @classmethod
        def __torch_dispatch__(cls, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            raise Unavailable(f"numbers that the code kept from one run meet {operator} after it")

    return BallTensor


def _leaving(what: str) -> Callable[..., Any]:
    def refuse(self: Any, *_: Any, **__: Any) -> Any:
        raise Unavailable(f"numbers leave PyTorch through {what}")

    return refuse


def is_ball_tensor(leaf: Any) -> bool:
    return isinstance(leaf, ball_class())


def ball_of(tensor: Any) -> Ball:
    """What an operator is given for a tensor: an ordinary one of floats is exact and does not move."""
    if is_ball_tensor(tensor):
        return Ball(tensor.mid, radii_of(tensor), tensor.memory.moves)
    return Ball(tensor.detach().double(), None, 0)


def radii_of(tensor: Any) -> Any:
    radii, mid = tensor.memory.radii, tensor.mid
    return None if radii is None else radii.as_strided(mid.shape, mid.stride(), mid.storage_offset())


def wrap(ball: Ball, dtype: Any) -> Any:
    """A ball as a tensor with a memory of its own."""
    mid, rad = ball.mid, ball.rad
    if any(step == 0 and size > 1 for step, size in zip(mid.stride(), mid.shape, strict=True)):
        mid = mid.contiguous()
    return ball_class()(mid, BallMemory(None if rad is None else _in_a_row(mid, rad), ball.moves), dtype)


def _in_a_row(mid: Any, rad: Any) -> Any:
    """The radii in the order of the middles' memory: as they are if they lie like that, else copied."""
    count = _size(mid)
    alike = rad.shape == mid.shape and rad.stride() == mid.stride() and rad.storage_offset() == mid.storage_offset()
    if alike and _size(rad) == count:
        return rad.as_strided((count,), (1,), 0)
    row = torch.zeros(count, dtype=rad.dtype)
    row.as_strided(mid.shape, mid.stride(), mid.storage_offset()).copy_(rad)
    return row


def _size(tensor: Any) -> int:
    return int(tensor.untyped_storage().nbytes() // tensor.element_size())


def view_of(tensor: Any, mid: Any) -> Any:
    """A view of the middles, with the radii of the same memory."""
    return ball_class()(mid, tensor.memory, tensor.dtype)


def write(tensor: Any, ball: Ball) -> None:
    """Other numbers in the same memory."""
    if ball.rad is not None and tensor.memory.radii is None:
        tensor.memory.radii = torch.zeros(_size(tensor.mid), dtype=ball.rad.dtype)
    tensor.mid.copy_(ball.mid)
    if tensor.memory.radii is not None:
        radii_of(tensor).copy_(ball.rad if ball.rad is not None else 0)
    tensor.memory.moves |= ball.moves
    tensor.memory.origin = None


def shown_in(tensor: Any, dtype: Any) -> Any:
    """The same numbers, which show another dtype of floats."""
    return ball_class()(tensor.mid, tensor.memory, dtype)
