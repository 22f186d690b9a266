"""Revisions of our own history are compared with the working tree, whatever folders their code lay in."""

import json
import subprocess

import pytest

from backcheck import errors
from tests.regression.modifications import ROOT

REVISIONS = 6


def _git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def _some_revisions():
    """From the first that has rules to the newest, evenly spread."""
    if _git("rev-parse", "--is-shallow-repository") != ["false"]:
        return []
    found = _git("rev-list", "--reverse", "--first-parent", "HEAD", "--", "scratch_bp")
    return [found[at * (len(found) - 1) // (REVISIONS - 1)] for at in range(REVISIONS)] if found else []


@pytest.mark.slow
def test_revisions_of_all_times_are_compared(command, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    revisions = _some_revisions()
    if not revisions:
        pytest.skip("the history of the repository is not here, as in a shallow clone or an unpacked archive")
    few = ("--rules", "tanh,dense", "--networks", 4, "--no-times", "--json", "--out", tmp_path / "out")
    for revision in revisions:
        code, printed, complaint = command("compare", "--against", revision, *few)
        found = json.loads(printed)
        assert code == errors.AGREE, (revision, found, complaint)
        assert found["counts"]["rules"] == 2
        assert found["counts"]["tensors"] > 100
        assert not found["notes"], "every case was compared"
