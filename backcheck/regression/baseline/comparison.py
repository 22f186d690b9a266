"""A run compared with its baseline, line by line: what fails, what is a notice, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from backcheck.regression.baseline.categories import LineChange
from backcheck.regression.baseline.file import ALL_DIGITS, Baseline, BaselineLine, LineKey
from backcheck_reports.number_format import short
from backcheck_reports.record import FAULTS, Verdict

LEAST_DIGITS = 0.05  # what is rounded to less is none
FLOOR = 4.0  # ulps of a tensor's largest entry by which an error may grow from nothing
GROWTH = 4.0  # and the factor, where there was an error already: six tenths of a digit
# from best to worst. Verdicts of one rank are equally good: which of them came says something of the point, not of the
# rule
RANK_OF_VERDICT: Mapping[Verdict, int] = {
    Verdict.AGREE: 0,
    Verdict.KINK: 0,
    Verdict.VACUOUS: 0,
    Verdict.CONVENTION: 1,
    Verdict.IMPRECISE: 2,
    Verdict.ILL_CONDITIONED: 2,
    Verdict.OUT_OF_RANGE: 2,
    Verdict.UNAVAILABLE: 3,
    Verdict.DISAGREE: 4,
    Verdict.SHAPE: 4,
    Verdict.SIDE_EFFECT: 4,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that is not as it was. `old` or `new` is None where there is none."""

    category: LineChange
    fails: bool
    sentence: str
    old: BaselineLine | None
    new: BaselineLine | None

    @property
    def key(self) -> LineKey:
        line = self.new or self.old
        assert line is not None
        return line.key


def differences(
    old: Baseline, new: Mapping[LineKey, BaselineLine], floor: float = FLOOR, only: Iterable[str] = ()
) -> list[Difference]:
    """All differences, those that fail first. With `only` just these rules were run: no other line is missed."""
    narrowed = set(only)
    expected = {key: line for key, line in old.lines.items() if not narrowed or key[0] in narrowed}
    found = [_removed(line) for key, line in expected.items() if key not in new]
    for key, line in new.items():
        before = expected.get(key)
        found += _compared(before, line, floor) if before else [_lost(line) if old.lost(line.rule) else _new(line)]
    return sorted(found, key=lambda each: (not each.fails, each.key, each.category))


def _removed(line: BaselineLine) -> Difference:
    said = f"{line.name}: coverage lost: {line.cases} cases were checked, none is now"
    return Difference(LineChange.REMOVED, True, said, line, None)


def _lost(line: BaselineLine) -> Difference:
    said = f"{line.name}: its line is gone from the baseline, where it was when that was written: restore it"
    return Difference(LineChange.NEW, True, said, None, line)


def _new(line: BaselineLine) -> Difference:
    wrong = line.count(*FAULTS)
    said = f"{line.name}: new" + (f", and {wrong} of {line.cases} disagree" if wrong else "")
    return Difference(LineChange.NEW, bool(wrong), said, None, line)


def _compared(old: BaselineLine, new: BaselineLine, floor: float) -> Iterator[Difference]:
    """The difference of a line, if there is one; every reason for which it fails is in its sentence."""
    failures = list(_failures(old, new, floor))
    if failures:
        yield Difference(LineChange.CHANGED, True, f"{new.name}: {'; '.join(failures)}", old, new)
    elif new != old:
        yield Difference(LineChange.CHANGED, False, f"{new.name}: {_moved(old, new)}", old, new)


def _failures(old: BaselineLine, new: BaselineLine, floor: float) -> Iterator[str]:
    """Why the line fails: a disagreement, whatever the baseline has, fewer cases, a worse verdict, lost digits."""
    wrong, before = new.count(*FAULTS), old.count(*FAULTS)
    if wrong:
        yield f"{wrong} of {new.cases} cases disagree" + (f", {before} did before" if before else ", none did before")
    if new.cases < old.cases:
        yield f"coverage lost: {old.cases} cases were checked, {new.cases} are now"
    elif not wrong and (said := _worse(old, new)):
        yield said
    if lost(old, new, floor):
        yield f"digits lost: {_text(old.digits)} became {_text(new.digits)} ({_moved(old, new)})"


def _worse(old: BaselineLine, new: BaselineLine) -> str:
    """For some rank of verdict, is a larger share of the cases that bad or worse? Says so; empty when not."""
    for rank in (3, 2, 1):
        if _bad(new, rank) * old.cases > _bad(old, rank) * new.cases:
            return f"verdicts got worse: {_counts(old)} became {_counts(new)}"
    return ""


def _bad(line: BaselineLine, rank: int) -> int:
    """How many cases have a verdict of this rank or a worse one."""
    return sum(number for name, number in line.verdicts.items() if RANK_OF_VERDICT[Verdict(name)] >= rank)


def lost(old: BaselineLine, new: BaselineLine, floor: float = FLOOR) -> bool:
    """Has the worst error grown beyond the floor? Zero is an error too: the floor is added, not multiplied."""
    if old.worst_ulps is None or new.worst_ulps is None:
        return False
    return not new.worst_ulps <= GROWTH * old.worst_ulps + floor


def _moved(old: BaselineLine, new: BaselineLine) -> str:
    parts = []
    if old.worst_ulps != new.worst_ulps:
        parts.append(f"worst error {short(old.worst_ulps)} -> {short(new.worst_ulps)} ulps")
    if old.verdicts != new.verdicts:
        parts.append(f"{_counts(old)} -> {_counts(new)}")
    if old.resolution != new.resolution:
        parts.append(f"resolution {short(old.resolution)} -> {short(new.resolution)}")
    return ", ".join(parts) or f"{old.cases} -> {new.cases} cases"


def _text(digits: float | None) -> str:
    if digits is None:
        return "–"
    # of an answer without any error the file has ALL_DIGITS, which nobody has counted
    return "all" if digits >= ALL_DIGITS else f"{digits:.1f}" if digits >= LEAST_DIGITS else "none"


def _counts(line: BaselineLine) -> str:
    return " ".join(f"{n} {name}" for name, n in sorted(line.verdicts.items()))


def environments(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What differs between where the baseline was made and here."""
    names = sorted(old.keys() | new.keys())
    return [
        f"{name}: {old.get(name, 'not set')} -> {new.get(name, 'not set')}"
        for name in names
        if old.get(name) != new.get(name)
    ]
