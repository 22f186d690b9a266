"""`backcheck fix`: what it prints, its exit codes, and which files it changes."""

import json
import linecache
import subprocess
import sys

import pytest

from backcheck import errors
from backcheck.commands.apply_fixes import applied
from backcheck.subjects.repair.fix import FileChange, Fix

pytest.importorskip("libcst")
pytest.importorskip("flint")

pytestmark = pytest.mark.backcheck(report=False)
MINE = """import numpy as np


def forward(x):
    return np.sin(x), x


def backward(x, dy):
    return dy * np.sin(x)


def right(x, dy):
    return dy * np.cos(x)


RULES = {"sin": (forward, backward), "double": (lambda x: (2 * x, x), lambda x, dy: 2 * dy)}
"""


def git(folder, *arguments):
    named = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module that git has, in the current folder."""
    (tmp_path / "mine_to_fix.py").write_text(MINE, encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "mine_to_fix.py"
    sys.modules.pop("mine_to_fix", None)


def change(file):
    return Fix((FileChange(str(file), MINE, MINE.replace("dy * np.sin(x)", "dy * np.cos(x)")),), 200)


def test_an_edit_is_written_where_git_has_the_file(mine):
    assert applied([change(mine)]) == [f"applied to {mine}"]
    assert mine.read_text(encoding="utf-8") == MINE.replace("dy * np.sin(x)", "dy * np.cos(x)")


def test_a_dirty_file_is_refused(mine):
    mine.write_text(f"{MINE}# more\n", encoding="utf-8")
    fix = Fix((FileChange(str(mine), f"{MINE}# more\n", "other"),), 200)
    with pytest.raises(errors.BadInput, match="it has changes; commit it"):
        applied([fix])
    assert mine.read_text(encoding="utf-8") == f"{MINE}# more\n"


def test_a_file_that_git_does_not_know_is_refused(mine):
    other = mine.with_name("other.py")
    other.write_text(MINE, encoding="utf-8")
    with pytest.raises(errors.BadInput, match="git does not know it"):
        applied([change(other)])


def test_another_text_than_the_one_that_was_checked_is_refused(mine):
    fix = Fix((FileChange(str(mine), "another text", "other"),), 200)
    with pytest.raises(errors.BadInput, match="not the text that was checked"):
        applied([fix])


def other_change(file):
    return Fix((FileChange(str(file), MINE, MINE.replace("2 * dy", "3 * dy")),), 200)


def test_the_edits_of_two_rules_are_written_together_or_not_at_all(mine):
    assert applied([change(mine), other_change(mine)]) == [f"applied to {mine}"]
    both = MINE.replace("dy * np.sin(x)", "dy * np.cos(x)").replace("2 * dy", "3 * dy")
    assert mine.read_text(encoding="utf-8") == both
    git(mine.parent, "checkout", "-q", ".")
    unknown = mine.with_name("unknown.py")
    unknown.write_text(MINE, encoding="utf-8")
    with pytest.raises(errors.BadInput, match="nothing is applied"):
        applied([change(mine), other_change(unknown)])
    assert mine.read_text(encoding="utf-8") == MINE
    third = Fix((FileChange(str(mine), MINE, MINE.replace("dy * np.sin(x)", "dy")),), 200)
    with pytest.raises(errors.BadInput, match="are of the same lines, line 9"):
        applied([change(mine), third])
    assert applied([change(mine), change(mine)]) == [f"applied to {mine}"]


@pytest.mark.parametrize(
    ("make", "encoding"),
    [
        (lambda text: text.replace("\n", "\r\n"), "utf-8"),
        (lambda text: text, "utf-8-sig"),
        (lambda text: text.rstrip("\n"), "utf-8"),
        (lambda text: f"# -*- coding: latin-1 -*-\n# \xe9\n{text}", "latin-1"),
        (lambda text: f"# one\r\n{text}", "utf-8"),
    ],
    ids=["CRLF", "a mark of the byte order", "no last end of line", "latin-1", "mixed ends"],
)
def test_what_is_not_of_the_edit_stays_as_it_is(mine, make, encoding):
    mine.write_bytes(make(MINE).encode(encoding))
    git(mine.parent, "commit", "-qam", "in another form")
    before = "".join(linecache.getlines(str(mine)) or linecache.updatecache(str(mine)))
    applied([Fix((FileChange(str(mine), before, before.replace("dy * np.sin(x)", "dy * np.cos(x)")),), 200)])
    assert mine.read_bytes() == make(MINE).replace("dy * np.sin(x)", "dy * np.cos(x)").encode(encoding)


def test_a_file_that_git_does_not_look_at_is_refused(mine, tmp_path_factory):
    git(mine.parent, "update-index", "--assume-unchanged", mine.name)
    with pytest.raises(errors.BadInput, match="git is told not to look at it"):
        applied([change(mine)])
    outside = tmp_path_factory.mktemp("outside") / "outside.py"
    outside.write_text(MINE, encoding="utf-8")
    (mine.parent / "linked.py").symlink_to(outside)
    git(mine.parent, "add", ".")
    git(mine.parent, "commit", "-qm", "a link")
    with pytest.raises(errors.BadInput, match="git does not know it"):
        applied([change(mine.parent / "linked.py")])
    assert outside.read_text(encoding="utf-8") == MINE


@pytest.mark.slow
def test_it_says_the_edit_and_changes_no_file(mine, command):
    code, printed, _ = command("fix", "mine_to_fix:RULES", "--rules", "sin", "--json")
    assert code == errors.DISAGREE
    found = json.loads(printed)["rules"]["sin"]
    assert found["fixed"]
    assert found["proved_on"] >= 200
    assert found["lines"][0]["after"].strip() == "return dy * np.cos(x)"
    assert mine.read_text(encoding="utf-8") == MINE


@pytest.mark.slow
def test_with_apply_it_is_written(mine, command):
    code, printed, _ = command("fix", "mine_to_fix:RULES", "--rules", "sin", "--apply")
    assert code == errors.AGREE
    assert f"applied to {mine}" in printed
    assert "return dy * np.cos(x)\n\n\ndef right" in mine.read_text(encoding="utf-8")


def test_a_rule_that_agrees_needs_none(mine, command):
    code, printed, _ = command("fix", "mine_to_fix:RULES", "--rules", "double")
    assert code == errors.AGREE
    assert printed.startswith("double: agree in ")
