"""`backcheck compare`: two versions of the code side by side, and what is different."""

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backcheck.campaign.recipe import require_known
from backcheck.commands.outcome import could_not, say
from backcheck.commands.run_folder import now, progress_by_name
from backcheck.errors import AGREE, COULD_NOT, DISAGREE, BadInput
from backcheck.regression import bisection
from backcheck.regression.difference import comparison
from backcheck.regression.difference.changes import Comparison
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.difference.observations import Kept
from backcheck.regression.output import text
from backcheck.regression.output.page import OWN_NAMES, write_comparison
from backcheck.regression.sides import source
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.regression.sides.source import CouldNot
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.storage.claim import require_claimable
from backcheck_reports.storage.lock import locked

NOBODY_KNOWS = {"unjudged", "not compared"}  # findings that say what is not known


def compare(
    *, against: str | None, new: str, subject: str | None, old_subject: str | None, networks: int, seed: int,
    rules: tuple[str, ...], dtypes: tuple[str, ...], expect: str, max_ulps: float | None, max_slowdown: float | None,
    max_memory: float | None, allow: tuple[str, ...], bisect: str | None, build: str | None, no_times: bool, out: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Compare, write the page, and say what changed."""
    expected = Expected(expect, max_ulps, max_slowdown, max_memory, allow)
    if bisect is not None:
        require_known("dtype", dtypes, BITS)
        return _find_change(bisect, ComparisonPlan(0, seed, rules, dtypes), expected, subject, build or "", as_json)
    if against is None and old_subject is None:
        raise BadInput(
            "say what to compare with: --against REV, a folder or a distribution; or --old-subject MODULE:ATTR"
        )
    require_known("dtype", dtypes, BITS)
    if networks < 0:
        raise BadInput(f"--networks must be at least 0, got {networks}")
    kept, started = list[Kept](), now()
    folder = Path(out)
    with ExitStack() as stack:
        stack.enter_context(locked(folder))
        require_claimable(folder, OWN_NAMES)  # before hours of work depend on it
        old_side = stack.enter_context(source.opened(against or ".", build=build or ""))
        new_side = stack.enter_context(source.opened(new, "--new", build or ""))
        plan = ComparisonPlan(networks, seed, rules, dtypes)
        task = comparison.Task(old_side, new_side, plan, expected, old_subject or subject, subject, not no_times)
        try:
            with progress_by_name(not as_json) as progress:
                found = comparison.run(task, progress, kept.extend)
        except CouldNot as error:
            return could_not(str(error), as_json)
        page = write_comparison(folder, found, kept, (started, now()))
    return _finish(found, page, as_json)


def _find_change(
    start: str, plan: ComparisonPlan, expected: Expected, subject: str | None, build: str, as_json: bool
) -> int:
    """Say which commit brought what fails. One that did is a DISAGREE."""
    try:
        with progress_by_name(not as_json) as progress:
            found = bisection.find_change(start, plan, expected, subject, build, progress)
    except CouldNot as error:
        return could_not(str(error), as_json)
    facts: dict[str, Any] = {"revision": found.revision, "title": found.title, "tried": found.tried}
    facts |= {"changed": found.sought is not None, "suspects": found.suspects, "passed": found.passed}
    if found.change is not None:
        facts |= {"findings": [asdict(finding) for finding in found.change.findings]}
    say(facts, bisection.lines(found, plan.rules), as_json)
    return AGREE if found.sought is None else DISAGREE


def _finish(found: Comparison, page: Path, as_json: bool) -> int:
    code = exit_code(found)
    facts = {**found.to_json(), "outcome": text.outcome(found), "page": str(page), "exit code": code}
    say(facts, [*text.lines(found), str(page)], as_json)
    return code


def exit_code(found: Comparison) -> int:
    """COULD_NOT where nothing was compared, or where all that fails is what nobody could judge or compare."""
    categories = {finding.category for finding in found.failing}
    if not categories:
        return AGREE if found.counts["tensors"] else COULD_NOT
    return COULD_NOT if categories <= NOBODY_KNOWS else DISAGREE
