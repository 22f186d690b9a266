"""How a fault gets into a rule: a part of its source replaced, or one of its functions wrapped.

A source patch keeps a fault beside the rule's code: where the code changes so that the part is not there any more, the
fault is stale and says so. The patched code is a copy in modules of its own: the rule itself, which others use in the
same process, stays as it is.
"""

import ast
import builtins
import importlib
import importlib.util
import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from backcheck.errors import Unusable
from scratch_bp.rules import Rule

RULES_PACKAGE, LIBRARY = "scratch_bp.rules", "scratch_bp"


class StaleFault(Unusable):
    """A fault whose place in the source is not there any more."""


@dataclass(frozen=True, slots=True)
class SourceChange:
    """`old` stands once in the source of the rule's module, or of the `module` that it uses, and becomes `new`."""

    old: str
    new: str
    module: str = ""

    def rule(self, name: str, right: Rule) -> Rule:
        home = right.forward.__module__
        where = self.module or home
        return CopiedModules({where: replaced(where, self.old, self.new)}).rule(home)


@dataclass(frozen=True, slots=True)
class SourceChanges:
    """Several parts of the source replaced at once: (module or "", old, new)."""

    parts: tuple[tuple[str, str, str], ...]

    def rule(self, name: str, right: Rule) -> Rule:
        home = right.forward.__module__
        texts: dict[str, str] = {}
        for module, old, new in self.parts:
            where = module or home
            texts[where] = replaced(where, old, new, texts.get(where))
        return CopiedModules(texts).rule(home)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A function of the right rule that gives the wrong one."""

    wrong: Callable[[Rule], Rule]

    def rule(self, name: str, right: Rule) -> Rule:
        return self.wrong(right)


def replaced(module: str, old: str, new: str, text: str | None = None) -> str:
    """The module's source with one part in place of the other. Raises StaleFault unless it stands there once."""
    text = source_of(module) if text is None else text
    if text.count(old) != 1:
        raise StaleFault(f"{module} has {text.count(old)} times {old!r}, expected once; write the fault anew")
    return text.replace(old, new)


@cache
def source_of(module: str) -> str:
    found = importlib.util.find_spec(module)
    # not from its loader: pytest's, for one, hands out no source
    path = Path(found.origin) if found is not None and found.origin else None
    if path is None or path.suffix != ".py" or not path.exists():
        raise StaleFault(f"the source of {module} is not there; faults are planted in rules that are written in Python")
    return path.read_text(encoding="utf-8")


class CopiedModules:
    """Copies of the modules with these texts, and of all that stand between a rule and them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._copies: dict[str, ModuleType] = {}

    def rule(self, home: str) -> Rule:
        """The rule whose functions are in this module, made of the copies."""
        module = self.module(home)
        return Rule(module.forward, module.backward)

    def module(self, name: str) -> ModuleType:
        """This module, made of the copies."""
        return self._copy(name)

    def _copy(self, name: str) -> ModuleType:
        if name not in self._copies:
            text = self._texts.get(name) or source_of(name)
            copy = self._copies[name] = ModuleType(name)
            file = f"<{name} with a fault {id(copy):x}>"
            # a traceback shows the faulty line, and whoever reads the rule's source reads this one
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
            copy.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._imported}
            copy.__dict__["__file__"] = file
            exec(compile(text, file, "exec"), copy.__dict__)
        return self._copies[name]

    def _imported(self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        """What `import` gives to a copy: the copy of what has the fault, and everything else as it is."""
        if not (name.partition(".")[0] == LIBRARY and fromlist) or level:
            return builtins.__import__(name, globals, locals, fromlist, level)
        if self._differs(name):
            return self._copy(name)
        module = importlib.import_module(name)
        inner = [each for each in fromlist if self._differs(f"{name}.{each}")]
        if not inner:
            return module
        plain = {each: getattr(module, each) for each in fromlist if each not in inner}
        return SimpleNamespace(**plain, **{each: self._copy(f"{name}.{each}") for each in inner})

    def _differs(self, name: str) -> bool:
        return any(name == patched or patched in uses(name) for patched in self._texts)


@cache
def uses(module: str) -> frozenset[str]:
    """The modules of the rules' library that this one imports, and those that they import."""
    if not _is_plain_module(module):
        return frozenset()
    direct = set()
    for node in ast.walk(ast.parse(source_of(module))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == LIBRARY:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            direct |= {each for each in (node.module, *inner) if _is_plain_module(each)}
    return frozenset(direct).union(*map(uses, direct))


def _is_plain_module(name: str) -> bool:
    """Is this a module, and no package and no name in one?"""
    if name in sys.modules:
        return isinstance(sys.modules[name], ModuleType) and not hasattr(sys.modules[name], "__path__")
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return False
    return found is not None and found.submodule_search_locations is None
