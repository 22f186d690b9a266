"""`x == max(x, y)` and `x == x.max()` on hulls: how JAX finds out where a gradient of a maximum goes.

A ball cannot be proved equal to itself, so on hulls every such comparison would be open and every share of a gradient
the ball [0, 1]. What the code means is x >= y, or that an entry is not below any other, and this can mostly be decided.
The equation that made the maximum tells which of the two it is.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.shared import Array, number, select
from backcheck_reference.numbers.comparisons import greater, greater_equal, larger, less_equal, smaller

Made = Mapping[Any, Any]  # the equation that made each variable
Read = Callable[[Any], Array]

# of the primitives that take an extreme: how it compares with a rival, and how two rivals become one
PAIRWISE: Mapping[str, Callable[..., Array]] = {"max": greater_equal, "min": less_equal}
ALONG = {"reduce_max": (greater_equal, larger), "reduce_min": (less_equal, smaller)}
PASSED_ON = ("stop_gradient", "convert_element_type")


def equality(eqn: Any, made: Made, read: Read) -> Array | None:
    """The answer of an equation `eq` that compares numbers with their own extreme; None for any other."""
    for one, other in (eqn.invars, eqn.invars[::-1]):
        maker = _maker(other, made)
        if maker is not None and maker.primitive.name in PAIRWISE:
            rivals = [rival for rival in maker.invars if not _same(rival, one)]
            if len(rivals) == 1:
                return PAIRWISE[maker.primitive.name](read(one), read(rivals[0]))
        axes, name = _reduced(one, other, made)
        if axes is not None:
            return _unbeaten(read(one), axes, *ALONG[name])
    return None


def counts_extremes(eqn: Any, made: Made) -> bool:
    """Does this `reduce_sum` count the entries that equal their extreme? There is always one."""
    maker = _maker(eqn.invars[0], made)
    if maker is None or maker.primitive.name != "eq":
        return False
    found = (_reduced(one, other, made)[0] for one, other in (maker.invars, maker.invars[::-1]))
    return any(axes == tuple(eqn.params["axes"]) for axes in found)


def _maker(atom: Any, made: Made) -> Any:
    """The equation that made a value; equations that only pass it on are passed over."""
    eqn = None if hasattr(atom, "val") else made.get(atom)
    return _maker(eqn.invars[0], made) if eqn is not None and eqn.primitive.name in PASSED_ON else eqn


def _same(a: Any, b: Any) -> bool:
    literals = hasattr(a, "val"), hasattr(b, "val")
    return a is b if not any(literals) else all(literals) and bool(np.all(a.val == b.val))


def _reduced(one: Any, other: Any, made: Made) -> tuple[tuple[int, ...] | None, str]:
    """The axes along which `other` is the extreme of `one`, and which extreme."""
    maker = _maker(other, made)
    step = None
    if maker is not None and maker.primitive.name in ("reshape", "broadcast_in_dim"):
        step, maker = maker, _maker(maker.invars[0], made)
    if maker is None or maker.primitive.name not in ALONG or not _same(maker.invars[0], one):
        return None, ""
    axes = tuple(maker.params["axes"])
    return (axes if _lies_along(step, axes, one.aval.shape) else None), maker.primitive.name


def _lies_along(step: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Is the extreme broadcast back along the axes it was taken from? In a square array it could be along others."""
    left = tuple(axis for axis in range(len(shape)) if axis not in axes)
    if step is None:
        return not left
    if step.primitive.name == "broadcast_in_dim":
        return tuple(step.params["broadcast_dimensions"]) == left
    return tuple(step.params["new_sizes"]) == tuple(1 if axis in axes else n for axis, n in enumerate(shape))


def _unbeaten(x: Array, axes: tuple[int, ...], beats: Callable[..., Any], best: Callable[..., Array]) -> Array:
    """Is each entry at least as good as the best of those before it and the best of those after it?"""
    first = np.moveaxis(x, axes, range(len(axes)))
    count, rest = math.prod(first.shape[: len(axes)]), first.shape[len(axes) :]
    rows = first.reshape(count, *rest)
    parts = [rows[at : at + 1] for at in range(count)]
    answers = []
    for part, *rivals in zip(parts, *_rivals(parts, best), strict=True):
        answer: Any = np.ones(part.shape, dtype=bool)
        for rival in rivals:
            answer = answer if rival is None else np.logical_and(answer, beats(part, rival))
        answers.append(answer)
    return np.moveaxis(np.concatenate(answers).reshape(first.shape), range(len(axes)), axes)


def first_largest(x: Array) -> Array:
    """1 for the first largest entry along the last axis, 0 elsewhere, and the ball [0, 1] where a hull cannot say."""
    parts = [x[..., at] for at in range(x.shape[-1])]
    shares = []
    for part, before, after in zip(parts, *_rivals(parts, larger), strict=True):
        first: Any = np.ones(part.shape, dtype=bool) if before is None else greater(part, before)
        first = first if after is None else np.logical_and(first, greater_equal(part, after))
        shares.append(select(first, number(0), number(1)))
    return np.stack(shares, axis=-1)


def _rivals(parts: list[Array], best: Callable[..., Array]) -> tuple[list[Array | None], list[Array | None]]:
    """For each part the best of those before it and the best of those after it; None where there are none."""
    before = [None, *itertools.accumulate(parts[:-1], best)]
    after = [None, *itertools.accumulate(parts[:0:-1], best)][::-1]
    return before, after
