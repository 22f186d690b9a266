"""The commit that brought a finding is found by halves: past refactorings, broken commits and into merges."""

from pathlib import Path

import pytest

from backcheck.errors import BadInput
from backcheck.regression import bisection
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.sides import source
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.regression.sides.source import CouldNot
from tests.regression.small_library import FILES, commit, compared, edited, git, repository, write

SOFTMAX, SWISH = "layers/softmax.py", "layers/swish.py"
# what leaves last places alone, or moves them; and what is wrong
REFACTORED = (SOFTMAX, "return (p * (dy - inner),)", "return (p * dy - p * inner,)")
RENAMED = (
    SOFTMAX,
    "shifted = x - x.max(axis, keepdims=True)\n    e = np.exp(shifted)",
    "e = np.exp(x - x.max(axis, keepdims=True))",
)
WRONG = (SOFTMAX, "inner = (dy * p).sum(axis, keepdims=True)", "inner = (dy * p).mean(axis, keepdims=True)")
ELSEWHERE = (SWISH, "slope = s + beta", "slope = s + 1.0 * beta")
PLAN = ComparisonPlan(0, rules=("softmax",), dtypes=("float64",))
SUBJECT = "mill.rules:RULES"


@pytest.mark.parametrize("number", [1, 2, 3, 8, 49])
def test_every_place_is_found_in_few_steps(number):
    revisions = [f"r{at}" for at in range(number)]
    for bad in range(number):
        tried = []

        def shows(name, bad=bad, tried=tried):
            tried.append(name)
            return int(name[1:]) >= bad

        assert bisection.first_showing(revisions, shows) == (bad - 1, bad)
        assert len(tried) <= number.bit_length()


def test_what_says_nothing_is_passed_by_and_the_suspects_are_said():
    revisions = [f"r{at}" for at in range(12)]

    def shows(name, silent=(5, 6, 7)):
        place = int(name[1:])
        return None if place in silent else place >= 9

    assert bisection.first_showing(revisions, shows) == (8, 9)
    assert bisection.first_showing(revisions, lambda name: None if 4 <= int(name[1:]) <= 9 else int(name[1:]) > 9) == (
        3,
        10,
    )


@pytest.fixture
def history(tmp_path, monkeypatch):
    """A repository in the current folder; comparisons of its commits are made in this process."""
    place = repository(tmp_path / "repository")
    monkeypatch.chdir(place)
    ran = []

    def run(task):
        def files(side):
            return {
                path.relative_to(side.root / "mill").as_posix(): path.read_text()
                for path in (side.root / "mill").rglob("*.py")
            }

        ran.append(task)
        try:
            return compared(
                tmp_path, files(task.old), files(task.new), task.plan.rules, task.expected, dtypes=PLAN.dtypes
            )
        except ImportError as error:
            raise CouldNot(f"the new side: its code cannot be imported: {error}") from error

    monkeypatch.setattr(bisection.comparison, "run", run)
    return place


def found(start, expected=None, plan=PLAN):
    return bisection.find_change(start, plan, expected or Expected(), SUBJECT)


@pytest.mark.slow
def test_a_refactoring_before_is_not_blamed_for_the_bug_behind_it(history):
    start = git(history, "rev-parse", "HEAD")
    for number, edits in enumerate(
        ((ELSEWHERE,), (ELSEWHERE, REFACTORED), (REFACTORED, WRONG), (REFACTORED, WRONG, RENAMED))
    ):
        commit(history, edited(edits), f"Step {number}")
    it = found(start)
    assert it.title.endswith("Step 2")
    assert it.sought.category == "disagreement"
    said = "\n".join(bisection.lines(it, PLAN.rules))
    assert "softmax changed in" in said
    assert "softmax.dx disagrees and did not before" in said
    # what is let pass is looked for no more, and what moves last places only where that is asked for
    assert found(start, Expected(allowed=("disagreement", "error"))).sought is None
    assert found(f"{start}~0", Expected("identical")).sought.category == "disagreement"


@pytest.mark.slow
def test_a_commit_that_cannot_be_imported_is_passed_by(history):
    start = git(history, "rev-parse", "HEAD")
    broken = {**edited([ELSEWHERE]), "rules.py": "from .layers import nothing\n"}
    for number, files in enumerate((edited([ELSEWHERE]), broken, broken, edited([WRONG]))):
        commit(history, files, f"Step {number}")
    it = found(start)
    assert [source.described(each, "%s") for each in it.suspects] == ["Step 1", "Step 2", "Step 3"]
    assert len(it.passed) == 2
    said = "\n".join(bisection.lines(it, PLAN.rules))
    assert "changed in one of 3 commits" in said
    assert "passed by" in said
    assert "cannot import name 'nothing'" in said


@pytest.mark.slow
def test_a_merge_is_entered(history):
    start = git(history, "rev-parse", "HEAD")
    git(history, "checkout", "-q", "-b", "side")
    commit(history, edited([RENAMED]), "Renamed on the side")
    commit(history, edited([RENAMED, WRONG]), "Wrong on the side")
    git(history, "checkout", "-q", "main")
    write(history, FILES)
    commit(history, edited([ELSEWHERE]), "Elsewhere")
    git(history, "merge", "-q", "--no-ff", "-m", "The merge", "side")
    it = found(start)
    assert it.title.endswith("Wrong on the side")


def test_the_working_tree_is_a_step_of_its_own(history):
    write(history, edited([WRONG]))
    it = found("HEAD")
    assert it.title == "the working tree, not committed yet"


def test_wrong_use_and_what_is_missing(history, tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="--rules"):
        found("HEAD", plan=ComparisonPlan())
    with pytest.raises(BadInput, match="no git revision here; give the last one"):
        found("no-such-thing")
    with pytest.raises(BadInput, match="unknown rule 'sofmax', did you mean softmax"):
        found("HEAD", plan=ComparisonPlan(0, rules=("sofmax",)))
    commit(history, edited([ELSEWHERE]), "Two")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{history}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(BadInput, match="fetch-depth: 0"):
        found("HEAD~1")


def test_a_revision_is_built_where_that_is_asked_for(history):
    with source.opened("HEAD", build="echo built > here") as side:
        assert (side.root / "here").read_text() == "built\n"
    with (
        pytest.raises(CouldNot, match=r"--build 'echo so >&2; exit 3' at .* ended with 3: so"),
        source.opened("HEAD", build="echo so >&2; exit 3"),
    ):
        pass
    Path("fast.so").write_text("")
    with source.opened("HEAD") as side:
        assert "what is compiled is not there (fast.so): build it with --build COMMAND" in side.lacks


def test_nothing_is_left_of_a_process_that_was_killed(history, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, running = tmp_path / "backcheck-old-999999999-x", tmp_path / "backcheck-old-1-x"
    left.mkdir()
    running.mkdir()
    with source.opened("HEAD") as side:
        assert side.root.is_dir()
        assert not left.exists()
        assert running.exists(), "its process may need it still"
    assert not side.root.exists()
