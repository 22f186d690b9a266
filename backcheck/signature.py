"""The arguments of a function: their names by position, and how many are required."""

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Takes(NamedTuple):
    """`names` are the arguments by position; the first `required` have no default. `rest` is the name of `*args`, empty
    without one. `known` is False for a function whose signature Python cannot tell."""

    names: tuple[str, ...] = ()
    required: int = 0
    rest: str = ""
    known: bool = True


def takes(function: Callable[..., Any]) -> Takes:
    """The arguments of a function. An ordinary one is read directly: `inspect.signature` takes far longer."""
    if type(function) is types.FunctionType and not vars(function):
        code = function.__code__
        end = code.co_argcount + code.co_kwonlyargcount
        rest = code.co_varnames[end] if code.co_flags & inspect.CO_VARARGS else ""
        names = code.co_varnames[: code.co_argcount]
        return Takes(names, len(names) - len(function.__defaults__ or ()), rest)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return Takes(known=False)
    placed = [p for p in parameters if p.kind in BY_POSITION]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")
    return Takes(tuple(p.name for p in placed), sum(p.default is p.empty for p in placed), rest)


def without_options(function: Callable[..., Any], config: Mapping[str, Any]) -> Callable[..., Any]:
    """The function with a signature of its arrays alone: an option may be an argument by position too."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return function
    kept = [p for p in signature.parameters.values() if p.name not in config or p.kind is p.KEYWORD_ONLY]
    if len(kept) == len(signature.parameters):
        return function

    @functools.wraps(function)
    def bare(*arrays: Any) -> Any:
        return function(*arrays)

    bare.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return bare
