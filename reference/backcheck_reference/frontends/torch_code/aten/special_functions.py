"""PyTorch's special functions on exact numbers, by those of SciPy.

PyTorch calls some of them by other names in `torch.ops.prims`, where its own decompositions end.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.frontends.torch_code.aten.shared import Operator
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalar_functions import LOOPS, each
from backcheck_reference.numbers.special_functions import FLOAT_BITS, SPECIAL


def _polygamma(n: Any, x: Any) -> Any:
    order = int(n.unique_fmpz())
    return each(lambda value: _one_polygamma(order, value))(x)


def _one_polygamma(order: int, x: Any) -> Any:
    if order == 0:
        return x.digamma()
    factor, before, at = (-1) ** (order + 1) * flint.arb(order + 1).gamma(), flint.arb(0), x
    while not at > 0 and at.is_finite():  # the zeta function of Hurwitz needs a positive number: the terms before it
        before, at = before + 1 / at ** (order + 1), at + 1
    found = factor * (before + flint.arb(order + 1).zeta(at))
    return found + _unsure_trigamma(x) if order == 1 and flint.ctx.prec < FLOAT_BITS else found


def _unsure_trigamma(x: Any) -> Any:
    """What PyTorch's trigamma leaves out, in float64 too: it ends the series at z = x + 6 before 1 / (30 z^9)."""
    z = (x if x >= 0.5 else 1 - x) + 6
    return flint.arb(0, (1 / (30 * z**9)).abs_upper())


def _narrow(part: int) -> Any:
    """1 / part, which some of PyTorch's kernels hold as a float32 for numbers of any dtype."""
    exactly = 1 / flint.arb(part)
    return exactly * flint.arb(1, 2.0**-24) if flint.ctx.prec < FLOAT_BITS else exactly


def _hardsigmoid_backward(dy: Any, x: Any) -> Any:
    inside = np.logical_and(np.greater(x, flint.arb(-3)), np.less(x, flint.arb(3)))
    return np.where(inside, dy * _narrow(6), flint.arb(0))


OF_SCIPY = {
    **dict.fromkeys(("special_erfcx", "erfcx"), special.erfcx),
    **dict.fromkeys(("i0", "special_i0", "bessel_i0"), special.i0),
    **dict.fromkeys(("special_i0e", "bessel_i0e"), special.i0e),
    **dict.fromkeys(("special_i1", "bessel_i1"), special.i1),
    **dict.fromkeys(("special_i1e", "bessel_i1e"), special.i1e),
    **dict.fromkeys(("special_bessel_j0", "bessel_j0"), special.j0),
    **dict.fromkeys(("special_bessel_j1", "bessel_j1"), special.j1),
    "special_bessel_y0": special.y0,
    "special_bessel_y1": special.y1,
    "special_modified_bessel_i0": special.i0,
    "special_modified_bessel_i1": special.i1,
    "special_modified_bessel_k0": special.k0,
    "special_modified_bessel_k1": special.k1,
    "special_scaled_modified_bessel_k0": special.k0e,
    "special_scaled_modified_bessel_k1": special.k1e,
    **dict.fromkeys(("special_ndtri", "ndtri"), special.ndtri),
    "special_log_ndtr": special.log_ndtr,
    **dict.fromkeys(("igamma", "special_gammainc"), special.gammainc),
    **dict.fromkeys(("igammac", "special_gammaincc"), special.gammaincc),
    **dict.fromkeys(("special_zeta", "zeta"), special.zeta),
}

SPECIAL_FUNCTIONS: Mapping[str, Operator] = {
    **{name: {**LOOPS, **SPECIAL}[ufunc] for name, ufunc in OF_SCIPY.items()},
    "polygamma": _polygamma,
    "hardsigmoid_backward": _hardsigmoid_backward,
}
