"""A term or a factor too many or too few: of what array is got - want, or got / want, a multiple?"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backcheck.diagnosis.faults.factors import numeric_options, sizes
from backcheck.diagnosis.faults.fit import close, fits, largest, looked_at
from backcheck.diagnosis.faults.words import number
from backcheck.diagnosis.faults.wrong_gradient import Wrong, first, named_arrays


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    kind: str  # "" for a term without a name: its sign tells whether it is missing or extra
    words: str
    values: np.ndarray


def _terms(wrong: Wrong) -> Iterator[Term]:
    """Everything with the shape of want that a derivation may add."""
    if wrong.dy.shape == wrong.want.shape:
        yield from _sums(wrong)
        yield Term("", "dy", wrong.dy)
    yield from _one_hot(wrong)
    for name, array in named_arrays(wrong).items():
        if array.shape == wrong.want.shape:
            yield Term("", name, array)
            yield Term("", f"{name}^2", array * array)
            if wrong.dy.shape in (array.shape, ()):
                yield Term("", f"dy {name}", wrong.dy * array)
                yield Term("", f"dy {name}^2", wrong.dy * array * array)
    yield Term("", "a constant", np.ones_like(wrong.want))


def _sums(wrong: Wrong) -> Iterator[Term]:
    """The sums of a softmax or of statistics, along each axis."""
    dy, y, x = wrong.dy, wrong.value, first(wrong)
    for axis, n in enumerate(dy.shape):
        if n == 1:
            continue

        def total(array: np.ndarray, axis: int = axis) -> np.ndarray:
            return np.broadcast_to(array.sum(axis=axis, keepdims=True), array.shape)

        along = f"along axis {axis}"
        yield Term("mean-term", f"mean(dy) {along}", total(dy) / n)
        yield Term("mean-term", f"sum(dy) {along}", total(dy))
        if x.shape == dy.shape:
            yield Term("mean-term", f"mean(x) {along}", total(x) / n)
        if y is not None and y.shape == dy.shape:
            yield Term("sum-term", f"y sum(dy y) {along}", y * total(dy * y))
            yield Term("sum-term", f"y sum(dy) {along}", y * total(dy))


def _one_hot(wrong: Wrong) -> Iterator[Term]:
    """What a loss on class indices subtracts: one at each target."""
    for name, index in wrong.inputs.items():
        if index.dtype.kind in "iu" and index.shape == wrong.want.shape[:-1] and np.all(index < wrong.want.shape[-1]):
            hot = (np.arange(wrong.want.shape[-1]) == index[..., None]).astype(np.float64)
            scalar = wrong.dy.shape == ()
            words = f"dy times the one-hot of {name}" if scalar else f"the one-hot of {name}"
            yield Term("one-hot-term", words, wrong.dy * hot if scalar else hot)


def _coefficient(wrong: Wrong, term: Term) -> float:
    """(got - want) / term, where the term is largest."""
    at = largest(wrong, term.values)
    size = term.values[at]
    return float((wrong.got[at] - wrong.want[at]) / size) if size else 0.0


def _nice(wrong: Wrong, c: float) -> float | None:
    """The coefficient of a derivation (1, 2, 1/2, n, 1/n, an option) that c is to the digits known."""
    quantities = [1.0, 2.0, *(float(n) for _, n in sizes(wrong)), *numeric_options(wrong).values()]
    for form in (form for q in map(abs, quantities) for form in (q, 1 / q)):
        if abs(abs(c) - form) <= 10.0 ** (2 - wrong.digits) * form:
            return math.copysign(form, c)
    return None


def _said(c: float, words: str) -> str:
    if c == -1:
        return f"got - want = -({words}) in every entry: it is left out, or subtracted once too often"
    if c == 1:
        return f"got - want = {words} in every entry: it is added once too often, or not subtracted"
    if abs(c) == 2:
        return f"got - want = {number(c)} x ({words}) in every entry: it has the wrong sign"
    return f"got - want = {number(c)} x ({words}) in every entry"


@lru_cache(maxsize=4)  # each kind of term asks
def _found(wrong: Wrong) -> Mapping[str, str]:
    """For each kind of term the sentence about the first that is the difference."""
    found: dict[str, str] = {}
    for term in _terms(wrong):
        c = _coefficient(wrong, term)
        nice = _nice(wrong, c)
        c = c if nice is None else nice
        chosen = 0 if term.kind == "one-hot-term" else 1  # all other terms are picked from a long list
        if c and fits(wrong, wrong.want + c * term.values, fitted=chosen + (nice is None)):
            found.setdefault(term.kind or ("missing-term" if c < 0 else "extra-term"), _said(c, term.words))
    return found


def term(kind: str) -> Callable[[Wrong], str | None]:
    """The test for a difference that is a term of one kind."""
    return lambda wrong: _found(wrong).get(kind)


def constant_along_axis(wrong: Wrong) -> str | None:
    """The difference is one number per row, so some mean or sum is mistaken."""
    residual = wrong.got - wrong.want
    for axis, n in enumerate(residual.shape):
        flat = np.broadcast_to(residual.mean(axis=axis, keepdims=True), residual.shape)
        if n > 2 and fits(wrong, wrong.want + flat, fitted=residual.size // n):
            return (
                f"got - want is the same along axis {axis} ({number(flat.flat[0])} at first): a mean or sum is mistaken"
            )
    return None


def along_the_output(wrong: Wrong) -> str | None:
    return _along(wrong, "y", lambda axis: wrong.value)


def along_the_input(wrong: Wrong) -> str | None:
    """The term of the variance is a multiple of x - mean x."""
    x = first(wrong)
    return _along(wrong, "x - mean x", lambda axis: x - x.mean(axis=axis, keepdims=True) if axis < x.ndim else None)


def _along(wrong: Wrong, words: str, vector: Callable[[int], np.ndarray | None]) -> str | None:
    """The difference is, in each row, a multiple of a vector."""
    for axis, n in enumerate(wrong.want.shape):
        v = vector(axis)
        if v is None or v.shape != wrong.want.shape or n < 3:
            continue
        part = _projected(wrong.got - wrong.want, v, axis)
        if fits(wrong, wrong.want + part, fitted=wrong.want.size // n):
            return f"got - want is, along axis {axis}, a multiple of {words}: the term with {words} is mistaken"
    return None


def _projected(residual: np.ndarray, v: np.ndarray, axis: int) -> np.ndarray:
    """In each row the part of the residual along v."""
    with np.errstate(all="ignore"):
        c = (residual * v).sum(axis=axis, keepdims=True) / (v * v).sum(axis=axis, keepdims=True)
    part: np.ndarray = np.where(np.isfinite(c), c, 0.0) * v
    return part


def missing_factor(wrong: Wrong) -> str | None:
    """Got times an array is want."""
    for words, m in _factors(wrong):
        if np.count_nonzero(m) < 2 or np.ptp(abs(m)) == 0:
            continue
        with np.errstate(all="ignore"):
            candidate = np.where(m != 0, wrong.want / m, wrong.got)
        if np.all(np.isfinite(looked_at(wrong, candidate))) and fits(wrong, candidate, fitted=1):
            return f"got * {words} = want: a factor {words} is missing, or divided by once too often"
    return None


def extra_factor(wrong: Wrong) -> str | None:
    for words, m in _factors(wrong):
        if np.any(m) and np.ptp(abs(m)) > 0 and fits(wrong, wrong.want * m, fitted=1):
            return f"got = want * {words}: a factor {words} is there once too often, or not divided by"
    return None


def _factors(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    for name, array in {"dy": wrong.dy, **named_arrays(wrong)}.items():
        try:
            full = np.broadcast_to(array, wrong.want.shape)
        except ValueError:
            continue
        yield name, full
        yield f"{name}^2", full * full
        yield f"(1 - {name})", 1 - full
        yield f"(1 - {name}^2)", 1 - full * full
        yield f"{name} (1 - {name})", full * (1 - full)


def offset(wrong: Wrong) -> str | None:
    """1 / (v + e) stands where 1 / v belongs, as in log(p + e)."""
    for name, v in _denominators(wrong):
        with np.errstate(all="ignore"):
            each = (wrong.want / wrong.got - 1) * v
        usable = np.isfinite(each) & (v != 0)
        if not np.any(usable) or np.ptp(v) == 0:
            continue
        at = np.argmax(np.where(usable, abs(each / v), 0))
        e = float(each.flat[at])
        if 1e-20 < abs(e) < 0.1 and fits(wrong, wrong.want * v / (v + e), fitted=2):
            everywhere = np.all(~close(wrong.got, wrong.want, wrong.digits))
            where = "in all entries" if everywhere else "in the wrong entries"
            return f"got is want * {name} / ({name} + {e:.3g}) {where}: an eps of {e:.3g} added to {name}"
    return None


def _denominators(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    """What a derivation may divide by."""
    shaped = {name: array for name, array in named_arrays(wrong).items() if array.shape == wrong.want.shape}
    for name, array in shaped.items():
        yield name, array
        yield f"(1 - {name})", 1 - array
        yield f"{name} (1 - {name})", array * (1 - array)
        yield f"{name}^2", array * array
        for other, chosen in shaped.items():
            if other != name and np.all((chosen == 0) | (chosen == 1)):
                yield f"the probability of {other}", np.where(chosen == 1, array, 1 - array)
