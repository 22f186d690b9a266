"""NumPy's comparisons and tests of exact arrays: NumPy's own would go through the truth of one Python object each."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.values import bare, lifted, truth
from backcheck_reference.numbers import balls
from backcheck_reference.numbers.exact import to_float
from backcheck_reference.numbers.open_comparisons import OPPOSITES, compare_hulls, compare_middles
from backcheck_reference.numbers.scalar_functions import ISFINITE, ISNAN, LOOPS


def _comparison(ufunc: np.ufunc) -> Callable[..., Any]:
    on_hulls, by_middles = compare_hulls(ufunc), compare_middles(ufunc)

    def compare(a: Any, b: Any, **_: Any) -> Any:
        is_hull = any(isinstance(each, balls.Hull) for each in (a, b))
        return (on_hulls(bare(a), bare(b)) if is_hull else by_middles(bare(a), bare(b)))[()]

    return compare


def _quantified(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """any or all: decided where the entries that are decided are enough for it."""

    def quantified(array: Any, **options: Any) -> Any:
        found = truth(array)
        if not isinstance(found, balls.Hull):
            return reduce(bare(found), **options)
        elements = bare(found)
        sure, possible = (elements == 1).astype(bool), ~(elements == 0).astype(bool)
        low, high = reduce(sure, **options), reduce(possible, **options)
        if np.any(low != high):
            raise balls.Undecidable("an any or all of comparisons that balls leave open")
        return low

    return quantified


def _tested(loop: np.ufunc) -> Callable[..., Any]:
    """A test of one number as booleans."""
    return lambda x, **_: np.asarray(loop(bare(x)), dtype=bool)[()]


def clip(x: Any, low: Any, high: Any, **_: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


def _by_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """What only the bits of a float tell, as its distance to the next one: a constant between its jumps."""
    return lambda *numbers, **_: lifted(function(*map(_floats, numbers)))


def _floats(numbers: Any) -> Any:
    return to_float(bare(numbers)) if np.asarray(numbers).dtype == object else numbers


def _frexp(x: Any, **_: Any) -> tuple[Any, Any]:
    exponent = np.frexp(_floats(x))[1]
    return np.ldexp(x, -exponent), exponent


def _modf(x: Any, **_: Any) -> tuple[Any, Any]:
    whole = np.trunc(x)
    return x - whole, whole


# (ufunc, method) -> what is done instead of NumPy's own
OWN_UFUNCS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    **{(ufunc, "__call__"): _comparison(ufunc) for ufunc in OPPOSITES},
    (np.isfinite, "__call__"): _tested(ISFINITE),
    (np.isnan, "__call__"): _tested(ISNAN),
    (np.isinf, "__call__"): lambda x, **_: ~(np.isfinite(x) | np.isnan(x)),
    (np.signbit, "__call__"): lambda x, **_: x < 0,
    (np.clip, "__call__"): clip,  # type: ignore[dict-item]  # its stub is a function of many faces
    (np.ldexp, "__call__"): lambda x, power, **_: x * LOOPS["exp2"](lifted(power)),
    (np.frexp, "__call__"): _frexp,
    (np.modf, "__call__"): _modf,
    (np.divmod, "__call__"): lambda a, b, **_: (np.floor_divide(a, b), np.remainder(a, b)),
    (np.spacing, "__call__"): _by_floats(np.spacing),
    (np.nextafter, "__call__"): _by_floats(np.nextafter),
    (np.vecdot, "__call__"): lambda a, b, axis=-1, **_: np.sum(np.conjugate(a) * b, axis=axis),
    (np.logical_and, "__call__"): lambda a, b, **_: truth(a) & truth(b),
    (np.logical_or, "__call__"): lambda a, b, **_: truth(a) | truth(b),
    (np.logical_xor, "__call__"): lambda a, b, **_: truth(a) != truth(b),
    (np.logical_not, "__call__"): lambda a, **_: ~truth(a),
    (np.logical_or, "reduce"): _quantified(np.logical_or.reduce),
    (np.logical_and, "reduce"): _quantified(np.logical_and.reduce),
}
