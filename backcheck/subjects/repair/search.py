"""The search: single edits in the order of their likelihood, then two, each proved before anybody hears of it.

A candidate runs in floats on a few cases whose truth is known. What is right on all of them is judged exactly there,
and then on many draws, with all promises. Two edits grow from single ones that bring some of the gradients right.
"""

import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from backcheck.edits.edit import Edit
from backcheck.errors import BackcheckError
from backcheck.strategies.case import Case
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.repair.code.source import key_of, running
from backcheck.subjects.repair.questions import Questions
from backcheck.subjects.repair.targets import Target, targets_of
from backcheck.subjects.repair.trial import Marks, TrialCase, of_differences, of_truth
from backcheck.subjects.result.check import Check
from backcheck.time_limit import OutOfTime, time_limit
from backcheck_reports.record import Verdict

NO_SOURCE = "there is no backward in Python to be edited: the source of none of its functions lies in a file"
NO_TRUTH = "no fix is looked for: at no case is it known what is right"
CASES = 4
JUDGED_SECONDS = 0.35  # of the budget, for the cases whose truth is found first
LEFT_OUT, PUT_IN = "a factor or term left out", ("a factor put in", "a term put in")
SCALES = ((-1.0, "-({})"), (0.5, "2 * ({})"), (2.0, "0.5 * ({})"), (-0.5, "-2 * ({})"), (-2.0, "-0.5 * ({})"))
MOST_SHORTER = 12  # ways to leave something out that two edits grow from
MOST_PARTIAL, MOST_SECOND = 12, 3000  # single edits that two grow from, and the edits after each
BATCH = 25
MOST_ROUNDS = 4  # of draws, for one proof
MOST_PARTS = 3  # single edits that are looked at for a part of a repair
GRACE_SECONDS = 45.0  # for one proof
GOOD = (Verdict.AGREE, Verdict.KINK)


class Step(NamedTuple):
    """One edit of the text of one target."""

    target: Target
    edit: Edit


class Partial(NamedTuple):
    """A step that makes something better, and how far."""

    step: Step
    marks: Marks


@dataclass(frozen=True, slots=True)
class ProvedRepair:
    """A repair: its edits, one after the other, the draws that it was proved on, and on which of them it gives other
    gradients than the first one."""

    steps: tuple[Step, ...]
    draws: int
    differs: str = ""


