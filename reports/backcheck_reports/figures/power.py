"""What faults a run would have caught: by the resolution of its floats, by exact arithmetic, and of those injected."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.plots import (
    BOTTOM,
    TOP,
    Guide,
    Log,
    Numbers,
    Plot,
    Point,
    Series,
    across,
    marked,
    points,
    power_of_ten,
    share_ticks,
    share_up,
    style,
)
from backcheck_reports.number_format import count, counted, percent, short
from backcheck_reports.statistics.aggregates import FAULTS, Aggregates, Power
from backcheck_reports.statistics.histogram import Histogram

EXACT = "exact"
SUBTLE = 1e-8  # the subtlest wrong rule that we know of
HARD = "\N{NO-BREAK SPACE}"
FINEST, COARSEST = -16, 0


@dataclass(frozen=True, slots=True)
class Share:
    """In how many tensors a fault would have been caught; `level` in tenths for the bar, "" for no tensor."""

    text: str
    level: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule and dtype: a share for each of FAULTS, then the exact oracle's for the smallest of them."""

    rule: str
    dtype: str
    tensors: str
    shares: tuple[Share, ...]
    exact: Share


@dataclass(frozen=True, slots=True)
class Injected:
    fault: str
    rule: str
    kind: str
    verdict: str
    caught: str


@dataclass(frozen=True, slots=True)
class Strength:
    """The section: a plot over all rules, a row for each rule, and the faults that were injected, if any were."""

    plot: Plot | None
    faults: tuple[str, ...]
    rules: tuple[Ruled, ...]
    injected: tuple[Injected, ...]
    sentence: str


def power(found: Aggregates, injected: Iterable[Any]) -> Strength | None:
    rows = tuple(_injected(row) for row in injected if isinstance(row, Mapping))
    dtypes = _by_dtype(found)
    if not dtypes and not rows:
        return None
    missed = sum(row.kind == "disagree" for row in rows)
    told = f"{counted(len(rows), 'fault')} injected, {count(len(rows) - missed)} caught." if rows else ""
    names = tuple(power_of_ten(round(math.log10(fault))) for fault in FAULTS)
    return Strength(_plot(dtypes) if dtypes else None, names, _rules(found), rows, told)


def _by_dtype(found: Aggregates) -> dict[str, Power]:
    sums: dict[str, Power] = {}
    for (_, dtype), each in sorted(found.power.items()):
        total = sums.setdefault(dtype, Power())
        total.tensors += each.tensors
        total.caught.update(each.caught)
        total.resolutions.merge(each.resolutions)
    return {dtype: sums[dtype] for dtype in sorted(sums, key=_finest)}


def _finest(dtype: str) -> tuple[int, str]:
    """The exact oracle first, then the floats as they are known, then what is not."""
    order = (EXACT, "float64", "float32", "float16", "bfloat16", dtype)
    return order.index(dtype), dtype


def _plot(dtypes: Mapping[str, Power]) -> Plot:
    x = across(FINEST, COARSEST)
    curves = {dtype: _curve(each.resolutions, x) for dtype, each in dtypes.items()}
    return Plot(
        id="caught",
        title="How large a fault must be to be caught",
        description="By the size of a relative error in any one entry, the part of the tensors that would show it.",
        sentence=_said(dtypes),
        x_label="relative error in any one entry",
        y_label="tensors that show it",
        x_ticks=x.ticks(8),
        y_ticks=share_ticks(),
        series=tuple(Series(_name(d), style(d), points(c), marked(c, 8)) for d, c in curves.items()),
        guides=(_mark(x),),
        numbers=_numbers(dtypes),
    )


def _mark(x: Log) -> Guide:
    at = x.at(SUBTLE)
    return Guide((at, TOP), (at, BOTTOM), "subtlest known", (at - 5, BOTTOM - 8), "end")


def _curve(found: Histogram, x: Log) -> list[Point]:
    return [(x.at(edge), share_up(found.below(edge) / found.total)) for edge in (2.0**n for n in range(-53, 1))]


def _name(dtype: str) -> str:
    return "exact arithmetic" if dtype == EXACT else dtype


def _said(dtypes: Mapping[str, Power]) -> str:
    parts = [f"{_name(d)} in {percent(each.caught[SUBTLE], each.tensors)}" for d, each in dtypes.items()]
    said = f"An error of {power_of_ten(-8)} in any one entry is seen by {', by '.join(parts)} of the judged tensors."
    return said.replace(" %", HARD + "%")


def _numbers(dtypes: Mapping[str, Power]) -> Numbers:
    head = ("judged by", "tensors", *(power_of_ten(round(math.log10(f))) for f in FAULTS), "median resolution", "worst")
    return Numbers(head, tuple(_row(dtype, each) for dtype, each in dtypes.items()))


def _row(dtype: str, each: Power) -> tuple[str, ...]:
    shares = [percent(each.caught[fault], each.tensors) for fault in FAULTS]
    return _name(dtype), count(each.tensors), *shares, short(each.resolutions.median()), short(each.resolutions.largest)


def _rules(found: Aggregates) -> tuple[Ruled, ...]:
    """The finest dtype first, and in it the rules of which the least is seen."""
    rows = [(rule, dtype, each) for (rule, dtype), each in found.power.items() if dtype != EXACT]
    ordered = sorted(rows, key=lambda row: (_finest(row[1]), _seen(row[2]), row[0]))
    return tuple(_ruled(rule, dtype, each, found.power.get((rule, EXACT))) for rule, dtype, each in ordered)


def _seen(each: Power) -> tuple[float, ...]:
    """The share of the smallest fault counts first."""
    return tuple(each.caught[fault] / each.tensors for fault in reversed(FAULTS))


def _ruled(rule: str, dtype: str, each: Power, exact: Power | None) -> Ruled:
    shares = tuple(_share(each.caught[fault], each.tensors) for fault in FAULTS)
    return Ruled(
        rule, dtype, count(each.tensors), shares, _share(exact.caught[SUBTLE], exact.tensors) if exact else _share(0, 0)
    )


def _share(part: int, whole: int) -> Share:
    return Share(percent(part, whole), str(10 * part // whole) if whole else "")


def _injected(row: Mapping[str, Any]) -> Injected:
    """`caught` and `missed` are numbers of cases, or whether it was."""
    caught, missed = row.get("caught"), row.get("missed")
    numbers = [value for value in (caught, missed) if isinstance(value, int) and not isinstance(value, bool)]
    text = f"{count(numbers[0])} of {count(sum(numbers))}" if len(numbers) == 2 else ""
    kind, verdict = ("agree", "caught") if caught else ("disagree", "missed")
    return Injected(str(row.get("fault", "–")), str(row.get("rule", "–")), kind, verdict, text)
