"""The verdict on one tensor of a kernel: the finest precision model that explains it, and what its tolerance proves."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck.subjects.kernels.asked.models import Model
from backcheck.subjects.kernels.judged.allowed import Allowance, TensorVerdict
from backcheck.subjects.kernels.judged.measured import Measured, measured
from backcheck_reports.record import Verdict

LIKELY = "by what is likely: the worst case of that model bounds nothing here"
MOST_LEFT_OUT = 10  # in so many entries one may be without a truth, and the tensor is judged all the same


def judged(
    name: str,
    got: Any,
    dtype: str,
    under: Callable[..., Allowance],
    models: Sequence[Model],
    promised: Model,
    is_gradient: bool,
) -> TensorVerdict:
    """`under` gives truth and allowance by model, the worst case or the likely one; `models` are the ladder.

    `got` is a tensor. The promised model is asked first: where nothing is finer, and it explains the tensor, no other
    is.
    """
    shape = tuple(got.shape)
    if not got.numel():
        return TensorVerdict(name, is_gradient, shape, Verdict.VACUOUS, reason="the tensor has no entries")
    own, more = measured(under(promised), got), ""
    if _bounds_nothing(own):
        likely = measured(under(promised, likely=True), got)
        if not _bounds_nothing(likely) and likely.fraction <= 1:
            own, more = likely, LIKELY
    explained = _finest(own, got, under, models, promised)
    verdict, reason = _verdict(own, explained, models, promised, dtype)
    worst = own.own.at(np.array([own.place]))
    return TensorVerdict(
        name,
        is_gradient,
        shape,
        verdict,
        explained,
        fraction=own.fraction,
        allowed=float(worst.allowed[0]),
        resolution=own.allowed / own.scale if own.scale else np.inf,
        index=tuple(map(int, np.unravel_index(own.place, shape))),
        got=float(got.detach().reshape(-1)[own.place]),
        want=float(worst.truth[0]),
        wrong=own.wrong,
        absolute=own.absolute,
        scale=own.scale,
        reason=more if verdict is Verdict.AGREE and not reason else reason,
    )


def _finest(
    own: Measured, got: Any, under: Callable[..., Allowance], models: Sequence[Model], promised: Model
) -> Model | None:
    """The finest model that explains the answer; a coarser one that would explain zeros as well explains nothing."""
    for model in models:
        found = own if model == promised else measured(under(model), got)
        if found.fraction <= 1 and (model == promised or not found.accepted):
            return model
    return None


def _bounds_nothing(own: Measured) -> bool:
    """Would this tolerance take any answer, or that of anybody?"""
    return not own.is_zero and (own.lost * MOST_LEFT_OUT > own.size or bool(own.accepted))


def _verdict(
    own: Measured, explained: Model | None, models: Sequence[Model], promised: Model, dtype: str
) -> tuple[Verdict, str]:
    if explained is None:
        return Verdict.DISAGREE, ""
    if models.index(explained) > models.index(promised):
        return Verdict.IMPRECISE, ""
    if own.lost * MOST_LEFT_OUT > own.size:
        return _not_judged(own, dtype)
    if own.is_zero:
        return Verdict.VACUOUS, "the truth is zero in every entry here"
    if own.accepted:
        return Verdict.VACUOUS, f"the tolerance would accept {own.accepted} as well"
    return Verdict.AGREE, f"{own.lost} of {own.size} entries have no bound" if own.lost else ""


def _not_judged(own: Measured, dtype: str) -> tuple[Verdict, str]:
    beyond, missing = int(own.beyond(dtype).sum()), int(np.isnan(own.own.mid).sum())
    if 2 * missing >= own.lost:
        return Verdict.OUT_OF_RANGE, f"the reference itself is no number (NaN) in {missing} entries"
    if 2 * beyond >= own.lost:
        return Verdict.OUT_OF_RANGE, f"the truth is beyond what {dtype} holds in {beyond} entries"
    said = "a choice is open to rounding, or a number on the way is beyond what the model holds"
    return Verdict.ILL_CONDITIONED, f"{said}; nothing bounds {own.lost} of {own.size} entries"
