"""What to call somebody's functions, and how a script brings them in."""

import inspect
from collections.abc import Callable
from typing import Any


def name_of(function: Callable[..., Any]) -> str:
    """What to call it: `swish` for swish_forward, the class for a method, the module for a bare `forward`."""
    full = getattr(function, "__qualname__", type(function).__name__)
    holder, _, name = full.rpartition(".")
    name = name.removesuffix("_forward").removeprefix("forward_").removesuffix("_fwd") or name
    if name not in ("forward", "fwd", "__call__", "<lambda>"):
        return name
    inner = holder.rpartition(".")[2]
    if inner and inner != "<locals>":
        return inner
    module = (getattr(function, "__module__", None) or "").rpartition(".")[2]
    return module if module and module != "__main__" else name


def called(function: Callable[..., Any]) -> str:
    """The name in source text."""
    return getattr(function, "__qualname__", type(function).__name__).rpartition("<locals>.")[2]


def imports(*functions: Callable[..., Any]) -> list[str]:
    """Lines that bring the functions in, where they can be imported."""
    lines = []
    for function in functions:
        name, module = called(function), inspect.getmodule(function)
        where = getattr(module, "__name__", "__main__")
        local = where == "__main__" or "<" in getattr(function, "__qualname__", "<")
        lines.append(f"# {name} is your own, from {where}" if local else f"from {where} import {name.split('.')[0]}")
    return list(dict.fromkeys(lines))
