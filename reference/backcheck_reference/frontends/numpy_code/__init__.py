"""Exact numbers for ordinary, unedited NumPy code: views of arrays, and buffers that hold what is put into them.

    with running():
        y = plain(forward(ordinary(x)))

The arrays are those of `arrays`. A subclass of arrays cannot help with buffers that code makes from nothing, with
`np.zeros(shape)` and its like: numbers assigned to them would be rounded to float64 without a warning. Inside `running`
these names of the numpy module make exact buffers instead. Code that holds such a function under a name of its own, by
`from numpy import zeros`, is not reached; `leak` finds the line.
"""

import threading
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code import smooth
from backcheck_reference.frontends.numpy_code.arrays import ExactArray
from backcheck_reference.frontends.numpy_code.buffers import VECTORIZED, ExactRun, current, dressed, of_scipy, places
from backcheck_reference.frontends.numpy_code.hulls import HullArray
from backcheck_reference.frontends.numpy_code.values import bare, exactly
from backcheck_reference.lazy import is_ball
from backcheck_reference.numbers import balls, exact

__all__ = ["ExactArray", "HullArray", "ordinary", "plain", "running"]


def ordinary(array: Any) -> Any:
    """A view of an object array of exact numbers that ordinary NumPy code can run on; all else as it is."""
    if not isinstance(array, np.ndarray) or isinstance(array, ExactArray) or array.dtype != object:
        return array
    if isinstance(array, balls.Hull):
        return dressed(array, array.watch)
    # one element is enough to look at: the engine makes arrays of one kind of number
    return dressed(array, None) if not array.size or is_ball(array.item(0)) else array


def plain(result: Any) -> Any:
    """What code returned as the engine takes it: object arrays without the class, `exact.Scalar` without axes."""
    if result is None:
        return None
    if not isinstance(result, np.ndarray):
        if is_ball(result):
            return exact.pack((), [result])
        result = np.asarray(result)
    if result.dtype != object:
        return result
    watch = getattr(result, "watch", None)
    array = exactly(bare(result))
    if watch is not None:
        return watch.keep(array)
    return array if array.ndim else array.view(exact.Scalar)


_lock = threading.Lock()
_depth = 0
_standing: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []  # what is replaced now


class Running:
    """The block that `running` gives. It may be entered once."""

    __slots__ = ("tokens", "watch")

    def __init__(self, watch: Any) -> None:
        self.watch = watch

    def __enter__(self) -> list[bool]:
        install(1)
        told: list[bool] = []
        self.tokens = current.set(ExactRun(self.watch)), smooth.bent.set(told)
        return told

    def __exit__(self, *_: Any) -> None:
        current.reset(self.tokens[0])
        smooth.bent.reset(self.tokens[1])
        install(-1)


def running(watch: Any = None) -> Running:
    """Run the block with exact buffers: balls under a watch where one is given.

    The list that it gives is empty at the end if all that was done with exact arrays is `smooth`. Acts for the code of
    this context alone (so of this thread), and not within libraries, which make float buffers for themselves. May be
    entered again, within the block and from other threads.
    """
    return Running(watch)


def install(change: int) -> None:
    """The replaced names stand as long as one block is open in any thread."""
    global _depth
    with _lock:
        if 0 in (_depth, _depth + change):
            if change > 0:
                _standing[:] = [*places(), *of_scipy()]
            for names, before, after in _standing:
                names.update(after if change > 0 else before)
            np.vectorize.__call__ = VECTORIZED[change > 0]  # type: ignore[method-assign]
        _depth += change
