"""NumPy's comparisons and tests of exact arrays: NumPy's own would go through the truth of one Python object each."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.values import bare, lifted, truth
from backcheck_reference.numbers import balls
from backcheck_reference.numbers.exact import middles, to_float
from backcheck_reference.numbers.open_comparisons import answers
from backcheck_reference.numbers.scalar_functions import EXACTLY_NAN, IDENTICAL, ISFINITE, ISNAN, LOOPS


def _comparison(ufunc: np.ufunc, opposite: np.ufunc, of_itself: bool) -> Callable[..., Any]:
    """A comparison of balls. Where they overlap it is [0, 1] on hulls; exact numbers go by their middles, as floats do.

    A ball is equal to itself, as an object: the one that `max` hands out is the number it was chosen from. `of_itself`
    is the answer for that. What is no number at all is unequal to everything, as it is in floats.
    """

    def compare(a: Any, b: Any, **_: Any) -> Any:
        plain = bare(a), bare(b)
        yes = ufunc(*plain)
        if a is None or b is None:
            return yes
        no = opposite(*plain)
        if np.all(yes | no):
            return yes
        return rest(yes, no, a, b)

    def rest(yes: Any, no: Any, a: Any, b: Any) -> Any:
        x, y = (np.asarray(lifted(each), dtype=object) for each in (a, b))
        nowhere = np.asarray(ISNAN(x) | ISNAN(y), dtype=bool)  # Python compares two such balls as if it did not know
        if not any(isinstance(each, balls.Hull) for each in (a, b)):
            by_middles = np.asarray(ufunc(middles(x), middles(y)), dtype=bool)
            return np.where(nowhere, ufunc is np.not_equal, np.where(yes | no, yes, by_middles))[()]
        unequal = nowhere & np.asarray(EXACTLY_NAN(x) | EXACTLY_NAN(y), dtype=bool)
        yes, no = (yes | unequal, no) if ufunc is np.not_equal else (yes, no | unequal)
        same = np.asarray(IDENTICAL(x, y), dtype=bool)
        yes, no = (yes | same, no) if of_itself else (yes, no | same)
        return yes[()] if np.all(yes | no) else answers(yes, no)

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
    (np.greater, "__call__"): _comparison(np.greater, np.less_equal, False),
    (np.less, "__call__"): _comparison(np.less, np.greater_equal, False),
    (np.greater_equal, "__call__"): _comparison(np.greater_equal, np.less, True),
    (np.less_equal, "__call__"): _comparison(np.less_equal, np.greater, True),
    (np.equal, "__call__"): _comparison(np.equal, np.not_equal, True),
    (np.not_equal, "__call__"): _comparison(np.not_equal, np.equal, False),
    (np.isfinite, "__call__"): _tested(ISFINITE),
    (np.isnan, "__call__"): _tested(ISNAN),
    (np.isinf, "__call__"): lambda x, **_: ~(np.isfinite(x) | np.isnan(x)),
    (np.signbit, "__call__"): lambda x, **_: x < 0,
    (np.clip, "__call__"): clip,  # type: ignore[dict-item]  # its stub is a function of many faces
    (np.ldexp, "__call__"): lambda x, power, **_: x * LOOPS[np.exp2](lifted(power)),
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
