"""The dtype that NumPy code rounds to on the way, as `x.astype(np.float32)` does."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from backcheck.subjects.pairs.pair import as_rule
from backcheck_reference.frontends.judged import bits_of, judged_in, narrow_met
from backcheck_reference.numbers import exact


def rounds_to(forward: Callable[..., Any], arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> str:
    """The narrowest dtype that the forward rounds exact numbers to, where that is narrower than the arrays' own."""
    rule = as_rule(forward, forward)
    dtype = next(array.dtype.name for array in arrays if array.dtype.kind not in "iub")
    calm, silent = np.errstate(all="ignore"), suppress(Exception)  # what it raises on exact numbers is seen elsewhere
    with judged_in(dtype), narrow_met() as met, silent, calm, exact.bits(exact.LADDER[0][0]):
        rule.forward(*map(exact.lift, arrays), **config)
    return min(met, key=bits_of) if met else ""
