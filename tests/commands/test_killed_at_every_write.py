"""Whenever a run or an export is killed, the next command takes the folder: the work is in a script of its own."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each kill is of a fork")


def killed(tmp_path, *given):
    command = [sys.executable, "-m", "tests.commands.killed_at_every_write", str(tmp_path), *given]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kinds", ["names", pytest.param("all", marks=pytest.mark.slow)])
def test_the_next_run_and_resume_take_the_folder_whenever_it_was_killed(tmp_path, kinds):
    done = killed(tmp_path, kinds)
    assert done.returncode == 0, done.stderr
    changes, removals = json.loads(done.stdout)
    assert changes >= (25 if kinds == "names" else 60)
    assert removals >= (1 if kinds == "names" else 15)


def test_a_file_that_is_listed_too_late_is_seen(tmp_path):
    done = killed(tmp_path, "names", "planted")
    assert done.returncode == 1
    assert "which is not as a run wrote it, or never was" in done.stderr
