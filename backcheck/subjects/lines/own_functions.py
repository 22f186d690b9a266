"""The functions of somebody's code that decide what is judged: forward, backward, and what these call of their package.

They are found by the names that the code reads: of globals, of what a closure holds, of methods of its class, and of
functions in other modules of the same package. Libraries are not looked into.
"""

import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# what is nobody's code under test: the standard library, numeric libraries, and backcheck itself
OTHERS = sys.stdlib_module_names - {"__main__"} | {
    *("numpy", "scipy", "torch", "jax", "jaxlib", "numba", "sklearn", "ml_dtypes", "flint", "hypothesis", "pytest"),
    *("backcheck", "backcheck_reference", "backcheck_reports"),
}
OF_FUNCTION = ("forward", "backward", "setup_context")  # of a torch.autograd.Function, what is judged
MOST = 500  # functions: code may refer to a whole library of its own


def own_functions(entries: Sequence[Any]) -> tuple[types.FunctionType, ...]:
    """The functions that these lead to, in the order in which they are met; the entries' own first.

    An entry is a function, a method, a class with the methods that are judged, or a framework's object around one.
    """
    found: dict[types.CodeType, types.FunctionType] = {}
    waiting = [each for entry in entries for each in _functions_of(entry)]
    while waiting and len(found) < MOST:
        function = waiting.pop(0)
        if function.__code__ in found:
            continue
        if _is_own(function):
            found[function.__code__] = function
            waiting += _called_by(function)
        else:  # a library's wrapper around somebody's function
            waiting += [inner for value in _cells(function) for inner in _functions_of(value)]
    return tuple(found.values())


def files_of(functions: Sequence[types.FunctionType]) -> tuple[str, ...]:
    """Where code of the same package lies: patterns of files."""
    found = []
    for function in functions:
        package = sys.modules.get(_package(function))
        folders = list(getattr(package, "__path__", ()))
        found += [str(Path(folder) / "*") for folder in folders] or [function.__code__.co_filename]
    return tuple(dict.fromkeys(found))


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code and that of the functions within it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from codes_in(each)


def _package(function: Callable[..., Any]) -> str:
    return (function.__globals__.get("__name__") or "").partition(".")[0]


def _is_own(function: types.FunctionType) -> bool:
    return _package(function) not in OTHERS


def _functions_of(value: Any) -> list[types.FunctionType]:
    """The functions that a value is made of, as it comes in code: a function, a method, a partial, a class."""
    if isinstance(value, types.FunctionType):
        return [value]
    if isinstance(value, types.MethodType | staticmethod | classmethod):
        return _functions_of(value.__func__)
    if isinstance(value, functools.partial):
        return _functions_of(value.func)
    if isinstance(value, property):
        return _functions_of(value.fget)
    if inspect.isclass(value):
        return [each for name in OF_FUNCTION for each in _functions_of(inspect.getattr_static(value, name, None))]
    if type(value).__module__.partition(".")[0] in ("jax", "jaxlib"):
        parts = [inspect.getattr_static(value, name, None) for name in ("fun", "fwd", "bwd", "jvp")]
        parts.append(getattr(value, "__wrapped__", None))
        return [each for part in parts if part is not value for each in _functions_of(part)]
    return []


def _called_by(function: types.FunctionType) -> Iterator[types.FunctionType]:
    names = {name for code in codes_in(function.__code__) for name in code.co_names}
    known, package = function.__globals__, _package(function)
    for name in sorted(names):
        value = known.get(name)
        if isinstance(value, types.ModuleType) and value.__name__.partition(".")[0] == package:
            values = [vars(value)[each] for each in sorted(names) if each in vars(value)]
        else:
            values = [value]
        yield from (each for value in values for each in _in_package(value, package))
    for value in [*_cells(function), *_methods(function, names)]:
        yield from _in_package(value, package)


def _in_package(value: Any, package: str) -> list[types.FunctionType]:
    if inspect.isclass(value) and not (hasattr(value, "apply") and hasattr(value, "backward")):
        return []  # its methods are met where somebody runs them
    return [each for each in _functions_of(value) if _package(each) == package]


def _cells(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue


def _methods(function: types.FunctionType, names: set[str]) -> Iterator[Any]:
    """The methods of its class that it names."""
    holder: Any = sys.modules.get(function.__module__)
    for part in function.__qualname__.split(".")[:-1]:
        holder = getattr(holder, part, None)
    if inspect.isclass(holder):
        yield from (inspect.getattr_static(holder, name, None) for name in sorted(names))
