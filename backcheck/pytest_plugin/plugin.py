"""The pytest plugin: its options, a marker, a fixture, and pytest's hooks.

Every session of an environment with backcheck loads it, so nothing heavy is imported here. `checks` and `report` are
imported by the first check of a session. Under xdist the workers write their records into one folder, and the
controller makes the page from them.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backcheck.errors import COULD_NOT, unknown
from backcheck.printable import printable
from backcheck.pytest_plugin.options import ORACLES, declare, header, missing_oracles, read
from backcheck.pytest_plugin.plugin_session import SESSIONS, PluginSession
from backcheck.session import among, asked, asking
from backcheck.subjects.listeners import listening

MARKER = (
    "backcheck(*, oracles=..., report=True, precise=False): checks gradients; asks fewer oracles, is kept off the "
    "page, or fails where digits are lost"
)
SHARDS_A_WORKER = 10_000  # more than one worker writes
STOPPED = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
KEY = pytest.StashKey[PluginSession]()
SUBTESTS = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    session = config.stash[KEY] = PluginSession(read(config))
    chosen, shared = session.options.asked, getattr(config, "workerinput", {})
    if "backcheck" in shared:
        session.worker, session.folder, session.shard = True, Path(shared["backcheck"]), shared["backcheck_shard"]
        chosen = replace(chosen, seed=shared["backcheck_seed"])
    else:
        _prepare(session)
    session.open.enter_context(asking(chosen))
    session.open.enter_context(listening(session.hear))
    SESSIONS.append(session)
    session.open.callback(SESSIONS.remove, session)


def _prepare(session: PluginSession) -> None:
    """Before anything runs: is there a baseline, is every required oracle there, and can the page be written?"""
    options = session.options
    if options.compare is not None:
        session.place()  # a session that checks nothing is compared too: it has lost every line
        if not _is_there(options.compare) and "new" not in options.update:
            pytest.exit(f"backcheck-compare: {_no_baseline(options.compare)}", returncode=COULD_NOT)
        _require_whole(options.compare)
    if missing := missing_oracles(options.require):
        pytest.exit(f"backcheck-require: {'; '.join(missing)}", returncode=COULD_NOT)
    if options.report:
        from backcheck.pytest_plugin import report

        session.folder = report.prepare(options, options.report, session.started, session.open)
        session.place()  # a page that is a device gets its records in a temporary folder, also when nothing is checked


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:  # a name that is too long, or a folder that this user may not look into
        raise pytest.UsageError(
            f"backcheck-compare: cannot read {file}: {error.strerror}, expected a baseline; check the path"
        ) from error


def _require_whole(file: Path) -> None:
    """A baseline that cannot be read is said before the tests run, and not after them."""
    from backcheck.regression.baseline.file import read as read_baseline
    from backcheck_reports import StoreError

    try:
        if file.is_file():
            read_baseline(file)
    except StoreError as error:
        pytest.exit(f"backcheck-compare: {error}", returncode=COULD_NOT)


def _no_baseline(file: Path) -> str:
    again = f"pytest --backcheck-compare={file.name} --backcheck-update=new"
    return f"there is no baseline {file}; make one, look at it and commit it: {again}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if KEY in config.stash:
        config.stash[KEY].open.close()


def pytest_report_header(config: pytest.Config) -> str | None:
    return header(config.stash[KEY].options.asked)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A hook of xdist, run in the controller: what each worker is given."""
    session = node.config.stash[KEY]
    session.workers += 1
    node.workerinput["backcheck"] = str(session.place())
    node.workerinput["backcheck_shard"] = session.workers * SHARDS_A_WORKER
    node.workerinput["backcheck_seed"] = session.options.asked.seed


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A hook of xdist, run in the controller: what a worker could not write is missing on the page."""
    session = node.config.stash[KEY]
    session.lost = session.lost or getattr(node, "workeroutput", {}).get("backcheck", "")


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
    if marker.args or not {"oracles", "report", "precise"}.issuperset(marker.kwargs):
        said = ", ".join([*map(repr, marker.args), *marker.kwargs])
        takes = "oracles=(...), report=False and precise=True"
        pytest.fail(f"the marker backcheck takes {takes}, got {said}", pytrace=False)
    for name in ("report", "precise"):
        if not isinstance(marker.kwargs.get(name, True), bool):
            pytest.fail(f"the marker backcheck: {name} is True or False, got {marker.kwargs[name]!r}", pytrace=False)
    session = item.config.stash[KEY]
    session.reported = marker.kwargs.get("report", True)
    if "precise" in marker.kwargs:
        session.narrowed.enter_context(asking(replace(asked(), precise=bool(marker.kwargs["precise"]))))
    if "oracles" in marker.kwargs:
        _narrow(session, marker.kwargs["oracles"])


def _narrow(session: PluginSession, oracles: Any) -> None:
    names = (oracles,) if isinstance(oracles, str) else tuple(oracles) if isinstance(oracles, Iterable) else ()
    if not names:
        pytest.fail(f"the marker backcheck: oracles are names of {', '.join(ORACLES)}, got {oracles!r}", pytrace=False)
    for name in names:
        if name not in ORACLES:
            pytest.fail(f"the marker backcheck: {unknown('oracle', name, ORACLES)}", pytrace=False)
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
        session = item.config.stash[KEY]
        checks = session.checks
        if checks is not None:
            item.user_properties += checks.properties()
            for name, fix in checks.fixes() if session.options.fix else ():
                item.add_report_section("call", "backcheck", "\n".join(map(printable, (name, *fix.splitlines()))))
            if SUBTESTS in item.stash:
                checks.run_subtests(item.stash[SUBTESTS])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the page and compare with the baseline. The workers of xdist have finished before this."""
    own = session.config.stash[KEY]
    own.keep()
    if own.log is not None and not own.lost:
        with own.noting_loss():
            own.log.flush()
    if own.worker:
        session.config.workeroutput["backcheck"] = own.lost  # type: ignore[attr-defined]
        return
    if own.folder is not None:
        stopped = bool(session.shouldfail or session.shouldstop) or exitstatus in STOPPED or bool(own.lost)
        with own.noting_loss():  # since the session began the disk is full, or another file stands there
            _finish(session, own, own.folder, stopped)
    if own.lost:
        own.lines += (f"not written: {own.lost}",)
        session.exitstatus = COULD_NOT


def _finish(session: pytest.Session, own: PluginSession, folder: Path, stopped: bool) -> None:
    from backcheck.pytest_plugin import report

    own.lines = report.finish(folder, own.options, own.started, complete=not stopped)
    if own.options.compare is not None and not stopped:
        from backcheck.pytest_plugin import baseline

        own.lines += baseline.compared(session, folder, own.options)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = config.stash[KEY].lines
    if lines:
        terminalreporter.write_sep("=", "backcheck")
        for line in lines:
            terminalreporter.write_line(printable(line))
