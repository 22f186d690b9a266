"""What the mutants of somebody's backward came to: how much the agreement is worth."""

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from backcheck.printable import printable
from backcheck.subjects.power.own_mutants import OwnMutant
from backcheck_reports.number_format import counted

WIDTH = 80
SHOWN = 8  # survivors on the terminal


class Fate(StrEnum):
    """What became of a mutant. The first four were noticed; *same* and *never run* tell nothing of the check."""

    NOTICED = "wrong numbers"
    RAISED = "an error that it raises"
    NOT_ENDED = "no end"
    CRASHED = "a crash of its process"
    SURVIVED = "not noticed"
    NEVER_RUN = "never run"
    SAME = "the same numbers"


NOTICES = (Fate.NOTICED, Fate.RAISED, Fate.NOT_ENDED, Fate.CRASHED)


@dataclass(frozen=True, slots=True)
class MutantOutcome:
    """One mutant; `draw` is the draw at which it was noticed, and how many there were where it was not."""

    mutant: OwnMutant
    fate: Fate
    said: str = ""
    draw: int = 0

    @property
    def noticed(self) -> bool:
        return self.fate in NOTICES


@dataclass(frozen=True, slots=True)
class PowerOfChecks:
    """How many mutants of a backward its fuzzing of `draws` draws notices. `reason` says why nothing is known.

    `share` leaves out the mutants that gave the same numbers at all draws that were compared: of those nothing could be
    noticed. Lines that no draw runs count as not noticed.
    """

    draws: int
    outcomes: tuple[MutantOutcome, ...] = ()
    reason: str = ""

    @property
    def noticed(self) -> int:
        return sum(each.noticed for each in self.outcomes)

    @property
    def survivors(self) -> tuple[MutantOutcome, ...]:
        """Those that were not noticed, without those that gave the same numbers."""
        return tuple(each for each in self.outcomes if not each.noticed and each.fate is not Fate.SAME)

    @property
    def share(self) -> float:
        """Of the mutants that give other numbers, or were never run; NaN where there is none."""
        all_of_them = self.noticed + len(self.survivors)
        return self.noticed / all_of_them if all_of_them else float("nan")

    @property
    def lines(self) -> Iterator[str]:
        """What a reader should know."""
        if self.reason:
            yield f"power is not known: {self.reason}"
            return
        kinds = Counter(each.fate for each in self.outcomes if each.noticed)
        how = ", ".join(f"{kinds[fate]} by {fate}" for fate in NOTICES if kinds[fate])
        same = sum(each.fate is Fate.SAME for each in self.outcomes)
        counts = self.noticed, self.noticed + len(self.survivors)
        draws = [each.draw for each in self.outcomes if each.noticed and each.draw]
        middle = f", half of them by draw {median(draws):.0f}" if draws else ""
        yield f"power: {counts[0]} of {counts[1]} wrong versions of your backward are noticed ({how}){middle}"
        if same:
            yield f"{counted(same, 'other version')} gave the same numbers at every draw, and can be right"
        for each in self.survivors[:SHOWN]:
            yield f"not noticed: {each.mutant}; {each.said}"
        if len(self.survivors) > SHOWN:
            yield f"and {len(self.survivors) - SHOWN} more that are not noticed"

    def __str__(self) -> str:
        wrapped = (textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False) for line in self.lines)
        return "\n".join(printable(line) for lines in wrapped for line in lines)
