"""What the figures are drawn from, counted record by record. The memory grows with the rules, not with the run."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backcheck_reports.record import EXACT, JUDGED, OUTPUT, SUBJECT, Record, Verdict
from backcheck_reports.statistics.histogram import Histogram

COMPARED = (SUBJECT, "torch", "jax")  # the parties whose errors are compared with one another
DECIDED = (*JUDGED, Verdict.KINK)  # the verdicts by which the exact oracle has decided about a rule
SUBTLEST = 1e-8  # the relative error of the subtlest wrong rule that we know of
FAULTS = (1e-2, 1e-4, 1e-6, SUBTLEST)  # relative errors that a run should catch
FURTHEST = 12  # powers of ten of the truth that get a place of their own, up and down


@dataclass(slots=True)
class AnswerTally:
    """One party's answers for one rule, or for one argument of a rule. A fault counts under the rule at fault; `behind`
    counts the gradients that are wrong for the fault of another rule."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    ulps: Histogram = field(default_factory=Histogram)
    fractions: Histogram = field(default_factory=Histogram)
    behind: int = 0

    def add(self, record: Record) -> None:
        self.counts[record.verdict] += 1
        if record.verdict in JUDGED:
            self.ulps.add(record.ulps)
            self.fractions.add(record.fraction)


def merged(tallies: Iterable[AnswerTally]) -> AnswerTally | None:
    """The tally of several arguments together; None for none."""
    whole = None
    for tally in tallies:
        whole = whole or AnswerTally()
        whole.counts.update(tally.counts)
        whole.behind += tally.behind
        whole.ulps.merge(tally.ulps)
        whole.fractions.merge(tally.fractions)
    return whole


@dataclass(slots=True)
class Contest:
    """Tensors that the same parties answered: each party's errors in ulps, and how often it alone was the nearest."""

    errors: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    nearest: Counter[str] = field(default_factory=Counter)
    tensors: int = 0

    def add(self, ulps: Mapping[str, float]) -> None:
        self.tensors += 1
        for party, error in ulps.items():
            self.errors[party].add(error)
        known = {party: math.inf if math.isnan(error) else error for party, error in ulps.items()}
        least = min(known.values())
        first = [party for party, error in known.items() if error == least]
        if len(first) == 1:
            self.nearest[first[0]] += 1


@dataclass(slots=True)
class Power:
    """In how many of the judged tensors each of FAULTS would have been caught, in whatever entry it is."""

    tensors: int = 0
    caught: Counter[float] = field(default_factory=Counter)
    resolutions: Histogram = field(default_factory=Histogram)

    def add(self, resolution: float) -> None:
        self.tensors += 1
        self.resolutions.add(resolution)
        for fault in FAULTS:  # a loop, since Counter.update is slow for so few
            if resolution <= fault:
                self.caught[fault] += 1


@dataclass(slots=True)
class Aggregates:
    """`tensors` counts all records. The others count gradients only: the figures do not compare forward values.

    tensors   the answers by rule, argument and party
    contests  the errors of the COMPARED parties on the same tensors, by the parties that answered
    bands     errors in ulps by quantity ("depth", "width", "magnitude") and party, then by place on the axis
    accuracy  errors of what agrees, as a part of the largest entry of each tensor, by COMPARED party and dtype
    power     which faults would be caught, by rule and dtype; the exact oracle's dtype is "exact", since what it
              catches does not depend on the dtype
    """

    tensors: defaultdict[tuple[str, str, str], AnswerTally] = field(default_factory=lambda: defaultdict(AnswerTally))
    contests: defaultdict[tuple[str, ...], Contest] = field(default_factory=lambda: defaultdict(Contest))
    bands: defaultdict[tuple[str, str], defaultdict[int, Histogram]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Histogram))
    )
    power: defaultdict[tuple[str, str], Power] = field(default_factory=lambda: defaultdict(Power))
    accuracy: defaultdict[tuple[str, str], Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    _case: str = ""
    _answers: defaultdict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, record: Record, rule: str, argument: str) -> None:
        """`rule` and `argument` name the row of the table that the record counts in."""
        self.tensors[rule, argument, record.party].add(record)
        if record.tensor != OUTPUT:
            self._gradient(record)

    def _gradient(self, record: Record) -> None:
        if record.party in COMPARED and record.verdict in JUDGED:
            self._compare(record)
        if record.party == SUBJECT and record.verdict in JUDGED:
            self.power[record.rule, record.dtype].add(record.resolution)
        elif record.party == EXACT and record.verdict in DECIDED:
            self.power[record.rule, EXACT].add(record.resolution)

    def _compare(self, record: Record) -> None:
        if record.case != self._case:  # the records of a case come together: the case before is complete
            self.settle()
            self._case = record.case
        self._answers[record.tensor][record.party] = record.ulps
        if record.verdict is Verdict.AGREE:
            self.accuracy[record.party, record.dtype].add(record.relative)
        for quantity, place in places(record):
            self.bands[quantity, record.party][place].add(record.ulps)

    def settle(self) -> None:
        """Count the answers of the last case. To be called after the last record."""
        for answers in self._answers.values():
            if len(answers) > 1:
                self.contests[tuple(sorted(answers, key=COMPARED.index))].add(answers)
        self._answers.clear()

    def contest(self) -> tuple[tuple[str, ...], Contest] | None:
        """The contest of the most parties, and of those the one with the most tensors; None where there is none."""
        return max(self.contests.items(), key=lambda item: (len(item[0]), item[1].tensors), default=None)


def places(record: Record) -> Iterable[tuple[str, int]]:
    """A record's place on each axis: depths one by one, from 8 on by octave; widths by octave; sizes by decade."""
    if record.depth > 0:
        yield "depth", record.depth if record.depth < 8 else _octave(record.depth)
    if record.width > 0:
        yield "width", _octave(record.width)
    if 0 < record.magnitude < math.inf:
        yield "magnitude", min(max(math.floor(math.log10(record.magnitude)), -FURTHEST), FURTHEST)


def _octave(number: int) -> int:
    """The largest power of two that is not above it. By bits: a damaged record may have more than a float holds."""
    return 1 << (number.bit_length() - 1)
