"""Faults of form: what came back has the wrong shape or dtype, is not finite, or is no array at all."""

from collections.abc import Callable
from itertools import permutations

import numpy as np

from backcheck.diagnosis.faults.fit import axis_sets, equals, is_truth, looked_at, matches, off
from backcheck.diagnosis.faults.words import axes_in_words, places, said_of_form
from backcheck.diagnosis.faults.wrong_gradient import Wrong, named_arrays, options

MUTATION_WORDS = ("mutat", "in place", "in-place", "changes its", "changed its", "writes into", "modifies")


def mutated(wrong: Wrong) -> str | None:
    """A backward that writes into one of its arrays spoils it for the next reader."""
    if not any(word in wrong.malformed for word in MUTATION_WORDS):
        return None
    return f"the rule {wrong.malformed}: build a new array instead"


def dtype(wrong: Wrong) -> str | None:
    if "dtype" not in wrong.malformed:
        return None
    same = not _misshapen(wrong) and not np.any(off(wrong))
    return f"got {wrong.malformed}; its values are {'right' if same else 'wrong too'}"


def _shapes(wrong: Wrong) -> str:
    return f"got has shape {list(wrong.got.shape)}, expected {list(wrong.want.shape)}"


def _misshapen(wrong: Wrong) -> bool:
    return wrong.got.shape != wrong.want.shape


def swapped_shape(wrong: Wrong) -> str | None:
    for name, other in wrong.others.items():
        if _misshapen(wrong) and matches(wrong, other):
            return (
                f"{_shapes(wrong)}: it is the gradient of {name}, so two gradients are returned in each other's place"
            )
    return None


def transposed_shape(wrong: Wrong) -> str | None:
    if not _misshapen(wrong) or wrong.got.ndim != wrong.want.ndim:
        return None
    for order in permutations(range(wrong.want.ndim)):
        if matches(wrong, wrong.want.transpose(order)):
            return f"{_shapes(wrong)}: got is want transposed, its axes in the order {list(order)}"
    return None


def inverse_axes(wrong: Wrong) -> str | None:
    """For y = x.transpose(p), dx is dy transposed by the inverse of p."""
    for name, order in options(wrong).items():
        if not isinstance(order, tuple | list) or sorted(order) != list(range(wrong.dy.ndim)):
            continue
        undo = np.argsort(order).tolist()
        if undo == list(order) or not is_truth(wrong, wrong.dy.transpose(undo)):
            continue
        if matches(wrong, wrong.dy.transpose(order)):
            return f"the axes of dy are permuted by {name} = {list(order)} itself; the inverse, {undo}, undoes it"
    return None


def not_summed(wrong: Wrong) -> str | None:
    if not _misshapen(wrong):
        return None
    for axes in axis_sets(wrong.got.ndim):
        if all(wrong.got.shape[axis] == 1 for axis in axes):
            continue
        for keep in (False, True):
            if is_truth(wrong, wrong.got.sum(axis=axes, keepdims=keep)):
                return f"{_shapes(wrong)}: it was repeated along {axes_in_words(axes)} and is not summed there"
    return None


def over_summed(wrong: Wrong) -> str | None:
    if not _misshapen(wrong):
        return None
    for axes in axis_sets(wrong.want.ndim):
        for how, keep in ((np.sum, False), (np.sum, True), (np.mean, False), (np.mean, True)):
            if matches(wrong, np.asarray(how(wrong.want, axis=axes, keepdims=keep))):
                word = "summed" if how is np.sum else "averaged"
                return f"{_shapes(wrong)}: got is {word} over {axes_in_words(axes)}, where want is not"
    return None


def not_cropped(wrong: Wrong) -> str | None:
    """Want is a block inside got: got is the gradient of the padded array."""
    corner = _corner(wrong.got, wrong.want, wrong.digits)
    if corner is None:
        return None
    pads = [(low, n - low - m) for low, n, m in zip(corner, wrong.got.shape, wrong.want.shape, strict=True)]
    return f"{_shapes(wrong)}: want stands inside it with {pads} entries too many before and after: padding not cropped"


def cut_short(wrong: Wrong) -> str | None:
    corner = _corner(wrong.want, wrong.got, wrong.digits)
    if corner is None:
        return None
    which = "first" if any(corner) else "last"
    return f"{_shapes(wrong)}: got is want without its {which} entries along an axis"


def _corner(large: np.ndarray, small: np.ndarray, digits: float) -> tuple[int, ...] | None:
    """The first corner of the block of `large` that equals `small`."""
    if large.ndim != small.ndim or large.shape == small.shape or not small.size or not np.any(small):
        return None
    room = [n - m + 1 for n, m in zip(large.shape, small.shape, strict=True)]
    if min(room) <= 0:
        return None
    for corner in np.ndindex(*room):
        block = tuple(slice(low, low + m) for low, m in zip(corner, small.shape, strict=True))
        if equals(small, large[block], digits):
            return corner
    return None


def shape(wrong: Wrong) -> str | None:
    if not _misshapen(wrong):
        return said_of_form(wrong.malformed) if "shape" in wrong.malformed else None
    if wrong.got.size == wrong.want.size and equals(wrong.got.ravel(), wrong.want.ravel(), wrong.digits):
        return f"{_shapes(wrong)}; the values are right"
    return _shapes(wrong)


def malformed(wrong: Wrong) -> str | None:
    return said_of_form(wrong.malformed) if wrong.malformed else None


def if_misshapen(test: Callable[[Wrong], str | None]) -> Callable[[Wrong], str | None]:
    """A test of values, made a test of an answer that has another shape."""

    def of_form(wrong: Wrong) -> str | None:
        said = test(wrong) if _misshapen(wrong) else None
        return said and f"{_shapes(wrong)}: {said}"

    return of_form


CONDITIONS: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("{name} is 0", lambda a: a == 0),
    ("{name} is negative", lambda a: a < 0),
    ("{name} is positive", lambda a: a > 0),
    ("{name} is beyond 1 in size", lambda a: abs(a) > 1),
)


def non_finite(wrong: Wrong) -> str | None:
    if np.all(np.isfinite(wrong.got)) or not np.all(np.isfinite(looked_at(wrong, wrong.want))):
        return None
    bad = ~np.isfinite(wrong.got)
    if wrong.known is not None and np.any(bad & ~wrong.known):
        return None  # where there is no slope, a NaN is as good as anything
    what = "NaN" if np.any(np.isnan(wrong.got)) else "infinite"
    where = f"in {int(bad.sum())} of {bad.size} entries: {places(bad)}"
    return f"got is {what} {where}; want is finite there{_condition(wrong, bad)}"


def _condition(wrong: Wrong, bad: np.ndarray) -> str:
    """The condition on an array that holds exactly where the answer is not finite."""
    for name, array in named_arrays(wrong).items():
        for words, test in CONDITIONS:
            if array.shape == bad.shape and not np.all(bad) and np.array_equal(test(array), bad):
                return f"; this is exactly where {words.format(name=name)}"
    return ""
