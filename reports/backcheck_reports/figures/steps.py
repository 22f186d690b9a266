"""The plot of the error of central differences by the length of the step, which a run measures on one network."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from backcheck_reports.figures.plots import (
    Guide,
    LogAxis,
    NumberTable,
    Plot,
    Point,
    across,
    named_series,
    printed_name,
    up,
)
from backcheck_reports.json_values import floats
from backcheck_reports.number_format import short

ARITHMETICS = ("float64", "float32", "exact")
X_ENDS, Y_ENDS = (-15, -1), (-20, 2)  # powers of ten


def steps(data: Mapping[str, Any] | None) -> Plot | None:
    """None for a run without the measurement, or whose data make no curve."""
    rows = [row for row in (data or {}).get("rows", ()) if isinstance(row, Mapping)]
    found = {}
    for name in ARITHMETICS:
        pairs = [tuple(floats([row.get("h"), row.get(name)])) for row in rows]
        found[name] = sorted((h, e) for h, e in pairs if h > 0 and math.isfinite(e))
    if data is None or any(len(each) < 2 for each in found.values()):
        return None
    x, y = across(*X_ENDS), up(*Y_ENDS)
    curves = {name: [(x.at(h), y.at(e)) for h, e in each if x.holds(h) and y.holds(e)] for name, each in found.items()}
    return Plot(
        id="steps",
        title="Finite differences: the error by the step",
        description=f"The relative error of a central difference of {data.get('network', 'one network')}, by its step, "
        "in float64, in float32 and in exact arithmetic. The first two fall and rise again, the third only falls.",
        sentence=_sentence(found, str(data.get("network", "one network"))),
        x_label="step h",
        y_label="relative error of the slope",
        x_ticks=x.ticks(7),
        y_ticks=y.ticks(),
        series=tuple(named_series(name, curve, most_marks=10) for name, curve in curves.items()),
        guides=tuple(_guides(data, x, y)),
        numbers=_table(found),
    )


def _sentence(found: Mapping[str, list[Point]], network: str) -> str:
    """For a student: the two causes of the error, the best steps, and what follows from them."""
    (wide, in_double), (coarse, in_single) = (min(found[name], key=lambda pair: pair[1]) for name in ARITHMETICS[:2])
    return (
        f"The slope of {network} along one direction of w, by (f(x + h) − f(x − h)) / 2h. A long step is wrong because "
        "the function bends: the error falls with h². A short step is wrong because f is rounded and the rounding is "
        f"divided by h: the error rises as ε/h. The best steps, {short(wide)} in float64 and {short(coarse)} in "
        f"float32, leave {short(in_double)} and {short(in_single)}, and nobody knows the best step beforehand. A rule "
        "that is off by less passes, and a right rule at another step looks wrong: differences alone cannot decide. In "
        "exact arithmetic nothing is rounded and the line falls on, to 10⁻⁶⁷ at the step of 2⁻¹¹² that backcheck takes."
    )


def _guides(data: Mapping[str, Any], x: LogAxis, y: LogAxis) -> Iterable[Guide]:
    """The error that each of the two causes would give alone, as straight lines."""
    (bend,) = floats([data.get("truncation")])
    if bend > 0:
        yield _line(bend, 2, x, y, "bending, ~ h²", (x.at(10**-8.3), y.at(1e-17)), "start")
    noise = data.get("rounding")
    for name, part in (noise if isinstance(noise, Mapping) else {}).items():
        (size,) = floats([part])
        if size > 0:
            # the label of the lower line has room only at its right end
            low = name == ARITHMETICS[0]
            at = (x.at(10.0 ** X_ENDS[1]), y.at(size * 10) + 16) if low else (x.at(10**-6.6), y.at(size * 10**6.6) - 9)
            yield _line(size, -1, x, y, f"rounding, ~ ε/h, {name}", at, "end" if low else "middle")


def _line(size: float, power: int, x: LogAxis, y: LogAxis, label: str, at: Point, anchor: str) -> Guide:
    """The part of size * h**power that lies within the axes."""
    low, high = (10.0**end for end in X_ENDS)
    edges = sorted((10.0**end / size) ** (1 / power) for end in Y_ENDS)
    ends = [(x.at(h), y.at(size * h**power)) for h in (max(low, edges[0]), min(high, edges[1]))]
    return Guide(ends[0], ends[1], label, at, anchor)


def _table(found: Mapping[str, list[Point]]) -> NumberTable:
    columns = [dict(found[name]) for name in ARITHMETICS]
    steps = sorted(set().union(*columns), reverse=True)
    rows = tuple((short(h), *(short(column.get(h)) for column in columns)) for h in steps)
    return NumberTable(("step", *map(printed_name, ARITHMETICS)), rows)
