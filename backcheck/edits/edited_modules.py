"""Modules imported anew with other source text for one of them, beside those that are there.

Nothing is written: an importer hands the text over. What is imported so has its own functions and classes, tables that
name them and decorators that were put on them; afterwards everybody sees the modules that were there before.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType


class _EditedLoader(importlib.machinery.SourceFileLoader):
    """Loads a file's module from another text. Tracebacks and `inspect` still name the file."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str):  # type: ignore[no-untyped-def]  # no cached bytecode: it is of another text
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _TextFinder(importlib.abc.MetaPathFinder):
    def __init__(self, edited: Mapping[str, tuple[str, str]]) -> None:
        self._edited = edited

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._edited:
            return None
        file, text = self._edited[fullname]
        loader = _EditedLoader(fullname, file, text)
        package = [str(file).rpartition("/")[0]] if file.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=package)


@contextmanager
def edited_modules(edited: Mapping[str, tuple[str, str]], anew: Collection[str]) -> Iterator[None]:
    """Within the block an import of one of the modules `anew` runs it again, with the text that `edited` has for it.

    `edited` has by name the file and the text. Modules that import one of them must be among `anew`, or they keep the
    one that they have.
    """
    known = {name: module for name, module in sys.modules.items() if name in anew or name in edited}
    for name in known:
        del sys.modules[name]
    finder = _TextFinder(edited)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in {*anew, *edited}:
            sys.modules.pop(name, None)
        sys.modules |= known
        for name, module in known.items():  # an import binds a module in its package too
            package, _, own = name.rpartition(".")
            if package in sys.modules:
                setattr(sys.modules[package], own, module)


def module_anew(name: str) -> ModuleType:
    """The module, imported now."""
    return importlib.import_module(name)
