"""What a declared function holds constant: the part of it that is not differentiated.

`x + constant(np.round(x) - x)` is a straight-through estimator as most people write it. Differences cannot see what is
held. So the function is run at the arrays first, where every held value is kept, and then at the moved ones with those.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from backcheck.subjects.pairs.framework_callables import is_tensor
from backcheck_reference.lazy import jax, torch

Function = Callable[..., Any]


@dataclass(slots=True)
class HeldValues:
    """The values of one run, in the order of the calls; `again` counts those of the second run."""

    values: list[Any] = field(default_factory=list)
    again: int | None = None

    def take(self, value: Any) -> Any:
        if self.again is None:
            self.values.append(value)
            return value
        self.again += 1
        return self.values[self.again - 1]


_held: ContextVar[HeldValues | None] = ContextVar("held", default=None)


def constant(value: Any) -> Any:
    """The value, held at what it is at the arrays of the check: for a function that is given as `meant=`.

    Any array or tensor. What PyTorch writes as `.detach()` and JAX as `jax.lax.stop_gradient` means the same there.

    >>> import numpy as np
    >>> import backcheck
    >>> def meant(x):
    ...     return x + backcheck.constant(np.round(x) - x)
    >>> print(backcheck.check_vjp(lambda x: (np.round(x), None), lambda _, dy: dy, [0.3, 1.2], meant=meant).verdict)
    convention
    """
    held = _held.get()
    if held is not None:
        return held.take(value)
    return value.detach() if is_tensor(value) else value


def twice(kind: str, function: Function) -> Function:
    """The function of the arrays of the check and, behind them, of as many moved ones: held at the first."""

    def run(*arrays: Any, **config: Any) -> Any:
        half, held = len(arrays) // 2, HeldValues()
        token = _held.set(held)
        try:
            with _held_by(kind):
                function(*arrays[:half], **config)
                held.again = 0
                return function(*arrays[half:], **config)
        finally:
            _held.reset(token)

    return run


@contextmanager
def _held_by(kind: str) -> Iterator[None]:
    """In the block the framework's own word for it means `constant`."""
    if kind not in ("torch", "jax"):
        yield
        return
    owner, name = (torch.Tensor, "detach") if kind == "torch" else (jax.lax, "stop_gradient")
    own = getattr(owner, name)
    setattr(owner, name, lambda value: constant(own(value)))
    try:
        yield
    finally:
        setattr(owner, name, own)
