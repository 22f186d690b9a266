"""The verdict on one tensor of a kernel: the finest precision model that explains it, and what its tolerance proves."""

from collections.abc import Callable, Sequence

import numpy as np

from backcheck.subjects.kernels.asked.models import Model
from backcheck.subjects.kernels.judged.allowed import Allowed, TensorVerdict, beyond_range
from backcheck_reports.record import Verdict

Answer = Callable[[np.ndarray], np.ndarray]

LIKELY = "by what is likely: the worst case of that model bounds nothing here"
MOST_LEFT_OUT = 10  # in so many entries one may be without a truth, and the tensor is judged all the same


def judged(
    name: str,
    got: np.ndarray,
    dtype: str,
    under: Callable[..., Allowed],
    models: Sequence[Model],
    promised: Model,
    is_gradient: bool,
) -> TensorVerdict:
    """`under` gives truth and allowance by model, the worst case or the likely one; `models` are the ladder."""
    if not got.size:
        return TensorVerdict(name, is_gradient, got.shape, Verdict.VACUOUS, reason="the tensor has no entries")
    own, more = _within_range(under(promised), dtype), ""
    if _bounds_nothing(own):
        likely = _within_range(under(promised, likely=True), dtype)
        if not _bounds_nothing(likely) and likely.fractions(got).max() <= 1:
            own, more = likely, LIKELY
    explained, fractions = None, own.fractions(got)
    for model in models:
        found = own if model == promised else _within_range(under(model), dtype)
        parts = fractions if found is own else found.fractions(got)
        # a coarser model that would explain zeros as well explains nothing
        if parts.max() <= 1 and (model == promised or not accepted_answers(found)):
            explained = model
            break
    at = np.unravel_index(int(fractions.argmax()), fractions.shape)
    verdict, reason = _verdict(own, explained, models, promised, dtype)
    reason = more if verdict is Verdict.AGREE and not reason else reason
    judged_ones = np.isfinite(own.allowed) & np.isfinite(own.truth)
    scale = float(abs(own.truth[judged_ones]).max(initial=0.0))
    with np.errstate(all="ignore"):
        error = abs(got - own.truth)[judged_ones]
        resolution = float(own.allowed[judged_ones].max(initial=0.0)) / scale if scale else np.inf
    return TensorVerdict(
        name,
        is_gradient,
        got.shape,
        verdict,
        explained,
        fraction=float(fractions[at]),
        allowed=float(own.allowed[at]),
        resolution=resolution,
        index=tuple(map(int, at)),
        got=float(got[at]),
        want=float(own.truth[at]),
        wrong=int((fractions > 1).sum()),
        absolute=float(error.max(initial=0.0)) if not np.isnan(error).any() else np.inf,
        scale=scale,
        reason=reason,
    )


def _bounds_nothing(own: Allowed) -> bool:
    """Would this tolerance take any answer, or that of anybody?"""
    lost = int((~np.isfinite(own.allowed)).sum())
    return bool(own.truth.any()) and (lost * MOST_LEFT_OUT > own.truth.size or bool(accepted_answers(own)))


def _within_range(found: Allowed, dtype: str) -> Allowed:
    """The same, with no bound where the truth is not finite, or may be beyond what the dtype holds."""
    with np.errstate(all="ignore"):
        # a truth that is infinite itself, behind a mask, is an answer like any other
        outside = np.isfinite(found.truth) & beyond_range(abs(found.truth) + found.allowed, dtype)
        outside |= np.isnan(found.truth)
    return Allowed(found.truth, np.where(outside, np.inf, found.allowed)) if outside.any() else found


def _verdict(
    own: Allowed, explained: Model | None, models: Sequence[Model], promised: Model, dtype: str
) -> tuple[Verdict, str]:
    if explained is None:
        return Verdict.DISAGREE, ""
    if models.index(explained) > models.index(promised):
        return Verdict.IMPRECISE, ""
    lost = int((~np.isfinite(own.allowed)).sum())
    if lost * MOST_LEFT_OUT > own.truth.size:
        return _not_judged(own, lost, dtype)
    if not own.truth.any():
        return Verdict.VACUOUS, "the truth is zero in every entry here"
    accepted = accepted_answers(own)
    if accepted:
        return Verdict.VACUOUS, f"the tolerance would accept {accepted} as well"
    return Verdict.AGREE, f"{lost} of {own.truth.size} entries have no bound" if lost else ""


def _not_judged(own: Allowed, lost: int, dtype: str) -> tuple[Verdict, str]:
    beyond = ~np.isfinite(own.truth) | beyond_range(own.truth, dtype)
    missing = int(np.isnan(own.truth).sum())
    if 2 * missing >= lost:
        return Verdict.OUT_OF_RANGE, f"the reference itself is no number (NaN) in {missing} entries"
    if 2 * int(beyond.sum()) >= lost:
        return Verdict.OUT_OF_RANGE, f"the truth is beyond what {dtype} holds in {int(beyond.sum())} entries"
    said = "a choice is open to rounding, or a number on the way is beyond what the model holds"
    return Verdict.ILL_CONDITIONED, f"{said}; nothing bounds {lost} of {own.truth.size} entries"


def accepted_answers(own: Allowed) -> str:
    """The answers that anybody can give, and that the tolerance would take: zeros, one number everywhere, a shuffle.

    They are tried in every check: a tolerance that takes one of them proves nothing.
    """
    known = np.isfinite(own.truth)
    finite = own.truth if known.all() else own.truth[known]
    middle = (finite.max() + finite.min()) / 2 if finite.size else 0.0
    tried: dict[str, Answer] = {"zeros": np.zeros_like}
    if own.truth.size > 1 and finite.size and np.ptp(finite):  # of equal numbers these are the truth itself
        tried["one number everywhere"] = lambda truth: np.full_like(truth, middle)
        tried["its own entries in another order"] = _shuffled
    taken = [name for name, answer in tried.items() if _takes(own.some(), answer) and _takes(own, answer)]
    return " and ".join(taken)


def _shuffled(truth: np.ndarray) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(0)).permutation(truth.ravel()).reshape(truth.shape)


def _takes(own: Allowed, answer: Answer) -> bool:
    return bool(own.fractions(answer(own.truth)).max(initial=0.0) <= 1)
