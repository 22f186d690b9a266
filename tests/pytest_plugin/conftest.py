"""Sessions within the session, with the plugin and nothing else of this environment."""

import concurrent.futures.process  # noqa: F401
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from backcheck.subjects.fuzz import verify_like, verify_rule  # noqa: F401
from backcheck.verdicts.parties import calm
from backcheck_reference import lazy
from backcheck_reports import Record, read_records
from tests.pytest_plugin.helpers import PLUGIN, SUBJECT

# pytester forgets what a session imported. PyTorch cannot be imported twice, JAX aborts the process then, and what
# is there twice cannot be pickled: all are here before
calm()
with suppress(lazy.Unavailable):
    lazy.jax.load()

Run = Callable[..., pytest.RunResult]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No other plugin, and temporary folders where they can be counted."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.fixture
def run(pytester) -> Run:
    """Run these tests, in a module that has a right backward pass and a wrong one."""

    def session(tests: str, *arguments: Any) -> pytest.RunResult:
        pytester.makepyfile(SUBJECT + tests)
        return pytester.runpytest_inprocess(*PLUGIN, *map(str, arguments))

    return session


@pytest.fixture
def records(pytester) -> Callable[[], list[Record]]:
    """Those beside the page."""
    return lambda: list(read_records(pytester.path / "out/page-records"))
