"""What a kernel allocates while it runs, put into watched memory, with a known filling where it would hold anything.

PyTorch   A dispatch mode sees every allocation that goes through the dispatcher: in Python, in a C++ extension, and in
          the thread that runs backward. Code behind `torch.compile` runs as if it were not compiled as long as such a
          mode is on: so the numbers that are judged come from a run without one.
NumPy     `np.empty` and its like give arrays in watched memory, as long as nobody has loaded numba, which compiles
          these very functions into its code.
malloc    What compiled code takes from the C library of Linux is filled and not watched. Small blocks, below about a
          kilobyte, come from caches that are not.
"""

import ctypes
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from backcheck.subjects.kernels.calls.arrays import as_array, as_shared_tensor
from backcheck.subjects.kernels.calls.memory import GuardedMemory
from backcheck_reference.lazy import LazyModule, torch

_dispatch = LazyModule("torch.utils._python_dispatch", "torch")

EMPTY = frozenset({"empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided", "empty_permuted"})
FILLED = frozenset({
    "zeros", "zeros_like", "new_zeros", "ones", "ones_like", "new_ones", "full", "full_like", "new_full",
    "clone", "_to_copy", "rand", "randn", "rand_like", "randn_like", "arange",
})  # fmt: skip
OF_NUMPY = ("empty", "empty_like", "zeros", "zeros_like", "ones", "ones_like", "full", "full_like")
M_PERTURB = -6  # of mallopt


@contextmanager
def watched(memory: GuardedMemory, fill: float, full: bool = True) -> Iterator[None]:
    """Within the block what is allocated lies in `memory`; where its content is undefined it holds `fill`.

    Without `full` only that of PyTorch whose content is undefined does: the rest is copied, and once will do.
    """
    with ExitStack() as stack:
        stack.enter_context(_mode_class()(memory, fill, full))
        if "numba" not in sys.modules:
            for name in OF_NUMPY:
                stack.enter_context(patch.object(np, name, _held(getattr(np, name), memory, fill)))
        if _malloc_options is not None:
            _malloc_options(M_PERTURB, ~_byte(fill) & 0xFF)  # what is given out holds the complement
            stack.callback(_malloc_options, M_PERTURB, 0)
        yield


def _held(function: Callable[..., Any], memory: GuardedMemory, fill: float) -> Callable[..., Any]:
    @functools.wraps(function)
    def allocate(*args: Any, **options: Any) -> Any:
        made = function(*args, **options)
        tensor = as_shared_tensor(made)
        if tensor is None or not tensor.numel() or memory.full:
            return made
        return as_array(memory.hold(tensor, fill=fill if function.__name__ in EMPTY else None))

    return allocate


def _byte(fill: float) -> int:
    """Where all bytes are this one, there is a large number in every format: 1e36 in float32, 61,000 in float16.

    Its sign tells one filling from another. NaN would be 0xFF, which glibc cannot be asked for.
    """
    return 0xFB if fill != fill else 0x7B


def _option_of_malloc() -> Any:
    """`mallopt` of glibc; None for another C library."""
    try:
        return ctypes.CDLL(None).mallopt if sys.platform == "linux" else None
    except (OSError, AttributeError):
        return None


_malloc_options = _option_of_malloc()


@functools.cache
def _mode_class() -> Any:
    """The class, made when PyTorch is there."""
    base: Any = _dispatch.TorchDispatchMode

    class WatchedAllocations(base):  # type: ignore[misc]
        def __init__(self, memory: GuardedMemory, fill: float, full: bool) -> None:
            super().__init__()
            self._memory, self._fill = memory, fill
            self._names = EMPTY | FILLED if full else EMPTY

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            name = func.overloadpacket.__name__
            if name not in self._names:
                return made
            if not _is_fresh(made, args, kwargs or {}) or self._memory.full or self._memory.busy:
                return made
            return self._memory.hold(made, fill=self._fill if name in EMPTY else None)

    return WatchedAllocations


def _is_fresh(made: Any, args: Any, kwargs: Any) -> bool:
    """Is it an ordinary tensor with memory of its own, and of no special kind?

    One without entries is let be: `resize_` gives it memory later.
    """
    if type(made) is not torch.Tensor or made.layout != torch.strided or made.device.type == "meta":
        return False
    if kwargs.get("pin_memory") or not made.numel():
        return False
    return all(each is not made for each in (*args, *kwargs.values()))
