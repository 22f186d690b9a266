"""Imports run one way: three leaves that never meet, one package that joins them, tests on top."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "scratch_bp": {"scratch_bp"},
    "reference": {"reference"},
    "reports": {"reports"},
    "backcheck": {"backcheck", "scratch_bp", "reference", "reports"},
}
OURS = {*MAY_IMPORT, "tests"}
HEAVY = {"torch", "jax", "flint"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package):
    for path in (ROOT / package).rglob("*.py"):
        wrong = imported(path) & OURS - MAY_IMPORT[package]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_heavy_libraries_are_imported_only_when_used(package):
    for path in (ROOT / package).rglob("*.py"):
        assert not imported(path) & HEAVY, f"{path.relative_to(ROOT)} imports {imported(path) & HEAVY} by name"


def test_the_test_can_see_an_import(tmp_path):
    source = tmp_path / "module.py"
    source.write_text("def f():\n    from scratch_bp.rules import relu\n    import torch.nn\n")
    assert imported(source) == {"scratch_bp", "torch"}
