"""A kernel asked and judged: at its own tensors, in other layouts of memory, and with memory that is watched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backcheck.errors import BadInput
from backcheck.subjects.kernels.asked.models import BITS, Model, ladder
from backcheck.subjects.kernels.asked.question import Question, drawn_cotangent, name_of_dtype
from backcheck.subjects.kernels.calls.call import KernelRun, call
from backcheck.subjects.kernels.judged.allowed import TensorVerdict
from backcheck.subjects.kernels.judged.judged_tensor import judged
from backcheck.subjects.kernels.judged.truth import KernelTruth, plain_outputs, require_alike
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reports.record import Verdict

WRONG = Verdict.DISAGREE, Verdict.IMPRECISE


@dataclass(frozen=True)
class ExaminedKernel:
    """Everything that was found of a kernel. `effects` are side effects, `faults` say in words what is wrong, and
    `notes` are what a reader should know.
    """

    question: Question
    cotangents: tuple[Any, ...]
    tensors: tuple[TensorVerdict, ...]
    effects: tuple[str, ...]
    notes: tuple[str, ...]
    truth: KernelTruth
    run: KernelRun
    faults: tuple[str, ...] = ()


def examine(question: Question, cotangents: Sequence[Any] | None) -> ExaminedKernel:
    """Raises BadInput for a kernel that raises, and for a reference that is another function."""
    others = plain_outputs(question)
    buffers = _buffers(question, others)
    made: list[tuple[Any | None, ...]] = []

    def cotangents_of(outputs: Sequence[Any]) -> tuple[Any | None, ...]:
        made.append(_cotangents(question, others, outputs, cotangents))
        return made[0]

    asked = cotangents_of(()) if question.backward_only else cotangents_of
    run = _call(question, question.tensors, asked, buffers)
    if run.raised.startswith("forward") or not made:
        raise BadInput(f"{question.name}: {run.raised}")
    truth = KernelTruth(question, made[0])
    found = tensors_of(truth, run)
    notes = tuple(_narrower(question, run))
    return ExaminedKernel(question, made[0], tuple(found), run.damage, notes, truth, run)


def _narrower(question: Question, run: KernelRun) -> Iterator[str]:
    """Outputs are judged in the dtype that they come in. One that is narrower than all inputs may not be meant."""
    for at, got in enumerate(run.outputs):
        dtype = name_of_dtype(got)
        if got.is_floating_point() and BITS.get(dtype, 0) < BITS[question.dtype]:
            name = "output" if len(run.outputs) == 1 else f"output {at}"
            yield f"{name} comes in {dtype}, and what it is made of in {question.dtype}: it is judged as {dtype}"


def _call(question: Question, tensors: Sequence[Any], dys: Any, buffers: Any, **how: Any) -> KernelRun:
    names = question.names
    return call(question.kernel, tensors, dys, question.config, names=names, buffers=buffers, **how)


def buffers_of(found: ExaminedKernel) -> tuple[Any, ...]:
    """Buffers for a kernel that writes into what it is given; none for others."""
    return _buffers(found.question, found.run.outputs)


def _buffers(question: Question, others: Sequence[Any]) -> tuple[Any, ...]:
    if not question.out:
        return ()
    like = next(each for each in question.tensors if each.is_floating_point())
    dtypes = [like.dtype if each.is_floating_point() else each.dtype for each in others]
    made = zip(others, dtypes, strict=True)
    return tuple(torch.empty(each.shape, dtype=dtype, device=like.device) for each, dtype in made)


def _cotangents(
    question: Question, others: Sequence[Any], own: Sequence[Any], given: Sequence[Any] | None
) -> tuple[Any | None, ...]:
    """Those that are given, or drawn in the dtype of the kernel's `own` outputs; None for outputs of integers.

    Raises BadInput where the outputs are not those of the reference.
    """
    like = next(each for each in question.tensors if each.is_floating_point())
    if question.backward_only:
        dtypes = [like.dtype if each.is_floating_point() else each.dtype for each in others]
    else:
        require_alike(question, own, others)
        dtypes = [each.dtype for each in own]
    if given is None:
        made = [
            drawn_cotangent(each.shape, dtype, question.seed + at).to(like.device) if dtype.is_floating_point else None
            for at, (each, dtype) in enumerate(zip(others, dtypes, strict=True))
        ]
        return tuple(made)
    shapes = [tuple(each.shape) for each in others]
    # an output of integers has none, whatever was given for it
    fits = len(given) == len(shapes) and all(
        not dtype.is_floating_point or (dy is not None and tuple(dy.shape) == shape)
        for dy, shape, dtype in zip(given, shapes, dtypes, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(list(shape)) for shape in shapes)
        raise BadInput(f"cotangent= has the shapes of what the kernel returns, {wanted}")
    pairs = zip(given, dtypes, strict=True)
    return tuple(dy.to(dtype).to(like.device) if dtype.is_floating_point else None for dy, dtype in pairs)


def tensors_of(truth: KernelTruth, run: KernelRun) -> list[TensorVerdict]:
    """The verdicts on all outputs and gradients of one run."""
    question = truth.question
    models, found = ladder(question.dtype, question.model), []
    try:
        truth.under(question.model)
    except Unavailable as why:
        return list(_unavailable(question, run, str(why)))
    of_floats = any(dy is not None for dy in truth.cotangents)
    if of_floats and question.wanted and not any(truth.under(question.model).gradients):
        names = " or ".join(question.names[at] for at in question.wanted)
        raise BadInput(f"reference=: its value does not depend on {names} in a way that PyTorch can differentiate")
    for at, got in enumerate(run.outputs):
        name = "output" if len(run.outputs) == 1 else f"output {at}"
        if got.is_floating_point():
            found.append(_output(truth, at, got, models, name))
        else:
            found.append(_of_integers(truth, at, got, name))
    for at in question.wanted:
        found.append(_gradient(truth, at, run, models, f"d{question.names[at]}"))
    return found


def _unavailable(question: Question, run: KernelRun, why: str) -> Iterator[TensorVerdict]:
    for at, got in enumerate(run.outputs):
        name = "output" if len(run.outputs) == 1 else f"output {at}"
        yield TensorVerdict(name, False, tuple(got.shape), Verdict.UNAVAILABLE, reason=why)
    for at in question.wanted:
        shape = tuple(question.tensors[at].shape)
        yield TensorVerdict(f"d{question.names[at]}", True, shape, Verdict.UNAVAILABLE, reason=why)


def _output(truth: KernelTruth, at: int, got: Any, models: Sequence[Model], name: str) -> TensorVerdict:
    dtype = name_of_dtype(got)

    def under(model: Model, likely: bool = False) -> Any:
        return truth.of_output(at, model, dtype, likely)

    return _judged(truth, name, got, dtype, under, models, False)


def _judged(
    truth: KernelTruth, name: str, got: Any, dtype: str, under: Any, models: Sequence[Model], is_gradient: bool
) -> TensorVerdict:
    """The verdict. What is wrong where squares of the numbers given overflow is out of range, whatever it is.

    A right kernel may have infinity or NaN there, and finite numbers of any size where 1 / infinity is taken for zero.
    """
    promised = truth.question.model
    found = judged(name, got, dtype, under, models, promised, is_gradient)
    if found.verdict not in WRONG or not truth.may_overflow:
        return found
    said = f"the square of the largest number given is beyond what {promised.sums} holds: a right kernel may overflow"
    return replace(found, verdict=Verdict.OUT_OF_RANGE, reason=said)


def _of_integers(truth: KernelTruth, at: int, got: Any, name: str) -> TensorVerdict:
    """Integers and booleans are equal, or wrong; nothing is said where the reference has a choice."""
    want, open_ = truth.of_integers(at)
    wrong = ((got != want) & ~open_).nonzero().tolist()
    shape, left = tuple(got.shape), int(open_.sum())
    if not wrong and got.numel() and 2 * left > got.numel():
        said = f"a choice is open in {left} of {got.numel()} entries"
        return TensorVerdict(name, False, shape, Verdict.ILL_CONDITIONED, reason=said)
    if not wrong:
        return TensorVerdict(name, False, shape, Verdict.AGREE, reason="equal to the reference's")
    place = tuple(wrong[0])
    said = f"{len(wrong)} of {got.numel()} entries are others: got {got[place].item()} at {wrong[0]}"
    said += f", want {want[place].item()}"
    return TensorVerdict(name, False, shape, Verdict.DISAGREE, wrong=len(wrong), index=place, reason=said)


def _gradient(truth: KernelTruth, at: int, run: KernelRun, models: Sequence[Model], name: str) -> TensorVerdict:
    question, got = truth.question, run.gradients[at]
    shape = tuple(question.tensors[at].shape)
    if run.raised:
        return TensorVerdict(name, True, shape, Verdict.DISAGREE, reason=run.raised)
    dtype = name_of_dtype(question.tensors[at] if got is None else got)

    def under(model: Model, likely: bool = False) -> Any:
        return truth.of_gradient(at, model, dtype, likely)

    if got is None:
        if not under(question.model).mid.any():
            return TensorVerdict(name, True, shape, Verdict.VACUOUS, reason="no gradient, and the derivative is zero")
        said = "no gradient comes back, and the derivative is not zero; wrt= names what has one"
        return TensorVerdict(name, True, shape, Verdict.DISAGREE, reason=said)
    if tuple(got.shape) != shape:
        said = f"the gradient has the shape {list(got.shape)}"
        return TensorVerdict(name, True, shape, Verdict.SHAPE, reason=said)
    return _judged(truth, name, got, dtype, under, models, True)
