"""A comparison of two sides: every tensor of every rule on the same networks and arrays, then the times."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from backcheck.regression.difference import findings, smallest, speed, times
from backcheck.regression.difference.changes import Comparison, ComparisonFinding, Memory, TimeRatio
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.difference.observations import WHOLE_NETWORKS, Kept, Observations, Progress, observe
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.regression.sides.processes import BothSides, one_process, two_processes
from backcheck.regression.sides.source import Side

Timed = list[tuple[speed.Timing, TimeRatio]]
Observed = tuple[Observations, findings.Shown]
Sized = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Task:
    """What to compare: the two sides, the subject on each, what to draw, what to expect, and whether to time it."""

    old: Side
    new: Side
    plan: ComparisonPlan = field(default_factory=ComparisonPlan)
    expected: Expected = field(default_factory=Expected)
    old_subject: str | None = None
    new_subject: str | None = None
    timed: bool = True

    def processes(self, swap: bool = False) -> AbstractContextManager[BothSides]:
        return two_processes(self.old, self.new, self.old_subject, self.new_subject, swap)

    @contextmanager
    def sizes(self) -> Iterator[Callable[[], Sized]]:
        """What gives the cases to be timed. A process of its own draws them while the other two compare."""
        if not self.timed:
            yield dict
            return
        with one_process(self.new, self.new_subject, "new") as process:
            process.send("sized", self.plan)
            yield process.receive


def run(
    task: Task,
    progress: Progress = lambda what, done, total: None,
    keep: Callable[[list[Kept]], None] = lambda kept: None,
) -> Comparison:
    """Compare the two sides; `keep` is given what was recorded of the new one. Raises CouldNot when one of them cannot
    be loaded."""
    started = time.monotonic()
    with task.processes() as pair, task.sizes() as sizes:
        seen, shown = observed(pair, task.plan, progress)
        timed, memories = _times(pair, sizes(), seen, progress)
    speeds = _again(task, timed, progress)
    keep(seen.kept)
    found = findings.all_findings(seen, shown, task.expected, speeds, memories)
    return replace(
        outcome(seen, found, task.plan), old=task.old.title, new=task.new.title, speeds=speeds, memories=memories,
        expected=task.expected.what, seconds=round(time.monotonic() - started, 1), commit=task.old.commit,
    )  # fmt: skip


def outcome(seen: Observations, found: tuple[ComparisonFinding, ...], plan: ComparisonPlan) -> Comparison:
    """What was observed and found, as plain data."""
    return Comparison("old", "new", asdict(plan), _counts(seen), found, seen.rows(), notes=_notes(seen))


def observed(pair: BothSides, plan: ComparisonPlan, progress: Progress = lambda what, done, total: None) -> Observed:
    """What both sides answer, and for each rule that changed the smallest case at which it shows."""
    seen = observe(pair, plan, progress)
    return seen, smallest.smallest_of(seen, pair)


def _times(pair: BothSides, sized: Sized, seen: Observations, progress: Progress) -> tuple[Timed, tuple[Memory, ...]]:
    shared = {name: cases for name, cases in sized.items() if name in seen.new.rules and name in seen.old.rules}
    sized = times.runnable(pair, shared)
    memories = tuple(times.memory(pair, name, cases[-1]) for name, cases in sized.items())
    return times.first(pair, sized, seen.new.engine, progress), memories


def _again(task: Task, timed: Timed, progress: Progress) -> tuple[TimeRatio, ...]:
    """What looks faster or slower is timed again in two new processes, of which the other one is started first."""
    limit = task.expected.max_slowdown or float("inf")
    places = [place for place, (_, found) in enumerate(timed) if speed.suspicious(found, limit)]
    speeds = [found for _, found in timed]
    if places:
        with task.processes(swap=True) as pair:
            told = times.again(pair, [timed[place] for place in places], len(timed))
        for place, found in zip(places, told, strict=True):
            speeds[place] = found
        progress("timing again", len(places), len(places))
    return tuple(speeds)


def _counts(seen: Observations) -> dict[str, int]:
    rows = [row for row in seen.rows() if row.rule != WHOLE_NETWORKS]
    return {
        "rules": len({row.rule for row in rows}),
        "networks": len(seen.drawn.networks),
        "nodes": len(seen.drawn),
        "tensors": sum(row.cases for row in rows),
        "identical": sum(row.identical for row in rows),
        "dtypes": len({row.dtype for row in rows}),
        "lost": seen.drawn.lost,
    }


def _notes(seen: Observations) -> tuple[str, ...]:
    """What was not compared of rules that were, and why."""
    notes = []
    if seen.drawn.lost:
        notes.append(f"{seen.drawn.lost} nodes of the networks could not be had alone, or at finite numbers only")
    compared = {rule for rule, _, _ in (*seen.tallies, *seen.ran)}
    return (
        *notes,
        *(f"{rule}: nothing more is drawn: {why}" for rule, why in seen.drawn.undrawn.items() if rule in compared),
    )
