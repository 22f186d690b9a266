"""The hunt for a failure among drawn cases: what each came to, and the smallest that fails as the first did."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import Phase
from hypothesis.strategies import SearchStrategy

from backcheck.diagnosis.shrink import simpler_arrays, stands_out
from backcheck.diagnosis.two_cases import told
from backcheck.keys import OUTPUT, TensorKind, promise
from backcheck.problem import SUBJECT
from backcheck.session import asked
from backcheck.strategies.case import Case
from backcheck.subjects.arrays import NODE
from backcheck.subjects.drawn.cases import Refusals
from backcheck.subjects.drawn.domain import OutOfDomain
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.fuzz.drawn_check import Sign, signs_of
from backcheck.subjects.fuzz.share import Draw, drawn, share_of
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.result.check import Check
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import NOT_ENDED
from backcheck.verdicts.truth.node import State
from backcheck_reference.numbers import limits
from backcheck_reports.number_format import counted
from backcheck_reports.record import FAULTS, Record, Verdict

MOST_NOTES = 4
MOST_SOUGHT = 8  # cases of one round that reach code which none before has reached
MOST_PLAIN = 100  # draws of ordinary numbers in which a fault is looked for again
LEAST_TOLD, MOST_TOLD = 6, 120  # entries of a case that tells a fault from others

SHRINKING = (Phase.generate, Phase.shrink)

NOT_LINEAR = frozenset({(invariants.PARTY, promise("linear", NODE))})


def _entries(case: Case) -> int:
    return sum(recipe.size for recipe in case.arrays.values())


def _has_no_size_of_one(case: Case) -> bool:
    """Are there entries enough that one fault is told from another?"""
    return all(min(recipe.shape, default=2) > 1 for recipe in case.arrays.values()) and _entries(case) >= LEAST_TOLD


def _has_sizes_of_its_own(case: Case) -> bool:
    """Has every array axes of different sizes above 2? Then a batch is not taken for a width, nor for a factor 2."""
    shapes = [recipe.shape for recipe in case.arrays.values()]
    apart = all(len(set(shape)) == len(shape) and min(shape, default=3) > 2 for shape in shapes)
    return apart and _has_no_size_of_one(case)


@dataclass
class Hunt:
    """`ask` gives the verdicts on a new draw and `again` those on a case that is none. `plain` has cases of ordinary
    numbers only. `glance` says at less cost whether the same is wrong in a case, where exact arithmetic can tell.
    `allows` says whether a case is one that could be drawn, and `lines` what was said of the axes of each array.

    `further` has strategies for when nothing has failed, each with the one by which a case of it is made small."""

    name: str
    cases: SearchStrategy[Case]
    ask: Callable[[Case], Check]
    again: Callable[[Case], Check]
    plain: SearchStrategy[Case] | None = None
    glance: Callable[[Case, frozenset[Sign]], bool] | None = None
    allows: Callable[[Case], bool] = lambda case: True
    lines: Mapping[str, str] = field(default_factory=dict)
    further: Callable[[], Iterator[tuple[SearchStrategy[Case], SearchStrategy[Case]]]] = lambda: iter(())
    notes: list[str] = field(default_factory=list)
    refusals: Refusals = field(default_factory=Refusals)
    counts: Counter[Verdict] = field(default_factory=Counter)
    records: list[Record] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    draws: list[Draw] = field(default_factory=list)
    empty: list[tuple[Case, Check]] = field(default_factory=list)
    first: Check | None = None
    signs: frozenset[Sign] = frozenset()

    def run(self, draws: int, number: int) -> Verification:
        """Draw until something fails, and then find the smallest that fails alike."""
        with limits.remembering():
            return self._run(draws, number)

    def _run(self, draws: int, number: int) -> Verification:
        search(self.cases, self._fails, draws, number, [Phase.generate])
        for looked_for, same in self.further() if self.first is None else ():
            search(looked_for, self._fails, MOST_SOUGHT, number, [Phase.generate])
            if self.first is not None:
                self.cases = same
                break
        for case, check in self.empty if not self.seen else ():  # where nothing else was asked for
            self._count(case, check)
        failure = self.first
        if failure is not None and asked().shrinks:
            failure = self._smallest(failure, draws, number)
        self._note_refusals()
        records, notes = tuple(self.records), tuple(self.notes)
        share = share_of(self.draws)
        return Verification(
            self.name, len(self.seen), dict(self.counts), records, failure, notes, share, late=bool(self.refusals.late)
        )

    def _fails(self, case: Case) -> bool:
        """Does a gradient disagree in this new draw?

        A backward that is not linear in dy mostly gives wrong gradients too, and those say more. So a case in which
        linearity alone fails is kept, and the search goes on.
        """
        if self.signs - NOT_LINEAR:
            return True  # Hypothesis runs what it found once more
        if self.refusals.out_of_patience:
            return False
        check = self.ask(case)
        signs = signs_of(check) if check.verdict in FAULTS and not check else frozenset()
        if not signs and self._is_outside(check):
            return False
        # of an empty batch nothing is proved, but a backward that fails on it is wrong
        if not signs and any(recipe.size == 0 for recipe in case.arrays.values()):
            self.empty.append((case, check))
            return False
        self._count(case, check)
        if signs - NOT_LINEAR or (signs and self.first is None):
            self.first, self.signs = check, signs
        return bool(signs - NOT_LINEAR)

    def _is_outside(self, check: Check) -> bool:
        """Is the forward not finite here, and nobody says that it is? Then nothing can be judged here."""
        value = check.checked.answers[SUBJECT].tensors.get(OUTPUT)
        if value is None or np.isfinite(value.astype(np.float64)).all():
            return False
        with suppress(OutOfDomain):
            self.refusals.domain.meet(check.checked.problem.arrays, value)
        return True

    def _alike(self, case: Case) -> bool:
        """Is any of what was wrong at first wrong here?"""
        if self.refusals.out_of_patience or not self.allows(case):
            return False
        if self.glance is not None and self._exactly:
            return self.glance(case, self.signs)
        return bool(signs_of(self.again(case)) & self.signs)

    def _alike_and_plain(self, case: Case) -> bool:
        """Is it wrong here too, and in a way that nobody would take for rounding, a tie or a zero?"""
        if not self._alike(case):
            return False
        check = self.again(case)
        return bool(signs_of(check) & self.signs) and stands_out(check.checked, SUBJECT)

    @property
    def _exactly(self) -> bool:
        """Was the first failure one of the rule, in exact arithmetic, and of its gradients alone?"""
        reports = () if self.first is None else self.first.checked.truth.reports  # a check that fails is falsy
        return any(report.state is State.WRONG for report in reports) and (SUBJECT, OUTPUT) not in self.signs

    def _smallest(self, first: Check, draws: int, number: int) -> Check:
        """The smallest case that fails in the same way, with simple arrays; the first one where none does.

        Most faults show at arrays of ordinary numbers too. Drawn from a seed those are a single choice each, and so
        shrink to smaller shapes and options, and sooner, than arrays drawn entry by entry. Cases away from ties
        and zeros are looked for first: there a wrong number is plain, and elsewhere it may pass for a convention.
        """
        wanted, found = self._alike_and_plain, self._plain_ones(self._alike_and_plain, number)
        if not found:
            wanted, found = self._alike, self._plain_ones(self._alike, number)
        plain = found
        found = found or search(self.cases, self._alike, draws, number, SHRINKING)
        smallest = self.again(simpler_arrays(found[-1], wanted)) if found else first
        if not signs_of(smallest) & self.signs:
            return first
        return _told(smallest, self.again(self._larger(plain, number)) if plain else first)

    def _larger(self, plain: list[Case], number: int) -> Case:
        """A case of ordinary numbers in which faults do not look alike: axes of several sizes, none of them 1."""
        for tells in (_has_sizes_of_its_own, _has_no_size_of_one):
            found = [case for case in plain if tells(case)] or self._drawn_larger(tells, number)
            if found:
                return max(found, key=_entries)
        return max(plain, key=_entries)

    def _drawn_larger(self, tells: Callable[[Case], bool], number: int) -> list[Case]:
        def wanted(case: Case) -> bool:
            return tells(case) and _entries(case) <= MOST_TOLD and self._alike_and_plain(case)

        return search(self.plain, wanted, MOST_PLAIN, number, [Phase.generate]) if self.plain is not None else []

    def _plain_ones(self, wanted: Callable[[Case], bool], number: int) -> list[Case]:
        """Cases of ordinary numbers that are wanted, each simpler than the one before."""
        return [] if self.plain is None else search(self.plain, wanted, MOST_PLAIN, number, SHRINKING)

    def _count(self, case: Case, check: Check) -> None:
        if case.id in self.seen:
            return
        self.seen.add(case.id)
        second = [key for key, party in check.measures if party == SUBJECT and key.kind is TensorKind.PRODUCT]
        judged = (*check.checked.problem.gradients, *second)
        self.counts.update(check.measures[key, SUBJECT].verdict for key in judged)
        self.draws += drawn(check)
        self.records += [replace(r, network=len(self.seen) - 1, profile=case.profile) for r in check.records]
        self.notes += [note for note in check.notes if note not in self.notes][: max(0, MOST_NOTES - len(self.notes))]

    def _note_refusals(self) -> None:
        refused = sum(self.refusals.why.values())
        if refused:
            why = self.refusals.why.most_common(1)[0][0]
            self.notes.append(f"{refused} draws were not taken by {self.name}, most often: {why}")
        self.notes += self.refusals.domain.notes(self.lines)
        if self.refusals.late:
            stopped = ", and no further draw was begun" if self.refusals.out_of_patience else ""
            times, first = counted(len(self.refusals.late), "draw"), self.refusals.late[0]
            self.notes.append(f"{NOT_ENDED} in {times}: {first}{stopped}")


def _told(smallest: Check, telling: Check) -> Check:
    """The smallest case with the fault in words; where only the larger case tells it, that one is kept with it."""
    key = smallest.finding.key if smallest.finding else None
    if key is None or smallest.finding is None or telling.finding is None or (SUBJECT, key) not in signs_of(telling):
        return smallest
    there = replace(telling.finding, key=key, measure=telling.measures[key, SUBJECT])
    found = told((smallest.finding, smallest.checked.problem), (there, telling.checked.problem))
    return replace(smallest, said=found.words, told_on=telling if found.of_larger else None)
