"""What comes out of a check of one's own code: verdicts, words, numbers, and a way to see it again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from backcheck import contract, explain
from backcheck.case import Case, draw_as_text
from backcheck.checking import Checked, examine, records
from backcheck.diagnosis import Finding, diagnose
from backcheck.measure import Measure
from backcheck.own import readings
from backcheck.own.subject import NODE, Own
from backcheck.parties import calm
from backcheck.problem import OUTPUT, SUBJECT, Problem
from backcheck.saying import say
from reports import CaseNote, check_html
from reports.record import Record, Verdict

PARTIES = {SUBJECT: "yours", "torch": "PyTorch", "jax": "JAX", "differences": "differences", "exact": "exact"}
# what the adapters hide from the engine is noted at the first call instead
KEPT = ("again", "linear")
# what a person hears first
ORDER = (
    *(Verdict.DISAGREE, Verdict.CONVENTION, Verdict.AGREE, Verdict.KINK),
    *(Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE, Verdict.VACUOUS, Verdict.UNAVAILABLE),
)
JUDGED = (Verdict.AGREE, Verdict.KINK, Verdict.CONVENTION)


@dataclass(frozen=True)
class Check:
    """The verdicts on one subject at one place. Truthy when nothing disagrees and something was judged.

    `records` holds a record for each tensor and party, `notes` what a reader should know beside them, `said` the fault
    in words where a larger case told it better.
    """

    own: Own
    checked: Checked
    notes: tuple[str, ...] = ()
    said: str = ""

    @property
    def name(self) -> str:
        return self.own.name

    @property
    def measures(self) -> Mapping[tuple[str, str], Measure]:
        return self.checked.measures

    @cached_property
    def id(self) -> str:
        """A hash of the subject's name, its options and the arrays to the bit."""
        problem = self.checked.problem
        digest = hashlib.sha256(repr((self.name, problem.dtype, sorted(self._config.items(), key=str))).encode())
        for array in (*problem.arrays.values(), problem.dy):
            digest.update(repr((array.dtype.name, array.shape)).encode() + array.tobytes())
        return digest.hexdigest()[:12]

    @cached_property
    def records(self) -> tuple[Record, ...]:
        return tuple(records(self.checked, case=self.id, network=0, profile="given"))

    @cached_property
    def verdict(self) -> Verdict:
        """The one that matters most: a disagreement of anybody, else the best that the gradients were given."""
        found = {m.verdict for (_, party), m in self.measures.items() if party in (SUBJECT, "exact", contract.PARTY)}
        gradients = {self.measures[name, SUBJECT].verdict for name in self.checked.problem.wanted}
        if Verdict.DISAGREE in found:
            return Verdict.DISAGREE
        return next(verdict for verdict in ORDER if verdict in gradients)

    def __bool__(self) -> bool:
        return self.verdict in JUDGED or self._empty

    @property
    def _empty(self) -> bool:
        """There is no entry of any gradient that could be wrong."""
        problem = self.checked.problem
        nothing = all(problem.arrays[name].size == 0 for name in problem.wanted)
        return nothing and self.verdict is Verdict.VACUOUS

    @property
    def _config(self) -> Mapping[str, Any]:
        return self.checked.problem.network.nodes[0].config

    @cached_property
    def finding(self) -> Finding | None:
        """The rule and the argument at fault, when the subject is."""
        if self.verdict is not Verdict.DISAGREE:
            return None
        with np.errstate(all="ignore"):
            return diagnose(self.checked)

    @cached_property
    def note(self) -> CaseNote | None:
        """The failure told, as it stands on a page; None when nothing disagrees."""
        if self.finding is None:
            return None
        said = self.said or say(self.finding, self.checked.problem)
        lines = (
            *said.splitlines(),
            self.finding.sentence,
            *explain.who(self.checked, self.finding, "yours"),
            *self.notes,
        )
        return CaseNote(
            id=self.id,
            title=f"{self.name}.{self.finding.argument}  {self.checked.problem.dtype}",
            lines=lines,
            network=draw_as_text(self.checked.problem.network, self.checked.problem.rules),
            table=explain.worst_entries(self.checked, self.finding),
            reproducer=self.reproducer,
            again="the script below",
        )

    @property
    def reproducer(self) -> str:
        """A script of a few lines that asks the same question again, to the bit."""
        problem = self.checked.problem
        inputs = len(problem.arrays) if self.own.inputs is None else self.own.inputs
        named = list(problem.arrays.items())
        given = [f"    {explain.literal(array)}," for _, array in named[:inputs]]
        values = [f"        {name!r}: {explain.literal(array)}," for name, array in named[inputs:]]
        held = ["    values={", *values, "    },"] if values else []
        options = [f"    config={dict(self._config)!r},"] if self._config and self.own.inputs is None else []
        tail = [*given, *held, *options, f"    cotangent={explain.literal(problem.dy)},"]
        return "\n".join(["import numpy as np", *self.own.source, "", f"print({self.own.call}", *tail, "))"]) + "\n"

    def explain(self) -> str:
        """Everything there is to say: the verdicts, and for a failure the fault, the numbers and the reproducer."""
        if self.note is None:
            return str(self)
        return f"{explain.printed(self.note)}\n\n{self.reproducer}"

    def assert_ok(self) -> None:
        """Raise AssertionError with the explanation unless the check is truthy."""
        if not self:
            raise AssertionError(f"\n{self.explain()}")

    def case(self) -> Case:
        """The case as the engine keeps it."""
        problem = self.checked.problem
        return Case.of(problem.network, problem.arrays, problem.dy, problem.dtype)

    def __str__(self) -> str:
        problem = self.checked.problem
        head = f"{self.verdict.upper()}  {self.name}  {problem.dtype}  case {self.id}"
        rows = [_row(name, self.measures, problem) for name in (*problem.wanted, OUTPUT)]
        others = [f"  {tensor.partition('.')[2]}: {m.reason}" for (tensor, party), m in self._broken()]
        said = [f"  {line}" for line in self.note.lines] if self.note else [f"  note: {each}" for each in self.notes]
        return "\n".join([head, *rows, *others, *said])

    __repr__ = __str__

    def _broken(self) -> list[tuple[tuple[str, str], Measure]]:
        """Promises that are not kept."""
        return [(k, m) for k, m in self.measures.items() if k[1] == contract.PARTY and m.verdict is Verdict.DISAGREE]

    def _repr_html_(self) -> str:
        problem = self.checked.problem
        rows = [
            (name, *_facts(name, self.measures, problem), *_judges(name, self.measures))
            for name in (*problem.wanted, OUTPUT)
        ]
        said = self.note.lines if self.note else self.notes
        return check_html(str(self.verdict), f"{self.name}  {problem.dtype}  case {self.id}", rows, said)


