"""The check of code whose arrays have many entries, and its words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.diagnosis.faults import Wrong, describe, explain, explain_by_numbers
from backcheck.diagnosis.faults.catalogue import LIST_KINDS
from backcheck.diagnosis.locate import Finding
from backcheck.diagnosis.sentence import FLOAT_DIGITS, account
from backcheck.keys import TensorKey
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import NODE
from backcheck.subjects.full_size.balls import DTYPES, BallTruth
from backcheck.subjects.full_size.examined import FullSize, examined_at_full_size
from backcheck.subjects.full_size.forward import forward_on_tensors, rule_on_tensors
from backcheck.subjects.full_size.part import Part
from backcheck.subjects.result.check import Check
from backcheck.subjects.subject import Subject
from backcheck.verdicts.parties import calm
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reports.record import Verdict

MANY = 2**13  # entries from which on exact numbers take longer, in all of `benchmarks.full_size_cost`
MOST_EXPLAINED = 2**17  # entries; each known fault is computed at all of them


@dataclass(frozen=True)
class FullSizeCheck(Check):
    """A `Check` of code with many entries: within `full.part` it is proved exactly, elsewhere to rounding."""

    full: FullSize | None = None

    @cached_property
    def finding(self) -> Finding | None:
        """The gradient at fault, without exact arithmetic on all of it."""
        if self.full is None or not self.full.wrong or self.verdict is not Verdict.DISAGREE:
            found: Finding | None = super().finding
            return found
        key = self.full.wrong[0]
        own = self.measures[key, SUBJECT]
        times = f"{own.fraction:.3g} times " if np.isfinite(own.fraction) else ""
        how = f"an entry is {times}further from the derivative of its own forward than rounding explains"
        if own.fraction <= 1:
            how = "it is not the derivative of its own forward in exact arithmetic, and rounding hides it here"
        part = _said_of_part(self.full.part, key)
        sentence = f"{self.name}: the gradient of {key.name} is wrong: {how}{part}"
        return Finding(SUBJECT, self.name, key, NODE, sentence, own)

    @property
    def reproducer(self) -> str:
        """A script of the part, where that shows the fault too; else of the whole, of which arrays are the reader's."""
        part = None if self.full is None else self.full.part
        if isinstance(part, Part) and part.check.finding is not None:
            return part.check.reproducer
        return _script(self.subject, self.checked.problem.asked)


def check_at_full_size(
    own: Subject, arrays: Sequence[np.ndarray], config: Mapping[str, Any], *, cotangent: Any, seed: int,
    notes: Sequence[str], order: int,
) -> Check | None:  # fmt: skip
    """The check by balls, which takes a small part of the time and memory of exact numbers; None where it is none.

    Everything that it cannot settle is left to the ordinary check: a forward with an operator that has no form on
    balls, or that branches on numbers; a kink; a tolerance that is too wide; a reading of the gradient as something
    else; a float32 in the middle of float64.
    """
    if sum(array.size for array in arrays) < MANY or order != 1 or not _is_plain(own):
        return None
    calm()
    with np.errstate(all="ignore"):
        problem = own.problem(arrays, config, cotangent, seed)
        if problem.dtype not in DTYPES:
            return None
        try:
            rule = rule_on_tensors(own, config) if own.code.is_numpy else None
            found = examined_at_full_size(own, problem, BallTruth(problem, forward_on_tensors(own, config), rule))
        except Unavailable:
            return None
        if found is None or not _is_told(found):
            return None
        said = _fault(found, problem) if found.wrong else ""
    return FullSizeCheck(own, found.checked, (*notes, *_notes(found)), said, full=found)


def _is_plain(own: Subject) -> bool:
    """Is nothing asked or declared that only exact arithmetic can answer?"""
    code, seen = own.code, own.seen
    declared = code.intent is not None or bool(code.complex_at)
    left_out = bool(seen.silent or seen.hidden.unjudged or seen.behaviour.draws_again or seen.behaviour.shapes)
    return torch.installed and not declared and not left_out


def _is_told(found: FullSize) -> bool:
    """A wrong gradient may be meant as something else, which the ordinary check of a part would have found."""
    part = found.part
    if not found.wrong or isinstance(part, str):
        return True
    return part.check.verdict in (Verdict.DISAGREE, Verdict.AGREE)


def _said_of_part(part: Part | str, key: TensorKey) -> str:
    if isinstance(part, str):
        return ""
    if part.check.verdict is not Verdict.DISAGREE:
        return f"; on {part.words} alone it is right"
    exact = part.check.measures.get((key, "exact"))
    proved = exact is not None and exact.verdict is Verdict.DISAGREE
    return (
        f"; exact arithmetic on {part.words} alone says so too"
        if proved
        else f"; on {part.words} alone it is wrong too"
    )


def _fault(found: FullSize, problem: Problem) -> str:
    """The fault in words. Two lists of numbers tell a factor; formulas are computed for the part, which is small."""
    wrong, part = _wrong(found, problem, found.wrong[0]), found.part
    by_rounding = found.checked.measures[found.wrong[0], SUBJECT].fraction <= 1
    fault = None if by_rounding else explain_by_numbers(wrong)
    if fault is None and isinstance(part, Part) and part.check.finding is not None:
        of_part = account(part.check.finding, part.check.checked.problem).fault
        if of_part is not None and of_part.kind not in LIST_KINDS:  # those the whole has not
            return f"in {part.words}: {of_part.sentence}"
    if fault is None and isinstance(part, str) and wrong.got.size <= MOST_EXPLAINED:
        fault = explain(wrong)
    if by_rounding:
        return ""
    return describe(wrong) if fault is None else fault.sentence


def _wrong(found: FullSize, problem: Problem, key: TensorKey) -> Wrong:
    node = problem.network.nodes[0]
    known = found.checked.truth.known[key]
    return Wrong(
        node.rule,
        key.name,
        found.checked.answers[SUBJECT].tensors[key].astype(np.float64),
        known.hi,
        inputs=problem.arrays,
        config=dict(node.config),
        dy=problem.dy.astype(np.float64),
        forward=problem.rules[node.rule].forward,
        digits=FLOAT_DIGITS[problem.dtype],
    )


def _notes(found: FullSize) -> Iterator[str]:
    """How much of each gradient was proved exactly, and what exact arithmetic says of the part."""
    measures, part = found.checked.measures, found.part
    for key in found.checked.problem.gradients:
        count = found.checked.truth.known[key].hi.size
        if key in found.proved and isinstance(part, Part) and key not in found.wrong:
            yield f"{key}: {found.proved[key]:,} of {count:,} entries proved exactly ({part.words}), all to rounding"
        elif key not in found.wrong:
            yield f"{key}: {measures[key, 'exact'].reason}; shown to rounding"
    for key, faint in found.faint.items():
        yield f"{key}: {faint:,} entries, far below the largest, are smaller than what rounding explains there"
    if isinstance(part, Part):
        yield from (f"in {part.words}: {note}" for note in part.check.notes)


def _script(own: Subject, problem: Problem) -> str:
    reads = problem.network.nodes[0].reads
    given = [f"    {name},  # {list(problem.arrays[name].shape)}, your own" for name in reads]
    options = [f"    {option}," for option in own.code.options]
    lines = ["import numpy as np", *own.code.source, "", f"print({own.code.call}", *given, *options, "))"]
    return "\n".join(lines) + "\n"
