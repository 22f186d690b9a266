"""What a search for a repair came to: the edit, how far it is proved, and what it reads like."""

import difflib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from backcheck.printable import printable
from backcheck_reports.number_format import counted

WIDTH = 80
NONE_FOUND = "no edit of one or two steps makes it right ({} tried in {:.0f} s)"
STOPPED = "no edit that makes it right was found in {1:.0f} s ({0} tried)"
NOTHING_WRONG = "nothing disagrees, so there is nothing to be made right"
KERNEL = "no fix is looked for in a kernel beside a reference: it is no Python, or runs on no exact numbers"
PART = "in part: the gradient by {} agrees with differences under this edit, on {}; others are still wrong"
PROVED = "proved on {}: every gradient agrees, every promise is kept"


HELD = "in all of these {}: a number in the edit may stand for that, and no other value was tried"


class FixedLine(NamedTuple):
    """A line of a file before and after; either may be several, or empty where a line was put in or left out."""

    file: str
    line: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """The source of one file before and after."""

    file: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """A unified diff, for people and for `patch`."""
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        name = self.file.lstrip("/")
        return "".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}"))

    @property
    def lines(self) -> Iterator[FixedLine]:
        """The lines that differ."""
        before, after = self.before.splitlines(), self.after.splitlines()
        for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag != "equal":
                yield FixedLine(self.file, i + 1, "\n".join(before[i:j]), "\n".join(after[k:m]))


@dataclass(frozen=True, slots=True)
class OtherFix:
    """Another repair that holds as well, and the draw on which it gives other gradients; empty where none is known."""

    changes: tuple[FileChange, ...]
    proved_on: int
    differs: str = ""

    @property
    def lines(self) -> tuple[FixedLine, ...]:
        return tuple(line for each in self.changes for line in each.lines)


@dataclass(frozen=True, slots=True)
class Fix:
    """The edit that makes a wrong backward right: the answer of `check.fix()` and `verification.fix()`.

    Truthy when there is one. `diff` is a unified diff, `lines` has each line before and after with its file and number,
    and `proved_on` is the number of drawn cases on which every gradient agreed under it and every promise was kept.
    `sentence` says what was wrong, `others` are repairs that hold as well and mean something else, and `part` are the
    gradients that it makes right where it leaves others wrong: then it is no fix, and not truthy. `tried` edits were
    run in `seconds`; `reason` says why there is none. `held` has what had one value in all draws, as options at their
    default: what the fix does at another value nobody knows.
    """

    changes: tuple[FileChange, ...] = ()
    proved_on: int = 0
    sentence: str = ""
    others: tuple[OtherFix, ...] = ()
    part: tuple[str, ...] = ()
    drawn: str = ""
    held: str = ""
    tried: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def diff(self) -> str:
        """A unified diff of all files; empty where nothing was found."""
        return "".join(each.diff for each in self.changes)

    @property
    def lines(self) -> tuple[FixedLine, ...]:
        """Each line before and after."""
        return tuple(line for each in self.changes for line in each.lines)

    @property
    def with_diff(self) -> str:
        """What is told of it, and the diff under that: for a page."""
        return f"{self}\n\n{self.diff}".strip()

    def __bool__(self) -> bool:
        return bool(self.changes) and not self.part

    @property
    def told(self) -> tuple[str, ...]:
        """What a reader should know beside the lines."""
        if self.reason or not self.changes:
            return (self.reason,)
        cases = counted(self.proved_on, "case")
        if self.part:
            names = " and ".join(self.part)
            return (PART.format(names, cases),)
        drawn = f" ({self.drawn})" if self.drawn else ""
        proved = PROVED.format(counted(self.proved_on, "drawn case")) + drawn
        held = HELD.format(self.held) if self.held else ""
        return tuple(filter(None, (self.sentence, proved, held, f"{self.tried:,} edits tried in {self.seconds:.1f} s")))

    def __str__(self) -> str:
        head = "FIX" if self else "PART OF A FIX" if self.part else "NO FIX"
        told = [each for line in self.told for each in _wrapped(line)]
        if not self.changes:
            return "\n".join(map(printable, [head, *told]))
        first = self.lines[0]
        shown = [f"{head}  {first.file.rpartition('/')[2]}:{first.line}", *_shown(self.lines), *told]
        for other in self.others:
            shown += _wrapped(f"this holds as well{f', and differs {other.differs}' if other.differs else ''}:")
            shown += _shown(other.lines)
        return "\n".join(map(printable, shown))

    __repr__ = __str__


def _shown(lines: tuple[FixedLine, ...]) -> Iterator[str]:
    """The lines as in a diff; each further one with its place."""
    for at, each in enumerate(lines):
        if at:
            yield f"  {each.file.rpartition('/')[2]}:{each.line}"
        for sign, text in (("-", each.before), ("+", each.after)):
            yield from (f"  {sign} {line}" for line in textwrap.dedent(text).splitlines())


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
