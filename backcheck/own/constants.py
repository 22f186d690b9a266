"""The small constants of somebody's forward, and the forward without each of them."""

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

SMALL = 1e-2  # a constant of a forward above this is no epsilon


def constants(function: Callable[..., Any]) -> Iterator[tuple[str, float, Callable[..., Any]]]:
    """The small floats that a function's code or its module's names hold, each with the function that has 0 instead."""
    inner = getattr(function, "__func__", function)
    if not isinstance(inner, types.FunctionType):
        return
    code = inner.__code__
    for at, value in enumerate(code.co_consts):
        if small(value):
            consts = tuple(0.0 if i == at else each for i, each in enumerate(code.co_consts))
            yield "constant", value, _rebuilt(function, inner, code.replace(co_consts=consts), inner.__globals__)
    for name in code.co_names:
        if small(inner.__globals__.get(name)):
            yield name, inner.__globals__[name], _rebuilt(function, inner, code, {**inner.__globals__, name: 0.0})
    for place in ("__defaults__", "__kwdefaults__"):
        yield from _defaults(function, inner, place)


def _defaults(function: Callable[..., Any], inner: types.FunctionType, place: str) -> Iterator[tuple[str, float, Any]]:
    values = getattr(inner, place) or ()
    pairs = values.items() if isinstance(values, Mapping) else enumerate(values)
    for key, value in pairs:
        if small(value):
            other = _rebuilt(function, inner, inner.__code__, inner.__globals__)
            changed = {**values, key: 0.0} if isinstance(values, Mapping) else _put(values, key)
            setattr(getattr(other, "__func__", other), place, changed)
            yield key if isinstance(key, str) else "default", value, other


def _put(values: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    return tuple(0.0 if i == at else each for i, each in enumerate(values))


def _rebuilt(
    function: Callable[..., Any], inner: types.FunctionType, code: types.CodeType, names: dict[str, Any]
) -> Callable[..., Any]:
    other = types.FunctionType(code, names, inner.__name__, inner.__defaults__, inner.__closure__)
    other.__kwdefaults__ = inner.__kwdefaults__ and dict(inner.__kwdefaults__)
    owner = getattr(function, "__self__", None)
    return types.MethodType(other, owner) if owner is not None else other


def small(value: Any) -> bool:
    """Is this a number that a forward would call an epsilon?"""
    return isinstance(value, float) and 0 < value <= SMALL
