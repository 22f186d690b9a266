"""The public face of the package: the names that it offers, what `help` says of them, and that their examples run."""

import ast
import doctest
import importlib
import inspect
import pydoc
from pathlib import Path

import pytest

import backcheck

NEED = {"check_torch": "torch", "check_jax": "jax"}  # what the examples of these import
SHORT_HELP = 3_000  # characters, of the function whose default used to be printed: the table of all rules


def test_dir_offers_the_public_names_and_nothing_else():
    assert dir(backcheck) == sorted(backcheck.__all__)
    assert not {"Any", "TYPE_CHECKING", "importlib"} & set(dir(backcheck))
    assert all(hasattr(backcheck, name) for name in backcheck.__all__)


def test_type_checkers_see_the_same_names_at_the_same_places():
    tree = ast.parse(Path(backcheck.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {(alias.name, node.module) for node in block.body for alias in node.names}
    assert seen == set(backcheck._WHERE.items())
    assert all(getattr(backcheck, name).__module__ == module for name, module in seen)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = backcheck.chekc


def test_help_on_check_is_short():
    text = pydoc.plain(pydoc.render_doc(backcheck.check))
    assert len(text) < SHORT_HELP, len(text)
    assert "rules: collections.abc.Mapping" in text


@pytest.mark.parametrize("name", backcheck.__all__)
def test_every_public_name_says_what_it_does_with_an_example(name):
    said = inspect.getdoc(getattr(backcheck, name))
    assert len(said.splitlines()[0]) < 120
    assert ">>>" in said or name == "Checked"  # the example of `check` makes one


@pytest.mark.parametrize("name", ["backcheck", *backcheck.__all__])
def test_its_example_runs(name):
    if name in NEED:
        pytest.importorskip(NEED[name])
    thing = backcheck if name == "backcheck" else getattr(backcheck, name)
    module = importlib.import_module(getattr(thing, "__module__", "backcheck"))
    examples = doctest.DocTestParser().get_doctest(inspect.getdoc(thing), dict(vars(module)), name, None, None)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    runner.run(examples, out=said.append)
    assert not runner.summarize(verbose=False).failed, "".join(said)
