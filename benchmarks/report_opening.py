"""How fast the page opens, and how large it is: 10,000 to 1,000,000 records, in headless chromium.

    python -m benchmarks.report_opening [--records 10000 100000 1000000] [--repeat 5] [--chromium FILE]

From the start of the navigation until the list of cases can be used, and how long a sort and a search then take. Needs
playwright and chromium. Prints one line for each number of records.
"""

import os
import resource
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from backcheck_reports import Run, summarise, write_page
from benchmarks.shared import command_line
from benchmarks.shared.made_records import made

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# one frame after the click the list shows what was asked for
SORT = """() => new Promise(done => { const t = performance.now();
  document.querySelector("#cases [data-column=resolution] button").click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - t))) })"""
SEARCH = """() => new Promise(done => { const t = performance.now(), field = document.querySelector("#cases input");
  field.value = "rule_7 torch"; field.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - t))) })"""


@dataclass(frozen=True, slots=True)
class Opened:
    """Milliseconds. `usable` is from the start of the navigation, `paint` the first contentful one; `cpu` is what the
    page's main thread itself has worked until then, which other work on the machine does not lengthen.
    """

    usable: float
    cpu: float
    paint: float
    sort: float
    search: float
    nodes: int


def opened(browser: Browser, path: Path) -> Opened:
    page = browser.new_page()
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(path.as_uri())
    page.wait_for_selector("#cases.live")
    metrics = {each["name"]: each["value"] for each in tools.send("Performance.getMetrics")["metrics"]}
    usable = page.evaluate("performance.getEntriesByName('cases')[0].startTime")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    nodes = page.evaluate("document.querySelectorAll('*').length")
    found = Opened(usable, 1000 * metrics["TaskDuration"], paint, page.evaluate(SORT), page.evaluate(SEARCH), nodes)
    page.close()
    return found


def written(path: Path, records: int) -> dict[str, Any]:
    start = time.perf_counter()
    summary = summarise(made(records))
    middle = time.perf_counter()
    write_page(path, Run(started="2025-01-01T00:00:00+00:00", complete=True), summary, {})
    return {
        "listed": len(summary.chosen),
        "MB": path.stat().st_size / 1e6,
        "summary s": middle - start,
        "page s": time.perf_counter() - middle,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=5)
    found = os.environ.get("BACKCHECK_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    parser.add_argument("--chromium", default=found)
    options = command_line.options(parser, records=[500], repeat=1)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=options.chromium, args=ARGUMENTS)
        for number in options.records:
            path = Path(folder) / f"{number}.html"
            said = written(path, number)
            runs = [opened(browser, path) for _ in range(options.repeat)]
            medians = {name: statistics.median(getattr(run, name) for run in runs) for name in Opened.__slots__}
            parts = [*said.items(), *((f"{name} ms", value) for name, value in medians.items() if name != "nodes")]
            words = ", ".join(
                f"{name} {value:,.2f}" if isinstance(value, float) else f"{name} {value:,}" for name, value in parts
            )
            print(f"{number:,} records: {words}, elements {medians['nodes']:,}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
