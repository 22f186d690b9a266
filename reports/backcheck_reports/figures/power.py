"""Which faults a run would have caught, in floats and in exact arithmetic, and which planted faults it did find."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.planted import PlantedSection, planted
from backcheck_reports.figures.plots import (
    PLOT,
    Guide,
    NumberTable,
    Plot,
    across,
    named_series,
    power_of_ten,
    printed_name,
    share_curve,
    share_ticks,
)
from backcheck_reports.number_format import NO_BREAK_SPACE, count, percent, short
from backcheck_reports.record import EXACT
from backcheck_reports.statistics.aggregates import FAULTS, SUBTLEST, Aggregates, Power

FINEST, COARSEST = -16, 0  # the ends of the axis, as powers of ten


@dataclass(frozen=True, slots=True)
class Share:
    """In how many tensors a fault would have been caught; `level` is the bar in tenths, "" where there is no tensor."""

    text: str
    level: str


@dataclass(frozen=True, slots=True)
class RulePower:
    """One rule and dtype: a share for each of FAULTS, and the exact oracle's share for the smallest of them."""

    rule: str
    dtype: str
    tensors: str
    shares: tuple[Share, ...]
    exact: Share


@dataclass(frozen=True, slots=True)
class PowerSection:
    """A plot over all rules, a row for each rule and dtype, and the faults that were planted, if any were."""

    plot: Plot | None
    faults: tuple[str, ...]
    rules: tuple[RulePower, ...]
    planted: PlantedSection | None


def power(aggregates: Aggregates, rows: Iterable[Any]) -> PowerSection | None:
    found, dtypes = planted(rows), _by_dtype(aggregates)
    if not dtypes and found is None:
        return None
    return PowerSection(_plot(dtypes) if dtypes else None, _fault_sizes(), _rules(aggregates), found)


def _fault_sizes() -> tuple[str, ...]:
    return tuple(power_of_ten(round(math.log10(fault))) for fault in FAULTS)


def _by_dtype(aggregates: Aggregates) -> dict[str, Power]:
    """The sums over all rules, the finest dtype first."""
    sums: dict[str, Power] = {}
    for (_, dtype), each in sorted(aggregates.power.items()):
        total = sums.setdefault(dtype, Power())
        total.tensors += each.tensors
        total.caught.update(each.caught)
        total.resolutions.merge(each.resolutions)
    return {dtype: sums[dtype] for dtype in sorted(sums, key=_finest)}


def _finest(dtype: str) -> tuple[int, str]:
    """The order of dtypes: the exact oracle, then the floats from fine to coarse, then unknown ones."""
    order = (EXACT, "float64", "float32", "float16", "bfloat16", dtype)
    return order.index(dtype), dtype


def _plot(dtypes: Mapping[str, Power]) -> Plot:
    x = across(FINEST, COARSEST)
    edges = [2.0**n for n in range(-53, 1)]
    curves = {dtype: share_curve(each.resolutions, edges, x) for dtype, each in dtypes.items()}
    at = x.at(SUBTLEST)
    return Plot(
        id="caught",
        title="How large a fault must be to be caught",
        description="By the size of a relative error in any one entry, the part of the tensors that would show it.",
        sentence=_sentence(dtypes),
        x_label="relative error in any one entry",
        y_label="tensors that show it",
        x_ticks=x.ticks(8),
        y_ticks=share_ticks(),
        series=tuple(named_series(dtype, curve, most_marks=8) for dtype, curve in curves.items()),
        guides=(Guide((at, PLOT.top), (at, PLOT.bottom), "subtlest known", (at - 5, PLOT.bottom - 8), "end"),),
        numbers=_numbers(dtypes),
    )


def _sentence(dtypes: Mapping[str, Power]) -> str:
    parts = [f"{printed_name(d)} in {percent(each.caught[SUBTLEST], each.tensors)}" for d, each in dtypes.items()]
    sentence = (
        f"An error of {power_of_ten(-8)} in any one entry is seen by {', by '.join(parts)} of the judged tensors."
    )
    return sentence.replace(" %", NO_BREAK_SPACE + "%")


def _numbers(dtypes: Mapping[str, Power]) -> NumberTable:
    head = ("judged by", "tensors", *_fault_sizes(), "median resolution", "worst")
    rows = []
    for dtype, each in dtypes.items():
        shares = [percent(each.caught[fault], each.tensors) for fault in FAULTS]
        ends = (short(each.resolutions.median()), short(each.resolutions.largest))
        rows.append((printed_name(dtype), count(each.tensors), *shares, *ends))
    return NumberTable(head, tuple(rows))


def _rules(aggregates: Aggregates) -> tuple[RulePower, ...]:
    """The finest dtype first; within a dtype, the rules first for which the fewest faults would be caught."""
    rows = [(rule, dtype, each) for (rule, dtype), each in aggregates.power.items() if dtype != EXACT]

    def order(row: tuple[str, str, Power]) -> tuple[Any, ...]:
        rule, dtype, each = row
        return _finest(dtype), [each.caught[fault] / each.tensors for fault in reversed(FAULTS)], rule

    ordered = sorted(rows, key=order)
    return tuple(_rule_power(rule, dtype, each, aggregates.power.get((rule, EXACT))) for rule, dtype, each in ordered)


def _rule_power(rule: str, dtype: str, each: Power, exact: Power | None) -> RulePower:
    shares = tuple(_share(each.caught[fault], each.tensors) for fault in FAULTS)
    by_exact = _share(exact.caught[SUBTLEST], exact.tensors) if exact else _share(0, 0)
    return RulePower(rule, dtype, count(each.tensors), shares, by_exact)


def _share(part: int, whole: int) -> Share:
    return Share(percent(part, whole), str(10 * part // whole) if whole else "")
