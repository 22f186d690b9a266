"""Digits of agreement and times, save after save, as small curves; where one leaves its level it is marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backcheck_reports.number_format import counted, short

WIDTH, HEIGHT, EDGE = 260, 34, 6
# what is a change: half a digit, and a time by more than half. Times of different days say no more
DIGITS, TIMES = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the curve leaves its level, and the revision that did it."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    what: str
    first: str
    last: str
    points: str
    marks: tuple[Mark, ...]
    where: str


def series(past: Sequence[Mapping[str, Any]]) -> tuple[tuple[Series, ...], str]:
    """The curves that changed somewhere, and how many did not in words; both empty before the second save."""
    if len(past) < 2:
        return (), ""
    names = [_revision(each) for each in past]
    drawn, level = list[Series](), 0
    for what, kind, least in (("digits", "digits of agreement", DIGITS), ("times", "time", TIMES)):
        for name in sorted({name for each in past for name in each.get(what, {})}):
            values = [each.get(what, {}).get(name) for each in past]
            at = _steps(values, least, what == "times")
            level += not at
            drawn += [_series(name, kind, values, at, names)] if at else []
    said = f"{counted(len(past), 'save')}; {counted(level, 'curve')} of {len(drawn) + level} stayed level"
    return tuple(drawn), said


def _revision(each: Mapping[str, Any]) -> str:
    return f"{str(each.get('commit', ''))[:7] or 'no commit'}{' and changes' if each.get('dirty') else ''}"


def _steps(values: Sequence[float | None], least: float, ratio: bool) -> list[int]:
    """The places whose value differs from the last one before it."""
    found, last = list[int](), None
    for at, value in enumerate(values):
        if value is None:
            continue
        if last is not None and _apart(last, value, ratio) > least:
            found.append(at)
        last = value
    return found


def _apart(before: float, after: float, ratio: bool) -> float:
    if not ratio:
        return abs(after - before)
    low, high = sorted((before, after))
    return high / low if low > 0 else float("inf")


def _series(name: str, kind: str, values: Sequence[float | None], at: Sequence[int], names: Sequence[str]) -> Series:
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    low, high = min(value for _, value in known), max(value for _, value in known)
    places = {place: (_across(place, len(values)), _up(value, low, high)) for place, value in known}
    marks = tuple(Mark(*places[place], f"{names[place]}: {short(values[place])}") for place in at)
    points = " ".join(f"{x},{y}" for x, y in places.values())
    where = ", ".join(f"{names[place]}: {short(_before(values, place))} → {short(values[place])}" for place in at)
    return Series(name, kind, short(known[0][1]), short(known[-1][1]), points, marks, where)


def _before(values: Sequence[float | None], place: int) -> float | None:
    return next((value for value in reversed(values[:place]) if value is not None), None)


def _across(place: int, number: int) -> float:
    return round(EDGE + (WIDTH - 2 * EDGE) * place / max(1, number - 1), 1)


def _up(value: float, low: float, high: float) -> float:
    return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * ((value - low) / (high - low) if high > low else 0.5), 1)