@dataclass
class RepairSearch:
    """`told` hears before each batch of candidates how many there were. `skipped` are batches that ended a process."""

    questions: Questions
    failure: Check
    draws: int
    seed: int
    seconds: float
    told: Callable[[int], None] = lambda number: None
    skipped: frozenset[int] = frozenset()
    left_out: frozenset[CodeType] = frozenset()
    proof_seconds: float = GRACE_SECONDS
    tried: int = 0
    cases: list[TrialCase] = field(default_factory=list)
    judged: list[Case] = field(default_factory=list)
    found: list[ProvedRepair] = field(default_factory=list)
    part: tuple[tuple[Step, ...], tuple[str, ...], int] | None = None
    reason: str = ""
    complete: bool = False
    took: float = 0.0
    _until: float = 0.0
    _met: set[Any] = field(default_factory=set)

    def run(self) -> None:
        """Look until something is proved, or the time is over."""
        began = time.monotonic()
        self._until = began + self.seconds
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            self._look()
        self.took = time.monotonic() - began

    def _look(self) -> None:
        self._gather()
        if not self.cases:
            self.reason = NO_TRUTH
            return
        first = self.cases[0].marks()
        targets = targets_of(self.cases[0], first, self.left_out)
        if not targets:
            self.reason = NO_SOURCE
            return
        partial = self._singles(targets, first)
        self._pairs(targets, first, partial)
        self.complete = not self._over
        if not self.found:
            self._keep_part(partial, first)

    def _gather(self) -> None:
        """The cases whose truth is known: those first at which the code is wrong, the larger before the smaller."""
        until = time.monotonic() + self.seconds * JUDGED_SECONDS
        checked = self.failure.checked
        found = [of_truth(checked.problem, checked.truth.known)]
        for case in _asked(self.questions, CASES):
            if time.monotonic() > until:
                break
            with suppress(BackcheckError, OutOfTime), time_limit(GRACE_SECONDS):
                found.append(of_differences(self.questions.problem(case)))
                self.judged.append(case)
        self.cases = [each for each in found if each is not None]
        wrong = {id(each): not each.marks().all_right for each in self.cases}
        self.cases.sort(key=lambda each: (not wrong[id(each)], -min(30, each.entries)))

    def _singles(self, targets: Sequence[Target], first: Marks) -> list[Partial]:
        """Every single edit; what is better than the code as it is, or wrong by another factor, is given back."""
        ranked = [[(each.cost, at, each.edit) for each in t.edits(t.source.text)] for at, t in enumerate(targets)]
        partial: list[Partial] = []
        for _, at, edit in sorted(itertools.chain(*ranked), key=lambda each: each[0]):
            if self._over:
                break
            steps = (Step(targets[at], edit),)
            marks = self._marks(steps)
            if marks is None:
                continue
            if marks.all_right:
                self._prove(steps)
            elif marks.better_than(first) or (marks.is_multiple and first.is_multiple):
                partial.append(Partial(steps[0], marks))
        return partial

    @property
    def _over(self) -> bool:
        return bool(self.found) or time.monotonic() > self._until

    def _pairs(self, targets: Sequence[Target], first: Marks, partial: Sequence[Partial]) -> None:
        """Two edits: those whose factors together make 1, and then a second one after each single one that was better,
        the best of these first."""
        better = [each for each in partial if each.marks.better_than(first)]
        better.sort(key=lambda each: each.marks.rank, reverse=True)
        singles = [Step(target, each.edit) for target in targets for each in target.edits(target.source.text)]
        shorter = [step for step in singles if step.edit.operator == LEFT_OUT]
        seeds = [*(each.step for each in better[:MOST_PARTIAL]), *shorter[:MOST_SHORTER]]
        grown = (pair for seed in seeds for pair in _grown(seed, targets))
        scaled = (pair for each in partial for pair in _scaled(each))
        for steps in itertools.chain(scaled, _by_factors(partial, first), _moved(shorter, singles), grown):
            if self._over:
                return
            marks = self._marks(steps)
            if marks is not None and marks.all_right:
                self._prove(steps)

    def _marks(self, steps: Sequence[Step]) -> Marks | None:
        """How right the first case is under these edits; None where they are no code, or code that was tried, or where
        the first case is right and another is not."""
        with ExitStack() as stack:
            if not self._entered(stack, steps):
                return None
            if self.tried % BATCH == 0:
                self.told(self.tried // BATCH)
            self.tried += 1
            if self.tried // BATCH in self.skipped:
                return None
            marks = self.cases[0].marks()
            if marks.all_right and not all(each.marks().all_right for each in self.cases[1:]):
                return None
            return marks

    def _entered(self, stack: ExitStack, steps: Sequence[Step]) -> bool:
        """Run the code with these edits from now on, where they are code that was not tried before."""
        keys = []
        for target, edit in steps:
            code = target.source.compiled(edit.text)
            if code is None:
                return False
            keys.append((id(target), key_of(code)))
            stack.enter_context(running(target.functions, code))
        if tuple(keys) in self._met:
            return False
        self._met.add(tuple(keys))
        return True

    def _prove(self, steps: tuple[Step, ...]) -> None:
        """Judge what was right in floats exactly, and on many draws."""
        self._met.clear()
        with suppress(BackcheckError, OutOfTime), time_limit(self.proof_seconds), ExitStack() as stack:
            if self._entered(stack, steps) and self._holds():
                proved = self._proved()
                if proved:
                    self.found.append(ProvedRepair(steps, proved))

    def _proved(self) -> int:
        """The number of draws on which everything is right; 0 where one is not. Some draws are drawn twice."""
        proved = 0
        for seed in range(self.seed, self.seed + MOST_ROUNDS):
            found = self.questions.verify(max(5, self.draws - proved) * 5 // 4, seed)
            if not _is_proved(found):
                return 0
            proved += found.cases
            if proved >= self.draws:
                return proved
        return 0

    def _keep_part(self, partial: Sequence[Partial], first: Marks) -> None:
        """The single edit that makes most of the wrong gradients right, at all cases.

        Not judged exactly: what is still wrong would cost seconds for each case.
        """
        some = [each for each in partial if sum(each.marks.right) > sum(first.right)]
        before = self._right_everywhere()
        for each in sorted(some, key=lambda each: each.marks.rank, reverse=True)[:MOST_PARTS]:
            self._met.clear()
            with ExitStack() as stack:
                self._entered(stack, (each.step,))
                names = self._right_everywhere()
            gained = tuple(name for name in names if name not in before)
            if gained:
                self.part = (each.step,), gained, len(self.cases)
                return

    def _right_everywhere(self) -> list[str]:
        """The gradients that are right at each of the cases."""
        wrong = set()
        for case in self.cases:
            marks = case.marks()
            wrong |= {each.name for each, right in zip(case.wanted, marks.right, strict=True) if not right}
        return [each.name for each in self.cases[0].wanted if each.name not in wrong]

    def _holds(self) -> bool:
        """Is nothing wrong where something was?"""
        return not any(check.checked.disagreements for check in self._checks())

    def _checks(self) -> Iterator[Check]:
        """What was checked, and the other cases, as the code is now."""
        yield self.questions.again(self.failure)
        yield from map(self.questions.check, self.judged)


def _is_proved(found: Verification) -> bool:
    return bool(found) and found.verdict in GOOD and found.failure is None


def _grown(step: Step, targets: Sequence[Target]) -> Iterator[tuple[Step, ...]]:
    """The step, and each edit after it."""
    for target in targets:
        text = step.edit.text if target is step.target else target.source.text
        for each in target.edits(text)[:MOST_SECOND]:
            yield step, Step(target, each.edit)


def _scaled(partial: Partial) -> Iterator[tuple[Step, ...]]:
    """The step with a plain factor more, where that is all that is still wrong: a sign, a half."""
    factors = {round(float(each), 6) for each in partial.marks.factors} - {1.0}
    if len(factors) == 1 and partial.marks.is_multiple:
        edit = partial.step.edit
        for factor, form in SCALES:
            if factor in factors:
                yield (Step(partial.step.target, replace(edit, new=form.format(edit.new))),)


def _by_factors(partial: Sequence[Partial], first: Marks) -> Iterator[tuple[Step, ...]]:
    """Pairs of edits each of which changes the factor by which the gradients are wrong, and which together make it 1:
    a sign and a size, say."""
    multiples = [each for each in partial if each.marks.is_multiple] if first.is_multiple else []
    for one, other in itertools.combinations(multiples, 2):
        both = [a * b / c for a, b, c in zip(one.marks.factors, other.marks.factors, first.factors, strict=True)]
        if np.allclose(both, 1.0, rtol=1e-6):
            second = _after(one.step, other.step)
            if second is not None:
                yield one.step, second


def _moved(shorter: Sequence[Step], singles: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """A factor or a term left out at one place and put in at another."""
    put_in = [step for step in singles if step.edit.operator in PUT_IN]
    for one in shorter:
        before = one.edit.source[one.edit.start : one.edit.end]
        for other in put_in:
            added = other.edit.new.rpartition(" ")[2]
            if added and (before.startswith(added) or before.endswith(added)):
                second = _after(one, other)
                if second is not None:
                    yield one, second


def _after(one: Step, other: Step) -> Step | None:
    """The other edit in the text that the first leaves; None where both are of the same place."""
    if one.target is not other.target:
        return other
    a, b = one.edit, other.edit
    if a.start < b.end and b.start < a.end:
        return None
    moved = len(a.new) - (a.end - a.start) if a.end <= b.start else 0
    return Step(other.target, replace(b, source=a.text, start=b.start + moved, end=b.end + moved))


def _asked(questions: Questions, number: int) -> Sequence[Case]:
    """The cases; none where the code takes none of those that are drawn."""
    try:
        return questions.cases(number)
    except (BackcheckError, OutOfTime):
        return ()
