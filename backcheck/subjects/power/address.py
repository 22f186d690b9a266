"""Where somebody's code is to be found again, in another process or after its module was imported anew."""

import importlib
import inspect
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

IN_MAIN = "it stands in the script that runs, and another process cannot import that; move it into a module"
NOT_FOUND = "{} cannot be found by its name in {}: a function within a function, say; move it to the module's level"


class NoAddress(Exception):
    """The code cannot be found again. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """A name of a module, and the names that lead from it to the value."""

    module: str
    path: tuple[str, ...]

    def value(self) -> Any:
        """What stands there now."""
        found: Any = importlib.import_module(self.module)
        for name in self.path:
            found = found[name] if isinstance(found, dict) else getattr(found, name)
        return found


def address_of(value: Any) -> Address:
    """Where this function, class or object stands. Raises NoAddress."""
    name = getattr(value, "__module__", None) or type(value).__module__
    full = getattr(value, "__qualname__", "")
    module = sys.modules.get(name)
    if name == "__main__":
        raise NoAddress(IN_MAIN)
    if module is not None and full and "<" not in full:
        found = Address(name, tuple(full.split(".")))
        if _leads_to(found, value):
            return found
    for each in [module, *_others(value)] if module is not None else _others(value):
        for attribute, held in vars(each).items() if each is not None else ():
            if held is value:
                return Address(each.__name__, (attribute,))
    raise NoAddress(NOT_FOUND.format(full or type(value).__name__, name))


def _leads_to(address: Address, value: Any) -> bool:
    try:
        return address.value() is value
    except (AttributeError, ImportError, KeyError, TypeError):
        return False


def _others(value: Any) -> list[ModuleType]:
    """The module of what an object of a framework was made of."""
    inner = inspect.unwrap(getattr(value, "fun", value)) if callable(value) else value
    module = sys.modules.get(getattr(inner, "__module__", None) or "")
    return [module] if module is not None else []
