"""Does a piece of code keep to operations that are smooth wherever they give a finite number?

What is made of sums, products, quotients, exponentials and the like alone has no kink: the slopes to both sides of a
point are the same. Anything else that is done with exact numbers (a comparison, a maximum, an index of the largest, a
function that is not known here) may have one, and is noted.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.numbers import exact

SMOOTH_UFUNCS = frozenset(
    {np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive, np.square, np.reciprocal, np.matmul}
    | {np.conjugate, np.exp, np.expm1, np.log1p, np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh}
    | {np.arctan, np.arcsinh, special.expit, special.log_expit, special.erf, special.erfc, special.ndtr}
)
# These move numbers about or sum products of them.
SMOOTH_FUNCTIONS: frozenset[Any] = frozenset(
    {np.sum, np.mean, np.cumsum, np.dot, np.vdot, np.inner, np.outer, np.einsum, np.tensordot, np.trace}
    | {np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.broadcast_to}
    | {np.concatenate, np.stack, np.split, np.copy, np.copyto, np.flip, np.roll, np.tile, np.repeat}
    | {np.empty_like, np.zeros_like, np.ones_like, np.full_like, np.shape, np.size, np.ndim}
)

# Not empty once an operation may have had a kink, within a block that asks.
bent: ContextVar[list[bool] | None] = ContextVar("bent", default=None)


def may_bend(ufunc: np.ufunc, inputs: Sequence[Any]) -> bool:
    """A root is steep at 0 alone, and a power is smooth where it is a product."""
    if ufunc is np.sqrt:
        return bool(exact.zeros(inputs[0]).any())
    return ufunc not in SMOOTH_UFUNCS and not (ufunc is np.power and type(inputs[1]) is int)


def bend() -> None:
    """Note an operation that may have a kink or a jump."""
    told = bent.get()
    if told is not None:
        told.append(True)
