"""NumPy's reductions on PyTorch's tensors: along one axis, several or all, and as they grow."""

from collections.abc import Callable, Mapping
from typing import Any

from backcheck_reference.frontends.numpy_code.tensors.ufuncs import UFUNCS
from backcheck_reference.frontends.numpy_code.tensors.values import floated
from backcheck_reference.lazy import Unavailable, torch

Function = Callable[..., Any]


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, tuple | list) else axis


def _reduced(name: str) -> Function:
    """A reduction along one axis, several or all, of what `where` leaves, with `initial` as one entry more."""

    def run(
        a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Any:
        dims = tuple(range(a.ndim)) if axis is None else (axis,) if isinstance(axis, int) else _axes(axis)
        if where is not True:
            if name != "sum" and initial is None:
                raise Unavailable(f"np.{name} with where= has no form on tensors without initial=")
            a = torch.where(where, a, 0.0 if name == "sum" else initial)
        if not dims:
            return a
        found = getattr(a, name)(dim=dims, keepdim=bool(keepdims))
        return found if initial is None else UFUNCS[BESIDE_INITIAL[name]](found, initial)

    return run


BESIDE_INITIAL = {"sum": "add", "amax": "maximum", "amin": "minimum"}
total, largest, smallest = _reduced("sum"), _reduced("amax"), _reduced("amin")


def mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False, where: Any = True) -> Any:
    if where is True:
        return _all_or(floated(a), axis, "mean", keepdims)
    count = total(torch.broadcast_to(where, a.shape).to(torch.float64), axis, keepdims=keepdims)
    return total(floated(a), axis, keepdims=keepdims, where=where) / count


def _all_or(a: Any, axis: Any, name: str, keepdims: Any, **options: Any) -> Any:
    dims = tuple(range(a.ndim)) if axis is None else _axes(axis)
    return getattr(a, name)(dim=dims, keepdim=bool(keepdims), **options) if dims != () else a


def _spread(name: str) -> Function:
    def run(
        a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, correction: Any = 0, keepdims: Any = False
    ) -> Any:
        a = floated(a) if a.ndim else floated(a).reshape(1)
        return _all_or(a, axis, name, keepdims, correction=ddof or correction)

    return run


def prod(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> Any:
    dims = range(a.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    for at in sorted((each % a.ndim for each in dims), reverse=True):
        a = a.prod(dim=at, keepdim=bool(keepdims))
    return a


def _cumulative(name: str) -> Function:
    return lambda a, axis=None, dtype=None: getattr(a.reshape(-1) if axis is None else a, name)(axis or 0)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    return torch.linalg.norm(floated(x), ord=ord, dim=_axes(axis), keepdim=bool(keepdims))


def vector_norm(x: Any, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    return torch.linalg.vector_norm(floated(x), ord=ord, dim=_axes(axis), keepdim=bool(keepdims))


def _along_first(reduce: Function) -> Function:
    """A method of a universal function works along the first axis unless it is told."""
    return lambda a, axis=0, **options: reduce(a, axis, **options)


def _log_sum(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return torch.logsumexp(floated(a), dim=tuple(range(a.ndim)) if axis is None else axis, keepdim=bool(keepdims))


METHODS: Mapping[tuple[str, str], Function] = {
    ("add", "reduce"): _along_first(total),
    ("multiply", "reduce"): _along_first(prod),
    ("maximum", "reduce"): _along_first(largest),
    ("minimum", "reduce"): _along_first(smallest),
    ("logaddexp", "reduce"): _along_first(_log_sum),
    ("logical_and", "reduce"): _along_first(lambda a, axis, keepdims=False: _all_or(a != 0, axis, "all", keepdims)),
    ("logical_or", "reduce"): _along_first(lambda a, axis, keepdims=False: _all_or(a != 0, axis, "any", keepdims)),
    ("add", "accumulate"): _along_first(_cumulative("cumsum")),
    ("multiply", "accumulate"): _along_first(_cumulative("cumprod")),
    ("logaddexp", "accumulate"): _along_first(_cumulative("logcumsumexp")),
    ("maximum", "accumulate"): _along_first(lambda a, axis: torch.cummax(a, axis).values),
    ("minimum", "accumulate"): _along_first(lambda a, axis: torch.cummin(a, axis).values),
}

REDUCTIONS: Mapping[str, Function] = {
    "sum": total,
    **dict.fromkeys(("max", "amax"), largest),
    **dict.fromkeys(("min", "amin"), smallest),
    "mean": mean,
    "var": _spread("var"),
    "std": _spread("std"),
    "prod": prod,
    "cumsum": _cumulative("cumsum"),
    "cumprod": _cumulative("cumprod"),
    "linalg.norm": norm,
    "linalg.vector_norm": vector_norm,
}
