"""What the page's template prints: every number already text, every choice already made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backcheck_reports.figures import distributions
from backcheck_reports.figures.charts import LineChart, Spread, line_chart, numbers, spread
from backcheck_reports.figures.plots import Numbers, Plot
from backcheck_reports.figures.power import Strength, power
from backcheck_reports.figures.speed import Speed, speed
from backcheck_reports.figures.steps import steps
from backcheck_reports.number_format import count, counted, percent, short
from backcheck_reports.page import conventions as disputes
from backcheck_reports.page.cards import Card, cards, close_cards, kind
from backcheck_reports.page.cases import Cases, cases
from backcheck_reports.page.changes import Changes, changes
from backcheck_reports.page.coverage import Coverage, coverage
from backcheck_reports.page.matrix import Matrix, matrix
from backcheck_reports.page.poor_resolution import poor
from backcheck_reports.record import FORMAT, Verdict
from backcheck_reports.statistics.example_records import SHOWN
from backcheck_reports.statistics.summary import CONTRACT, FORWARD, OUTPUT, Summary
from backcheck_reports.statistics.summary import Fault as Bucket
from backcheck_reports.statistics.totals import headline, outcome, tone
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

WIDE = 36


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value; a `wide` value gets a line of its own."""

    name: str
    value: str
    wide: bool


Facts = tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    kind: str
    label: str
    count: str
    share: str


@dataclass(frozen=True, slots=True)
class Fault:
    """`rule` and `tensor` are what the list of cases has, for the link into it."""

    name: str
    rule: str
    tensor: str
    party: str
    count: str


@dataclass(frozen=True, slots=True)
class Why:
    party: str
    kind: str
    verdict: str
    reason: str
    count: str


@dataclass(frozen=True, slots=True)
class Check:
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
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Page:
    outcome: str
    tone: str
    headline: str
    cautions: tuple[str, ...]
    chips: tuple[Chip, ...]
    facts: Facts
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]
    changes: Changes | None
    failing: tuple[Card, ...]
    cut: str
    training: Training | None
    matrix: Matrix
    spread: Spread | None
    spread_numbers: Numbers
    plots: tuple[Plot, ...]
    steps: Plot | None
    power: Strength | None
    poor: tuple[str, ...]
    speed: Speed | None
    reasons: tuple[Why, ...]
    coverage: Coverage | None
    conventions: tuple[disputes.Convention, ...]
    gallery: tuple[disputes.Exhibit, ...]
    closest: tuple[tuple[str, tuple[Card, ...]], ...]
    cases: Cases
    environment: Facts


