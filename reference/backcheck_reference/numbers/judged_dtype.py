"""The dtype that code is judged in, and the narrower ones that it rounds to on the way.

Code may say `astype(np.float32)`, or write into a buffer of float32. On exact numbers nothing is rounded, so it is
noted here, and the code is judged in that dtype.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

_judged: ContextVar[str] = ContextVar("judged in", default="float64")
_narrower: ContextVar[set[str] | None] = ContextVar("narrower dtypes met", default=None)


@contextmanager
def judged_in(dtype: str) -> Iterator[None]:
    """Within the block exact arrays show this dtype."""
    token = _judged.set(dtype)
    try:
        yield
    finally:
        _judged.reset(token)


@contextmanager
def narrowing() -> Iterator[set[str]]:
    """The names of the dtypes that code in the block rounds to, where they are narrower than what it is judged in."""
    met: set[str] = set()
    token = _narrower.set(met)
    try:
        yield met
    finally:
        _narrower.reset(token)


def narrow(dtype: Any) -> np.dtype | None:
    """The floating-point dtype that this one rounds to, where that is narrower than what is judged."""
    if dtype is None:
        return None
    found = np.dtype(dtype)
    if found.kind == "c":
        found = np.dtype(f"f{found.itemsize // 2}")
    return found if found.kind == "f" and found.itemsize < judged().itemsize else None


def judged() -> np.dtype:
    return np.dtype(_judged.get())


def note_narrow(dtype: np.dtype | None) -> None:
    met = _narrower.get()
    if dtype is not None and met is not None:
        met.add(dtype.name)
