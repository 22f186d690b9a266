"""Pages of real and of made records in a headless chromium, with its complaints and its requests."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from backcheck_reports import CaseNote, Record, Run, Verdict, read_notes, read_records, read_run, summarise, write_page
from benchmarks.shared.made_records import made

# Debian's chromium runs as root in a container only with these, and asks its maker for updates without them
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MARKUP = "</script></pre><script>window.injected=1</script><img src=x onerror=window.injected=1>\"'<!--\u2028&{{7*7}}"
PLANTED = """
from scratch_bp.rules import RULES
def wrong(saved, dy):
    dx, *rest = RULES["dense"].backward(saved, dy)
    return (dx * 2, *rest)
TABLE = {"dense": (RULES["dense"].forward, wrong)}
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    found = os.environ.get("BACKCHECK_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("needs a browser: apt-get install chromium, or name one in BACKCHECK_CHROMIUM")
    with sync_api.sync_playwright() as player:
        started = player.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Opened:
    """An open page, with its complaints on the console and its requests."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def visit(browser) -> Iterator[Callable[..., Any]]:
    """A function that opens a page. In the end no page may have complained, used the network or run markup."""
    opened, contexts = list[Opened](), []

    def go(path: Path, *, ready: bool = True, **options: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        opened.append(Opened(contexts[-1].new_page()))
        opened[-1].listen()
        opened[-1].page.goto(path.as_uri())
        if ready:
            opened[-1].page.wait_for_selector("#cases.live", timeout=30_000)
        return opened[-1].page

    yield go
    for each in opened:
        assert each.complaints == []
        assert all(url.startswith(("file:", "data:")) for url in each.requests), each.requests
        assert each.page.evaluate("window.injected") is None
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def planted(folder) -> Path:
    """The page of a small real run with a planted fault: its disagreements have notes with reproducers."""
    from backcheck.commands.outcome import PAGE
    from backcheck.commands.verify import verify

    (folder / "planted_for_browsers.py").write_text(PLANTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        verify(
            networks=12, seed=1, rules=("dense", "tanh", "relu"), dtypes=("float64",), oracles=("exact",), order=1,
            subject="planted_for_browsers:TABLE", zoo=False, workers=1, resume=False, with_training=False,
            case_seconds=300.0, worker_memory=2000, out=str(folder / "run"), as_json=True,
        )  # fmt: skip
    return folder / "run" / PAGE


@pytest.fixture(scope="session")
def records() -> list[Record]:
    return list(made(3000))


@pytest.fixture(scope="session")
def large(folder, records) -> Path:
    """3,000 made records, all of them listed."""
    write_page(folder / "large.html", Run(started="2025-01-01T00:00:00+00:00", complete=True), summarise(records), {})
    return folder / "large.html"


@pytest.fixture(scope="session")
def hostile(folder, planted, records) -> Path:
    """Markup in every string, names of 10 KB, and numbers that JSON does not know."""
    strings = dict.fromkeys(("case", "tensor", "rule", "argument", "party", "dtype", "profile", "reason"), MARKUP)
    numbers = dict.fromkeys(("ulps", "fraction", "allowed", "resolution", "relative", "got", "want"), float("nan"))
    wrong = [replace(records[0], **{**strings, "verdict": verdict}) for verdict in Verdict]
    odd = [replace(records[1], **{**numbers, "got": float("-inf"), "want": -0.0, "allowed": 5e-324, "case": "odd"})]
    long = [replace(records[2], rule="r" * 10_000, party="p" * 10_000, reason="long " * 2000)]
    note = CaseNote(MARKUP, MARKUP, (MARKUP,), MARKUP, ((MARKUP,) * 4,), MARKUP, MARKUP)
    run = replace(read_run(planted.parent), recipe={MARKUP: MARKUP}, environment={MARKUP: MARKUP}, notes=(MARKUP,))
    write_page(folder / "hostile.html", run, summarise([*wrong, *odd, *long, *records[:40]]), {MARKUP: note})
    return folder / "hostile.html"


@pytest.fixture(scope="session")
def cut(folder, planted) -> Path:
    """The planted run again, with room for only a part of its records."""
    from backcheck_reports.statistics.listed_records import Selection

    selection = Selection(most=60)
    for record in read_records(planted.parent):
        selection.add(record)
    summary = replace(summarise(read_records(planted.parent)), chosen=selection.chosen())
    write_page(folder / "cut.html", read_run(planted.parent), summary, read_notes(planted.parent))
    return folder / "cut.html"
