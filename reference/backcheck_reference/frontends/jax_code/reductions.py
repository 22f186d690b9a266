"""JAX's primitives that work along axes: sums, extremes, and both as they grow."""

import functools
import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.shared import Array, Evaluation
from backcheck_reference.numbers.comparisons import exact, hulls, larger, smaller
from backcheck_reference.numbers.exact import middles
from backcheck_reference.numbers.scalar_functions import LOOPS


def _along(ufunc: np.ufunc) -> Evaluation:
    return lambda x, *, axes, **_: ufunc.reduce(x, axis=tuple(axes))


def _fold(pairwise: Evaluation, ufunc: np.ufunc) -> Evaluation:
    """The extreme along axes, of plain exact numbers one at a time."""

    def fold(x: Array, *, axes: tuple[int, ...], **_: Any) -> Any:
        if hulls(x) or not exact(x):
            return ufunc.reduce(x, axis=tuple(axes))
        rest = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        count = math.prod(x.shape[axis] for axis in axes)
        rows = np.moveaxis(x, axes, range(len(axes))).reshape(count, *rest)
        return functools.reduce(pairwise, (rows[at : at + 1] for at in range(count))).reshape(rest)

    return fold


def _all_of(logical: np.ufunc, extreme: np.ufunc) -> Evaluation:
    """Of booleans that may be balls."""
    return lambda x, *, axes, **_: (extreme if exact(x) else logical).reduce(x, axis=tuple(axes))


def _where(name: str) -> Evaluation:
    return lambda x, *, axes, **_: getattr(x if hulls(x) else middles(x), name)(axis=axes[0])


def _cumulative(step: Evaluation) -> Evaluation:
    def run(x: Array, *, axis: int, reverse: bool) -> Any:
        parts = [x.take([at], axis) for at in range(x.shape[axis])]
        if not parts:
            return x
        run = list(itertools.accumulate(reversed(parts) if reverse else parts, step))
        return np.concatenate(run[::-1] if reverse else run, axis)

    return run


REDUCTIONS: Mapping[str, Evaluation] = {
    "reduce_sum": _along(np.add),
    "reduce_prod": _along(np.multiply),
    "reduce_max": _fold(larger, np.maximum),
    "reduce_min": _fold(smaller, np.minimum),
    "reduce_and": _all_of(np.logical_and, np.minimum),
    "reduce_or": _all_of(np.logical_or, np.maximum),
    "argmax": _where("argmax"),
    "argmin": _where("argmin"),
    "cumsum": _cumulative(np.add),
    "cumprod": _cumulative(np.multiply),
    "cummax": _cumulative(larger),
    "cummin": _cumulative(smaller),
    "cumlogsumexp": _cumulative(LOOPS["logaddexp"]),
}
