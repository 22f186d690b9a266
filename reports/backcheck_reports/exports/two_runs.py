"""Two runs side by side, what got worse first: as text, for templates/beside.html.j2."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backcheck_reports.exports.formats import BESIDE, Held
from backcheck_reports.json_values import as_text
from backcheck_reports.number_format import count, counted, short
from backcheck_reports.page.chips import Chip, chips
from backcheck_reports.page.facts import fact_name
from backcheck_reports.page.page import fill
from backcheck_reports.record import JUDGED, Verdict
from backcheck_reports.statistics.regressions import RowChange, row_changes
from backcheck_reports.statistics.summary import RowKey, Summary, SummaryRow
from backcheck_reports.statistics.totals import headline, outcome, tone
from backcheck_reports.storage.files import write_whole
from backcheck_reports.storage.manifest import write_listed

SAME_NETWORKS = (
    "Both runs drew the same networks: every count that moved is a change, and so is a median error that moved by half "
    "an octave and a worst one that moved by a whole one."
)
OTHER_NETWORKS = (
    "The runs did not draw the same networks. So counts are compared as shares, and only what chance does not explain "
    "is called worse or better; a median error counts from a factor of two, a worst one not at all."
)
WAY_SYMBOLS = {"worse": "differ", "better": "agree", "same": "unavailable"}


@dataclass(frozen=True, slots=True)
class RunHeader:
    name: str
    folder: str
    outcome: str
    tone: str
    headline: str
    cautions: tuple[str, ...]
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class OldAndNew:
    """The older and the newer value; the page shows one text where they are the same."""

    old: str
    new: str

    @property
    def moved(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One rule, party and dtype of both runs; `others` are the verdicts besides agree and disagree that moved."""

    kind: str
    label: str
    rule: str
    party: str
    dtype: str
    networks: OldAndNew
    agree: OldAndNew
    disagree: OldAndNew
    others: tuple[tuple[str, OldAndNew], ...]
    median: OldAndNew
    worst: OldAndNew
    resolution: OldAndNew


@dataclass(frozen=True, slots=True)
class OneSidedRow:
    """A rule, party and dtype that only one of the runs has."""

    rule: str
    party: str
    dtype: str
    networks: str
    verdicts: str


@dataclass(frozen=True, slots=True)
class ComparedFact:
    name: str
    values: OldAndNew


@dataclass(frozen=True, slots=True)
class TwoRunsView:
    """What the template prints. `differ` and `alike` are facts of the recipes and the environments."""

    outcome: str
    tone: str
    sides: tuple[RunHeader, RunHeader]
    note: str
    worse: tuple[ComparedRow, ...]
    better: tuple[ComparedRow, ...]
    same: tuple[ComparedRow, ...]
    only: tuple[tuple[str, tuple[OneSidedRow, ...]], ...]
    differ: tuple[ComparedFact, ...]
    alike: tuple[ComparedFact, ...]


def write_beside(old: Held, new: Held, target: Path | str | None = None, *, force: bool | None = None) -> Path:
    """Both runs on one page, which is written in one step, into the folder of the new one unless `target` is given."""
    text = fill("beside.html.j2", ("page.css", "beside.css"), ("page.js",), page=beside(old, new))
    if target is None:
        write_listed(new.folder, BESIDE, text, force=force)
        return new.folder / BESIDE
    write_whole(target, text, force=force)
    return Path(target)


def beside(old: Held, new: Held) -> TwoRunsView:
    before, after = ({row.key: row for row in run.summary.rows} for run in (old, new))
    both = {key: (before[key], after[key]) for key in after if key in before}
    # what decides which networks a run drew
    own, other = (
        {**each.run.recipe, "complete": each.run.complete, "networks": each.summary.totals.networks}
        for each in (old, new)
    )
    alike = own == other
    rows: dict[str, list[ComparedRow]] = {way: [] for way in WAY_SYMBOLS}
    for key, change in row_changes(both, alike):
        rows[change.way].append(_compared_row(*both[key], change))
    only = (
        ("Only the older run has", _one_sided(before, after)),
        ("Only the newer run has", _one_sided(after, before)),
    )
    facts = _facts(old, new)
    return TwoRunsView(
        "; ".join([*_findings(old.summary, new.summary), _outcome(rows, only)]),
        "disagree" if rows["worse"] else "agree" if both else "unavailable",
        (_header("older", old), _header("newer", new)),
        SAME_NETWORKS if alike else OTHER_NETWORKS,
        tuple(rows["worse"]),
        tuple(rows["better"]),
        tuple(rows["same"]),
        tuple((title, found) for title, found in only if found),
        tuple(fact for fact in facts if fact.values.moved),
        tuple(fact for fact in facts if not fact.values.moved),
    )


