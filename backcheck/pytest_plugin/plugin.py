"""The pytest plugin: options, a marker, a fixture, and hooks that wait for a test to check a gradient.

Every session of an environment with backcheck loads it, so nothing heavy is imported here: `collecting`, which keeps
what was checked, is imported by the first check. Under xdist the workers write what they heard into one folder, and the
controller makes the page of it.
"""

import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from backcheck.errors import COULD_NOT
from backcheck.pytest_plugin import options as pytest_options
from backcheck.pytest_plugin.options import ORACLES, Options
from backcheck.session import among, asked, asking
from backcheck.subjects.listeners import listening

MARKER = "backcheck(*, oracles=..., report=True): checks gradients; asks fewer oracles, or is kept off the page"
WORKER = 10_000  # between the first shards of two workers: more than one writes
STOPPED = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)


@dataclass
class Session:
    """One pytest session. `folder` has the records, once there are some or workers that may write them."""

    options: Options
    folder: Path | None = None
    shard: int = 0
    worker: bool = False
    workers: int = 0
    started: float = field(default_factory=time.time)
    test: str = ""
    reported: bool = True  # whether what the test checks goes on the page
    heard: Any = None  # what the test has checked, once it has
    log: Any = None  # what earlier tests have checked, once one has
    lines: tuple[str, ...] = ()
    open: ExitStack = field(default_factory=ExitStack)
    narrowed: ExitStack = field(default_factory=ExitStack)

    def hear(self, outcome: Any) -> None:
        """What is checked in a session within a session (pytester) is heard by the inner one only."""
        if _SESSIONS[-1] is self:
            from backcheck.pytest_plugin import collection

            self.heard = self.heard or collection.Heard(self.test)
            self.heard.add(outcome)

    def keep(self) -> None:
        """Hand over what the test that ends has checked."""
        if self.heard is not None and self.reported:
            from backcheck.pytest_plugin import collection

            self.log = self.log or collection.Log(self.place(), self.shard)
            self.log.add(self.heard)
        self.heard, self.test, self.reported = None, "", True

    def place(self) -> Path:
        """The folder of the records: beside the page, or a temporary one."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="backcheck-"))
            self.open.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return self.folder


_SESSIONS: list[Session] = []
KEY = pytest.StashKey[Session]()
SUBTESTS = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    pytest_options.declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    session = config.stash[KEY] = Session(pytest_options.read(config))
    chosen, shared = session.options.asked, getattr(config, "workerinput", {})
    if "backcheck" in shared:
        session.worker, session.folder, session.shard = True, Path(shared["backcheck"]), shared["backcheck_shard"]
        chosen = replace(chosen, seed=shared["backcheck_seed"])
    else:
        _prepare(session)
    session.open.enter_context(asking(chosen))
    session.open.enter_context(listening(session.hear))
    _SESSIONS.append(session)
    session.open.callback(_SESSIONS.remove, session)


def _prepare(session: Session) -> None:
    """Before anything runs: is everybody there who is required, and can the page be written?"""
    options = session.options
    if options.compare is not None:
        session.place()  # a session that checks nothing has lost everything, and is compared as well
        if not options.compare.exists() and "new" not in options.update:
            pytest.exit(f"backcheck-compare: {_no_baseline(options.compare)}", returncode=COULD_NOT)
    if options.require or options.report:
        from backcheck.pytest_plugin import collection

        if missing := collection.missing(options.require):
            pytest.exit(f"backcheck-require: {'; '.join(missing)}", returncode=COULD_NOT)
        if options.report:
            session.folder = collection.prepared(options, options.report, session.started)


def _no_baseline(file: Path) -> str:
    again = f"pytest --backcheck-compare={file.name} --backcheck-update=new"
    return f"there is no baseline {file}; make one, look at it and commit it: {again}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if KEY in config.stash:
        config.stash[KEY].open.close()


def pytest_report_header(config: pytest.Config) -> str | None:
    return pytest_options.header(config.stash[KEY].options.asked)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A hook of xdist's, in the controller: what each worker is told."""
    session = node.config.stash[KEY]
    session.workers += 1
    node.workerinput["backcheck"] = str(session.place())
    node.workerinput["backcheck_shard"] = session.workers * WORKER
    node.workerinput["backcheck_seed"] = session.options.asked.seed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    session = item.config.stash[KEY]
    session.keep()  # what was checked between two tests
    session.test = item.nodeid
    try:
        return (yield)
    finally:
        session.narrowed.close()
        session.keep()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marker = item.get_closest_marker("backcheck")
    if marker is None:
        return
    if marker.args or not {"oracles", "report"}.issuperset(marker.kwargs):
        said = ", ".join([*map(repr, marker.args), *marker.kwargs])
        pytest.fail(f"the marker backcheck takes oracles=(...) and report=False, got {said}", pytrace=False)
    session = item.config.stash[KEY]
    session.reported = marker.kwargs.get("report", True)
    if "oracles" in marker.kwargs:
        _narrow(session, marker.kwargs["oracles"])


def _narrow(session: Session, oracles: Any) -> None:
    names = (oracles,) if isinstance(oracles, str) else tuple(oracles)
    if unknown := [name for name in names if name not in ORACLES]:
        said = ", ".join(map(repr, unknown))
        pytest.fail(f"the marker backcheck: oracles {said} came; known are {', '.join(ORACLES)}", pytrace=False)
    if not (left := among(names)):
        pytest.skip(f"this test asks {' and '.join(names)}, this session {' and '.join(asked().oracles or ())}")
    session.narrowed.enter_context(asking(replace(asked(), oracles=left)))


@pytest.fixture
def backcheck_subtests(subtests: Any, request: pytest.FixtureRequest) -> None:
    """Each tensor and oracle of what the test checks becomes a subtest; a wrong gradient fails it, and the test."""
    request.node.stash[SUBTESTS] = subtests


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        return (yield)
    finally:
        heard = item.config.stash[KEY].heard
        if heard is not None:
            item.user_properties += heard.properties()
            if SUBTESTS in item.stash:
                heard.tell(item.stash[SUBTESTS])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The workers of xdist have finished by now."""
    own = session.config.stash[KEY]
    own.keep()
    if own.log is not None:
        own.log.flush()
    if own.folder is not None and not own.worker:
        from backcheck.pytest_plugin import collection

        stopped = bool(session.shouldfail or session.shouldstop) or exitstatus in STOPPED
        own.lines = collection.finish(own.folder, own.options, own.started, complete=not stopped)
        if own.options.compare is not None and not stopped:
            from backcheck.pytest_plugin import baseline

            own.lines += baseline.judged(session, own.folder, own.options)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = config.stash[KEY].lines
    if lines:
        terminalreporter.write_sep("=", "backcheck")
        for line in lines:
            terminalreporter.write_line(line)