def judge(
    own: Own,
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    *,
    cotangent: Any = None,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Check:
    """Ask everybody, read the answers as they may be meant, and give the verdicts."""
    calm()
    problem = own.problem(arrays, config, cotangent, seed)
    with np.errstate(all="ignore"):
        checked, reading = readings.read(own, examined(own, problem), lambda other: examined(own, other))
    said = (reading.said,) if reading else ()
    return Check(own, checked, (*notes, *said, *readings.stopped(own, checked)))


def examined(own: Own, problem: Problem) -> Checked:
    """Everybody asked, without the promises that the adapters keep in the subject's place."""
    checked = examine(problem, own.oracles)
    promised = {(f"{node}.{name}", contract.PARTY): m for node, name, m in contract.promises(problem, KEPT)}
    kept = {**checked.measures, **promised}
    if own.stale:
        kept[f"{NODE}.again", contract.PARTY] = Measure(Verdict.DISAGREE, reason=own.stale)
    return replace(checked, measures=kept)


def _row(name: str, measures: Mapping[tuple[str, str], Measure], problem: Problem) -> str:
    shape, verdict, detail = _facts(name, measures, problem)
    judged = "; ".join(_judges(name, measures))
    return f"  {name:<10} {shape:<10} {verdict:<16} {detail}{'  ' if detail and judged else ''}{judged}".rstrip()


def _facts(name: str, measures: Mapping[tuple[str, str], Measure], problem: Problem) -> tuple[str, str, str]:
    own = measures[name, SUBJECT]
    shape = str(list(problem.dy.shape if name == OUTPUT else problem.arrays[name].shape))
    exact = measures.get((name, "exact"))
    verdict = exact.verdict if exact and exact.verdict is Verdict.DISAGREE else own.verdict
    if own.verdict is not Verdict.AGREE:
        return shape, str(verdict), own.reason
    how = own.reason or f"within {own.ulps:.2g} ulp"
    return shape, str(verdict), f"{how}; an error of {own.resolution:.0e} would have been caught"


def _judges(name: str, measures: Mapping[tuple[str, str], Measure]) -> tuple[str]:
    """Who else was asked, and what became of it."""
    others = {party: m for (tensor, party), m in measures.items() if tensor == name and party != SUBJECT}
    return (", ".join(f"{PARTIES.get(party, party)}: {m.verdict}" for party, m in others.items()),)
