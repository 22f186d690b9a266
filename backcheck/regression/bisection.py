"""Which commit changed a rule: the history is halved again and again, and each step is a comparison without times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backcheck.errors import BadInput
from backcheck.regression.difference import comparison
from backcheck.regression.difference.changes import Comparison
from backcheck.regression.sides import source
from backcheck.regression.sides.draws import ComparisonPlan

WORKING_TREE = "."


@dataclass(frozen=True, slots=True)
class FirstChange:
    """`change` compares the commit with the one before it; None where nothing changed. `tried` counts comparisons."""

    revision: str
    title: str
    change: Comparison | None
    tried: int


def first_changed(revisions: Sequence[str], changed: Callable[[str], bool]) -> tuple[int | None, int]:
    """The place of the first revision that is not as the start was, and how many were tried.

    The last one is tried first. When it is as the start was, the search ends, though a change may have come and gone.
    Else the places in between are halved, as if what changed once stayed changed.
    """
    if not revisions or not changed(revisions[-1]):
        return None, min(1, len(revisions))
    low, high, tried = -1, len(revisions) - 1, 1
    while high - low > 1:
        middle = (low + high) // 2
        tried += 1
        if changed(revisions[middle]):
            high = middle
        else:
            low = middle
    return high, tried


def find_change(
    start: str,
    plan: ComparisonPlan,
    subject: str | None,
    told: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> FirstChange:
    """Find the commit after `start` that changed one of the plan's rules. Raises BadInput or CouldNot."""
    if not plan.rules:
        raise BadInput("--bisect looks for the change of some rules: name them with --rules a,b")
    if not source.commit_of(start):
        raise BadInput(f"--bisect: {start!r} is no git revision here; give the last one known to be as it should")
    revisions = [*source.commits(start), WORKING_TREE]

    def changed(revision: str) -> bool:
        told(f"bisecting, at {revision[:7]}", 0, 1)
        found = _compared(start, revision, plan, subject)
        return found is not None and bool(found.findings)

    place, tried = first_changed(revisions, changed)
    if place is None:
        return FirstChange(WORKING_TREE, "the working tree", None, tried)
    before = revisions[place - 1] if place else start
    revision = revisions[place]
    title = "the working tree, not committed yet" if revision == WORKING_TREE else source.described(revision)
    return FirstChange(revision, title, _compared(before, revision, plan, subject), tried)


def _compared(old: str, new: str, plan: ComparisonPlan, subject: str | None) -> Comparison | None:
    """The comparison; None where neither side has the rules, which is no change."""
    with source.opened(old) as before, source.opened(new, "--new") as after:
        task = comparison.Task(before, after, plan, old_subject=subject, new_subject=subject, timed=False)
        try:
            return comparison.run(task)
        except BadInput:
            return None


def lines(found: FirstChange, rules: Sequence[str]) -> list[str]:
    """What changed, and in which commit, for the terminal."""
    names = ", ".join(rules)
    if found.change is None:
        return [f"{names}: the working tree is as the start was, after {found.tried} comparison"]
    said = [f"{names} changed in {found.title}", f"found by {found.tried} comparisons"]
    return [*said, *(finding.sentence for finding in found.change.findings)]