def _findings(old: Summary, new: Summary) -> Iterator[str]:
    """Which rules are wrong now and were not, and the other way round. What was not judged again is not mended."""
    before, after = ({each.key: each.name for each in summary.findings} for summary in (old, new))
    judged = {row.rule for row in new.rows if row.counts[Verdict.AGREE]}
    gone = {key: name for key, name in before.items() if key not in after}
    parts = (
        ("Wrong now", [name for key, name in after.items() if key not in before]),
        ("No longer wrong", [name for key, name in gone.items() if key[0] in judged]),
        ("Not judged again", [name for key, name in gone.items() if key[0] not in judged]),
        ("Still wrong", [name for key, name in after.items() if key in before]),
    )
    return (f"{said}: {', '.join(names)}" for said, names in parts if names)


def _outcome(rows: Mapping[str, list[ComparedRow]], only: Iterable[tuple[str, tuple[OneSidedRow, ...]]]) -> str:
    worse, better = len(rows["worse"]), len(rows["better"])
    one_sided = sum(len(found) for _, found in only)
    parts = [f"{counted(worse, 'line')} got worse" if worse else "Nothing got worse"]
    if better:
        parts.append(f"{count(better)} got better")
    if one_sided:
        parts.append(f"{count(one_sided)} only on one side")
    return ", ".join(parts)


def _header(name: str, held: Held) -> RunHeader:
    totals, summary = held.summary.totals, held.summary
    return RunHeader(
        name,
        str(held.folder),
        outcome(totals, held.run.complete, summary.lost, summary.findings),
        tone(totals, summary.lost),
        headline(totals),
        summary.cautions,
        chips(totals.counts),
    )


def _compared_row(old: SummaryRow, new: SummaryRow, change: RowChange) -> ComparedRow:
    counts = {
        verdict: OldAndNew(count(old.counts[verdict]), count(new.counts[verdict]))
        for verdict in Verdict
        if verdict in JUDGED or old.counts[verdict] != new.counts[verdict]
    }
    return ComparedRow(
        "disagree" if change.label == "disagrees more" else WAY_SYMBOLS[change.way],
        change.label,
        *old.key,
        OldAndNew(count(old.cases), count(new.cases)),
        counts[Verdict.AGREE],
        counts[Verdict.DISAGREE],
        tuple((verdict.value, values) for verdict, values in counts.items() if verdict not in JUDGED),
        OldAndNew(short(old.median_ulps), short(new.median_ulps)),
        OldAndNew(short(old.worst_ulps), short(new.worst_ulps)),
        OldAndNew(short(old.median_resolution), short(new.median_resolution)),
    )


def _one_sided(mine: Mapping[RowKey, SummaryRow], theirs: Mapping[RowKey, SummaryRow]) -> tuple[OneSidedRow, ...]:
    rows = [row for key, row in mine.items() if key not in theirs]
    verdicts = [", ".join(f"{count(row.counts[v])} {v}" for v in Verdict if row.counts[v]) for row in rows]
    return tuple(OneSidedRow(*row.key, count(row.cases), given) for row, given in zip(rows, verdicts, strict=True))


def _facts(old: Held, new: Held) -> list[ComparedFact]:
    """The recipes and the environments, name by name."""
    before, after = ({**held.run.recipe, **held.run.environment} for held in (old, new))
    return [
        ComparedFact(fact_name(name), OldAndNew(as_text(before.get(name)), as_text(after.get(name))))
        for name in dict.fromkeys([*before, *after])
    ]
