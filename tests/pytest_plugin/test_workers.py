"""Under xdist: what the workers hear comes together on one page."""

from xml.etree import ElementTree

import pytest

from backcheck_reports import read_records
from tests.pytest_plugin.helpers import REPORT, SUBTESTS, section

WORKERS = ("-p", "xdist.plugin", "-n", "2", "-p", "backcheck.pytest_plugin.plugin", "--backcheck-profile=nightly")


def test_workers_write_one_page(pytester, run, records):
    tests = "@pytest.mark.parametrize('n', range(6))\ndef test_n(n): right(seed=n)\n" + SUBTESTS
    alone = run(tests, "--backcheck-report=out/alone.html")
    # PyTorch is not needed, and takes most of the time that a worker takes to start
    pytester.makeconftest("import sys\nsys.modules['torch'] = None")
    result = pytester.runpytest_subprocess(*WORKERS, "-v", REPORT)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(list((pytester.path / "out/page-records").glob("records-*.jsonl"))) == 2
    assert section(result)[1] == section(alone)[1]
    assert section(result)[-1] == str(pytester.path / "out/page.html")
    assert sorted(map(repr, records())) == sorted(map(repr, read_records(pytester.path / "out/alone-records")))
    result.stdout.fnmatch_lines_random(["*SUBFAILED[[]square dx, subject[]]*test_wrong*"])


def test_workers_share_the_seed_and_leave_nothing(pytester, tmp_path):
    pytester.makepyfile("""
        import pytest
        from backcheck.session import asked

        @pytest.mark.parametrize("n", range(4))
        def test_seed(n, record_property):
            record_property("seed", f"{asked().profile} {asked().seed}")
    """)
    result = pytester.runpytest_subprocess(*WORKERS, "--junitxml=found.xml")
    assert not list((tmp_path / "temporary").glob("backcheck-*"))
    properties = ElementTree.parse(pytester.path / "found.xml").iter("property")
    (seed,) = {each.get("value") for each in properties}
    result.stdout.fnmatch_lines([f"backcheck: profile nightly, seed {seed.split()[1]} *"])
