"""The dtype that a check judges in: what exact numbers show to a framework's code as theirs.

Code branches on it, takes its limits, or makes constants of it. So an exact run of a float32 check says float32, and
what is narrower than that is a rounding of the code's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from backcheck_reference.blocks import Setting

BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
_judged: ContextVar[str] = ContextVar("judged", default="float64")
_met: ContextVar[set[str] | None] = ContextVar("narrow dtypes met", default=None)


def judged_in(dtype: str) -> Setting[str]:
    """A block in which exact numbers stand for numbers of this dtype."""
    return Setting(_judged, dtype)


def judged() -> str:
    """The name of the dtype that exact numbers stand for here."""
    return _judged.get()


def bits_of(dtype: str) -> int:
    """The digits of a floating-point dtype; those that no check judges in have the fewest."""
    return BITS.get(dtype, 4)


def is_narrow(dtype: str) -> bool:
    """Has this floating-point dtype fewer digits than the one that is judged in?"""
    return bits_of(dtype) < BITS[judged()]


@contextmanager
def narrow_met() -> Iterator[set[str]]:
    """The names of the narrow dtypes that NumPy code in the block rounds exact numbers to."""
    met: set[str] = set()
    with Setting(_met, met):
        yield met


def narrow(dtype: Any) -> np.dtype | None:
    """The real dtype that one of real or complex numbers rounds to, where that is narrow; None where it is not."""
    if dtype is None:
        return None
    found = np.dtype(dtype)
    if found.kind == "c":
        found = np.dtype(f"f{found.itemsize // 2}")
    return found if found.name in BITS and is_narrow(found.name) else None


def note_narrow(dtype: np.dtype | None) -> None:
    met = _met.get()
    if dtype is not None and met is not None:
        met.add(dtype.name)


def is_rounded(values: np.ndarray, dtype: str) -> bool:
    """Do any of these numbers need the last digits of a narrow dtype?

    Ones, masks and halves are what they are in any dtype.
    """
    scaled = np.ldexp(np.frexp(np.asarray(values, dtype=np.float64))[0], bits_of(dtype) - 4)
    return is_narrow(dtype) and bool(np.any(scaled != np.floor(scaled)))
