"""Does a drawn case say anything? Our own rules run it once, before anybody is asked.

A quarter of what was drawn at random had gradients that were zero in every entry: a relu with no positive input, a norm
of a norm, a loss of zeros. To agree there proves nothing. This steers the draws only, and no verdict comes from it: the
truth of a case never depends on what is computed here.
"""

from fractions import Fraction

import numpy as np

from backcheck.strategies.case import Case
from scratch_bp.network import NetworkError, value_and_grad
from scratch_bp.rules import RULES

# how far the gradients may be moved by the roundings of one run, in the narrow dtype that they are computed in: beyond
# that, rounding may decide them. Of the cases within it one in twelve is ill-conditioned, and beyond it every other one
ROUNDINGS = 6
ENOUGH = Fraction(1)
NARROW = {"float64": "float32"}
UNIT = {"float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
LOOSE = 2.0**10  # a float64 case may lose this much more: its own roundings are far smaller than those of the run


def telling_share(case: Case) -> Fraction:
    """The part of the gradients that are finite, not zero in every entry, and not decided by rounding. That of an array
    which nobody reads is zero, and does not count.

    One where it cannot be said: of an empty batch, and of a network of rules that are not ours.
    """
    arrays, dy = case.make()
    read = {name for node in case.network.nodes for name in node.reads}
    wanted = [name for name in case.network.differentiable if name in read]
    if not wanted or not dy.size or any(node.rule not in RULES for node in case.network.nodes):
        return Fraction(1)
    narrow = NARROW.get(case.dtype, case.dtype)
    allowed = ROUNDINGS * UNIT[narrow] * (LOOSE if case.dtype in NARROW else 1)
    floats = {name for name, array in arrays.items() if array.dtype.kind not in "iub"}
    like = dy.dtype if narrow == case.dtype else np.dtype(narrow)

    def gradients(dtype: np.dtype) -> dict[str, np.ndarray]:
        given = {name: array.astype(dtype) if name in floats else array for name, array in arrays.items()}
        return value_and_grad(case.network, given, dy.astype(dtype), RULES)[1]

    try:
        with np.errstate(all="ignore"):
            wide, near = gradients(np.dtype(np.float64)), gradients(like)
            told = sum(_tells(wide[name], near[name], allowed) for name in wanted)
    except (NetworkError, ValueError, TypeError, IndexError, ZeroDivisionError):  # found when it is examined
        return Fraction(1)
    return Fraction(told, len(wanted))


def _tells(wide: np.ndarray, near: np.ndarray, allowed: float) -> bool:
    scale = abs(wide).max(initial=0)
    return bool(np.isfinite(scale) and scale > 0 and abs(wide - near).max(initial=0) <= allowed * scale)
