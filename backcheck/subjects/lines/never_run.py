"""What no case has reached of somebody's code, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from backcheck_reports.number_format import counted

SHOWN = 4  # of what was never run, on the terminal


@dataclass(frozen=True, slots=True)
class NeverRun:
    """A part of the code that no case reached: the place, and the condition that stood before it.

    With `always` it is a condition that never was false.
    """

    file: str
    function: str
    first: int
    last: int
    condition: str = ""
    always: bool = False

    @property
    def place(self) -> str:
        lines = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.file}:{lines}"

    def __str__(self) -> str:
        return f"{self.place} ({self.condition})" if self.condition else self.place


@dataclass(frozen=True, slots=True)
class CodeReached:
    """What was never run, or in `reason` why lines were not counted. Empty: all of the code was run."""

    never: tuple[NeverRun, ...] = ()
    reason: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """For a reader: what was never run, what never was false, and why nothing is known."""
        if self.reason:
            return (f"which lines were run is not known: {self.reason}",)
        parts = {"never run": [], "never false": []}  # type: dict[str, list[str]]
        for each in self.never:
            parts["never false" if each.always else "never run"].append(str(each))
        return tuple(f"{word}: {_listed(some)}" for word, some in parts.items() if some)

    @property
    def short(self) -> str:
        """For a headline: that some of the code was never run; nothing where all was, or nobody knows.

        >>> CodeReached((NeverRun("mine.py", "backward", 41, 44, "if stride > 2"),)).short
        ', of which mine.py:41-44 was never run'
        """
        never = [each for each in self.never if not each.always]
        if not never:
            return ""
        more = f" and {counted(len(never) - 1, 'other part')} were" if len(never) > 1 else " was"
        return f", of which {never[0].place}{more} never run"


NOT_COUNTED = CodeReached()


def _listed(some: Sequence[str]) -> str:
    more = f", and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    return ", ".join(some[:SHOWN]) + more
