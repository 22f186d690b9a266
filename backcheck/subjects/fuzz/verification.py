"""What many drawn cases of somebody's code came to."""

import itertools
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from backcheck.printable import printable
from backcheck.session import asked
from backcheck.subjects.fuzz.judged import Judged, JudgedDraws, judged_of
from backcheck.subjects.fuzz.share import NO_SHARE, ShareOfDraws
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck.subjects.lines.never_run import NOT_COUNTED, CodeReached
from backcheck.subjects.power.power_of_checks import PowerOfChecks
from backcheck.subjects.repair.fix import KERNEL, NOTHING_WRONG, Fix
from backcheck.subjects.result.check import PASSING, Check, headed
from backcheck.subjects.result.text import wrapped
from backcheck_reports import check_html
from backcheck_reports.record import Record, Verdict

WIDTH = 80


@dataclass(frozen=True)
class Verification:
    """What many drawn cases came to: the answer of `verify_rule` and `verify_like`.

    Truthy when nothing disagreed and enough was judged: for each array nine in ten of the draws, or more. `failure` is
    the smallest case found that fails, as a Check, and None when none does; `counts` has the verdicts on the subject's
    gradients; `judged` says by array how many of the draws were judged; `notes` are what a reader should know beside
    them. `cases` is how many were drawn, and `share` in how many of them digits were lost: *imprecise* is the verdict
    from a tenth on, and with `precise` from the first one, which fails. `late` says that a draw took longer than a case
    may: then the verdict is *unavailable*, unless something disagrees. `code` has the lines of forward and backward
    that no case has reached: of those nothing is known, and the first line says so; `power` says how many wrong
    versions of backward the same draws notice, where that was asked. It prints itself in a short form; `explain()` says
    everything.

    >>> from backcheck import verify_rule
    >>> found = verify_rule((lambda x: (x * x, x), lambda x, dy: x * dy), "n d", draws=10)
    >>> print(found.verdict, bool(found), found.failure.verdict)
    disagree False disagree
    """

    name: str
    cases: int
    counts: Mapping[Verdict, int]
    records: tuple[Record, ...]
    failure: Check | KernelCheck | None
    notes: tuple[str, ...]
    share: ShareOfDraws = NO_SHARE
    precise: bool = field(default_factory=lambda: asked().precise)
    late: bool = False
    code: CodeReached = NOT_COUNTED
    power: PowerOfChecks | None = None

    @property
    def verdict(self) -> Verdict:
        """That of the failure if there is one, *unavailable* where a draw did not end, that of most of the draws that
        could not be judged where these are too many, a convention if one was kept, else the best that was reached."""
        if self.failure is not None:
            return self.failure.verdict
        if self.late:
            return Verdict.UNAVAILABLE
        if self._judged.short_of is not None:
            return self._judged.short_of
        if self.share.matters or (self.precise and self.share.imprecise):
            return Verdict.IMPRECISE
        ranked = (Verdict.CONVENTION, *PASSING, *Verdict)
        found = next((verdict for verdict in ranked if self.counts.get(verdict)), Verdict.UNAVAILABLE)
        return Verdict.SIDE_EFFECT if self._writes and found in PASSING else found

    @cached_property
    def _writes(self) -> tuple[str, ...]:
        """Into what it was given it writes, in words, where that is all that is wrong."""
        found = (each.reason for each in self.records if each.verdict is Verdict.SIDE_EFFECT)
        return tuple(dict.fromkeys(found))[:1] if self.failure is None else ()

    def __bool__(self) -> bool:
        passes = (self.verdict in PASSING and self.failure is None) or bool(
            self._writes and self.verdict is Verdict.SIDE_EFFECT
        )
        return passes and not (self.precise and self.share.imprecise)

    @property
    def judged(self) -> Mapping[str, Judged]:
        """How many of the draws were judged, by array."""
        return self._judged.arrays

    @cached_property
    def _judged(self) -> JudgedDraws:
        return judged_of(self.name, self.records)

    def explain(self) -> str:
        """The failure explained, or the summary; with `precise` an imprecise case too."""
        shown = self.failure if self.failure is not None or not self.precise else self.share.example
        return str(self) if shown is None else f"{self._summary}\n\n{shown.explain()}"

    def fix(self, seconds: float = 10.0, *, draws: int = 200, seed: int | None = None) -> Fix:
        """The edit of the code under which every gradient agrees, as `Check.fix` of the smallest case that fails: it is
        proved on cases drawn as these were."""
        if isinstance(self.failure, Check):
            return self.failure.fix(seconds, draws=draws, seed=seed)
        return Fix(reason=NOTHING_WRONG if self.failure is None else KERNEL)

    def assert_ok(self) -> None:
        """Raise AssertionError with the explanation unless truthy."""
        __tracebackhide__ = True  # pytest shows the line of the test, and none of ours
        if not self:
            raise AssertionError(self.explain())

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        counted = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items() if count)
        drawn = f"{self.cases} cases drawn; the gradients: {counted or 'none'}"
        judged = self._judged.lines if self.failure is None else ()
        reached = self.code.lines if self.failure is None else ()
        worth = self.power.lines if self.power is not None else ()
        return (drawn, *judged, *reached, *worth, *self.share.words, *self._writes, *self.notes)

    @property
    def _title(self) -> str:
        """The name, and how much of the code the verdict says nothing of."""
        return f"{self.name}{self.code.short if self.failure is None else ''}"

    @property
    def _summary(self) -> str:
        head = f"{headed(self.verdict, bool(self))}  {self._title}"
        return "\n".join(map(printable, [head, *itertools.chain.from_iterable(map(_wrapped, self._lines))]))

    def __str__(self) -> str:
        failing = shown(self.failure) if self.failure is not None else []
        return "\n".join([self._summary, *map(printable, failing)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.failure is not None:
            return self.failure._repr_html_()
        return check_html(str(self.verdict), self._title, [], self._lines)


def shown(failure: Check | KernelCheck) -> list[str]:
    """The smallest case that fails, told as a check of it is, without the script."""
    head, *told = failure.told(WIDTH)
    network = failure.note.network if failure.note is not None else head
    case = wrapped(f"the smallest case that fails: {network}, case {failure.id}", width=WIDTH)
    return [*case, *told, "  explain() has the script that shows it again"]


def _wrapped(line: str) -> list[str]:
    """The line in the width of a terminal; a network of several lines stays as it is."""
    if "\n" in line:
        return [f"  {each}" for each in line.splitlines()]
    return textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
