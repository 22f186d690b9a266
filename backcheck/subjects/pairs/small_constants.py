"""The small constants of somebody's forward, and the forward without each of them."""

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

SMALL = 1e-2  # a constant of a forward above this is no epsilon


def constants(function: Callable[..., Any], depth: int = 2) -> Iterator[tuple[str, float, Callable[..., Any]]]:
    """The small floats that a function's code holds, or a name that it reads, each with the function that has 0
    instead; and so for the functions of its own module that it calls."""
    inner = getattr(function, "__func__", function)
    if not isinstance(inner, types.FunctionType):
        return
    code, names = inner.__code__, inner.__globals__
    for at, value in enumerate(code.co_consts):
        if small(value):
            consts = tuple(0.0 if i == at else each for i, each in enumerate(code.co_consts))
            yield "constant", value, _rebuilt(function, inner, code.replace(co_consts=consts), names)
    for name in code.co_names:
        known: Any = names.get(name)
        if small(known):
            yield name, known, _rebuilt(function, inner, code, {**names, name: 0.0})
        for label, found, other in _of_helper(inner, known, depth):
            yield label, found, _rebuilt(function, inner, code, {**names, name: other})
    yield from _in_closure(function, inner)
    for place in ("__defaults__", "__kwdefaults__"):
        yield from _defaults(function, inner, place)


def _of_helper(inner: types.FunctionType, value: Any, depth: int) -> Iterator[tuple[str, float, Callable[..., Any]]]:
    own = isinstance(value, types.FunctionType) and value is not inner and value.__module__ == inner.__module__
    return constants(value, depth - 1) if own and depth else iter(())


def _in_closure(function: Callable[..., Any], inner: types.FunctionType) -> Iterator[tuple[str, float, Any]]:
    cells = inner.__closure__ or ()
    for at, (name, cell) in enumerate(zip(inner.__code__.co_freevars, cells, strict=True)):
        try:
            value = cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
        if small(value):
            others = tuple(types.CellType(0.0) if i == at else each for i, each in enumerate(cells))
            yield name, value, _rebuilt(function, inner, inner.__code__, inner.__globals__, others)


def _defaults(function: Callable[..., Any], inner: types.FunctionType, place: str) -> Iterator[tuple[str, float, Any]]:
    values = getattr(inner, place) or ()
    pairs = values.items() if isinstance(values, Mapping) else enumerate(values)
    for key, value in pairs:
        if small(value):
            other = _rebuilt(function, inner, inner.__code__, inner.__globals__)
            changed = {**values, key: 0.0} if isinstance(values, Mapping) else (*values[:key], 0.0, *values[key + 1 :])
            setattr(getattr(other, "__func__", other), place, changed)
            yield key if isinstance(key, str) else "default", value, other


def _rebuilt(
    function: Callable[..., Any],
    inner: types.FunctionType,
    code: types.CodeType,
    names: dict[str, Any],
    closure: tuple[types.CellType, ...] | None = None,
) -> Callable[..., Any]:
    other = types.FunctionType(code, names, inner.__name__, inner.__defaults__, closure or inner.__closure__)
    other.__kwdefaults__ = inner.__kwdefaults__ and dict(inner.__kwdefaults__)
    owner = getattr(function, "__self__", None)
    return types.MethodType(other, owner) if owner is not None else other


def small(value: Any) -> bool:
    """Is this a number that a forward would call an epsilon?"""
    return isinstance(value, float) and 0 < value <= SMALL