def page(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> Page:
    totals, covered = summary.totals, coverage(run.coverage)
    return Page(
        outcome=outcome(totals, run.complete, summary.lost),
        tone=tone(totals, summary.lost),
        headline=headline(totals),
        cautions=(*_newer(run), *summary.cautions),
        chips=chips(totals.counts),
        facts=_run_facts(run),
        notes=tuple(str(note) for note in run.notes),
        faults=tuple(_fault(found) for found in sorted(summary.faults, key=lambda found: -found.count)),
        changes=changes(run.changes, run.history),
        failing=cards(summary.disagreements, notes),
        cut=_cut(totals[Verdict.DISAGREE], len(summary.disagreements)),
        training=_training(run.training) if run.training else None,
        matrix=matrix(summary.rows, summary.aggregates, covered.rules if covered else ()),
        spread=spread(summary.spread) if summary.spread else None,
        spread_numbers=distributions.spread_numbers(summary.spread),
        plots=distributions.plots(summary.aggregates),
        steps=steps(run.steps),
        power=power(summary.aggregates, run.power),
        poor=poor(summary.rows),
        speed=speed(run.speed),
        reasons=tuple(
            Why(r.party, kind(r.verdict), r.verdict.value, r.reason, count(r.count)) for r in summary.reasons
        ),
        coverage=covered,
        conventions=disputes.conventions(run.conventions),
        gallery=disputes.gallery(run.gallery),
        closest=_closest(summary, notes),
        cases=cases(summary.chosen),
        environment=facts(run.environment),
    )


def _closest(summary: Summary, notes: Mapping[str, CaseNote]) -> tuple[tuple[str, tuple[Card, ...]], ...]:
    failing = {record.case for record in summary.disagreements}
    return tuple((party, close_cards(records, notes, failing)) for party, records in summary.closest.items())


def _newer(run: Run) -> tuple[str, ...]:
    if run.format <= FORMAT:
        return ()
    return (f"The run was written by a newer version (format {run.format}): what it adds is not shown here.",)


def facts(values: Mapping[str, Any]) -> Facts:
    """In their order, but what needs a whole line after what does not."""
    texts = [(str(name).replace("_", " "), said(value)) for name, value in values.items()]
    return tuple(sorted((Fact(*text, len(text[1]) > WIDE) for text in texts), key=lambda fact: fact.wide))


def said(value: Any) -> str:
    """Any JSON value as a reader wants it."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {said(item)}" for name, item in value.items())
    return str(value)


def _fault(found: Bucket) -> Fault:
    if found.rule == FORWARD:  # no rule's gradient: listed under the rules that end the networks
        return Fault(FORWARD, "", OUTPUT, found.party, count(found.count))
    promise = found.party == CONTRACT
    tensor = found.argument if promise else f"d{found.argument}"
    name = f"{found.rule}: {tensor}" if promise else f"{found.rule}.{tensor}"
    return Fault(name, found.rule, tensor, found.party, count(found.count))


def _cut(total: int, shown: int) -> str:
    if shown == total:
        return ""
    return (
        f"{count(shown)} of {counted(total, 'disagreement')} are shown, the simplest of each kind; {SHOWN} is the most."
    )


def chips(counts: Mapping[Verdict, int]) -> tuple[Chip, ...]:
    """Agree and disagree always, the others when there are any."""
    total = sum(counts.values())
    shown = [v for v in Verdict if counts.get(v, 0) or v in (Verdict.AGREE, Verdict.DISAGREE)]
    return tuple(Chip(kind(v), v.value, count(counts.get(v, 0)), percent(counts.get(v, 0), total)) for v in shown)


def _run_facts(run: Run) -> Facts:
    finished = _moment(run.finished) if run.finished else "not finished"
    times = {"started": _moment(run.started), "finished": finished, "duration": _duration(run)}
    return facts({**run.recipe, **{name: text for name, text in times.items() if text}})


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return said(text)
    zone = f" {moment.tzname()}" if moment.tzinfo else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{zone}"


def _duration(run: Run) -> str:
    try:
        seconds = (datetime.fromisoformat(run.finished or "") - datetime.fromisoformat(run.started)).total_seconds()
    except (ValueError, TypeError):
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def _training(training: Mapping[str, Any]) -> Training:
    drawn = {"loss", "accuracy", "checked"}
    charts = [_curve(training, "loss", None), _curve(training, "accuracy", 1.0)]
    return Training(
        facts({name: value for name, value in training.items() if name not in drawn}),
        tuple(chart for chart in charts if chart),
        tuple(_check(item) for item in _items(training.get("checked")) if isinstance(item, Mapping)),
    )


def _curve(training: Mapping[str, Any], name: str, top: float | None) -> LineChart | None:
    values = list(numbers(_items(training.get(name))))
    return line_chart(f"{name.capitalize()} by epoch", "epoch", name, values, top) if values else None


def _check(item: Mapping[str, Any]) -> Check:
    counts = item.get("verdicts")
    worst, residual = numbers([item.get("worst_ulps"), item.get("residual")])
    return Check(
        said(item.get("when")),
        said(item.get("step")),
        tuple(_named(str(name), number) for name, number in counts.items()) if isinstance(counts, Mapping) else (),
        short(worst) if "worst_ulps" in item else "–",
        short(residual) if "residual" in item else "–",
    )


def _named(name: str, number: Any) -> Chip:
    known = name if name in tuple(Verdict) else Verdict.UNAVAILABLE
    return Chip(kind(Verdict(known)), name, said(number), "")


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
