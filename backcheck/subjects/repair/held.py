"""What had one value in all draws that a fix was proved on, so that a number in it may stand for that value.

Options at their default, numbers of an enclosing function, of the module, and of the object. A fix that has `2 * x` for
`p * x` is right at p = 2 and nowhere else, and no draw can show it where no draw has another p.
"""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

NUMBERS = (bool, int, float, str, tuple, type(None))
MOST = 4  # that are named


def held(code: Any, config: Mapping[str, Any]) -> str:
    """Each with its value, "p=2 and axis=-1"; empty where there is none. `config` has the values of each option."""
    found = {name: shown for name, shown in _found(code.given, config) if len(shown) < 40}
    named = [f"{name}={shown}" for name, shown in found.items()]
    more = [f"{len(named) - MOST} more"] if len(named) > MOST else []
    return " and ".join([*named[:MOST], *more])


def _found(given: Any, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    functions = [each for each in _functions(given) if inspect.isfunction(each)]
    if functions:
        yield from _options(functions[0], config)
    for function in functions:
        yield from _numbers_around(function)
    if functions and not isinstance(given, type) and not inspect.isfunction(given) and hasattr(given, "__dict__"):
        yield from ((name, repr(value)) for name, value in vars(given).items() if _is_number(value))


def _functions(given: Any) -> tuple[Any, ...]:
    """Forward first, and backward."""
    if isinstance(given, tuple):
        return given
    both = (getattr(given, "forward", None), getattr(given, "backward", None))
    return tuple(getattr(each, "__func__", each) for each in both if each is not None) or (given,)


def _options(forward: Any, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    with suppress(TypeError, ValueError):
        for name, parameter in inspect.signature(forward).parameters.items():
            if name in config:
                values = config[name] if isinstance(config[name], (list, tuple)) else [config[name]]
                if len(values) == 1 and isinstance(values[0], NUMBERS):
                    yield name, repr(values[0])
            elif isinstance(parameter.default, NUMBERS):
                yield name, repr(parameter.default)


def _numbers_around(function: Any) -> Iterator[tuple[str, str]]:
    """Of the enclosing functions and of the module, those that the code names."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    with suppress(ValueError):  # a cell that is empty yet
        yield from ((name, repr(cell.cell_contents)) for name, cell in cells if _is_number(cell.cell_contents))
    module = function.__globals__
    names = (name for name in function.__code__.co_names if _is_number(module.get(name)))
    yield from ((name, repr(module[name])) for name in names)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
