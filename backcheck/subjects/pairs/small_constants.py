"""The small constants of somebody's forward, and the forward without each of them.

A constant stands in the code itself, in a name that the code reads, in a helper of this module or of another one, in a
partial, or in what holds options: a module, a class, a dataclass, a dictionary. Libraries are not looked into.
"""

import copy
import functools
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

SMALL = 1e-2  # a constant of a forward above this is no epsilon
DEPTH = 4  # how far a helper of a helper, or the options of an object, are followed
LIBRARIES = sys.stdlib_module_names | {
    *("numpy", "scipy", "torch", "jax", "jaxlib", "autograd", "numba", "sklearn", "ml_dtypes", "flint"),
    *("backcheck", "backcheck_reference", "backcheck_reports", "scratch_bp"),
}
NAMESPACES = ("SimpleNamespace", "Namespace")  # the standard library's, which hold what a user put there

Found = Iterator[tuple[str, float, Any]]  # what the constant is called, its value, and the other code or holder


_INSTEAD: ContextVar[float] = ContextVar("instead", default=0.0)  # what is put in the place of a constant


def constants(function: Callable[..., Any], instead: float = 0.0) -> Found:
    """The small floats that a function works with, each with the function that has another number there."""
    token = _INSTEAD.set(instead)
    try:
        found = list(others("constant", function, frozenset(), DEPTH))
    finally:
        _INSTEAD.reset(token)
    yield from found


def small(value: Any) -> bool:
    """Is this a number that a forward would call an epsilon?"""
    return isinstance(value, float) and 0 < value <= SMALL


def others(name: str, value: Any, names: frozenset[str], depth: int = DEPTH) -> Found:
    """What stands in place of a value when one small constant in it is another one. `names` the code reads of it."""
    if small(value):
        yield name, value, _INSTEAD.get()
    elif depth and isinstance(value, functools.partial):
        yield from _of_partial(value, depth - 1)
    elif depth and isinstance(value, types.FunctionType | types.MethodType):
        yield from _of_function(value, depth - 1) if not _of_library(value.__module__) else ()
    elif depth:
        yield from _of_holder(value, names, depth - 1)


