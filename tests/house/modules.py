"""The modules of the house, read as text: what each imports and defines. Nothing of the project is imported for it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# where the packages lie: the folder that is on the path, by the package's name
WHERE = {
    "backcheck": ROOT,
    "backcheck_reference": ROOT / "reference",
    "backcheck_reports": ROOT / "reports",
    "scratch_bp": ROOT,
}


@cache
def modules() -> dict[str, Path]:
    """Every module of the four packages, by its dotted name; a package stands for its `__init__`."""
    found = {}
    for package, place in WHERE.items():
        for path in sorted((place / package).rglob("*.py")):
            parts = path.relative_to(place).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the house that a module imports, at its top or within a function."""
    return frozenset(name for name in _imported(tree(module)) if name in modules()) - {module}


def _imported(source: ast.AST) -> Iterator[str]:
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules() else node.module for name in names)


def imported_packages(source: ast.AST) -> set[str]:
    """The first part of everything that a source imports, of the house or not."""
    return {name.partition(".")[0] for name in _imported(source)}


def folder(module: str) -> str:
    """The package that a module lies in."""
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]


def classes(module: str) -> Iterator[str]:
    """The names of the classes that a module defines."""
    return (node.name for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef))
