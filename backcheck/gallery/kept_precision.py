"""Which precision PyTorch's own kernels keep in 16 bits on the CPU: of every output and gradient the finest model.

Each operation is asked at one place, where its sums are long enough to tell one model from another, and is its own
reference: its values and its derivative in float64 are the truth. Nothing here is wrong by that: a coarser model is a
precision that a caller gets, and that a tolerance has to know.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.gallery.torch_operations import OPERATIONS, Operation
from backcheck.subjects.kernels.asked.models import Model, promised
from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.calls.forms import torch_kernel
from backcheck.subjects.kernels.judged.allowed import TensorVerdict
from backcheck.subjects.kernels.judged.examination import examine
from backcheck_reference.lazy import torch
from backcheck_reports.record import Verdict

LOW = ("bfloat16", "float16")
SEED = 2026
# the words of the table, and what they stand for
FLOAT32, TWICE, TF32, SAVED, STORED = "float32", "twice", "tf32", "saved", "stored"
NARROW, BEYOND = "narrow", "beyond"
LEGEND = {
    FLOAT32: "float32 inside, rounded once at the end",
    TWICE: "off by more than one rounding at the end: rounded twice, or cut off",
    TF32: "as if the factors of products were rounded to 11 bits",
    SAVED: "what forward keeps for backward is rounded to the dtype",
    STORED: "sums in float32, intermediates stored in the dtype",
    NARROW: "sums in the dtype too",
    BEYOND: "further off than the coarsest model explains",
}


@dataclass(frozen=True, slots=True)
class KeptPrecision:
    """What one tensor of one operation keeps. `times` is its largest error in units of what float32 inside allows."""

    operation: str
    dtype: str
    tensor: str
    verdict: Verdict
    model: str
    times: float
    reason: str = ""

    @property
    def is_float32(self) -> bool:
        return self.model == FLOAT32


def observe(dtypes: Collection[str] = LOW, only: Collection[str] = ()) -> Iterator[KeptPrecision]:
    """Asked live, operation by operation; `only` has names. Raises BadInput for a name that there is not."""
    names = [each.name for each in OPERATIONS]
    if unknown := [each for each in only if each not in names]:
        raise BadInput(f"{unknown[0]!r} is no operation here; there are {', '.join(names)}")
    if odd := [each for each in dtypes if each not in LOW]:
        raise BadInput(f"operations are asked in {' and '.join(LOW)}; got {odd[0]!r}")
    for operation in OPERATIONS:
        if not only or operation.name in only:
            for dtype in dtypes:
                yield from _of_operation(operation, dtype)


def _of_operation(operation: Operation, dtype: str) -> Iterator[KeptPrecision]:
    tensors = operation.draw(getattr(torch, dtype), np.random.Generator(np.random.PCG64(SEED)))
    wanted = operation.by(tensors)
    question = Question(
        name=operation.name,
        kernel=torch_kernel(operation.function, wrt=wanted),
        plain=operation.function,
        kind="torch",
        names=operation.arrays,
        tensors=tensors,
        wanted=wanted,
        config={},
        model=promised(None, dtype),
        fast=False,
        seed=SEED + 1,  # of the cotangent
    )
    try:
        found = examine(question, None).tensors
    except BadInput as error:  # there is no such kernel in this dtype
        reason = (str(error).splitlines() or [""])[0]
        yield KeptPrecision(operation.name, dtype, "output", Verdict.UNAVAILABLE, "", np.nan, reason)
        return
    for each in found:
        yield KeptPrecision(
            operation.name, dtype, each.name, each.verdict, _word(each, dtype), each.fraction, each.reason
        )


def _word(found: TensorVerdict, dtype: str) -> str:
    """The word for the model that explains a tensor; nothing where it was not judged."""
    if found.verdict not in (Verdict.AGREE, Verdict.IMPRECISE, Verdict.DISAGREE):
        return ""
    if found.explained_by is None:
        return BEYOND
    words = {
        Model("float32", "float32"): FLOAT32,
        Model("float32", "float32", truncates=True): TWICE,
        Model("float32", "float32", factors="tf32"): TF32,
        Model("float32", "float32", saved=dtype): SAVED,
        Model("float32", dtype): STORED,
        Model(dtype, dtype): NARROW,
    }
    return words[found.explained_by]


def lines(rows: Sequence[KeptPrecision], dtypes: Sequence[str] = LOW) -> list[str]:
    """A line for each tensor: in each dtype the model, and how far beyond float32 inside; then what words mean."""
    found = {(row.operation, row.tensor, row.dtype): row for row in rows}
    shown, before = [("operation", "tensor", *dtypes)], ""
    for operation, tensor in dict.fromkeys((row.operation, row.tensor) for row in rows):
        cells = (_cell(found.get((operation, tensor, dtype))) for dtype in dtypes)
        shown.append(("" if before == operation else operation, tensor, *cells))
        before = operation
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    told = ["  ".join(map(str.ljust, each, widths)).rstrip() for each in shown]
    words = {row.model for row in rows}
    legend = [f"{word:9}{said}" for word, said in LEGEND.items() if word in words]
    reasons = dict.fromkeys(f"{row.operation}, {row.dtype}: {row.reason}" for row in rows if not row.model)
    return [*told, "", *legend, *(["", *reasons] if reasons else [])]


def as_json_rows(rows: Sequence[KeptPrecision]) -> list[dict[str, Any]]:
    """Plain data; a number that is not finite is None."""
    plain = [asdict(row) for row in rows]
    return [row | {"times": row["times"] if np.isfinite(row["times"]) else None} for row in plain]


def _cell(row: KeptPrecision | None) -> str:
    if row is None:
        return ""
    if not row.model or row.is_float32:
        return row.model or str(row.verdict)
    times = f"{row.times:,.0f}" if 100 <= row.times < 1e6 else f"{row.times:.3g}"
    return f"{row.model}, {times} times"
