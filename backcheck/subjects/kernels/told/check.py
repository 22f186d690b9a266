"""What comes out of a check of a kernel: verdicts by tensor, the precision that it keeps, and what was found beside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from backcheck.printable import printable
from backcheck.problem import SUBJECT
from backcheck.session import asked
from backcheck.subjects.kernels.judged.allowed import TensorVerdict
from backcheck.subjects.kernels.judged.examination import ExaminedKernel
from backcheck.subjects.kernels.told import words
from backcheck.subjects.kernels.told.script import script
from backcheck.subjects.result.text import LINE_WIDTH, in_columns, wrapped
from backcheck_reports import CaseNote, check_html
from backcheck_reports.record import FAULTS, OUTPUT, Record, Verdict

# what a person hears first; a promise that is not kept fails
FIRST_SAID = (
    *FAULTS,
    *(Verdict.IMPRECISE, Verdict.UNAVAILABLE, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE),
    *(Verdict.VACUOUS, Verdict.AGREE),
)


class KernelFault(NamedTuple):
    """The tensor at fault and the verdict on it."""

    argument: str
    sentence: str


@dataclass(frozen=True)
class KernelCheck:
    """The verdicts on a kernel at one place, beside its reference: the answer of the checks with `reference=`.

    It prints itself. Truthy when every tensor agrees: values and gradients are within what the promised precision
    explains, and nothing was written where it should not be. `tensors` has a verdict for each output and gradient, with
    `explained_by`, the finest precision model that explains it. *Imprecise* is a promise that is not kept, and fails.
    A tensor that is zero everywhere proves nothing, and does not fail beside others that agree. `explain()` says
    everything, with a script that asks the same question again; `assert_ok()` raises AssertionError with that unless
    the check is truthy.

    >>> import torch
    >>> from backcheck import check_torch
    >>> x = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -3.0]], dtype=torch.bfloat16)
    >>> found = check_torch(lambda x: torch.exp(x.float()).bfloat16(), x, reference=lambda x: torch.exp(x))
    >>> print(found.verdict, [str(each.explained_by) for each in found.tensors])
    agree ['float32 inside', 'float32 inside']
    >>> bool(check_torch(lambda x: 1.01 * torch.exp(x), x, reference=lambda x: torch.exp(x)))
    False
    """

    found: ExaminedKernel
    precise: bool = field(default_factory=lambda: asked().precise)

    @property
    def name(self) -> str:
        return self.found.question.name

    @property
    def tensors(self) -> tuple[TensorVerdict, ...]:
        return self.found.tensors

    @cached_property
    def id(self) -> str:
        """A hash of the kernel's name, its options and the tensors to the bit."""
        return self.found.question.id_with([dy for dy in self.found.cotangents if dy is not None])

    @cached_property
    def verdict(self) -> Verdict:
        verdicts = {each.verdict for each in self.tensors}
        if self.found.effects:
            verdicts.add(Verdict.SIDE_EFFECT)
        first = next((verdict for verdict in FIRST_SAID if verdict in verdicts), Verdict.VACUOUS)
        # a gradient of zeros, as that of a bias in front of a mean, was compared; one that any answer passes was not
        passed = [each for each in self.tensors if each.verdict is Verdict.VACUOUS and each.scale > 0]
        return Verdict.AGREE if first is Verdict.VACUOUS and Verdict.AGREE in verdicts and not passed else first

    def __bool__(self) -> bool:
        nothing = self.verdict is Verdict.VACUOUS and not any(each.entries for each in self.tensors)
        return self.verdict is Verdict.AGREE or nothing

    @property
    def fault(self) -> KernelFault | None:
        """The first tensor at fault, in words; None where nothing is."""
        for verdict in (*FAULTS, Verdict.IMPRECISE):
            for each in self.tensors:
                if each.verdict is verdict:
                    said = words.finding(each, self.found.question.model)
                    return KernelFault(each.name, f"where {each.where}: {said}" if each.where else said)
        return KernelFault("memory", self.found.effects[0]) if self.found.effects else None

    @cached_property
    def records(self) -> tuple[Record, ...]:
        return tuple(map(self._record, self.tensors))

    def _record(self, each: TensorVerdict) -> Record:
        return Record(
            case=self.id,
            network=0,
            tensor=each.name.removeprefix("d") if each.is_gradient else OUTPUT,
            rule=self.name,
            argument=each.name.removeprefix("d") if each.is_gradient else "value",
            party=SUBJECT,
            dtype=self.found.question.dtype,
            profile="given",
            shape=each.shape,
            entries=each.entries,
            verdict=each.verdict,
            absolute=each.absolute,
            relative=each.absolute / each.scale if each.scale else each.absolute,
            ulps=float("nan"),
            fraction=each.fraction,
            allowed=each.allowed,
            resolution=each.resolution,
            index=each.index,
            got=each.got,
            want=each.want,
            reason=(f"where {each.where}: " if each.where else "") + words.finding(each, self.found.question.model),
            depth=1,
            width=max(each.shape, default=1),
            magnitude=each.scale,
        )

    @cached_property
    def note(self) -> CaseNote | None:
        """The failure told, as it stands on a page; None when nothing is at fault."""
        if self.fault is None or self:
            return None
        return CaseNote(
            id=self.id,
            title=f"{self.name}.{self.fault.argument}  {self.found.question.dtype}",
            lines=(f"{self.fault.argument}: {self.fault.sentence}", *self._lines),
            network=words.call_with_shapes(self.found),
            table=(),
            reproducer=self.reproducer,
            again="the script below",
            verdict=self.verdict.value,
            rule=self.name,
            tensor=self.fault.argument,
        )

    @property
    def reproducer(self) -> str:
        """A script that asks the same question again; large tensors are read from files that the reader has to make."""
        return script(self.found)

    @property
    def _lines(self) -> tuple[str, ...]:
        others = words.in_other_circumstances(self.found)
        return (*self.found.faults, *others, *self.found.effects, *self.found.notes)

    def explain(self) -> str:
        """Everything there is to say: the verdicts, what is wrong in words, and a script."""
        told = [f"  the case: {words.call_with_shapes(self.found)}", "", *self.reproducer.split("\n")]
        return "\n".join([str(self), *map(printable, told)])

    def assert_ok(self) -> None:
        """Raise AssertionError with the explanation unless the check is truthy."""
        __tracebackhide__ = True  # pytest shows the line of the test, and none of ours
        if not self:
            raise AssertionError(self.explain())

    @property
    def _title(self) -> str:
        question = self.found.question
        return f"{self.name}  {question.dtype}, promised: {question.model}  case {self.id}"

    @property
    def _rows(self) -> Sequence[tuple[str, str, str, str, str]]:
        model = self.found.question.model
        first = [each for each in self.tensors if not each.where]
        return [(t.name, str(list(t.shape)), str(t.verdict), words.finding(t, model), "") for t in first]

    def told(self, width: int = LINE_WIDTH) -> list[str]:
        """The verdicts and what there is to say of them, in lines of this width."""
        said = [line for each in self._lines for line in wrapped(each, width=width)]
        return list(map(printable, [f"{self.verdict.upper()}  {self._title}", *in_columns(self._rows, width), *said]))

    def __str__(self) -> str:
        return "\n".join(self.told())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return check_html(str(self.verdict), self._title, self._rows, self._lines)
