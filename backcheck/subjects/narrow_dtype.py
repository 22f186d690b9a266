"""Code that rounds to a narrower dtype on the way, as `x.astype(np.float32)` does, is judged in that dtype."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from backcheck.subjects.arrays import is_integer
from backcheck.subjects.user_code import UserCode
from backcheck_reference.frontends import numpy_code
from backcheck_reference.numbers import exact


def narrowest(met: set[str]) -> str:
    """The narrowest of the dtypes that were met; "" for none."""
    return min(met, key=lambda name: np.dtype(name).itemsize) if met else ""


def said_of(name: str, dtype: str) -> str:
    return f"{name} rounds to {dtype} on the way, and is judged in that"


def rounds_to(code: UserCode, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> str:
    """The dtype that NumPy code rounds to when it is given these arrays; "" where it keeps theirs."""
    if not code.is_numpy:
        return ""
    rule = code.rule(False)
    dtype = next(array.dtype for array in arrays if not is_integer(array))
    calm, silent = np.errstate(all="ignore"), suppress(Exception)  # what it raises on exact numbers is seen elsewhere
    with numpy_code.judged_in(dtype.name), numpy_code.narrowing() as met, silent, calm, exact.bits(exact.LADDER[0][0]):
        rule.forward(*map(exact.lift, arrays), **config)
    return narrowest(met)
