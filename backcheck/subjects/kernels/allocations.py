"""What a kernel allocates while it runs, put into watched memory, with a known filling where it would hold anything.

A dispatch mode of PyTorch's sees every allocation that goes through its dispatcher: in Python, in a C++ extension, and
in the thread that runs backward. Code behind `torch.compile` runs as if it were not compiled as long as such a mode is
on: so the numbers that are judged come from a run without one.
"""

import functools
from typing import Any

from backcheck.subjects.kernels.memory import GuardedMemory
from backcheck_reference.lazy import LazyModule, torch

_dispatch = LazyModule("torch.utils._python_dispatch", "torch")

EMPTY = frozenset({"empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided", "empty_permuted"})
FILLED = frozenset({
    "zeros", "zeros_like", "new_zeros", "ones", "ones_like", "new_ones", "full", "full_like", "new_full",
    "clone", "_to_copy", "rand", "randn", "rand_like", "randn_like", "arange",
})  # fmt: skip


def watched(memory: GuardedMemory, fill: float) -> Any:
    """A context in which what is allocated lies in `memory`; where its content is undefined it holds `fill`."""
    return _mode_class()(memory, fill)


@functools.cache
def _mode_class() -> Any:
    """The class, made when PyTorch is there."""
    base: Any = _dispatch.TorchDispatchMode

    class WatchedAllocations(base):  # type: ignore[misc]
        def __init__(self, memory: GuardedMemory, fill: float) -> None:
            super().__init__()
            self._memory, self._fill = memory, fill

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            name = func.overloadpacket.__name__
            if name not in EMPTY and name not in FILLED:
                return made
            if not _is_fresh(made, args, kwargs or {}) or self._memory.full:
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
