"""Equations of two operands such as "ij,jk->ik", read as torch.einsum reads them."""

from functools import lru_cache
from string import ascii_letters
from typing import NamedTuple

ELLIPSIS = "..."


class Terms(NamedTuple):
    """The labels of both operands and of the result, one letter for each axis, those under an ellipsis too."""

    left: str
    right: str
    result: str


@lru_cache(maxsize=512)
def read(equation: str, ranks: tuple[int, int]) -> Terms:
    """The labels of every axis. Raises ValueError where the equation is none of two operands of these ranks."""
    given, arrow, result = equation.replace(" ", "").partition("->")
    operands = given.split(",")
    if len(operands) != 2:
        raise ValueError(f"einsum: the equation has two operands, with one comma between, got {equation!r}")
    hidden = [_hidden(equation, term, rank) for term, rank in zip(operands, ranks, strict=True)]
    # letters that the equation does not use stand for the axes under an ellipsis, which are counted from the last
    free = "".join(letter for letter in ascii_letters if letter not in equation)[: max(hidden)]
    left, right = (term.replace(ELLIPSIS, free[len(free) - n :]) for term, n in zip(operands, hidden, strict=True))
    known = left + right
    if not arrow:  # the labels that stand once, in alphabetical order
        return Terms(left, right, free + "".join(sorted(c for c in set(known) - set(free) if known.count(c) == 1)))
    if ELLIPSIS in result and ELLIPSIS not in given:
        raise ValueError(f"einsum: the result has an ellipsis where an operand has one, got {equation!r}")
    _letters(equation, result)
    result = result.replace(ELLIPSIS, free)
    if len(set(result)) < len(result) or not set(result) <= set(known):
        raise ValueError(f"einsum: the result has labels of the operands, each once, got {equation!r}")
    return Terms(left, right, result)


def _hidden(equation: str, term: str, rank: int) -> int:
    """How many axes of an operand stand under its ellipsis."""
    hidden = rank - len(_letters(equation, term))
    if hidden < 0 or (hidden and ELLIPSIS not in term):
        raise ValueError(
            f"einsum: every axis has a label or stands under an ellipsis, got {term!r} for {rank} axes in {equation!r}"
        )
    return hidden


def _letters(equation: str, term: str) -> str:
    letters = term.replace(ELLIPSIS, "", 1)
    if letters and not (letters.isascii() and letters.isalpha()):
        raise ValueError(f"einsum: labels are letters, with one '...' in an operand at most, got {equation!r}")
    return letters
