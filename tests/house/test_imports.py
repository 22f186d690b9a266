"""Imports run one way: three leaves that never meet, one package that joins them, and rooms in order within it."""

import ast

import pytest

from tests.house.modules import WHERE, folder, imported_packages, imports, modules, tree

JOIN, LEAVES = "backcheck", ("scratch_bp", "backcheck_reference", "backcheck_reports")
# the rooms of backcheck, each of which imports only what stands before it; rooms in one row may not import one another
ROOMS = (
    (JOIN,),
    ("edits", "processes"),
    ("strategies",),
    ("verdicts",),
    ("diagnosis",),
    ("subjects",),
    ("campaign", "gallery"),
    ("regression",),
    ("commands", "pytest_plugin"),
)
RANK = {room: at for at, row in enumerate(ROOMS) for room in row}
# what every name of the public face leads to, and `python -m backcheck`
DOORS = {"backcheck", "backcheck.__main__"}
MOST_LEVELS = 5
HEAVY = {"torch", "jax", "flint"}


def room(module):
    """The room of backcheck that a module is in; what lies in no room is shared by all."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in RANK else JOIN


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_imports_no_other_package_of_ours(leaf):
    for module in modules():
        if module.partition(".")[0] == leaf:
            wrong = imported_packages(tree(module)) & {*WHERE, "tests"} - {leaf}
            assert not wrong, f"{module} imports {wrong}"


def test_rooms_import_one_way():
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if module.partition(".")[0] == JOIN and module not in DOORS
        for other in imports(module)
        if other.partition(".")[0] == JOIN and room(other) != room(module) and RANK[room(other)] >= RANK[room(module)]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_folder_of_the_join_is_a_room():
    """A new folder has its place in the order above."""
    folders = {module.split(".")[1] for module, path in modules().items() if _is_folder(module, path)}
    assert folders == set(RANK) - {JOIN}


def _is_folder(module, path):
    return module.startswith(f"{JOIN}.") and path.name == "__init__.py" and module.count(".") == 1


def levels(inside):
    """For each module of one folder, the longest chain of imports below it within that folder."""
    found = {}

    def level(module, above=()):
        assert module not in above, f"a cycle of imports: {' -> '.join((*above, module))}"
        if module not in found:
            below = [level(other, (*above, module)) for other in imports(module) & inside]
            found[module] = 1 + max(below, default=0)
        return found[module]

    for module in inside:
        level(module)
    return found


@pytest.mark.parametrize("place", sorted({folder(module) for module in modules()}))
def test_imports_within_a_folder_are_few_levels_deep_and_have_no_cycle(place):
    inside = frozenset(module for module in modules() if folder(module) == place and module != place)
    deep = {module: level for module, level in levels(inside).items() if level > MOST_LEVELS}
    assert not deep


@pytest.mark.parametrize("package", WHERE)
def test_heavy_libraries_are_imported_only_when_used(package):
    for module in modules():
        if module.partition(".")[0] == package:
            assert not imported_packages(tree(module)) & HEAVY, f"{module} imports one of {HEAVY} by name"


def test_the_test_can_see_an_import():
    source = ast.parse("def f():\n    from scratch_bp.rules import relu\n    import torch.nn\n")
    assert imported_packages(source) == {"scratch_bp", "torch"}
