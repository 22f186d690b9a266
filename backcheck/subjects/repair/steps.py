"""Two edits: which of them may together make right what one leaves wrong."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from backcheck.edits.edit import Edit
from backcheck.subjects.repair.code.targets import Target
from backcheck.subjects.repair.code.trial import Marks

LEFT_OUT, PUT_IN = "a factor or term left out", ("a factor put in", "a term put in")
SCALES = ((-1.0, "-({})"), (0.5, "2 * ({})"), (2.0, "0.5 * ({})"), (-0.5, "-2 * ({})"), (-2.0, "-0.5 * ({})"))
MOST_SHORTER = 12  # ways to leave something out that two edits grow from
MOST_PARTIAL, MOST_SECOND = 12, 3000  # single edits that two grow from, and the edits after each


class Step(NamedTuple):
    """One edit of the text of one target."""

    target: Target
    edit: Edit


class Partial(NamedTuple):
    """A step that makes something better, and how far."""

    step: Step
    marks: Marks


def pairs_of(targets: Sequence[Target], first: Marks, partial: Sequence[Partial]) -> Iterator[tuple[Step, ...]]:
    """Those whose factors together make 1, what is moved from one place to another, and then a second edit after each
    single one that was better, the best of these first."""
    better = [each for each in partial if each.marks.better_than(first)]
    better.sort(key=lambda each: each.marks.rank, reverse=True)
    singles = [Step(target, each.edit) for target in targets for each in target.edits(target.source.text)]
    shorter = [step for step in singles if step.edit.operator == LEFT_OUT]
    for each in partial:
        yield from _scaled(each)
    yield from _by_factors(partial, first)
    yield from _moved(shorter, singles)
    for seed in (*(each.step for each in better[:MOST_PARTIAL]), *shorter[:MOST_SHORTER]):
        yield from _grown(seed, targets)


def _grown(step: Step, targets: Sequence[Target]) -> Iterator[tuple[Step, ...]]:
    """The step, and each edit after it."""
    for target in targets:
        text = step.edit.text if target is step.target else target.source.text
        for each in target.edits(text)[:MOST_SECOND]:
            yield step, Step(target, each.edit)


def _scaled(partial: Partial) -> Iterator[tuple[Step, ...]]:
    """The step with a plain factor more, where that is all that is still wrong: a sign, a half."""
    factors = {round(float(each), 6) for each in partial.marks.factors} - {1.0}
    if len(factors) == 1 and partial.marks.is_multiple:
        edit = partial.step.edit
        for factor, form in SCALES:
            if factor in factors:
                yield (Step(partial.step.target, replace(edit, new=form.format(edit.new))),)


def _by_factors(partial: Sequence[Partial], first: Marks) -> Iterator[tuple[Step, ...]]:
    """Pairs of edits each of which changes the factor by which the gradients are wrong, and which together make it 1:
    a sign and a size, say."""
    multiples = [each for each in partial if each.marks.is_multiple] if first.is_multiple else []
    for one, other in itertools.combinations(multiples, 2):
        both = [a * b / c for a, b, c in zip(one.marks.factors, other.marks.factors, first.factors, strict=True)]
        if np.allclose(both, 1.0, rtol=1e-6):
            second = _after(one.step, other.step)
            if second is not None:
                yield one.step, second


def _moved(shorter: Sequence[Step], singles: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """A factor or a term left out at one place and put in at another."""
    put_in = [step for step in singles if step.edit.operator in PUT_IN]
    for one in shorter:
        before = one.edit.source[one.edit.start : one.edit.end]
        for other in put_in:
            added = other.edit.new.rpartition(" ")[2]
            if added and (before.startswith(added) or before.endswith(added)):
                second = _after(one, other)
                if second is not None:
                    yield one, second


def _after(one: Step, other: Step) -> Step | None:
    """The other edit in the text that the first leaves; None where both are of the same place."""
    if one.target is not other.target:
        return other
    a, b = one.edit, other.edit
    if a.start < b.end and b.start < a.end:
        return None
    moved = len(a.new) - (a.end - a.start) if a.end <= b.start else 0
    return Step(other.target, replace(b, source=a.text, start=b.start + moved, end=b.end + moved))
