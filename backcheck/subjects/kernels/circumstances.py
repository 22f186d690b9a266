"""The same kernel once more, otherwise: several times, in other layouts of memory, with memory that is watched.

One thing at a time, so that the answer says which it is. Where calls are dear several share one, see `shared_calls`.

What is right in one call and wrong in the next is a finding of its own: the cotangent that `y.sum().backward()` hands
over, a transposed input, fresh memory that holds something else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import isnan
from typing import Any

from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.calls.call import KernelRun, call, same_answers
from backcheck.subjects.kernels.calls.determinism import RunSpread, spread
from backcheck.subjects.kernels.calls.layouts import CONTIGUOUS, laid_out, layouts_of, said, sum_cotangent
from backcheck.subjects.kernels.calls.undefined import surroundings
from backcheck.subjects.kernels.judged.allowed import TensorVerdict
from backcheck.subjects.kernels.judged.examination import ExaminedKernel, buffers_of, tensors_of
from backcheck.subjects.kernels.judged.truth import KernelTruth
from backcheck.subjects.kernels.told.faults import told
from backcheck_reports.number_format import counted
from backcheck_reports.record import FAULTS, Verdict

FAILS = (*FAULTS, Verdict.IMPRECISE)
MOST_TIMES = 3
LARGE, TELLING = 2**20, ("expanded", "transposed", "part of rows")
OF_SUM = "dy is the expanded one of y.sum().backward()"

Variant = tuple[str, tuple[Any, ...], tuple[Any, ...]]  # words, tensors, cotangents


def one_by_one(found: ExaminedKernel) -> ExaminedKernel:
    """The same with what is seen in other circumstances. Of a kernel that is wrong as it is, layouts say no more."""
    found = as_it_is(found)
    return told(found) if any(each.verdict in FAILS for each in found.tensors) else in_other_layouts(found)


def as_it_is(found: ExaminedKernel) -> ExaminedKernel:
    """The same with what several calls with the same tensors, and calls in watched memory, say."""
    question = found.question
    repeated = spread(
        question.kernel,
        question.tensors,
        found.cotangents,
        question.config,
        times=MOST_TIMES,
        buffers=buffers_of(found),
        first=found.run,
    )
    return in_watched_memory(replace(found, notes=(*found.notes, *_of_spread(question, repeated))), repeated)


def in_other_layouts(found: ExaminedKernel) -> ExaminedKernel:
    """The same with the tensors that are wrong in some layout."""
    question = found.question
    return with_layouts(found, judged_in(found, variants(question, found.cotangents)))


def with_layouts(found: ExaminedKernel, others: Iterable[TensorVerdict | str]) -> ExaminedKernel:
    """The same with tensors that are wrong in some circumstances, and with notes on them."""
    told_of = list(others)
    wrong = [each for each in told_of if not isinstance(each, str)]
    notes = [each for each in told_of if isinstance(each, str)]
    if any(isnan(each.got) and not isnan(each.want) for each in wrong):
        notes.append("the memory beside the entries of these layouts holds NaN: a NaN there may have been read from it")
    return replace(found, tensors=(*found.tensors, *wrong), notes=(*found.notes, *notes))


def in_watched_memory(found: ExaminedKernel, known: RunSpread | None = None) -> ExaminedKernel:
    """The same with what the kernel does to memory that is not its own, and what it reads there."""
    question = found.question
    seen = surroundings(
        question.kernel,
        question.tensors,
        found.cotangents,
        question.config,
        names=question.names,
        buffers=buffers_of(found),
        known=known,
    )
    effects = tuple(dict.fromkeys((*found.effects, *seen.findings)))
    notes = (f"in watched memory it says: {seen.raised}",) if seen.raised else ()
    return replace(found, effects=effects, notes=(*found.notes, *notes))


def _of_spread(question: Question, repeated: RunSpread) -> Iterator[str]:
    """How far the answers of several calls are apart: reported, and no fault as long as each is within the allowed."""
    if repeated.broken:
        yield f"of {counted(repeated.runs, 'call')} one differs: {repeated.broken}"
    named = [*(f"output {k}" for k in range(len(repeated.outputs))), *(f"d{name}" for name in question.names)]
    apart = zip(named, (*repeated.outputs, *repeated.gradients), strict=True)
    far = {name: float(each.max()) for name, each in apart if each is not None and each.numel() and bool(each.any())}
    if far:
        told = ", ".join(f"{name} by up to {most:.2g}" for name, most in far.items())
        yield f"it is not deterministic: {counted(repeated.runs, 'call')} with the same tensors differ in {told}"


def judged_in(found: ExaminedKernel, others: Iterable[Variant]) -> Iterator[TensorVerdict | str]:
    """The tensors that are wrong in some layout, and notes on layouts that the kernel refuses."""
    question = found.question
    refused = []
    for words, tensors, cotangents in others:
        run = call(
            question.kernel, tensors, cotangents, question.config, names=question.names, buffers=buffers_of(found)
        )
        if run.raised:
            refused.append(words)
            continue
        truth = found.truth
        if any(a is not b and not _same(a, b) for a, b in zip(cotangents, found.cotangents, strict=True)):
            truth = KernelTruth(question, cotangents)
        elif same_answers(run, found.run):
            continue
        yield from wrong_where(words, truth, run)
    if refused:
        yield f"it refuses, by raising, where {', '.join(refused)}"


def wrong_where(words: str, truth: KernelTruth, run: KernelRun) -> Iterator[TensorVerdict]:
    """The tensors of one call that are wrong, with the words for its circumstances."""
    yield from (replace(each, where=words) for each in tensors_of(truth, run) if each.verdict in FAILS)


def _same(a: Any, b: Any) -> bool:
    return a is None or b is None or bool((a == b).all())


def variants(question: Question, dys: Sequence[Any]) -> Iterator[Variant]:
    """One tensor at a time in another layout, each of its values as they were; and the cotangent of a sum, expanded."""
    for at, tensor in enumerate(question.tensors):
        if not tensor.is_floating_point():
            continue
        for layout in other_layouts(tensor):
            other = (*question.tensors[:at], laid_out(tensor, layout), *question.tensors[at + 1 :])
            yield said(question.names[at], layout), other, tuple(dys)
    if not question.wanted:
        return
    for at, dy in enumerate(dys):
        if dy is None:
            continue
        for layout in other_layouts(dy):
            other = (*dys[:at], laid_out(dy, layout), *dys[at + 1 :])
            yield said(name_of_cotangent(at, dys), layout), question.tensors, other
    yield OF_SUM, question.tensors, tuple(None if dy is None else sum_cotangent(dy) for dy in dys)


def name_of_cotangent(at: int, dys: Sequence[Any]) -> str:
    return "dy" if len(dys) == 1 else f"dy[{at}]"


def other_layouts(tensor: Any) -> Sequence[str]:
    """Of a large tensor those alone that tell most: each is one more call, and one more judgement."""
    found = [each for each in layouts_of(tensor) if each != CONTIGUOUS]
    return [each for each in found if each in TELLING] if tensor.numel() > LARGE else found
