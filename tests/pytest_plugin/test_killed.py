"""A session that is killed leaves what it has checked."""

import signal

from backcheck_reports import finished_shards, summary_of
from tests.pytest_plugin.helpers import PLUGIN, REPORT, SUBJECT


def test_a_killed_session_leaves_its_records(pytester):
    tests = "def test_right(): right()\ndef test_killed():\n    import os\n    os.kill(os.getpid(), 9)\n"
    pytester.makepyfile(SUBJECT + tests)
    # PyTorch is not needed, and takes most of the time that a session takes to start
    pytester.makeconftest("import sys\nsys.modules['torch'] = None")
    assert pytester.runpytest_subprocess(*PLUGIN, REPORT).ret == -signal.SIGKILL
    folder = pytester.path / "out/page-records"
    summary = summary_of(folder)
    assert summary.totals.gradients == 1
    assert summary.cautions == (f"{summary.totals.verdicts + _promises(summary)} records of unfinished shards.",)
    assert finished_shards(folder) == ()


def _promises(summary):
    return sum(row.tensors for row in summary.rows if row.party == "contract")
