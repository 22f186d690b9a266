"""The section on a training: its facts, its curves, and the gradients that were checked on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.figures.charts import LineChart, line_chart
from backcheck_reports.json_values import as_list, as_text, floats
from backcheck_reports.number_format import short
from backcheck_reports.page.chips import Chip, kind
from backcheck_reports.page.facts import Facts, facts
from backcheck_reports.record import Verdict

DRAWN = ("loss", "accuracy", "checked")  # what has a chart or a table of its own is no fact


@dataclass(frozen=True, slots=True)
class TrainingCheck:
    """The gradients at one moment of the training."""

    when: str
    step: str
    verdicts: tuple[Chip, ...]
    worst_ulps: str
    residual: str


@dataclass(frozen=True, slots=True)
class Training:
    facts: Facts
    charts: tuple[LineChart, ...]
    checks: tuple[TrainingCheck, ...]


def training(data: Mapping[str, Any]) -> Training:
    charts = [_chart(data, "loss", None), _chart(data, "accuracy", 1.0)]
    return Training(
        facts({name: value for name, value in data.items() if name not in DRAWN}),
        tuple(chart for chart in charts if chart),
        tuple(_check(item) for item in as_list(data.get("checked")) if isinstance(item, Mapping)),
    )


def _chart(data: Mapping[str, Any], name: str, top: float | None) -> LineChart | None:
    values = list(floats(as_list(data.get(name))))
    return line_chart(f"{name.capitalize()} by epoch", "epoch", name, values, top) if values else None


def _check(item: Mapping[str, Any]) -> TrainingCheck:
    counts = item.get("verdicts")
    worst, residual = floats([item.get("worst_ulps"), item.get("residual")])
    chips = []
    for name, number in counts.items() if isinstance(counts, Mapping) else ():
        # a name that is no verdict's keeps its text, and gets the symbol of "unavailable"
        known = Verdict(name) if name in tuple(Verdict) else Verdict.UNAVAILABLE
        chips.append(Chip(kind(known), str(name), as_text(number), ""))
    return TrainingCheck(
        as_text(item.get("when")),
        as_text(item.get("step")),
        tuple(chips),
        short(worst) if "worst_ulps" in item else "–",
        short(residual) if "residual" in item else "–",
    )
