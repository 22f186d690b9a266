"""What to call somebody's functions, and how a script brings them in."""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

# where frameworks keep functions that do not know where they are from
PUBLIC = ("torch", "torch.nn.functional", "jax.numpy", "jax.nn", "jax.lax")


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


def called(function: Callable[..., Any], otherwise: str = "function") -> str:
    """The name in source text; `otherwise` for what has none: a lambda, a method of an object, a partial."""
    name = getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
    of_object = inspect.ismethod(function) and not inspect.isclass(function.__self__)
    return name if all(part.isidentifier() for part in name.split(".")) and not of_object else otherwise


def option_texts(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Further arguments of a call, those that are not None; a function by its name, or by that of the argument."""
    given = {name: value for name, value in said.items() if value is not None}
    return tuple(f"{name}={called(value, name) if callable(value) else repr(value)}" for name, value in given.items())


def mirror_lines(**given: Callable[..., Any] | None) -> tuple[list[str], list[str]]:
    """Lines that bring the frameworks' functions in, and the options that name them; a comment for one of one's own."""
    lines, options = [], []
    for option, function in given.items():
        if function is not None:
            line, text = _brought(function, option)
            lines.append(line)
            options.append(f"{option}={text}")
    return lines, options


def _brought(function: Callable[..., Any], option: str) -> tuple[str, str]:
    name = getattr(function, "__name__", type(function).__name__)
    for where in (getattr(function, "__module__", None), *PUBLIC):
        if where and where != "__main__" and getattr(sys.modules.get(where), name, None) is function:
            return f"import {where}", f"{where}.{name}"
    text = called(function, option)
    return f"# {text} is your own", text


def import_lines(*functions: Callable[..., Any], otherwise: tuple[str, ...] = ("function", "function")) -> list[str]:
    """Lines that bring the functions in, where they can be imported."""
    lines = []
    for function, other in zip(functions, otherwise, strict=False):
        name, module = called(function, ""), inspect.getmodule(function)
        where = getattr(module, "__name__", "__main__")
        local = where == "__main__" or "<" in getattr(function, "__qualname__", "<") or not name
        if local:
            lines.append(f"# {name or other} is your own, from {where}")
        else:
            lines.append(f"from {where} import {name.split('.')[0]}")
    return list(dict.fromkeys(lines))
