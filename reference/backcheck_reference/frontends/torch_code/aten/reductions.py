"""PyTorch's reductions, products and running sums on exact numbers, and the softmax family."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, axes
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import Undecidable
from backcheck_reference.numbers.comparisons import decided, greater_equal, less_equal, unequal
from backcheck_reference.numbers.literals import lift, number
from backcheck_reference.numbers.scalar_functions import LOOPS


def _sum(x: Array, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return _reduced(np.add, lift(x), dim, keepdim)


def _reduced(combine: Any, x: Array, dim: Any, keepdim: bool) -> Any:
    return combine.reduce(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def _mean(x: Array, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return _sum(x, dim, keepdim) / _count(x, dim)


def _count(x: Array, dim: Any) -> int:
    return int(np.prod([x.shape[i] for i in axes(dim, x.ndim)], dtype=int))


def _extreme(pick: np.ufunc) -> Operator:
    return lambda x, dim=None, keepdim=False: _reduced(pick, x, dim, keepdim)


_amax, _amin = _extreme(np.maximum), _extreme(np.minimum)


def _position(name: str) -> Operator:
    """`name` is argmax or argmin."""

    def position(x: Array, dim: Any = None, keepdim: bool = False) -> Any:
        return getattr(x, name)(axis=dim, keepdims=keepdim) if x.ndim else np.zeros((), np.int64)

    return position


def _with_index(name: str) -> Operator:
    position = _position(name)

    def both(x: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        if not x.ndim:
            return x.copy(), position(x)
        index = position(x, dim, True)
        values = np.take_along_axis(x, index, dim)
        return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))

    return both


def _running(combine: np.ufunc) -> Operator:
    return lambda x, dim, dtype=None: combine.accumulate(x, axis=dim) if x.ndim else x.copy()


def _running_extreme(pick: np.ufunc, at_least: Operator) -> Operator:
    """The extreme so far and where it is; of equal ones the last, as PyTorch has it."""

    def run(x: Array, dim: int) -> tuple[Array, Array]:
        if not x.ndim:
            return x.copy(), np.zeros((), np.int64)
        moved = np.moveaxis(x, dim, 0)
        values, places = [moved[:1]], [np.zeros(moved[:1].shape, np.int64)]
        for at in range(1, len(moved)):
            part = moved[at : at + 1]
            places.append(np.where(decided(at_least(part, values[-1])), at, places[-1]))
            values.append(pick(values[-1], part))
        found, index = (np.moveaxis(np.concatenate(parts), 0, dim) for parts in (values, places))
        return found, index

    return run


def _log_running_sum(x: Array, dim: int) -> Array:
    if not x.ndim or not x.size:
        return x.copy()
    moved = np.moveaxis(x, dim, 0)
    # one after the other: beside the largest of all an early sum may be too small for its logarithm
    sums = itertools.accumulate((moved[at : at + 1] for at in range(len(moved))), LOOPS["logaddexp"])
    return np.moveaxis(np.concatenate(list(sums)), 0, dim)


def _var_mean(x: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> tuple[Any, Any]:
    mean = _mean(x, dim, True)
    away = x - mean
    freedom = _count(x, dim) - (1 if correction is None else number(correction))
    squares = _sum(away * away, dim, keepdim)
    return squares / freedom if freedom > 0 else squares / flint.arb(0), _sum(mean, dim, keepdim)


def vector_norm(x: Array, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    size, ord = abs(x), float(ord)
    if ord in (float("inf"), float("-inf")):
        return (_amax if ord > 0 else _amin)(size, dim, keepdim)
    if ord == 0:
        return _sum(np.where(decided(unequal(x, 0)), flint.arb(1), flint.arb(0)), dim, keepdim)
    if ord == 1:
        return _sum(size, dim, keepdim)
    if ord == 2:
        return np.sqrt(_sum(x * x, dim, keepdim))
    return np.power(_sum(np.power(size, number(ord)), dim, keepdim), 1 / number(ord))


def _shifted(x: Array, dim: int) -> Array:
    """The entries less the largest one along an axis."""
    if not x.size:
        return x
    return x - (np.maximum.reduce(x, axis=dim, keepdims=True) if x.ndim else x)


def _total(x: Array, dim: int) -> Any:
    """The sum along an axis, which stays; of a number without axes the number itself."""
    return np.add.reduce(x, axis=dim, keepdims=True) if x.ndim else x


def _softmax(x: Array, dim: int, half_to_float: bool = False) -> Any:
    e = np.exp(_shifted(x, dim))
    return e / _total(e, dim)


def _log_softmax(x: Array, dim: int, half_to_float: bool = False) -> Any:
    away = _shifted(x, dim)
    return away - np.log(_total(np.exp(away), dim)) if x.ndim else away


def _finite_top(x: Array, dim: Any) -> Any:
    """The largest entry to be subtracted from all; 0 where every entry is -inf, since -inf less -inf is no number."""
    top = _amax(x, dim, True)
    return np.where(abs(top) < flint.arb("inf"), top, flint.arb(0))


def _logsumexp(x: Array, dim: Any, keepdim: bool = False) -> Any:
    top = _finite_top(x, dim)
    inner = _sum(np.exp(x - top), dim, True)
    return _sum(LOOPS["log"](inner) + top, dim, keepdim)


def _truth_of(all_of_them: bool) -> Operator:
    def reduce(x: Array, dim: Any = None, keepdim: bool = False) -> Any:
        mask = x if x.dtype == bool else unequal(x, 0)
        if mask.dtype == object:
            raise Undecidable("whether any or all of several comparisons hold, where balls overlap")
        return (np.all if all_of_them else np.any)(mask, axis=axes(dim, x.ndim), keepdims=keepdim)

    return reduce


def _trilinear(
    a: Array, b: Array, c: Array, expand1: Any, expand2: Any, expand3: Any, sumdim: Any, unroll_dim: int = 1
) -> Any:
    """The sum over some axes of the product of three, each with new axes of its own."""
    a, b, c = (
        np.expand_dims(each, tuple(new)) for each, new in zip((a, b, c), (expand1, expand2, expand3), strict=True)
    )
    return np.add.reduce(a * b * c, axis=tuple(sumdim))


def _weight_norm_backward(dw: Array, v: Array, g: Array, norms: Array, dim: int) -> tuple[Any, Any]:
    others = tuple(axis for axis in range(v.ndim) if axis != dim % v.ndim)
    size = np.sqrt(np.add.reduce(v * v, axis=others, keepdims=True))
    along = np.add.reduce(dw * v, axis=others, keepdims=True)
    return g / size * (dw - v * along / (size * size)), along / size


def _product(a: Array, b: Array, *_: Any) -> Any:
    return np.matmul(lift(a), lift(b))


def _plus(product: Operator) -> Operator:
    def add(x: Array, a: Array, b: Array, beta: Any = 1, alpha: Any = 1) -> Any:
        found = product(a, b)
        return (x if beta == 1 else number(beta) * x) + (found if alpha == 1 else number(alpha) * found)

    return add


REDUCTIONS: Mapping[str, Operator] = {
    "sum": _sum,
    "mean": _mean,
    "prod": lambda x, dim=None, keepdim=False, dtype=None: _reduced(np.multiply, x, dim, keepdim),
    "amax": _amax,
    "amin": _amin,
    "max": lambda x: _amax(x),
    "min": lambda x: _amin(x),
    "max.dim": _with_index("argmax"),
    "min.dim": _with_index("argmin"),
    **{name: _position(name) for name in ("argmax", "argmin")},
    "cumsum": _running(np.add),
    "cummax": _running_extreme(np.maximum, greater_equal),
    "cummin": _running_extreme(np.minimum, less_equal),
    "logcumsumexp": _log_running_sum,
    "cumprod": _running(np.multiply),
    "var": lambda *args, **options: _var_mean(*args, **options)[0],
    "var_mean": _var_mean,
    "linalg_vector_norm": vector_norm,
    "_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "_softmax_backward_data": lambda dy, y, dim, dtype=None: y * (dy - _total(dy * y, dim)),
    "_log_softmax_backward_data": lambda dy, y, dim, dtype=None: dy - np.exp(y) * _total(dy, dim),
    "logsumexp": _logsumexp,
    "any": _truth_of(False),
    "all": _truth_of(True),
    **dict.fromkeys(("mm", "bmm", "dot", "vdot", "mv", "matmul"), _product),
    **dict.fromkeys(("addmm", "baddbmm", "addmv"), _plus(_product)),
    "_trilinear": _trilinear,
    "_weight_norm_interface_backward": _weight_norm_backward,
    "addbmm": _plus(lambda a, b: np.add.reduce(_product(a, b), axis=0)),
}
