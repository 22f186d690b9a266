"""Deep runs, `-m slow`: refactorings that change nothing, over and over, on whatever machine this is."""

import subprocess

import pytest

from backcheck.regression.difference import comparison
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.output import text
from backcheck.regression.sides import loader, source
from backcheck.regression.sides.draws import ComparisonPlan
from tests.regression.modifications import PURE, ROOT, tree

REPETITIONS = 50


@pytest.mark.slow
def test_every_commit_of_our_own_history_can_be_compared(monkeypatch):
    """Whatever its table of rules looked like: its code is loaded, its rules run, and the outcome is told.

    Commits with the same rules are one side: nothing else of a commit is loaded.
    """
    monkeypatch.chdir(ROOT)
    rules = {
        commit: _git("rev-parse", f"{commit}:{loader.SUBJECT_PACKAGE}") for commit in _git("rev-list", "HEAD").split()
    }
    told = {}
    for commit, own in rules.items():
        if own not in told:
            with source.opened(commit) as old, source.opened(".") as new:
                found = comparison.run(comparison.Task(old, new, ComparisonPlan(networks=8, seen=2), timed=False))
            told[own] = text.outcome(found)
            assert found.counts["tensors"], commit
            print(commit[:7], found.counts["rules"], found.counts["tensors"], told[own], flush=True)
    print(f"{len(rules)} commits compared, {len(told)} tables of rules")


def _git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.slow
def test_a_pure_refactoring_is_never_flagged(tmp_path):
    """Nor in its times: what the two sides run is the same arithmetic in other words."""
    old, new = tree(tmp_path / "old"), tree(tmp_path / "new", *PURE)
    rules = tuple(each.rule for each in PURE)
    flagged, said = [], dict[str, int]()
    with source.opened(str(old)) as before, source.opened(str(new)) as after:
        for number in range(REPETITIONS):
            found = comparison.run(comparison.Task(before, after, ComparisonPlan(networks=0, seed=number, rules=rules)))
            assert {row.kind for row in found.rows} == {Kind.SAME}
            flagged += [(number, finding.sentence) for finding in found.findings]
            for each in found.speeds:
                said[each.verdict] = said.get(each.verdict, 0) + 1
    print(f"{REPETITIONS} repetitions of {len(rules)} rules: {said}; flagged: {flagged}")
    assert not flagged
