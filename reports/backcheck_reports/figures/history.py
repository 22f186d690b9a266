"""The history of a baseline: digits of agreement and times, save after save, as small curves with marks at changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backcheck_reports.number_format import counted, short

WIDTH, HEIGHT, EDGE = 260, 34, 6
# more than this is a change: half a digit, or a time longer by half. Times of different days vary by less
DIGITS_APART, TIMES_RATIO = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the curve changed, and the revision that changed it."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class HistoryCurve:
    """`where` says in words what the `marks` show."""

    name: str
    what: str
    first: str
    last: str
    points: str
    marks: tuple[Mark, ...]
    where: str


def series(past: Sequence[Mapping[str, Any]]) -> tuple[tuple[HistoryCurve, ...], str]:
    """The series that changed somewhere, and a sentence on how many did not; both empty before the second save."""
    if len(past) < 2:
        return (), ""
    commits = [str(each.get("commit", ""))[:7] or "no commit" for each in past]
    revisions = [f"{c}{' and changes' if each.get('dirty') else ''}" for c, each in zip(commits, past, strict=True)]
    curves, level = list[HistoryCurve](), 0
    for what, label, differ in (("digits", "digits of agreement", _digits_differ), ("times", "time", _times_differ)):
        for name in sorted({name for each in past for name in each.get(what, {})}):
            values = [each.get(what, {}).get(name) for each in past]
            if changes := _changes(values, differ):
                curves.append(_curve(name, label, values, changes, revisions))
            else:
                level += 1
    sentence = f"{counted(len(past), 'save')}; {counted(level, 'curve')} of {len(curves) + level} stayed level"
    return tuple(curves), sentence


def _digits_differ(before: float, after: float) -> bool:
    return abs(after - before) > DIGITS_APART


def _times_differ(before: float, after: float) -> bool:
    low, high = sorted((before, after))
    return high / low > TIMES_RATIO if low > 0 else True


def _changes(values: Sequence[float | None], differ: Callable[[float, float], bool]) -> list[tuple[int, float, float]]:
    """The saves whose value differs from the last known one: their number, that value and their own."""
    found, last = list[tuple[int, float, float]](), None
    for save, value in enumerate(values):
        if value is None:
            continue
        if last is not None and differ(last, value):
            found.append((save, last, value))
        last = value
    return found


def _curve(
    name: str,
    label: str,
    values: Sequence[float | None],
    changes: Sequence[tuple[int, float, float]],
    revisions: Sequence[str],
) -> HistoryCurve:
    known = {save: value for save, value in enumerate(values) if value is not None}
    first, *_, last = known.values()
    low, high = min(known.values()), max(known.values())
    places = {}
    for save, value in known.items():
        part = (value - low) / (high - low) if high > low else 0.5
        x = EDGE + (WIDTH - 2 * EDGE) * save / max(1, len(values) - 1)
        places[save] = round(x, 1), round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * part, 1)
    points = " ".join(f"{x},{y}" for x, y in places.values())
    marks = tuple(Mark(*places[save], f"{revisions[save]}: {short(after)}") for save, _, after in changes)
    where = ", ".join(f"{revisions[save]}: {short(before)} → {short(after)}" for save, before, after in changes)
    return HistoryCurve(name, label, short(first), short(last), points, marks, where)
