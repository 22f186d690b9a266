"""Faults that were planted on purpose: which were found, how soon, how they were named, and what other checkers say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from backcheck_reports.figures.plots import (
    NumberTable,
    Plot,
    Point,
    across,
    named_series,
    share_ticks,
    share_up,
)
from backcheck_reports.number_format import count, counted, percent, short

MOST_NETWORKS = 10_000  # the end of the axis
STEPS = tuple(sorted({round(10 ** (n / 8)) for n in range(33)}))
ALL, OWN = "networks of all rules", "networks with its rule"
TOLD = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class PlantedRow:
    """One fault. `networks` is None where it was not found; `told` is what was said of it."""

    fault: str
    rule: str
    kind: str
    verdict: str  # the look of the verdict
    outcome: str
    networks: int | None
    judged: int
    named: str
    told: str
    needs: str
    right_rule: bool
    right_kind: bool

    @property
    def text(self) -> str:
        return "–" if self.networks is None else count(self.networks)


@dataclass(frozen=True, slots=True)
class CheckerRow:
    """What one checker finds of the faults, and of how many right rules it says that they are wrong."""

    name: str
    caught: str
    share: str
    level: str
    alarms: str
    milliseconds: str


@dataclass(frozen=True, slots=True)
class PlantedSection:
    sentence: str
    survivors: tuple[PlantedRow, ...]
    plot: Plot | None
    kinds: tuple[tuple[str, ...], ...]
    checkers: tuple[CheckerRow, ...]
    faults: tuple[PlantedRow, ...]


def planted(rows: Iterable[Any]) -> PlantedSection | None:
    given = [row for row in rows if isinstance(row, Mapping)]
    faults = [_fault(row) for row in given if not row.get("right")]
    if not faults:
        return None
    alive = tuple(each for each in faults if each.networks is None)
    found = [each for each in faults if each.networks is not None]
    plot = _plot(faults) if found else None
    return PlantedSection(_sentence(faults, found), alive, plot, _kinds(faults), _checkers(given), tuple(faults))


def headline(rows: Sequence[Any]) -> str:
    """The outcome of a run that planted faults and checked nothing else; empty where it planted none."""
    faults = [row for row in rows if isinstance(row, Mapping) and not row.get("right")]
    caught = sum(bool(row.get("caught")) for row in faults)
    if not faults:
        return ""
    return f"All {counted(len(faults), 'planted fault')} found" if caught == len(faults) else (
        f"{count(caught)} of {counted(len(faults), 'planted fault')} found"
    )  # fmt: skip


def _fault(row: Mapping[str, Any]) -> PlantedRow:
    """`networks` says how many it took, or `caught` how often it was found and `missed` how often not."""
    caught, missed, networks = row.get("caught"), row.get("missed"), _whole(row.get("networks"))
    times = [value for value in map(_whole, (caught, missed)) if value is not None]
    outcome = f"{count(times[0])} of {count(sum(times))}" if len(times) == 2 else ""
    networks = networks if networks is not None or not caught else 0
    name, tensor = str(row.get("named", "")), str(row.get("tensor", ""))
    return PlantedRow(
        fault=str(row.get("fault", "–")),
        rule=str(row.get("rule", "–")),
        kind=str(row.get("kind", "–")),
        verdict="agree" if caught else "disagree",
        outcome=outcome or ("caught" if caught else str(row.get("crash") or "missed")),
        networks=networks if caught else None,
        judged=_whole(row.get("judged")) or 0,
        named=f"{name}.{tensor}" if name and tensor else name,
        told=str(row.get("sentence", "")),
        needs=str(row.get("needs", "")),
        right_rule=bool(row.get("right_rule")),
        right_kind=bool(row.get("right_kind")),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _sentence(faults: Sequence[PlantedRow], found: Sequence[PlantedRow]) -> str:
    said = f"{counted(len(faults), 'fault')} planted, {count(len(found))} found."
    timed = [each.networks for each in found if each.networks]
    if not timed:
        return said
    named = sum(each.right_rule for each in found)
    kinds = sum(each.right_kind for each in found)
    return (
        f"{said} Half of those found are found within {median(timed):g} networks. {percent(named, len(found))} are "
        f"named by their rule, of {percent(kinds, len(found))} the kind of fault is said."
    )


def _plot(faults: Sequence[PlantedRow]) -> Plot | None:
    timed = [each for each in faults if each.networks]
    if not timed:
        return None
    x, total = across(0, 4), len(faults)

    def curve(numbers: Sequence[int]) -> list[Point]:
        return [(x.at(step), share_up(sum(n <= step for n in numbers) / total)) for step in STEPS]

    every, own = [each.networks or 0 for each in timed], [each.judged for each in timed]
    series = (named_series(ALL, curve(every)), named_series(OWN, curve(own)))
    rows = tuple(
        (count(most), *(percent(sum(n <= most for n in numbers), total) for numbers in (every, own))) for most in TOLD
    )
    within = percent(sum(n <= 100 for n in every), total)
    return Plot(
        id="planted",
        title="How soon planted faults are found",
        description="By the number of networks drawn, the part of the planted faults that were found by then.",
        sentence=f"{within} of the faults are found within 100 networks of all rules.",
        x_label="networks drawn",
        y_label="faults found",
        x_ticks=x.ticks(5),
        y_ticks=share_ticks(),
        series=series,
        guides=(),
        numbers=NumberTable(("networks", ALL, OWN), rows),
    )


def _kinds(faults: Sequence[PlantedRow]) -> tuple[tuple[str, ...], ...]:
    """A row for each kind of fault: its name, how many, found, the median of networks, named, said."""
    groups: defaultdict[str, list[PlantedRow]] = defaultdict(list)
    for each in faults:
        groups[each.kind].append(each)
    if set(groups) == {"–"}:
        return ()
    rows = []
    for kind, group in sorted(groups.items()):
        found = [each for each in group if each.networks is not None]
        soon = f"{median(each.networks or 0 for each in found):g}" if found else "–"
        shares = (
            percent(sum(e.right_rule for e in found), len(found)),
            percent(sum(e.right_kind for e in found), len(found)),
        )
        rows.append((kind, count(len(group)), count(len(found)), soon, *shares))
    return tuple(rows)


def _checkers(rows: Sequence[Mapping[str, Any]]) -> tuple[CheckerRow, ...]:
    """`checkers` of a row has by checker {"caught": True or False, "seconds": ...}; None where it cannot be asked."""
    wrong: defaultdict[str, list[bool]] = defaultdict(list)
    right: defaultdict[str, list[bool]] = defaultdict(list)
    times: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        said = row.get("checkers")
        for name, answer in said.items() if isinstance(said, Mapping) else ():
            if isinstance(answer, Mapping) and isinstance(answer.get("caught"), bool):
                (right if row.get("right") else wrong)[str(name)].append(answer["caught"])
                if isinstance(answer.get("seconds"), float):
                    times[str(name)].append(answer["seconds"])
    return tuple(_checker(name, wrong[name], right[name], times[name]) for name in wrong)


def _checker(name: str, wrong: Sequence[bool], right: Sequence[bool], times: Sequence[float]) -> CheckerRow:
    caught = sum(wrong)
    return CheckerRow(
        name,
        f"{count(caught)} of {count(len(wrong))}",
        percent(caught, len(wrong)),
        str(10 * caught // len(wrong)),
        f"{count(sum(right))} of {count(len(right))}" if right else "–",
        short(1000 * median(times)) if times else "–",
    )
