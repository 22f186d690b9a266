"""Which commit is to blame: the history is halved again and again, and each step is a comparison without times.

What is looked for is one finding, that which fails between the start and the working tree. A refactoring that moves
last places on the way, or what was wrong before and is as it was, is none. A commit that cannot be imported or built
says nothing and is passed by, and a merge is entered.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from backcheck.errors import BadInput
from backcheck.regression.difference import comparison
from backcheck.regression.difference.changes import Comparison, ComparisonFinding
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.sides import source
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.regression.sides.source import CouldNot
from backcheck_reports.number_format import counted

WORKING_TREE = "."
Shows = Callable[[str], bool | None]  # does a revision show the finding? None where it cannot be said


@dataclass(frozen=True, slots=True)
class FirstChange:
    """`sought` is the finding that was looked for; None where nothing fails. `revision` is the first that shows it, or
    the first of the `suspects` where those between could not be compared. `change` is the comparison with the commit
    before. `tried` counts comparisons, and `passed` has the revisions that said nothing, with the reason."""

    revision: str
    title: str
    change: Comparison | None
    tried: int
    sought: ComparisonFinding | None = None
    suspects: tuple[str, ...] = ()
    passed: dict[str, str] = field(default_factory=dict)


def first_showing(revisions: Sequence[str], shows: Shows) -> tuple[int, int]:
    """(the last place before which all is well, the first place that shows it), of revisions of which the last does.

    The two are neighbours unless all between them say nothing. It is as if what shows once goes on showing.
    """
    low, high, silent = -1, len(revisions) - 1, set[int]()
    while between := [place for place in range(low + 1, high) if place not in silent]:
        middle = min(between, key=lambda place: abs(2 * place - low - high))
        found = shows(revisions[middle])
        if found is None:
            silent.add(middle)
        elif found:
            high = middle
        else:
            low = middle
    return low, high


def find_change(
    start: str,
    plan: ComparisonPlan,
    expected: Expected,
    subject: str | None,
    build: str = "",
    told: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> FirstChange:
    """Find the commit after `start` that brought the finding. Raises BadInput or CouldNot."""
    if not plan.rules:
        raise BadInput("--bisect looks for the change of some rules: name them with --rules a,b")
    if not source.commit_of(start):
        hint = source.shallow_hint() or "give the last one known to be as it should"
        raise BadInput(f"--bisect: {start!r} is no git revision here; {hint}")
    search = _Search(start, plan, expected, subject, build, told)
    failing = search.compared(start, WORKING_TREE).failing
    if not failing:
        return FirstChange(WORKING_TREE, "the working tree", None, search.tried)
    search.sought = failing[0]
    search.plan = replace(plan, rules=(failing[0].rule,)) if failing[0].rule in plan.rules else plan
    before, revision, suspects = search.along([*source.commits(start), WORKING_TREE], start)
    try:
        change = None if len(suspects) > 1 else search.compared(before, revision)
    except CouldNot:  # the commit before cannot be compared: the finding itself is said
        change = None
    return FirstChange(revision, _title(revision), change, search.tried, failing[0], suspects, search.passed)


@dataclass(slots=True)
class _Search:
    start: str
    plan: ComparisonPlan
    expected: Expected
    subject: str | None
    build: str
    told: Callable[[str, int, int], None]
    sought: ComparisonFinding | None = None
    tried: int = 0
    passed: dict[str, str] = field(default_factory=dict)

    def compared(self, old: str, new: str) -> Comparison:
        self.tried += 1
        self.told(f"bisecting, at {new[:7]}", 0, 1)
        with source.opened(old, build=self.build) as before, source.opened(new, "--new", self.build) as after:
            sides = {"old_subject": self.subject, "new_subject": self.subject}
            return comparison.run(comparison.Task(before, after, self.plan, self.expected, timed=False, **sides))

    def shows(self, revision: str) -> bool | None:
        """Does it show the finding that is sought? None where it cannot be compared."""
        assert self.sought is not None
        try:
            found = self.compared(self.start, revision)
        except (CouldNot, BadInput) as error:
            self.passed[revision] = str(error).splitlines()[0]
            return None
        wanted = self.sought.rule, self.sought.category
        return wanted in ((each.rule, each.category) for each in found.failing)

    def along(self, revisions: Sequence[str], before: str) -> tuple[str, str, tuple[str, ...]]:
        """Along one line of commits, of which the last shows the finding and the one `before` all does not: the
        revision before, the first that shows it, and those of which it may be any."""
        low, high = first_showing(revisions, self.shows)
        suspects = tuple(revisions[low + 1 : high + 1])
        good, bad = revisions[low] if low >= 0 else before, revisions[high]
        if len(suspects) == 1:
            for first, last in _branches(bad):
                commits = source.commits(first, last)
                if commits and self.shows(commits[-1]):
                    return self.along(commits, source.merge_base(first, last) or first)
        return good, bad, suspects


def _branches(revision: str) -> Iterator[tuple[str, str]]:
    """Of a merge, its first parent with each of the others."""
    first, *others = source.parents(revision) if revision != WORKING_TREE else [""]
    yield from ((first, other) for other in others)


def _title(revision: str) -> str:
    return "the working tree, not committed yet" if revision == WORKING_TREE else source.described(revision)


def lines(found: FirstChange, rules: Sequence[str]) -> list[str]:
    """What changed, and in which commit, for the terminal."""
    names = ", ".join(rules)
    if found.sought is None:
        return [f"{names}: nothing fails between the start and the working tree, after {found.tried} comparison"]
    said = [f"{found.sought.rule} changed in {found.title}", f"found by {found.tried} comparisons"]
    if len(found.suspects) > 1:
        said = [
            f"{found.sought.rule} changed in one of {counted(len(found.suspects), 'commit')}; the last shows it:",
            *(f"  {_title(revision)}" for revision in found.suspects),
        ]
    said += [f"passed by: {_title(revision)}: {why}" for revision, why in found.passed.items()]
    changed = found.change.findings if found.change is not None else (found.sought,)
    return [*said, *(finding.sentence for finding in changed)]
