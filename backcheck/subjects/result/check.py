"""What comes out of a check of one's own code: verdicts, words, numbers, and a way to see it again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from backcheck.containment import contained
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.diagnosis.note import entries, who, worst_entries
from backcheck.diagnosis.sentence import say
from backcheck.keys import OUTPUT, TensorKey
from backcheck.printable import printable
from backcheck.problem import SUBJECT
from backcheck.session import asked
from backcheck.strategies.case import Case
from backcheck.subjects.result import (
    intent,
    missing_gradients,
    second_order,
    text,
)
from backcheck.subjects.result.chance import FAULT, draws_anew
from backcheck.subjects.result.script import script
from backcheck.subjects.result.side_effects import WRITES
from backcheck.subjects.subject import Subject
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.records import records
from backcheck_reports import CaseNote, check_html
from backcheck_reports.record import FAULTS, Record, Verdict

if TYPE_CHECKING:
    from backcheck.subjects.repair.fix import Fix

# what a person hears first
FIRST_SAID = (
    *FAULTS,
    *(Verdict.CONVENTION, Verdict.IMPRECISE, Verdict.AGREE, Verdict.KINK),
    *(Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE, Verdict.VACUOUS, Verdict.UNAVAILABLE),
)
HOW_TO_FIX = "fix() looks for the edit that makes it right"
PASSING = (Verdict.AGREE, Verdict.KINK, Verdict.CONVENTION, Verdict.IMPRECISE)


def headed(verdict: Verdict, passes: bool) -> str:
    """The verdict as a first word. One that is no plain yes or no says whether it passes."""
    plain = verdict in (Verdict.AGREE, Verdict.DISAGREE, Verdict.SHAPE, Verdict.UNAVAILABLE)
    return verdict.upper() if plain else f"{verdict.upper()} ({'passes' if passes else 'fails'})"


@dataclass(frozen=True)
class Check:
    """The verdicts on one piece of code at one place: the answer of `check_vjp` and the other checks.

    It prints itself. Truthy when nothing disagrees and something was judged. `verdict` is the one that matters most,
    `records` holds a record for each tensor and party, and `notes` are what a reader should know beside them. Of a case
    that was made small, `said` is the fault in words, and `told_on` is the check of a larger case where only that one
    tells the fault apart from others; it is None where the case itself does. `second` is the check of its second order,
    where that was asked for. `explain()` says everything, with a script that asks the same question again;
    `assert_ok()` raises AssertionError with that unless the check is truthy. With `precise` it is not truthy where a
    tensor is imprecise. Of a drawn case, `question` is what was asked. `fix()` looks for the edit that makes it right.

    >>> from backcheck import check_vjp
    >>> found = check_vjp(lambda x: (x * x, x), lambda x, dy: x * dy, [0.5, -1.0])
    >>> print(bool(found), found.finding.argument)
    False x
    >>> found.assert_ok()
    Traceback (most recent call last):
        ...
    AssertionError: ...
    """

    subject: Subject
    checked: Checked
    notes: tuple[str, ...] = ()
    said: str = ""
    told_on: "Check | None" = None
    second: "Check | None" = None
    precise: bool = field(default_factory=lambda: asked().precise)
    question: Any = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.subject.name

    @property
    def measures(self) -> Mapping[Key, Measure]:
        return self.checked.measures

    @cached_property
    def id(self) -> str:
        """A hash of the subject's name, its options and the arrays to the bit."""
        problem = self.checked.problem.asked
        digest = hashlib.sha256(repr((self.name, problem.dtype, sorted(self._config.items(), key=str))).encode())
        for array in (*problem.arrays.values(), problem.dy):
            digest.update(repr((array.dtype.name, array.shape)).encode() + array.tobytes())
        return digest.hexdigest()[:12]

    @cached_property
    def records(self) -> tuple[Record, ...]:
        return tuple(records(self.checked, case=self.id, network=0, profile="given"))

    @cached_property
    def verdict(self) -> Verdict:
        """The one that matters most: a wrong gradient or shape, then a gradient that was not judged, then another
        fault, else the best that the gradients were given."""
        found = {m.verdict for (_, party), m in self.measures.items() if party in (SUBJECT, "exact", invariants.PARTY)}
        gradients = {self.measures[key, SUBJECT].verdict for key in self.checked.problem.gradients}
        first = [verdict for verdict in FAULTS if verdict in found]
        if first and first[0] is not Verdict.SIDE_EFFECT:
            return first[0]
        # those of arrays that backward says nothing of too, and of the second order
        claimed = {m.verdict for (key, party), m in self.measures.items() if party == SUBJECT and key != OUTPUT}
        if Verdict.UNAVAILABLE in claimed:
            return Verdict.UNAVAILABLE
        best = next(verdict for verdict in FIRST_SAID if verdict in gradients)
        # an imprecise value beside gradients that were not judged does not make them pass
        judged = Verdict.IMPRECISE if self.imprecise and best in (Verdict.AGREE, Verdict.KINK) else best
        return first[0] if first else judged

    @property
    def imprecise(self) -> tuple[TensorKey, ...]:
        """The tensors, the value among them, of which the subject has lost digits that the problem has."""
        tensors = self.checked.problem.tensors
        return tuple(key for key in tensors if self.measures[key, SUBJECT].verdict is Verdict.IMPRECISE)

    def __bool__(self) -> bool:
        if self.precise and self.imprecise:
            return False
        return self.verdict in PASSING or self._empty or self._only_writes

    @property
    def _only_writes(self) -> bool:
        """Is the one fault that it writes into what it is given, and every gradient right?"""
        return self.verdict is Verdict.SIDE_EFFECT and not any(
            m.verdict in FAULTS and key != WRITES for key, m in self.measures.items() if key[1] == invariants.PARTY
        )

    @property
    def _empty(self) -> bool:
        """There is nothing to differentiate: no output, or no entry of any gradient."""
        problem = self.checked.problem
        nothing = problem.dy.size == 0 or all(problem.arrays[name].size == 0 for name in problem.wanted)
        return nothing and self.verdict is Verdict.VACUOUS

    @property
    def _config(self) -> Mapping[str, Any]:
        return self.checked.problem.network.nodes[0].config

    @cached_property
    def finding(self) -> Finding | None:
        """The rule and the argument at fault, when the subject is."""
        if self.verdict not in FAULTS or self:
            return None
        others = missing_gradients.without_missing(self.checked)
        if missing_gradients.missing(self.checked) and not others.disagreements:
            return missing_gradients.finding(self.checked)
        if second_order.is_wrong(others):
            return second_order.finding(others)
        with np.errstate(all="ignore"):
            return diagnose(others)

    @cached_property
    @contained()
    def note(self) -> CaseNote | None:
        """The failure told, as it stands on a page; None when nothing disagrees."""
        if self.finding is None:
            return None
        said = FAULT if draws_anew(self.checked) else self.said or say(self.finding, self.checked.problem)
        left_out = missing_gradients.sentence(self.checked)
        also = () if left_out in ("", self.finding.sentence) else (left_out,)
        whose = () if left_out == self.finding.sentence else who(self.checked, self.finding, "your")
        if self.second is not None and self.second.note is not None and second_order.is_wrong(self.checked):
            said, table = self.second.said_of_fault, self.second.note.table
            lines = (self._sentence, *said.splitlines(), *self.notes)
        else:
            table = worst_entries(self.checked, self.finding)
            lines = (*said.splitlines(), self._sentence, *also, *whose, *self.notes)
        return CaseNote(
            id=self.id,
            title=f"{self.name}.{self.finding.argument}  {self.checked.problem.dtype}",
            lines=lines,
            network=self._drawn,
            table=table,
            reproducer=self._scripts,
            again="the script below",
            verdict=self.verdict.value,
            rule=self.name,
            tensor=self.finding.argument,
            party=self.finding.party,
            fix=self.known_fix.with_diff if self.known_fix is not None else "",
        )

    @property
    @contained()
    def said_of_fault(self) -> str:
        """The fault in words; empty where none is known."""
        return "" if self.finding is None else self.said or say(self.finding, self.checked.problem)

    @property
    def _drawn(self) -> str:
        return text.call_with_shapes(self.checked.problem)

    @property
    def _sentence(self) -> str:
        """The finding in one sentence, in which the subject is nobody but the reader's own code."""
        if self.finding is None:
            return ""
        sentence, reason = self.finding.sentence, self.finding.measure.reason
        if SUBJECT in sentence and reason.startswith("finite differences"):
            return f"{self.name}: {reason}, by {self.finding.argument}: {self.finding.measure.fraction:.3g} times that"
        if self.subject.code.intent is not None:
            sentence = sentence.replace(intent.OF_FORWARD, intent.OF_MEANT)
        return sentence.replace(f" from {SUBJECT} ", " ")

    @property
    def reproducer(self) -> str:
        """A script of a few lines that asks the same question again, to the bit."""
        return script(self.subject.code, self.checked.problem)

    @property
    def _scripts(self) -> str:
        """The script, and under it that of the larger case on which the fault was told."""
        if self.told_on is None:
            return self.reproducer
        return f"{self.reproducer}\n# the larger case, on which the fault is told\n{self.told_on.reproducer}"

    def explain(self) -> str:
        """Everything there is to say: the verdicts, and for a failure the fault, the numbers and the reproducer."""
        if self.note is None:
            return str(self)
        worst = ["  the worst entries:", *entries(self.note)] if self.note.table else []
        how = [] if self.known_fix is not None else [f"  {HOW_TO_FIX}"]
        told = [f"  the case: {self.note.network}", *worst, *how, "", *self._scripts.split("\n")]
        return "\n".join([str(self), *map(printable, told)])

    def fix(self, seconds: float = 10.0, *, draws: int = 200, seed: int | None = None) -> "Fix":
        """The edit of the code under which every gradient agrees; the answer is truthy where there is one.

        Edits of backward, and of what it calls in the same package, are tried for so many `seconds`, in a process of
        its own. One that is offered was proved exactly, and on `draws` drawn cases from `seed`. Files are not changed:
        `diff` is the edit. From then on `explain()` shows it. Raises BadInput for fewer draws than 100.
        """
        from backcheck.subjects.repair.entry import repaired

        found = repaired(self, seconds, draws, seed)
        self.__dict__["known_fix"] = found
        self.__dict__.pop("note", None)  # it was made without
        return found

    known_fix: ClassVar["Fix | None"] = None  # of an instance: what `fix` found

    @property
    def fix_lines(self) -> list[str]:
        """The fix that was found, as it stands under the rows."""
        return [] if self.known_fix is None else [f"  {line}" for line in str(self.known_fix).splitlines()]

    def assert_ok(self) -> None:
        """Raise AssertionError with the explanation unless the check is truthy."""
        __tracebackhide__ = True  # pytest shows the line of the test, and none of ours
        if not self:
            raise AssertionError(self.explain())

    def case(self) -> Case:
        """The case as the engine keeps it."""
        problem = self.checked.problem.asked
        return Case.of(problem.network, problem.arrays, problem.dy, problem.dtype)

    def told(self, width: int = text.LINE_WIDTH) -> list[str]:
        """The verdicts and what there is to say of them, in lines of this width."""
        measures, problem = self.measures, self.checked.problem
        table = text.in_columns(text.rows(measures, problem), width)
        promises = [line for said in text.broken(measures) for line in text.wrapped(said, width=width)]
        mark = "" if self.note else "note: "
        said = [line for each in self._lines for line in text.wrapped(each, mark, width)]
        head = f"{headed(self.verdict, bool(self))}  {self._title}"
        return list(map(printable, [head, *table, *promises, *said, *self.fix_lines]))

    def __str__(self) -> str:
        return "\n".join(self.told())

    __repr__ = __str__

    @property
    def _title(self) -> str:
        return f"{self.name}  {self.checked.problem.dtype}  case {self.id}"

    @property
    def _lines(self) -> Sequence[str]:
        return self.note.lines if self.note else self.notes

    def _repr_html_(self) -> str:
        rows = text.rows(self.measures, self.checked.problem)
        return check_html(str(self.verdict), self._title, rows, (*text.broken(self.measures), *self._lines))
