"""`backcheck compare`: what it prints, its exit codes, what it takes for a side, and that it touches nothing."""

import json
import subprocess
from pathlib import Path

import pytest

from backcheck import errors
from backcheck.commands.compare import exit_code
from backcheck.errors import BadInput
from backcheck.regression.difference import findings
from backcheck.regression.difference.changes import TensorComparison
from backcheck.regression.difference.expectations import FAILS_BY_CATEGORY, Expected
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.sides import source

ROOT = Path(__file__).parents[2]
FEW = ("--networks", 0, "--rules", "tanh,relu", "--no-times")
PAIRS = """
import numpy as np
from jaxtyping import Shaped
Any = Shaped[np.ndarray, "*shape"]

def forward(x: Any) -> tuple[Any, Any]:
    return x * x * x, x

def backward(x, dy):
    return (%s,)

RULES = {"cube": (forward, backward)}
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A user's repository with a rule of its own: right in the first commit, wrong in the working tree."""
    place = tmp_path / "mine"
    place.mkdir()
    monkeypatch.chdir(place)
    (place / "cubes.py").write_text(PAIRS % "3 * x * x * dy")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "The cube")):
        who = ("-c", "user.name=me", "-c", "user.email=me@example.org")
        subprocess.run(["git", *who, *arguments], check=True)
    (place / "cubes.py").write_text(PAIRS % "2 * x * x * dy")
    return place


def test_a_users_rule_against_its_last_commit(command, repository, tmp_path):
    before = sorted(path.name for path in repository.iterdir())
    out = tmp_path / "out"
    asked = ("--against", "HEAD", "--subject", "cubes:RULES", "--rules", "cube", "--no-times", "--networks", 0)
    code, printed, _ = command("compare", *asked, "--out", out)
    assert code == errors.DISAGREE
    assert "FAILS   cube.dx disagrees and did not before" in printed
    assert "the gradient of x is wrong" in printed
    assert "the working tree (at" in printed
    assert "1 file changed" in printed
    assert sorted(path.name for path in repository.iterdir()) == before, "nothing in the working tree is touched"
    code, printed, _ = command("compare", *asked, "--json", "--out", out, "--allow", "disagreement")
    found = json.loads(printed)
    assert code == errors.AGREE
    assert found["findings"][0]["category"] == "disagreement"
    assert found["findings"][0]["fails"] is False
    assert found["findings"][0]["smallest"]["network"]


def test_two_files_side_by_side(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.py").write_text(PAIRS % "3 * x * x * dy")
    (tmp_path / "fast.py").write_text(PAIRS % "x * x * dy * 3")
    subjects = ("--subject", "fast.py:RULES", "--old-subject", "slow.py:RULES", "--rules", "cube")
    asked = ("compare", *subjects, "--no-times", "--networks", 0, "--dtype", "float64", "--out", tmp_path / "out")
    code, printed, _ = command(*asked)
    assert code == errors.AGREE
    assert "cube.dx moved in the last places only" in printed
    code, printed, _ = command(*asked, "--expect", "identical")
    assert code == errors.DISAGREE


def test_how_far_an_entry_may_move_is_a_limit_of_its_own():
    row = TensorComparison(
        "tanh", "dx", "float64", Kind.ROUNDING, 8, 4, 4, 9.0, 6.0, 1.0, 2.0, 1.0, 2.0, 15.0, 15.0, {}
    )  # fmt: skip
    assert not list(findings.over_limit([row], Expected()))
    assert not list(findings.over_limit([row], Expected(max_ulps=6)))
    ((rule, category, sentence),) = findings.over_limit([row], Expected(max_ulps=4))
    assert (rule, category) == ("tanh", "ulps")
    assert sentence == "tanh.dx float64 moved by 6.00 ulps; 4 are let pass"


def test_a_clean_tree_is_identical(command, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, printed, _ = command("compare", "--against", ROOT, *FEW, "--out", tmp_path / "out")
    assert code == errors.AGREE
    assert "Identical to the bit" in printed


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), errors.USAGE, "say what to compare with"),
        (("--against", "no-such-thing"), errors.USAGE, "no git revision here, no folder and no installed distribution"),
        (("--against", ".", "--expect", "luck"), errors.USAGE, "identical or agree"),
        (("--against", ".", "--allow", "all"), errors.USAGE, "unknown category 'all'"),
        (("--against", ".", "--max-slowdown", "0.5"), errors.USAGE, "at least 1"),
        (("--against", ".", "--dtype", "float8"), errors.USAGE, "unknown dtype 'float8'"),
        (("--against", "docs", *FEW), errors.COULD_NOT, "has no scratch_bp; say whose gradients"),
        (("--against", ".", *FEW, "--subject", "nothing:RULES"), errors.COULD_NOT, "cannot be imported"),
    ],
)
def test_wrong_use_and_what_cannot_be_checked(command, monkeypatch, arguments, code, words):
    monkeypatch.chdir(ROOT)
    got, _, complaint = command("compare", *arguments)
    assert (got, words in complaint) == (code, True), complaint


def test_an_installed_distribution_is_a_side():
    with source.opened("click") as side:
        assert (side.root / "click").is_dir()
        assert "the installed click" in side.title


def test_a_revision_is_a_folder_that_is_gone_afterwards(monkeypatch):
    monkeypatch.chdir(ROOT)
    with source.opened("HEAD") as side:
        assert (side.root / "scratch_bp" / "network.py").is_file()
        assert side.commit == source.commit_of("HEAD")
    assert not side.root.exists()


def test_every_category_may_be_allowed_and_speed_fails_only_with_a_limit():
    assert not any(Expected(allowed=tuple(FAILS_BY_CATEGORY)).fails(each) for each in FAILS_BY_CATEGORY)
    assert not Expected().fails("slower")
    assert Expected(max_slowdown=1.1).fails("slower")
    assert Expected("identical").fails("rounding")
    assert not Expected().fails("rounding")
    with pytest.raises(BadInput, match="unknown category"):
        Expected(allowed=("everything",))


def test_nothing_compared_is_no_agreement():
    from backcheck.regression.difference.changes import Comparison

    empty = Comparison("a", "b", {}, {"tensors": 0}, (), ())
    assert exit_code(empty) == errors.COULD_NOT
