"""What the figures are drawn from, counted record by record in memory that grows with the rules and not with the run.

Only gradients count here. A forward value has no place in the question whose gradient is nearest to the truth.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backcheck_reports.record import Record, Verdict
from backcheck_reports.statistics.histogram import Histogram

COMPARED = ("numpy", "torch", "jax")
JUDGED = (Verdict.AGREE, Verdict.DISAGREE)
RULED = (*JUDGED, Verdict.KINK)  # what the exact oracle has decided
FAULTS = (1e-2, 1e-4, 1e-6, 1e-8)  # relative errors that a run should catch
FURTHEST = 12  # powers of ten of the truth that get a place of their own, up and down


@dataclass(slots=True)
class Place:
    """One rule, or one argument of a rule, as one party answers it."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    ulps: Histogram = field(default_factory=Histogram)
    fractions: Histogram = field(default_factory=Histogram)

    def add(self, record: Record) -> None:
        self.counts[record.verdict] += 1
        if record.verdict in JUDGED:
            self.ulps.add(record.ulps)
            self.fractions.add(record.fraction)


def together(places: Iterable[Place]) -> Place | None:
    """What several arguments have together; None of none."""
    whole = None
    for place in places:
        whole = whole or Place()
        whole.counts.update(place.counts)
        whole.ulps.merge(place.ulps)
        whole.fractions.merge(place.fractions)
    return whole


@dataclass(slots=True)
class Contest:
    """The same tensors answered by the same parties: their errors in ulps, and who alone was nearest how often."""

    errors: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    nearest: Counter[str] = field(default_factory=Counter)
    tensors: int = 0

    def add(self, ulps: Mapping[str, float]) -> None:
        self.tensors += 1
        for party, error in ulps.items():
            self.errors[party].add(error)
        least = min(map(_known, ulps.values()))
        first = [party for party, error in ulps.items() if _known(error) == least]
        if len(first) == 1:
            self.nearest[first[0]] += 1


@dataclass(slots=True)
class Power:
    """Of the tensors that were judged, in how many each of FAULTS would have been caught in any entry."""

    tensors: int = 0
    caught: Counter[float] = field(default_factory=Counter)
    resolutions: Histogram = field(default_factory=Histogram)

    def add(self, resolution: float) -> None:
        self.tensors += 1
        self.resolutions.add(resolution)
        for fault in FAULTS:  # Counter.update takes its time
            if resolution <= fault:
                self.caught[fault] += 1


def _places() -> defaultdict[int, Histogram]:
    return defaultdict(Histogram)


@dataclass(slots=True)
class Aggregates:
    """By rule and party; by rule, argument and party; by what a network is like; by rule and dtype.

    `bands` holds errors in ulps by quantity ("depth", "width", "magnitude"), party and place on the axis. The exact
    oracle stands in `power` under the dtype "exact": what it catches does not depend on one.
    """

    tensors: defaultdict[tuple[str, str, str], Place] = field(default_factory=lambda: defaultdict(Place))
    contests: defaultdict[tuple[str, ...], Contest] = field(default_factory=lambda: defaultdict(Contest))
    bands: defaultdict[tuple[str, str], defaultdict[int, Histogram]] = field(
        default_factory=lambda: defaultdict(_places)
    )
    power: defaultdict[tuple[str, str], Power] = field(default_factory=lambda: defaultdict(Power))
    _case: str = ""
    _answers: defaultdict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, record: Record, rule: str, gradient: bool) -> None:
        """`rule` is the row of the table that the record counts in."""
        self.tensors[rule, record.argument, record.party].add(record)
        if gradient:
            self._gradient(record)

    def _gradient(self, record: Record) -> None:
        if record.party in COMPARED and record.verdict in JUDGED:
            self._compare(record)
        if record.party == COMPARED[0] and record.verdict in JUDGED:
            self.power[record.rule, record.dtype].add(record.resolution)
        elif record.party == "exact" and record.verdict in RULED:
            self.power[record.rule, "exact"].add(record.resolution)

    def _compare(self, record: Record) -> None:
        if record.case != self._case:  # the records of a case come together
            self.settle()
            self._case = record.case
        self._answers[record.tensor][record.party] = record.ulps
        for quantity, place in places(record):
            self.bands[quantity, record.party][place].add(record.ulps)

    def settle(self) -> None:
        """Count the case that is open. Whoever adds the last record says so."""
        for answers in self._answers.values():
            if len(answers) > 1:
                self.contests[tuple(sorted(answers, key=COMPARED.index))].add(answers)
        self._answers.clear()

    def contest(self) -> tuple[tuple[str, ...], Contest] | None:
        """The one of most parties, and of those the one of most tensors."""
        return max(self.contests.items(), key=lambda item: (len(item[0]), item[1].tensors), default=None)


def places(record: Record) -> Iterable[tuple[str, int]]:
    """Where a record stands on each axis: depths one by one and then by octave, widths by octave, sizes by decade."""
    if record.depth > 0:
        yield "depth", record.depth if record.depth < 8 else _octave(record.depth)
    if record.width > 0:
        yield "width", _octave(record.width)
    if 0 < record.magnitude < math.inf:
        yield "magnitude", min(max(math.floor(math.log10(record.magnitude)), -FURTHEST), FURTHEST)


def _octave(number: int) -> int:
    """The power of two at or below it, whatever its size."""
    return 1 << (number.bit_length() - 1)


def _known(error: float) -> float:
    return math.inf if math.isnan(error) else error
