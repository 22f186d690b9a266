"""Large tensors by slabs along their first axis, so that what is made on the way stays in the processor's cache.

A bound takes five to fifteen passes over its numbers. Over whole tensors each pass fetches them from memory, and each
thing made on the way is fresh memory; by slabs only the operands and the results are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.rounding import Ball, Rounding

ENTRIES = 2**15 - 2**10


def by_entries(form: Callable[..., Any], rounding: Rounding, args: Any, kwargs: Any) -> Any:
    """A form whose result at an entry depends on its arguments there alone, after broadcasting."""
    balls = [each for each in (*args, *kwargs.values()) if isinstance(each, Ball) and each.mid.is_floating_point()]
    tensors = [middle(each) for each in (*args, *kwargs.values()) if isinstance(each, Ball | torch.Tensor)]
    if not balls or max(each.numel() for each in tensors) <= 2 * ENTRIES:
        return form(rounding, *args, **kwargs)
    shape = torch.broadcast_shapes(*(each.shape for each in tensors))
    axis = next(at for at, size in enumerate(shape) if size > 1)
    from_end = axis - len(shape)

    def cut(leaf: Any, first: int, count: int) -> Any:
        if not isinstance(leaf, Ball | torch.Tensor):
            return leaf
        here = middle(leaf)
        return leaf if here.ndim < -from_end or here.shape[from_end] == 1 else _narrow(leaf, from_end, first, count)

    like = next((each for each in tensors if each.shape == shape), None)
    with one_thread():
        return _run(form, rounding, args, kwargs, cut, shape, axis, like)


def by_rows(form: Callable[..., Any], rounding: Rounding, args: Any, kwargs: Any, dims: Any) -> Any:
    """A form that works along some axes, with the first axis for itself; all its balls have this axis."""
    shape = middle(args[0]).shape
    axes = [dims] if isinstance(dims, int) else list(dims or ())
    apart = len(shape) > 1 and axes and all(axis % len(shape) for axis in axes)
    if not apart or middle(args[0]).numel() <= 2 * ENTRIES:
        return form(rounding, *args, **kwargs)

    def cut(leaf: Any, first: int, count: int) -> Any:
        return _narrow(leaf, 0, first, count) if isinstance(leaf, Ball | torch.Tensor) else leaf

    with one_thread():
        return _run(form, rounding, args, kwargs, cut, shape, 0, None)


def middle(each: Any) -> Any:
    return each.mid if isinstance(each, Ball) else each


def _narrow(leaf: Any, axis: int, first: int, count: int) -> Any:
    if not isinstance(leaf, Ball):
        return leaf.narrow(axis, first, count)
    rad = None if leaf.rad is None else leaf.rad.narrow(axis, first, count)
    return Ball(leaf.mid.narrow(axis, first, count), rad, leaf.moves)


@contextmanager
def one_thread() -> Iterator[None]:
    """A block in which PyTorch computes on one thread: to share out so few numbers costs more than to compute them.

    Most operators know that; exp, log and others of Intel's library do not, and wait 20 ms each on a busy machine.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _run(form: Any, rounding: Rounding, args: Any, kwargs: Any, cut: Any, shape: Any, axis: int, like: Any) -> Any:
    size = shape[axis]
    step = max(1, ENTRIES * size // max(shape.numel(), 1))
    whole: list[Any] = []
    single = True
    for first in range(0, size, step):
        count = min(step, size - first)
        given = [cut(each, first, count) for each in args]
        named = {name: cut(each, first, count) for name, each in kwargs.items()}
        found = (
            by_entries(form, rounding, given, named)
            if like is not None and step == 1
            else form(rounding, *given, **named)
        )
        single = isinstance(found, Ball)
        parts = [found] if single else list(found)
        if not whole:
            whole = [_room(part, axis, size, like) for part in parts]
        for room, part in zip(whole, parts, strict=True):
            room.mid.narrow(axis, first, count).copy_(part.mid)
            if part.rad is not None and room.rad is None:
                room.rad = torch.empty_like(room.mid)
                room.rad.narrow(axis, 0, first).zero_()
            if room.rad is not None:
                room.rad.narrow(axis, first, count).copy_(0 if part.rad is None else part.rad)
            room.moves |= part.moves
    found = [Ball(room.mid, room.rad, room.moves) for room in whole]
    return found[0] if single else tuple(found)


class _Room:
    """Where the slabs of a result go."""

    __slots__ = ("mid", "moves", "rad")

    def __init__(self, mid: Any) -> None:
        self.mid, self.rad, self.moves = mid, None, 0


def _room(part: Ball, axis: int, size: int, like: Any) -> Any:
    if like is not None and like.dtype == part.mid.dtype:
        return _Room(torch.empty_like(like))
    shape = list(part.mid.shape)
    shape[axis] = size
    return _Room(torch.empty(shape, dtype=part.mid.dtype))
