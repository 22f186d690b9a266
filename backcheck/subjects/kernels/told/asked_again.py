"""Faults that are seen by asking the reference once more: with another constant, another cotangent, or fewer rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backcheck.subjects.kernels.asked.references import reference_as_torch
from backcheck.subjects.kernels.judged.allowed import TensorVerdict, as_float64
from backcheck.subjects.kernels.judged.examination import ExaminedKernel
from backcheck.subjects.kernels.told.hypotheses import Explanation, WrongTensor
from backcheck.subjects.pairs.small_constants import constants
from backcheck_reference.lazy import torch

EPSILONS = (0.0, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12)
TILES = (1, 8, 16, 32, 64, 128, 256, 512, 1024)


def by_reference(found: ExaminedKernel, each: TensorVerdict, w: WrongTensor) -> Iterator[Explanation]:
    """Faults that are seen by asking the reference once more: with another constant, or another cotangent."""
    question, dys = found.question, list(found.cotangents)
    at = next((at for at in question.wanted if f"d{question.names[at]}" == each.name), None)
    place = next((k for k in range(len(found.run.outputs)) if each.name in ("output", f"output {k}")), None)

    def tried(candidate: np.ndarray, text: str) -> Iterator[Explanation]:
        if w.reproduces(candidate):
            yield Explanation(text, candidate)

    for instead in EPSILONS:
        for label, value, other in constants(question.plain, instead):
            if instead != value:
                text = f"it is that of the reference with {instead:g} in the place of {_constant(label)}{value:g}"
                yield from tried(_of_reference(found, reference_as_torch(other, question.kind), at, place, dys), text)
    first = next((dy for dy in dys if dy is not None), None)
    if at is None or first is None or first.ndim < 1:
        return

    def gradient(cotangents: Sequence[Any]) -> np.ndarray:
        return _of_reference(found, question.reference, at, None, cotangents)

    ones = [None if dy is None else torch.ones_like(dy) for dy in dys]
    yield from tried(gradient(ones), "it takes no notice of dy: this is the gradient for a dy of ones")
    rows = first.reshape(-1, first.shape[-1]).shape[0] if first.ndim > 1 else first.shape[0]
    if w.got.ndim == 1 and first.ndim > 1 and w.got.shape[0] == first.shape[-1] and found.run.outputs:
        y = found.truth.of_output(next(k for k, dy in enumerate(dys) if dy is not None), question.model, w.dtype)
        text = "it is the sum of dy times the output: of what is multiplied by it, it needs the value before"
        yield from () if y is None else tried((as_float64(first) * y.mid).reshape(rows, -1).sum(0), text)
    for size in TILES:
        last = size if rows % size == 0 else rows % size
        if last >= rows:
            continue
        kept = [None if dy is None else _last_rows(dy, last) for dy in dys]
        text = f"only the last {last} of {rows} rows are in it: each block overwrites what those before have added"
        yield from tried(gradient(kept), text)
        rest = [None if dy is None else dy - part for dy, part in zip(dys, kept, strict=True)]
        yield from tried(gradient(rest), f"the last {last} of {rows} rows are not in it")


def _constant(label: str) -> str:
    return "" if label.startswith("constant") else f"{label} = "


def _last_rows(dy: Any, count: int) -> Any:
    flat = dy.reshape(-1, dy.shape[-1]) if dy.ndim > 1 else dy
    kept = torch.zeros_like(flat)
    kept[-count:] = flat[-count:]
    return kept.reshape(dy.shape)


def _of_reference(
    found: ExaminedKernel, reference: Any, at: int | None, place: int | None, cotangents: Sequence[Any]
) -> np.ndarray:
    """Another function's gradient by the tensor `at`, or else its output at `place`, in float64."""
    question = found.question
    given = [each.double() if each.is_floating_point() else each for each in question.on_cpu]
    if at is not None:
        given[at] = given[at].requires_grad_()
    try:
        with torch.enable_grad():
            result = reference(*given, **question.config)
            outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
            if at is None:
                return as_float64(outputs[place or 0])
            dys = zip(outputs, cotangents, strict=True)
            pairs = [(y, dy.to("cpu").to(y.dtype)) for y, dy in dys if dy is not None and y.requires_grad]
            ys, ds = zip(*pairs, strict=True)
            (grad,) = torch.autograd.grad(ys, [given[at]], ds, allow_unused=True)
    except Exception:  # a constant that a function does not take, such as an eps of 0
        return np.zeros(0)
    return np.zeros(tuple(given[at].shape)) if grad is None else as_float64(grad)
