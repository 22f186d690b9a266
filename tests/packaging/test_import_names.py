"""A user's own `reports`, `reference` and `tests` beside backcheck: both sides' imports work, however code is run."""

import itertools

import pytest

from tests.packaging.environments import beside_the_running_one
from tests.packaging.users import KINDS, WAYS, user_folder

INSTALLS = ("wheel", "editable", "editable after a run")
PACKAGES = {"backcheck", "backcheck_reference", "backcheck_reports", "scratch_bp"}
# in every run of the tests; the whole matrix takes minutes
FAST = {
    ("wheel", "folders with __init__", "script"),
    ("wheel", "reports.py", "backcheck verify"),
    ("editable after a run", "folders without __init__", "pytest"),
}
CELLS = [
    pytest.param(*cell, id=", ".join(cell), marks=() if cell in FAST else pytest.mark.slow)
    for cell in itertools.product(INSTALLS, KINDS, WAYS)
]


@pytest.mark.parametrize(("how", "kind", "way"), CELLS)
def test_both_imports_work(how, kind, way, installed, tmp_path):
    environment = installed(how)
    command, said = WAYS[way]
    done = environment.run(command, user_folder(tmp_path, kind))
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


def test_the_fast_cells_are_cells():
    assert set(itertools.product(INSTALLS, KINDS, WAYS)) > FAST


@pytest.mark.slow
def test_a_run_before_leaves_everything_as_it_was(installed, tmp_path):
    """The folder of a run in the user's own folder is in nobody's way."""
    environment, folder = installed("wheel"), user_folder(tmp_path, "folders with __init__")
    for way in ("backcheck verify", "script"):
        command, said = WAYS[way]
        done = environment.run(command, folder)
        assert said in done.stdout, done.stdout + done.stderr
    assert (folder / "backcheck-out").is_dir()


def test_the_environment_has_nothing_of_ours_before(tmp_path):
    """What the matrix tries is what it has installed, not what the tests themselves run on."""
    environment = beside_the_running_one(tmp_path / "environment")
    assert not environment.names() & PACKAGES
    for package in PACKAGES:
        done = environment.run(("python", "-c", f"import {package}"), tmp_path)
        assert "ModuleNotFoundError" in done.stderr
    code = "from importlib.metadata import version; version('backcheck')"
    assert "PackageNotFoundError" in environment.run(("python", "-c", code), tmp_path).stderr


def test_the_wheel_adds_four_names_and_no_other(installed, tmp_path):
    before = beside_the_running_one(tmp_path / "environment").names()
    assert installed("wheel").names() - before == PACKAGES


@pytest.mark.parametrize("how", ["editable", "editable after a run"])
def test_an_editable_install_adds_the_same_names(how, installed):
    """They lie in the list of names that setuptools writes, since no folder of ours is among the packages."""
    (listed,) = installed(how).site.glob("backcheck-*.dist-info/top_level.txt")
    assert set(listed.read_text(encoding="utf-8").split()) == PACKAGES
