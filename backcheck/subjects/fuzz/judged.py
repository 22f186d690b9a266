"""How many of the drawn cases were judged, array by array, and why the others were not."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from backcheck.problem import SUBJECT
from backcheck.subjects.result.missing_gradients import ZERO
from backcheck.verdicts.truth.absence import NO_SLOPE
from backcheck_reports.record import OUTPUT, Record, Verdict

NOT_JUDGED = (Verdict.UNAVAILABLE, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE)
MOST_REASONS = 3
# what differs from draw to draw in a reason: the place, the numbers, and what is said of the other entries
OF_ONE_DRAW = re.compile(r"( at \[|, where |; ).*")


@dataclass(frozen=True, slots=True)
class Judged:
    """How many of the draws were judged for one array.

    `zero` counts the draws in which the true gradient is zero in every entry: the answer was compared, and agreeing
    proves little. `edges` counts those at which the slope is infinite, as that of a root at 0: there is no gradient to
    be missed there, and nothing is proved. The rest could not be judged.
    """

    judged: int = 0
    zero: int = 0
    missing: int = 0
    edges: int = 0

    @property
    def drawn(self) -> int:
        return self.judged + self.zero + self.missing

    @property
    def enough(self) -> bool:
        """Is no more than one in ten missing, and is at least one in four a proof, of those at an edge too?"""
        return self.judged > 0 and 10 * self.missing <= self.drawn and 4 * self.judged >= self.drawn + self.edges


@dataclass(frozen=True, slots=True)
class JudgedDraws:
    """The same for all arrays of a rule, by name, with the reasons for what was not judged."""

    arrays: dict[str, Judged]
    why: Counter[tuple[Verdict, str]]

    @property
    def short_of(self) -> Verdict | None:
        """The verdict that most of what is missing has, where too little was judged for an array; else None."""
        if all(each.enough for each in self.arrays.values()):
            return None
        if all(10 * each.missing <= each.drawn for each in self.arrays.values()):
            at_edges = any(each.edges and not each.enough for each in self.arrays.values())
            return Verdict.UNAVAILABLE if at_edges else Verdict.VACUOUS
        verdicts: Counter[Verdict] = Counter()
        for (verdict, _), count in self.why.items():
            verdicts[verdict] += count
        return verdicts.most_common(1)[0][0]

    @property
    def lines(self) -> list[str]:
        """What a reader should know."""
        told = [f"{name} {each.judged} of {each.drawn}{_of_zeros(each)}" for name, each in self.arrays.items()]
        lines = [f"judged: {', '.join(told)}"] if told else []
        missing = sum(each.missing for each in self.arrays.values())
        if missing:
            drawn = sum(each.drawn for each in self.arrays.values())
            reasons = [f"{count} x {reason}" for (_, reason), count in self.why.most_common(MOST_REASONS)]
            others = missing - sum(count for _, count in self.why.most_common(MOST_REASONS))
            more = f", {others} x other reasons" if others else ""
            lines.append(f"{missing} of {drawn} not judged: {', '.join(reasons)}{more}")
        edges = sum(each.edges for each in self.arrays.values())
        if edges:
            lines.append(f"in {edges} more the slope is infinite at an entry, where there is no gradient to judge")
        return lines


def _of_zeros(each: Judged) -> str:
    return f" ({each.zero} more {'is' if each.zero == 1 else 'are'} zero)" if each.zero else ""


def judged_of(rule: str, records: Iterable[Record]) -> JudgedDraws:
    """What the records say of the gradients of one rule's own arrays."""
    met: dict[tuple[int, str], list[Record]] = {}
    for record in records:
        if record.party == SUBJECT and record.tensor != OUTPUT and record.rule == rule:
            met.setdefault((record.network, record.argument), []).append(record)
    counts: dict[str, Counter[str]] = {}
    why: Counter[tuple[Verdict, str]] = Counter()
    for (_, argument), group in met.items():
        if all(record.reason == ZERO for record in group):
            continue  # no gradient was returned, and there is none: what is not claimed need not be proved
        kind = _kind(group)
        counts.setdefault(argument, Counter())[kind] += 1
        if kind == "missing":
            first = next(record for record in group if record.verdict in NOT_JUDGED)
            why[first.verdict, OF_ONE_DRAW.sub("", first.reason) or str(first.verdict)] += 1
    return JudgedDraws({name: Judged(**count) for name, count in counts.items()}, why)


def _kind(group: list[Record]) -> str:
    """What one draw came to for one array. A node of a network may have been judged by itself too."""
    verdicts = {record.verdict for record in group}
    if verdicts - {*NOT_JUDGED, Verdict.VACUOUS}:
        return "judged"
    if Verdict.VACUOUS in verdicts:
        return "zero"
    return "edges" if all(NO_SLOPE in record.reason for record in group) else "missing"