def names_in(function: Any) -> frozenset[str]:
    """The names that a function's code reads: of globals and of attributes, in the functions within it too."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return frozenset(name for each in _codes(code) for name in each.co_names) if code else frozenset()


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _codes(each)


def _of_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] in LIBRARIES


def _of_partial(value: Any, depth: int) -> Found:
    for label, found, other in others("constant", value.func, frozenset(), depth):
        yield label, found, functools.partial(other, *value.args, **value.keywords)
    for at, each in enumerate(value.args):
        for label, found, other in others("argument", each, frozenset(), depth):
            yield label, found, functools.partial(value.func, *_replaced(value.args, at, other), **value.keywords)
    for name, each in value.keywords.items():
        for label, found, other in others(name, each, frozenset(), depth):
            yield label, found, functools.partial(value.func, *value.args, **{**value.keywords, name: other})


def _of_function(function: Any, depth: int) -> Found:
    """In its code, the globals and the cells that it reads, its defaults, and the object that it is bound to."""
    inner = getattr(function, "__func__", function)
    if not isinstance(inner, types.FunctionType):
        return
    names, known = names_in(inner), inner.__globals__
    for value, code in _without_literals(inner.__code__):
        yield "constant", value, _rebuilt(function, inner, code=code)
    for name in sorted(names & known.keys()):
        if known[name] is not inner:
            for label, found, other in others(name, known[name], names, depth):
                yield label, found, _rebuilt(function, inner, known={**known, name: other})
    for at, (name, value) in enumerate(_cells(inner)):
        if value is not inner:
            for label, found, other in others(name, value, names, depth):
                cells = _replaced(inner.__closure__ or (), at, types.CellType(other))
                yield label, found, _rebuilt(function, inner, closure=cells)
    yield from _in_defaults(function, inner, names, depth)
    if function is not inner:
        for label, found, owner in _of_holder(function.__self__, names, depth):
            yield label, found, types.MethodType(inner, owner)


def _without_literals(code: types.CodeType) -> Iterator[tuple[float, types.CodeType]]:
    """The code with another number for each small one that is written in it, and in the functions within it."""
    for at, each in enumerate(code.co_consts):
        if small(each):
            yield each, code.replace(co_consts=_replaced(code.co_consts, at, _INSTEAD.get()))
        elif isinstance(each, types.CodeType):
            for value, inner in _without_literals(each):
                yield value, code.replace(co_consts=_replaced(code.co_consts, at, inner))


def _cells(inner: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(inner.__code__.co_freevars, inner.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # a name that has no value yet
            yield name, None


def _in_defaults(function: Any, inner: types.FunctionType, names: frozenset[str], depth: int) -> Found:
    placed = inner.__code__.co_varnames[: inner.__code__.co_argcount]
    values = inner.__defaults__ or ()
    for at, (name, value) in enumerate(zip(placed[len(placed) - len(values) :], values, strict=True)):
        for label, found, other in others(name, value, names, depth):
            yield label, found, _rebuilt(function, inner, defaults=_replaced(values, at, other))
    for name, value in (inner.__kwdefaults__ or {}).items():
        for label, found, other in others(name, value, names, depth):
            yield label, found, _rebuilt(function, inner, keywords={**(inner.__kwdefaults__ or {}), name: other})


def _of_holder(holder: Any, names: frozenset[str], depth: int) -> Found:
    """In what the code reads of a module, a class, an object or a dictionary: a copy of it with the other value."""
    kind = type(holder)
    if isinstance(holder, Mapping):
        parts = dict(holder)
    elif isinstance(holder, types.ModuleType):
        parts = {} if _of_library(holder.__name__) else _read(holder, names)
    elif isinstance(holder, type):
        parts = {} if _of_library(holder.__module__) else _read(holder, names)
    elif _of_library(kind.__module__) and kind.__name__ not in NAMESPACES:
        return
    else:
        parts = _read(holder, names | names_in(vars(kind).get("__call__")))
    for key, value in parts.items():
        for label, found, other in others(str(key), value, names, depth):
            changed = _with_part(holder, key, other)
            if changed is not None:
                yield label, found, changed


def _read(holder: Any, names: frozenset[str]) -> dict[Any, Any]:
    return {name: getattr(holder, name) for name in sorted(names) if hasattr(holder, name)}


def _with_part(holder: Any, key: Any, value: Any) -> Any:
    """A copy of the holder with this in it; None for one that cannot be copied so."""
    try:
        if isinstance(holder, Mapping):
            return {**holder, key: value}
        if isinstance(holder, types.ModuleType):
            other = types.ModuleType(holder.__name__)
            vars(other).update({**vars(holder), key: value})
            return other
        if isinstance(holder, type):
            static = isinstance(value, types.FunctionType)
            return type(holder)(holder.__name__, (holder,), {key: staticmethod(value) if static else value})
        if isinstance(holder, tuple):
            return holder._replace(**{key: value})  # type: ignore[attr-defined]  # a named one: it has attributes
        other = copy.copy(holder)
        object.__setattr__(other, key, value)  # frozen dataclasses too
        return other
    except (AttributeError, TypeError, ValueError):
        return None


def _replaced(values: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    return (*values[:at], value, *values[at + 1 :])


def _rebuilt(
    function: Any,
    inner: types.FunctionType,
    *,
    code: types.CodeType | None = None,
    known: dict[str, Any] | None = None,
    closure: tuple[types.CellType, ...] | None = None,
    defaults: tuple[Any, ...] | None = None,
    keywords: Mapping[str, Any] | None = None,
) -> Any:
    other = types.FunctionType(
        code or inner.__code__,
        known or inner.__globals__,
        inner.__name__,
        defaults or inner.__defaults__,
        closure or inner.__closure__,
    )
    other.__kwdefaults__ = dict(keywords) if keywords else inner.__kwdefaults__ and dict(inner.__kwdefaults__)
    return types.MethodType(other, function.__self__) if function is not inner else other
