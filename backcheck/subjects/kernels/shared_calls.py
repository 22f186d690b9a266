"""A kernel in other circumstances with few calls: where tensors are large, one call asks several things at once.

Each of them has all tensors in layouts of their own, and the first two have watched memory besides, filled with NaN in
one and with a large number in the other. Where all answers are those of the first call, to the bit, no layout, no
memory of others and no chance has changed them. Only where something is odd are things asked one by one, to say which.

Two tensors never have the same layout in the same call, so that a kernel that takes the strides of one for another is
seen; and in one of the calls each is as it was given, beside others that are not.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

from backcheck.subjects.kernels.calls.call import KernelRun, call, effects_of, same_answers
from backcheck.subjects.kernels.calls.layouts import CONTIGUOUS, said, sum_cotangent
from backcheck.subjects.kernels.calls.memory import Rest
from backcheck.subjects.kernels.calls.undefined import LARGE
from backcheck.subjects.kernels.circumstances import (
    FAILS,
    OF_SUM,
    as_it_is,
    judged_in,
    name_of_cotangent,
    one_by_one,
    other_layouts,
    variants,
    with_layouts,
    wrong_where,
)
from backcheck.subjects.kernels.judged.allowed import TensorVerdict
from backcheck.subjects.kernels.judged.examination import ExaminedKernel, buffers_of
from backcheck.subjects.kernels.judged.truth import KernelTruth
from backcheck.subjects.kernels.told.faults import told

DEAR = 2**17  # entries of all tensors and cotangents, from which on calls are shared
WATCHED: Sequence[tuple[float, Rest]] = ((nan, "nan"), (LARGE, "number"))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """One call. `layouts` has one for each tensor, and then for each cotangent; contiguous is as it was given."""

    layouts: tuple[str, ...]
    fill: float | None = None
    rest: Rest = "nan"


@dataclass(frozen=True, slots=True)
class OddCall:
    """What is not as in the first call: a kernel that refuses, that writes outside, or whose numbers are wrong."""

    words: str
    refused: bool
    effects: tuple[str, ...]
    wrong: tuple[TensorVerdict, ...]


def under_all_circumstances(found: ExaminedKernel) -> ExaminedKernel:
    """The same with what is seen in other circumstances. Of a kernel that is wrong as it is, layouts say no more."""
    if sum(each.numel() for each in (*found.question.tensors, *found.cotangents) if each is not None) <= DEAR:
        return one_by_one(found)
    if any(each.verdict in FAILS for each in found.tensors):
        return told(as_it_is(found))
    calls = (_odd(found, asked) for asked in _circumstances(found))
    odd = [each for each in calls if each is not None]
    return _with_expanded(_separated(found, odd) if odd or found.run.written else found)


def _odd(found: ExaminedKernel, asked: Circumstances) -> OddCall | None:
    """What a call says that the first one did not; None where all is the same."""
    run = _call(found, asked)
    if _is_quiet(found, run):
        return None
    words = ", ".join(
        said(name, each) for name, each in zip(_names(found), asked.layouts, strict=True) if each != CONTIGUOUS
    )
    wrong = () if run.raised else tuple(wrong_where(words, found.truth, run))
    return OddCall(words, bool(run.raised), effects_of(run), wrong)


def _is_quiet(found: ExaminedKernel, run: KernelRun) -> bool:
    return not (run.raised or effects_of(run)) and same_answers(run, found.run)


def _separated(found: ExaminedKernel, odd: Sequence[OddCall]) -> ExaminedKernel:
    """What comes without any layout is asked first, and then each layout by itself: which of them it is."""
    plain = Circumstances((CONTIGUOUS,) * len(_names(found)))
    as_given = (_call(found, replace(plain, fill=fill, rest=rest)) for fill, rest in WATCHED)
    if found.run.written or not all(_is_quiet(found, run) for run in as_given):
        found = as_it_is(found)
    effects = [
        f"where {each.words}: {effect}" for each in odd for effect in each.effects if effect not in found.effects
    ]
    if any(each.refused or each.wrong for each in odd):
        found = _by_layout(found, odd)
    return replace(found, effects=(*found.effects, *dict.fromkeys(effects)))


def _by_layout(found: ExaminedKernel, odd: Sequence[OddCall]) -> ExaminedKernel:
    """Which layout it is; or else the calls themselves, where it takes two of them."""
    apart = with_layouts(
        found, judged_in(found, (each for each in variants(found.question, found.cotangents) if each[0] != OF_SUM))
    )
    if apart.tensors != found.tensors or apart.notes != found.notes:
        return apart
    refused = [f"it refuses, by raising, where {each.words}" for each in odd if each.refused]
    return with_layouts(found, [*refused, *(one for each in odd for one in each.wrong)])


def _with_expanded(found: ExaminedKernel) -> ExaminedKernel:
    """The cotangent that `y.sum().backward()` hands over, beside the same ones in memory of their own.

    Where both have one answer the strides are followed, and no truth is needed: that of a drawn cotangent is known.
    """
    if not found.question.wanted or all(dy is None for dy in found.cotangents):
        return found
    sums = tuple(None if dy is None else sum_cotangent(dy) for dy in found.cotangents)
    ones = tuple(None if dy is None else dy.contiguous() for dy in sums)
    expanded = _run(found, found.question.tensors, sums)
    if not expanded.raised and not effects_of(expanded):
        own = _run(found, found.question.tensors, ones)
        if not own.raised and same_answers(own, expanded):
            return found
    if expanded.raised:
        return with_layouts(found, [f"it refuses, by raising, where {OF_SUM}"])
    effects = (f"where {OF_SUM}: {effect}" for effect in effects_of(expanded) if effect not in found.effects)
    found = replace(found, effects=(*found.effects, *effects))
    return with_layouts(found, wrong_where(OF_SUM, KernelTruth(found.question, sums), expanded))


def _call(found: ExaminedKernel, asked: Circumstances) -> KernelRun:
    # what a kernel fills itself is copied to be watched, and watched once; what it leaves undefined is filled twice
    how = {"fill": asked.fill, "rest": asked.rest, "layouts": asked.layouts, "full": asked.rest == "nan"}
    return _run(found, found.question.tensors, found.cotangents, **how)


def _run(found: ExaminedKernel, tensors: Sequence[Any], dys: Sequence[Any], **how: Any) -> KernelRun:
    question = found.question
    return call(question.kernel, tensors, dys, question.config, names=question.names, buffers=buffers_of(found), **how)


def _names(found: ExaminedKernel) -> Sequence[str]:
    dys = found.cotangents
    return (*found.question.names, *(name_of_cotangent(at, dys) for at in range(len(dys))))


def _circumstances(found: ExaminedKernel) -> Iterator[Circumstances]:
    weighed = found.cotangents if found.question.wanted else (None,) * len(found.cotangents)
    given = (*found.question.tensors, *weighed)
    possible = [other_layouts(each) if each is not None and each.is_floating_point() else () for each in given]
    axes = [-1 if each is None else each.dim() for each in given]
    for at, layouts in enumerate(shared(possible, axes)):
        fill, rest = WATCHED[at] if at < len(WATCHED) else (None, WATCHED[0][1])
        yield Circumstances(layouts, fill, rest)


def shared(possible: Sequence[Sequence[str]], axes: Sequence[int]) -> Sequence[tuple[str, ...]]:
    """Calls in which each tensor has each of its layouts once and is contiguous at least once; and no two tensors of as
    many axes, whose strides could be taken for each other, have the same layouts in all of them.

    Tensors take turns: each begins one further on than the one before it of as many axes.

    >>> shared([("transposed", "part of rows"), ("transposed", "part of rows")], [2, 2])
    (('transposed', 'part of rows'), ('part of rows', 'contiguous'), ('contiguous', 'transposed'))
    """
    alike = Counter(axes)
    count = max(2, 1 + max(map(len, possible), default=0), *alike.values())
    turns: Counter[int] = Counter()
    rows = []
    for each, kind in zip(possible, axes, strict=True):
        row = [*each, *[CONTIGUOUS] * (count - len(each))]
        rows.append(row[turns[kind] :] + row[: turns[kind]])
        turns[kind] += 1
    return tuple(zip(*rows, strict=True))
