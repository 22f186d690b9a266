"""What a rule is, and the table of a family of rules."""

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """forward(*arrays, **config) -> (y, saved) and backward(saved, dy) -> one gradient per array, both pure.

    A rule with several outputs returns a tuple of arrays as y, and is given a tuple as dy.
    """

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], tuple[Any, ...]]


def family(package: str, *names: str) -> Mapping[str, Rule]:
    """The table of the rules with these names. Each is a module of the package, with a `forward` and a `backward`."""
    modules = {name: _module_of(package, name) for name in names}
    return {name: Rule(module.forward, module.backward) for name, module in modules.items()}


def _module_of(package: str, name: str) -> ModuleType:
    file = f"{package.replace('.', '/')}/{name}.py"
    try:
        module = importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{package}.{name}":
            raise  # the module is there, and what it imports is not
        raise ImportError(f"{package} lists the rule {name!r}: write {file}, or take the name off the list") from error
    missing = [function for function in Rule._fields if not callable(getattr(module, function, None))]
    if missing:
        raise ImportError(f"{package} lists the rule {name!r}: define {' and '.join(missing)} in {file}")
    return module
