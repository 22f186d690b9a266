"""Arrays of complex balls, `flint.acb`: two real balls each. An array holds one kind of number."""

from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalar_functions import LOOPS, each

REAL = each(lambda v: v.real)
IMAG = each(lambda v: v.imag)
COMPLEX = each(lambda v: flint.acb(v))
CONJUGATE = LOOPS["conj"]


def is_complex(value: Any) -> bool:
    """Is this an array of exact complex numbers, or one of them?"""
    if not isinstance(value, np.ndarray):
        return type(value) is flint.acb
    # the true dtype: an array that ordinary code runs on shows another one
    is_object = np.ndarray.dtype.__get__(value).kind == "O"
    return is_object and value.size > 0 and type(np.ndarray.item(value, 0)) is flint.acb


def complexly(array: Any) -> Any:
    """An array of exact numbers as complex ones; a new one unless they are."""
    return array if is_complex(array) else np.asarray(COMPLEX(np.asarray(array).view(np.ndarray)), dtype=object)
