"""JAX's primitives along axes, on tensors: sums, extremes, both as they grow, sorts."""

from collections.abc import Mapping, Sequence
from typing import Any

from backcheck_reference.frontends.jax_code.tensors.values import Form
from backcheck_reference.lazy import torch


def _reduced(name: str) -> Form:
    return lambda x, *, axes, **_: getattr(x, name)(dim=tuple(axes)) if axes else x


def _product(x: Any, *, axes: Sequence[int], **_: Any) -> Any:
    for axis in sorted(axes, reverse=True):
        x = x.prod(dim=axis)
    return x


def _cumulative(function: Form) -> Form:
    def run(x: Any, *, axis: int, reverse: bool) -> Any:
        return function(x.flip(axis), axis).flip(axis) if reverse else function(x, axis)

    return run


def _where(name: str) -> Form:
    """Where the first extreme is; PyTorch has no order of booleans."""
    return lambda x, *, axes, **_: getattr(x.to(torch.int64) if x.dtype == torch.bool else x, name)(dim=axes[0])


def _sort(*operands: Any, dimension: int, num_keys: int, **_: Any) -> tuple[Any, ...]:
    """By the first key, then the next: sorted by the last first, each time keeping the order of equal ones."""
    order = None
    for key in reversed(operands[:num_keys]):
        moved = key if order is None else torch.take_along_dim(key, order, dimension)
        found = torch.argsort(moved.detach(), dim=dimension, stable=True)
        order = found if order is None else torch.take_along_dim(order, found, dimension)
    return tuple(torch.take_along_dim(operand, order, dimension) for operand in operands)


def _top(x: Any, *, k: int, axis: int = -1, **_: Any) -> tuple[Any, Any]:
    found = torch.topk(x, k, dim=axis)
    return found.values, found.indices


REDUCTIONS: Mapping[str, Form] = {
    "reduce_sum": _reduced("sum"),
    "reduce_max": _reduced("amax"),
    "reduce_min": _reduced("amin"),
    "reduce_prod": _product,
    "reduce_and": _reduced("all"),
    "reduce_or": _reduced("any"),
    "argmax": _where("argmax"),
    "argmin": _where("argmin"),
    "cumsum": _cumulative(lambda x, axis: torch.cumsum(x, axis)),
    "cumprod": _cumulative(lambda x, axis: torch.cumprod(x, axis)),
    "cummax": _cumulative(lambda x, axis: torch.cummax(x, axis).values),
    "cummin": _cumulative(lambda x, axis: torch.cummin(x, axis).values),
    "cumlogsumexp": _cumulative(lambda x, axis: torch.logcumsumexp(x, axis)),
    "sort": _sort,
    "top_k": _top,
}
