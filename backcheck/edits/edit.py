"""One edit of one file: which text takes the place of which, and what it looks like to a reader."""

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """`start` and `end` are characters of the source, `operator` is the kind of change, `function` where it stands.

    >>> Edit("y = a - b\\n", 6, 7, "+", "other operator", "f").text
    'y = a + b\\n'
    """

    source: str
    start: int
    end: int
    new: str
    operator: str
    function: str

    @property
    def text(self) -> str:
        """The source with the edit."""
        return self.source[: self.start] + self.new + self.source[self.end :]

    @property
    def line(self) -> int:
        """The number of the line at which it begins, from 1."""
        return self.source.count("\n", 0, self.start) + 1

    @property
    def lines(self) -> tuple[str, str]:
        """The lines before and after, without what is the same around them: for a sentence."""
        first = self.source.rfind("\n", 0, self.start) + 1
        last = self.source.find("\n", self.end)
        last = len(self.source) if last < 0 else last
        after = self.source[first : self.start] + self.new + self.source[self.end : last]
        return _in_one_line(self.source[first:last]), _in_one_line(after)

    def diff(self, file: str) -> str:
        """A unified diff, for people and for `patch`."""
        before, after = self.source.splitlines(keepends=True), self.text.splitlines(keepends=True)
        return "".join(difflib.unified_diff(before, after, f"a/{file}", f"b/{file}"))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
