"""The page as data for its template: every number already text, every choice already made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backcheck_reports.figures import distributions
from backcheck_reports.figures.charts import Spread, spread
from backcheck_reports.figures.planted import headline as planted_headline
from backcheck_reports.figures.plots import NumberTable, Plot
from backcheck_reports.figures.power import PowerSection, power
from backcheck_reports.figures.speed import SpeedSection, speed
from backcheck_reports.figures.steps import steps
from backcheck_reports.json_values import as_text
from backcheck_reports.number_format import count
from backcheck_reports.page.cards import Card, FindingCard, close_cards, finding_cards
from backcheck_reports.page.cases import CaseList, case_list
from backcheck_reports.page.changes import Changes, changes
from backcheck_reports.page.chips import Chip, chips, kind
from backcheck_reports.page.conventions import ConventionRow, GalleryItem, conventions, gallery
from backcheck_reports.page.coverage import Coverage, coverage
from backcheck_reports.page.facts import Facts, facts
from backcheck_reports.page.first_screen import FirstScreen, first_screen
from backcheck_reports.page.matrix import Matrix, matrix
from backcheck_reports.page.poor_resolution import poor_resolution
from backcheck_reports.page.training import Training, training
from backcheck_reports.record import FORMAT
from backcheck_reports.statistics.summary import Summary
from backcheck_reports.statistics.totals import headline, outcome, tone
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run


@dataclass(frozen=True, slots=True)
class ReasonRow:
    party: str
    kind: str
    verdict: str
    reason: str
    count: str


@dataclass(frozen=True, slots=True)
class PageView:
    outcome: str
    tone: str
    headline: str
    cautions: tuple[str, ...]
    only_planted: bool
    first: FirstScreen
    chips: tuple[Chip, ...]
    facts: Facts
    notes: tuple[str, ...]
    changes: Changes | None
    failing: tuple[FindingCard, ...]
    training: Training | None
    matrix: Matrix
    spread: Spread | None
    spread_numbers: NumberTable
    plots: tuple[Plot, ...]
    steps: Plot | None
    power: PowerSection | None
    poor: tuple[str, ...]
    speed: SpeedSection | None
    reasons: tuple[ReasonRow, ...]
    coverage: Coverage | None
    conventions: tuple[ConventionRow, ...]
    gallery: tuple[GalleryItem, ...]
    closest: tuple[tuple[str, tuple[Card, ...]], ...]
    cases: CaseList
    environment: Facts


PLANTED = "Wrong backward passes were planted in right rules, and networks drawn until each was found."


def page_view(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> PageView:
    totals, covered = summary.totals, coverage(run.coverage)
    # a run that planted faults and checked nothing else says how many were found
    only_planted = "" if totals.gradients else planted_headline(run.power)
    alive = only_planted and not only_planted.startswith("All")
    newer = f"The run was written by a newer version (format {run.format}): what it adds is not shown here."
    failing = {record.case for record in summary.disagreements}
    return PageView(
        outcome=only_planted or outcome(totals, run.complete, summary.lost, summary.findings),
        tone=("disagree" if alive else "agree") if only_planted else tone(totals, summary.lost),
        headline=PLANTED if only_planted else headline(totals),
        only_planted=bool(only_planted),
        first=first_screen(summary),
        cautions=(*((newer,) if run.format > FORMAT else ()), *summary.cautions, *run.never_run),
        chips=chips(totals.counts),
        facts=_run_facts(run),
        notes=tuple(str(note) for note in run.notes),
        changes=changes(run.changes, run.history),
        failing=finding_cards(summary.findings, notes),
        training=training(run.training) if run.training else None,
        matrix=matrix(summary.rows, summary.aggregates, covered.rules if covered else ()),
        spread=spread(summary.spread) if summary.spread else None,
        spread_numbers=distributions.spread_numbers(summary.spread),
        plots=distributions.plots(summary.aggregates),
        steps=steps(run.steps),
        power=power(summary.aggregates, run.power),
        poor=poor_resolution(summary.rows),
        speed=speed(run.speed),
        reasons=tuple(
            ReasonRow(found.party, kind(found.verdict), found.verdict.value, found.reason, count(found.count))
            for found in summary.reasons
        ),
        coverage=covered,
        conventions=conventions(run.conventions),
        gallery=gallery(run.gallery),
        closest=tuple((party, close_cards(found, notes, failing)) for party, found in summary.closest.items()),
        cases=case_list(summary.chosen),
        environment=facts(run.environment),
    )


def _run_facts(run: Run) -> Facts:
    finished = _moment(run.finished) if run.finished else "not finished"
    times = {"started": _moment(run.started), "finished": finished, "duration": _duration(run)}
    return facts({**run.recipe, **{name: text for name, text in times.items() if text}})


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return as_text(text)
    zone = f" {moment.tzname()}" if moment.tzinfo else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{zone}"


def _duration(run: Run) -> str:
    try:
        seconds = (datetime.fromisoformat(run.finished or "") - datetime.fromisoformat(run.started)).total_seconds()
    except (ValueError, TypeError):  # a TypeError where only one of them has a time zone
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
