"""The search: single edits in the order of their likelihood, then two, each proved before anybody hears of it.

A candidate runs in floats on a few cases whose truth is known. What is right on all of them is judged exactly there,
and then on many draws, with all promises. Two edits grow from single ones that bring some of the gradients right.
"""

import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from backcheck.errors import BackcheckError
from backcheck.problem import Problem
from backcheck.strategies.case import Case
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.repair.code.source import key_of, running
from backcheck.subjects.repair.code.targets import Target, targets_of
from backcheck.subjects.repair.code.trial import Marks, TrialCase, of_differences, of_truth
from backcheck.subjects.repair.questions import Questions
from backcheck.subjects.repair.steps import Partial, Step, pairs_of
from backcheck.subjects.result.check import Check
from backcheck.time_limit import OutOfTime, time_limit
from backcheck_reports.record import Verdict

NO_SOURCE = "there is no backward in Python to be edited: the source of none of its functions lies in a file"
NO_TRUTH = "no fix is looked for: at no case is it known what is right"
CASES = 4
JUDGED_SECONDS = 0.35  # of the budget, for the cases whose truth is found first
BATCH = 25
MOST_ROUNDS = 4  # of draws, for one proof
MOST_PARTS = 3  # single edits that are looked at for a part of a repair
GRACE_SECONDS = 45.0  # for one proof
DIFFERS = "in the gradient by {} at {} of a drawn case of shape {}: {:.4g} becomes {:.4g}"
OTHERS_SECONDS, PROBES, MOST_OTHERS = 0.5, 25, 1
GOOD = (Verdict.AGREE, Verdict.KINK)


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
    _probes: list[tuple[Problem, Mapping[str, Any]]] = field(default_factory=list)
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
        if not self.found:
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
            elif self.found:
                continue
            elif marks.better_than(first) or (marks.is_multiple and first.is_multiple):
                partial.append(Partial(steps[0], marks))
        return partial

    @property
    def _over(self) -> bool:
        return len(self.found) > MOST_OTHERS or time.monotonic() > self._until

    def _pairs(self, targets: Sequence[Target], first: Marks, partial: Sequence[Partial]) -> None:
        """Two edits, one after the other, until something is proved."""
        for steps in pairs_of(targets, first, partial):
            if self._over or self.found:
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
            if not self._entered(stack, steps):
                return
            differs = self._apart()
            if (differs or not self.found) and self._holds():
                proved = self._proved()
                if proved:
                    self.found.append(ProvedRepair(steps, proved, differs))
                    if not differs:
                        self._look_for_others()

    def _look_for_others(self) -> None:
        """A moment longer: what holds as well and means something else gives other gradients at some drawn case."""
        self._until = min(self._until, time.monotonic() + OTHERS_SECONDS)
        with suppress(BackcheckError, OutOfTime):
            problems = map(self.questions.problem, self.questions.every_kind(PROBES))
            self._probes = [(each, _answered(each)) for each in problems]

    def _apart(self) -> str:
        """Where the gradients are others than under the first repair; empty where they are nowhere."""
        for problem, before in self._probes:
            now = _answered(problem)
            for name in problem.wanted if before and now else ():
                one, other = (np.asarray(each[name], np.float64) for each in (before, now))
                if one.shape == other.shape and not np.allclose(one, other, rtol=1e-6, equal_nan=True):
                    at = np.unravel_index(int(np.argmax(np.abs(one - other))), one.shape)
                    return DIFFERS.format(name, list(map(int, at)), list(one.shape), one[at], other[at])
        return ""

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


def _answered(problem: Problem) -> Mapping[str, Any]:
    """The gradients; nothing where the code raises."""
    try:
        with time_limit(GRACE_SECONDS):
            return problem.vjp(problem.arrays, problem.dy)[1]
    except Exception:  # it answers nothing here
        return {}


def _is_proved(found: Verification) -> bool:
    return bool(found) and found.verdict in GOOD and found.failure is None


def _asked(questions: Questions, number: int) -> Sequence[Case]:
    """The cases; none where the code takes none of those that are drawn."""
    try:
        return questions.cases(number)
    except (BackcheckError, OutOfTime):
        return ()
