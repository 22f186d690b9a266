"""The small library through the command line: a repository, its last commit, and exit codes."""

import json

import pytest

from backcheck import errors
from tests.regression.library_edits import EDITS
from tests.regression.small_library import edited, repository, write

ASKED = ("compare", "--against", "HEAD", "--no-times", "--dtype", "float64", "--json")


def _edit(name):
    return next(edit for edit in EDITS if edit.name == name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("other names", "mill.rules:RULES"),
        ("a deleted rule whose name is ours too", "mill.rules:RULES"),
        ("a write into dy", "mill/rules.py:RULES"),  # a file inside of a package with relative imports
        ("an entry that is no rule", "mill/rules.py:RULES"),
    ],
)
def test_the_command_says_what_the_comparison_says(command, tmp_path, monkeypatch, name, subject):
    edit = _edit(name)
    place = repository(tmp_path / "repository")
    write(place, edited(edit.edits))
    monkeypatch.chdir(place)
    asked = (*ASKED, "--subject", subject, "--rules", edit.rule, "--out", tmp_path / "out")
    code, printed, complaint = command(*asked)
    found = json.loads(printed)
    assert code == edit.code, (found["outcome"], complaint)
    assert [each["category"] for each in found["findings"]] == ([edit.category] if edit.category else [])


@pytest.mark.slow
def test_a_bisect_of_a_misspelt_rule_is_wrong_use(command, tmp_path, monkeypatch):
    monkeypatch.chdir(repository(tmp_path / "repository"))
    code, _, complaint = command("compare", "--bisect", "HEAD", "--rules", "sofmax", "--subject", "mill.rules:RULES")
    assert code == errors.USAGE
    assert "unknown rule 'sofmax', did you mean softmax? known are affine, softmax" in complaint
