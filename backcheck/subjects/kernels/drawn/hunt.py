"""Kernels fuzzed beside their reference: many drawn cases, and the smallest that fails."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import Phase

from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.fuzz.search import SHRINKING
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.circumstances import in_watched_memory
from backcheck.subjects.kernels.drawn.cases import KernelCase, KernelPlan
from backcheck.subjects.kernels.judged.examination import examine
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck.subjects.kernels.told.faults import told
from backcheck.time_limit import OutOfTime, time_limit
from backcheck_reports.number_format import counted
from backcheck_reports.record import Record, Verdict

PATIENCE = 2  # draws that do not end, after which no further one is begun


@dataclass
class KernelHunt:
    """`ask` brings a case to a question."""

    name: str
    plan: KernelPlan
    ask: Callable[[KernelCase], Question]
    counts: Counter[Verdict] = field(default_factory=Counter)
    records: list[Record] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    drawn: int = 0
    late: list[str] = field(default_factory=list)
    worst: dict[str, float] = field(default_factory=dict)
    faulty: dict[str, bool] = field(default_factory=dict)
    last: tuple[str, KernelCheck | None] = ("", None)  # a check holds large tensors: one is kept

    def run(self, draws: int, number: int) -> Verification:
        """Draw until a case fails, then find the smallest that does."""
        failing = search(self.plan.strategy(self._refuse), self._fails, draws, number, [Phase.generate])
        if not self.seen and not self.late:
            why, _ = (self.refused.most_common(1) or [("nothing could be drawn", 0)])[0]
            raise BadInput(f"{self.name}: the reference or the kernel takes none of what was drawn: {why}")
        failure = self._smallest(failing[-1], draws, number) if failing else None
        notes = [*self._notes(), *([] if failure is None else self._where_it_begins(failure))]
        shown = None if failure is None else self.check(failure)
        return Verification(
            self.name, len(self.seen), dict(self.counts), tuple(self.records), shown, tuple(notes), late=bool(self.late)
        )

    def check(self, case: KernelCase) -> KernelCheck | None:
        """The verdicts on a case; None where the kernel or the reference does not take it."""
        if case.id != self.last[0]:
            self.last = case.id, self._checked(case)
            check = self.last[1]
            self.faulty[case.id] = check is not None and _is_fault(check)
        return self.last[1]

    def _is_faulty(self, case: KernelCase) -> bool:
        if case.id not in self.faulty:
            self.check(case)
        return self.faulty[case.id]

    def _checked(self, case: KernelCase) -> KernelCheck | None:
        if len(self.late) >= PATIENCE or not case.cotangents:
            return None
        try:
            with time_limit(asked().seconds), np.errstate(all="ignore"):
                question = self.ask(case)
                return KernelCheck(told(in_watched_memory(examine(question, case.dys(question.device)))))
        except OutOfTime as late:
            self.late.append(str(late))
        except BadInput as error:
            self._refuse(error)
        return None

    def _refuse(self, error: Exception) -> None:
        self.refused[(str(error).splitlines() or [""])[0]] += 1

    def _fails(self, case: KernelCase) -> bool:
        if case.id in self.faulty:
            return self.faulty[case.id]
        check = self.check(case)
        if check is None:
            return False
        self.seen.add(case.id)
        self.counts.update(
            each.verdict for each in check.tensors if each.is_gradient or not check.found.question.wanted
        )
        self.records += [replace(r, network=len(self.seen) - 1, profile="drawn") for r in check.records]
        for each in check.tensors:
            if each.verdict is Verdict.AGREE:
                self.worst[each.name] = max(self.worst.get(each.name, 0.0), each.fraction)
        return _is_fault(check)

    def _smallest(self, first: KernelCase, draws: int, number: int) -> KernelCase:
        found = search(self.plan.strategy(lambda error: None), self._is_faulty, draws, number, SHRINKING)
        smallest: KernelCase = min([first, *found], key=lambda case: case.entries)
        return smallest

    def _where_it_begins(self, failure: KernelCase) -> list[str]:
        """The sizes at which the smallest failing case is right when they are one tile smaller."""
        said = []
        for axis, size in failure.bound.items():
            other = self.plan.smaller(failure, axis)
            check = None if other is None else self.check(other)
            if other is not None and check is not None and not _is_fault(check):
                said.append(f"wrong at {axis} = {size}, right at {axis} = {other.bound[axis]}")
        return said

    def _notes(self) -> list[str]:
        notes = []
        if self.worst:
            told = ", ".join(f"{name} {worst:.2f}" for name, worst in self.worst.items())
            notes.append(f"the largest part of the allowed: {told}")
        if self.refused:
            why, _ = self.refused.most_common(1)[0]
            times = sum(self.refused.values())
            notes.append(f"{counted(times, 'draw')} not taken, most often: {why}")
        if self.late:
            notes.append(f"{counted(len(self.late), 'draw')} did not end: {self.late[0]}")
        return notes


def _is_fault(check: KernelCheck) -> bool:
    return check.fault is not None
