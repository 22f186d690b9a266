"""What is said of a failure that is shown in a small case and was found in a larger one.

A sentence is about the case that is shown, in its numbers. In a small case many faults look alike, so the larger case
is asked too. Where both say the same, the small case's own numbers are told. Where only the larger one tells the fault
apart, the sentence names that case by its shapes. Where the larger one knows no fault, what fits a few entries of the
small case is refuted, and only the plain facts are left.
"""

import re
from dataclasses import dataclass

from backcheck.diagnosis.faults import Fault
from backcheck.diagnosis.locate import Finding
from backcheck.diagnosis.sentence import Account, account
from backcheck.problem import Problem

Failure = tuple[Finding, Problem]

LEAST_WRONG = 3  # wrong entries from which on a small case need not be confirmed by a larger one

# what may differ between two sentences about the same fault: counts and numbers, places, which entries were looked at
PLACES = re.compile(r"\[[^\]]*\](?:, \[[^\]]*\])*(?: and \d+ more)?")
COUNTED = re.compile(r"in (?:all \d+|\d+ of \d+|the only)( nonzero)? entr(?:y|ies)")
LOOKED_AT = re.compile(r" \(in all \d+ entries looked at, of \d+\)| looked at, of \d+")
NUMBER = re.compile(r"(?<![A-Za-z_])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Told:
    """What is said, and whether it is said of the larger case."""

    words: str
    of_larger: bool = False


def told(shown: Failure, larger: Failure | None = None) -> Told:
    """The fault in words: in the numbers of the case that is shown, or with the shapes of the larger one."""
    small = account(*shown)
    if larger is None or _same(shown, larger):
        return Told(small.words)
    large = account(*larger)
    if large.fault is None:
        return Told(small.words if small.wrong_entries >= LEAST_WRONG else small.facts)
    if _alike(small, large.fault):
        return Told(small.words)
    return Told(f"in {node_with_shapes(larger)}: {large.fault.sentence}", of_larger=True)


def _same(shown: Failure, larger: Failure) -> bool:
    """Is the larger case no larger?"""
    one, other = (_node(each) for each in (shown, larger))
    return sum(a.size for a in other.arrays.values()) <= sum(a.size for a in one.arrays.values())


def _alike(small: Account, fault: Fault) -> bool:
    return small.fault is not None and _pattern(small.fault.sentence) == _pattern(fault.sentence)


def _pattern(sentence: str) -> str:
    """The sentence without its numbers and places."""
    for pattern, instead in ((LOOKED_AT, ""), (COUNTED, r"in #\1 entries"), (PLACES, "[#]"), (NUMBER, "#")):
        sentence = pattern.sub(instead, sentence)
    return sentence


def _node(failure: Failure) -> Problem:
    finding, problem = failure
    return finding.alone if finding.alone is not None and finding.alone.network.nodes else problem


def node_with_shapes(failure: Failure) -> str:
    """The node at fault: `dense(x[4, 3], w[3, 2], axis=0) -> [4, 2]`."""
    problem = _node(failure)
    node = problem.network.nodes[-1]
    read = ", ".join(f"{name}{list(array.shape)}" for name, array in problem.arrays.items())
    options = "".join(f", {name}={value!r}" for name, value in node.config.items())
    rule = failure[0].rule if problem is failure[1] and len(problem.network.nodes) > 1 else node.rule
    return f"{rule}({read}{options}) -> {list(problem.dy.shape)}"
