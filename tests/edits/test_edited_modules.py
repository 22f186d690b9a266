"""Modules imported anew with another text: beside those that are there, and without a trace behind."""

import sys

import pytest

from backcheck.edits.edited_modules import edited_modules, module_anew


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "somebody"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "parts.py").write_text("def two():\n    return 2\n")
    (folder / "rules.py").write_text("from somebody.parts import two\nTABLE = {'two': two}\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "somebody"]:
        del sys.modules[name]


ALL = ("somebody", "somebody.parts", "somebody.rules")


def test_who_imports_the_module_has_its_other_text_and_the_file_is_as_it_was(package):
    before = module_anew("somebody.rules")
    file = package / "parts.py"
    with edited_modules({"somebody.parts": (str(file), "def two():\n    return 3\n")}, ALL):
        inside = module_anew("somebody.rules")
        assert inside.TABLE["two"]() == 3
        assert inside.TABLE["two"].__code__.co_filename == str(file)
    assert sys.modules["somebody.rules"] is before
    assert sys.modules["somebody"].rules is before
    assert before.TABLE["two"]() == 2
    assert file.read_text() == "def two():\n    return 2\n"
    assert not list(package.glob("**/parts*.pyc")) or module_anew("somebody.parts").two() == 2


def test_an_import_that_fails_leaves_what_was_there(package):
    before = module_anew("somebody.rules")
    with (
        pytest.raises(ZeroDivisionError),
        edited_modules({"somebody.parts": (str(package / "parts.py"), "1 / 0\n")}, ALL),
    ):
        module_anew("somebody.rules")
    assert sys.modules["somebody.rules"] is before
    assert len([each for each in sys.meta_path if type(each).__module__ == "backcheck.edits.edited_modules"]) == 0
