"""Two runs side by side, what got worse first: as text, for templates/beside.html.j2."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backcheck_reports.exports.formats import Held
from backcheck_reports.number_format import count, counted, short
from backcheck_reports.page.page import fill
from backcheck_reports.page.page_view import Chip, chips, said
from backcheck_reports.record import Verdict
from backcheck_reports.statistics.regressions import Key, Turn, turns
from backcheck_reports.statistics.summary import Row
from backcheck_reports.statistics.totals import headline, outcome, tone
from backcheck_reports.storage.files import write_whole

SYMBOLS = {"worse": "differ", "better": "agree", "same": "unavailable"}
JUDGED = (Verdict.AGREE, Verdict.DISAGREE)


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    folder: str
    outcome: str
    tone: str
    headline: str
    cautions: tuple[str, ...]
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The older and the newer value; one text where they are the same."""

    old: str
    new: str

    @property
    def moved(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, party and dtype of both runs; `others` are those verdicts that moved besides agree and disagree."""

    kind: str
    label: str
    rule: str
    party: str
    dtype: str
    networks: Pair
    agree: Pair
    disagree: Pair
    others: tuple[tuple[str, Pair], ...]
    median: Pair
    worst: Pair
    resolution: Pair


@dataclass(frozen=True, slots=True)
class Lone:
    rule: str
    party: str
    dtype: str
    networks: str
    verdicts: str


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    values: Pair


@dataclass(frozen=True, slots=True)
class Beside:
    outcome: str
    tone: str
    sides: tuple[Side, Side]
    note: str
    worse: tuple[Line, ...]
    better: tuple[Line, ...]
    same: tuple[Line, ...]
    only: tuple[tuple[str, tuple[Lone, ...]], ...]
    differ: tuple[Fact, ...]
    alike: tuple[Fact, ...]


def write_beside(path: Path | str, old: Held, new: Held) -> None:
    """Both runs on one page, which is written in one step."""
    write_whole(path, fill("beside.html.j2", ("page.css", "beside.css"), page=beside(old, new)))


def beside(old: Held, new: Held) -> Beside:
    before, after = _keyed(old), _keyed(new)
    both = [key for key in after if key in before]
    alike = _draws(old) == _draws(new)
    lines: dict[str, list[Line]] = {way: [] for way in SYMBOLS}
    for key, turn in turns({key: (before[key], after[key]) for key in both}, alike):
        lines[turn.way].append(_line(key, before[key], after[key], turn))
    only = (("Only the older run has", _lone(before, after)), ("Only the newer run has", _lone(after, before)))
    facts = _facts(old, new)
    return Beside(
        _outcome(lines, only),
        "disagree" if lines["worse"] else "agree" if both else "unavailable",
        (_side("older", old), _side("newer", new)),
        _note(alike),
        tuple(lines["worse"]),
        tuple(lines["better"]),
        tuple(lines["same"]),
        tuple((title, found) for title, found in only if found),
        tuple(fact for fact in facts if fact.values.moved),
        tuple(fact for fact in facts if not fact.values.moved),
    )


def _keyed(run: Held) -> dict[Key, Row]:
    return {(row.rule, row.party, row.dtype): row for row in run.summary.rows}


def _draws(run: Held) -> Mapping[str, Any]:
    return {**run.run.recipe, "complete": run.run.complete, "networks": run.summary.totals.networks}


def _note(alike: bool) -> str:
    if alike:
        return (
            "Both runs drew the same networks: every count that moved is a change, and so is a median error that moved "
            "by half an octave and a worst one that moved by a whole one."
        )
    return (
        "The runs did not draw the same networks. So counts are compared as shares, and only what chance does not "
        "explain is called worse or better; a median error counts from a factor of two, a worst one not at all."
    )


def _outcome(lines: Mapping[str, list[Line]], only: Iterable[tuple[str, tuple[Lone, ...]]]) -> str:
    worse, better = len(lines["worse"]), len(lines["better"])
    told = [f"{counted(worse, 'line')} got worse" if worse else "Nothing got worse"]
    told += [f"{count(better)} got better"] if better else []
    told += [f"{count(sum(len(found) for _, found in only))} only on one side"] if any(f for _, f in only) else []
    return ", ".join(told)


def _side(name: str, held: Held) -> Side:
    totals, summary = held.summary.totals, held.summary
    words = outcome(totals, held.run.complete, summary.lost)
    return Side(
        name,
        str(held.folder),
        words,
        tone(totals, summary.lost),
        headline(totals),
        summary.cautions,
        chips(totals.counts),
    )


def _line(key: Key, old: Row, new: Row, turn: Turn) -> Line:
    others = [verdict for verdict in Verdict if verdict not in JUDGED and old.counts[verdict] != new.counts[verdict]]
    return Line(
        "disagree" if turn.label == "disagrees more" else SYMBOLS[turn.way],
        turn.label,
        *key,
        Pair(count(old.cases), count(new.cases)),
        _counts(old, new, Verdict.AGREE),
        _counts(old, new, Verdict.DISAGREE),
        tuple((verdict.value, _counts(old, new, verdict)) for verdict in others),
        *(_pair(get, old, new) for get in (_median, _worst, _resolution)),
    )


def _counts(old: Row, new: Row, verdict: Verdict) -> Pair:
    return Pair(count(old.counts[verdict]), count(new.counts[verdict]))


def _pair(get: Callable[[Row], float | None], old: Row, new: Row) -> Pair:
    return Pair(short(get(old)), short(get(new)))


def _median(row: Row) -> float | None:
    return row.median_ulps


def _worst(row: Row) -> float | None:
    return row.worst_ulps


def _resolution(row: Row) -> float | None:
    return row.median_resolution


def _lone(mine: Mapping[Key, Row], theirs: Mapping[Key, Row]) -> tuple[Lone, ...]:
    rows = [row for key, row in mine.items() if key not in theirs]
    return tuple(Lone(row.rule, row.party, row.dtype, count(row.cases), _verdicts(row)) for row in rows)


def _verdicts(row: Row) -> str:
    return ", ".join(f"{count(row.counts[verdict])} {verdict}" for verdict in Verdict if row.counts[verdict])


def _facts(old: Held, new: Held) -> list[Fact]:
    """The recipes and the environments, name by name."""
    sides = [{**held.run.recipe, **held.run.environment} for held in (old, new)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    return [Fact(str(name).replace("_", " "), Pair(*(said(side.get(name)) for side in sides))) for name in names]
