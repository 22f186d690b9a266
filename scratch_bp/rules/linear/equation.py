"""Equations of two operands such as "ij,jk->ik", read as torch.einsum reads them."""

from functools import lru_cache
from typing import NamedTuple

from scratch_bp.rules.linear.contraction import Label, Labels

ELLIPSIS = "..."


class Terms(NamedTuple):
    """The labels of both operands and of the result: letters, and for the axes under an ellipsis numbers, the last one
    -1."""

    left: Labels
    right: Labels
    result: Labels


@lru_cache(maxsize=512)
def read(equation: str, ranks: tuple[int, int]) -> Terms:
    """The labels of every axis. Raises ValueError where the equation is none of two operands of these ranks."""
    said, arrow, result = equation.replace(" ", "").partition("->")
    operands = said.split(",")
    if len(operands) != 2:
        raise ValueError(f"einsum: the equation has two operands, with one comma between, got {equation!r}")
    left, right = (_labels(equation, term, rank) for term, rank in zip(operands, ranks, strict=True))
    dots, known = max(_dots(left), _dots(right), key=len), left + right
    if not arrow:  # the labels that stand once, in order
        once = sorted(label for label in known if isinstance(label, str) and known.count(label) == 1)
        return Terms(left, right, (*dots, *once))
    if ELLIPSIS in result and not any(ELLIPSIS in term for term in operands):
        raise ValueError(f"einsum: the result has an ellipsis where an operand has one, got {equation!r}")
    found = _labels(equation, result, len(result.replace(ELLIPSIS, "")) + len(dots) * (ELLIPSIS in result))
    if len(set(found)) < len(found) or not set(found) <= set(known):
        raise ValueError(f"einsum: the result has labels of the operands, each once, got {equation!r}")
    return Terms(left, right, found)


def _dots(labels: Labels) -> Labels:
    return tuple(label for label in labels if isinstance(label, int))


def _labels(equation: str, term: str, rank: int) -> Labels:
    """One label for each axis."""
    before, dots, after = term.partition(ELLIPSIS)
    letters, hidden = before + after, rank - len(before + after)
    if letters and not (letters.isascii() and letters.isalpha()):
        raise ValueError(f"einsum: labels are letters, with one '...' in an operand at most, got {equation!r}")
    if hidden < 0 or (hidden and not dots):
        raise ValueError(
            f"einsum: every axis has a label or stands under an ellipsis, got {term!r} for {rank} axes in {equation!r}"
        )
    under: tuple[Label, ...] = tuple(range(-hidden, 0))
    return (*before, *under, *after)
