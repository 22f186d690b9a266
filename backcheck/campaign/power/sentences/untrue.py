"""A sentence is taken apart claim by claim.

What is left over must be a formula that the catalogue of faults writes, or a number that the case has: a size, an
option, a count.
"""

import re
from collections.abc import Iterator

import numpy as np

from backcheck.campaign.power.sentences.claims import CLAIMS, is_place
from backcheck.campaign.power.sentences.shown import LIST, NUMBER, Shown, near
from backcheck.diagnosis.faults.norms import MISTAKES
from backcheck.diagnosis.faults.slopes import ELEMENTWISE_FUNCTIONS
from backcheck.diagnosis.faults.softmaxes import LOG_SOFTMAX, SOFTMAX

EVERY_FORMULA = {
    *(f.words for f in ELEMENTWISE_FUNCTIONS),
    *(m.words for f in ELEMENTWISE_FUNCTIONS for m in f.mistakes),
    *(m.words for s in (SOFTMAX, LOG_SOFTMAX) for m in s.mistakes),
    *(s.words for s in (SOFTMAX, LOG_SOFTMAX)),
    *(m.words for mistakes in MISTAKES.values() for m in mistakes),
    *("n - 1", "eps^2", "J^T", "mean x^2", "1: it is left out"),
    *(f"{name} numbers" for name in ("float16", "float32", "bfloat16")),
    *("float16", "float32", "float64", "bfloat16", "1.702"),
}
FORMULAS = sorted((words for words in EVERY_FORMULA if len(words) > 2), key=len, reverse=True)


def _allowed(shown: Shown) -> set[float]:
    """Numbers that a sentence may have without saying of what: sizes and options, and what factors are made of."""
    sizes = {float(n) for n in shown.sizes}
    given = [value for value in shown.config.values() if isinstance(value, int | float)]
    given += [each for value in shown.config.values() if isinstance(value, tuple | list) for each in np.ravel(value)]
    plain = sizes | {float(value) for value in given}
    derived = {form for q in plain if q for form in (q, -q, 1 / q, q * q, 1 / (q * q), abs(q) ** 0.5, q - 1, 1 - q)}
    derived |= {1 / (1 - q) for q in plain if q != 1} | {-q for q in derived} | {0.0, 1.0, 2.0, -1.0, -2.0, 0.5}
    return derived


def untrue(words: str, shown: Shown) -> list[str]:
    """The claims in a sentence that are not true of the case, and its numbers that are nobody's."""
    wrong: list[str] = []
    if " raises " in words:  # the words of somebody's own exception
        return wrong
    for formula in FORMULAS:
        words = words.replace(formula, "")
    for pattern, holds in CLAIMS:
        for found in re.finditer(pattern, words):
            if not holds(shown, found):
                wrong.append(found[0])
        words = re.sub(pattern, "", words)
    for found in re.finditer(LIST, words):
        if found[0] != "[]" and not is_place(shown, found):
            wrong.append(found[0])
    words = re.sub(LIST, "", words)
    return wrong + [text for text in _numbers(words) if not _is_known(text, shown)]


def _numbers(words: str) -> Iterator[str]:
    return (found[0] for found in re.finditer(rf"(?<![\w.]){NUMBER}", words))


def _is_known(text: str, shown: Shown) -> bool:
    value = float(text)
    if any(near(known, text) for known in _allowed(shown)):
        return True
    if value == int(value) and 0 <= value <= max(shown.sizes):  # a count of some of the entries
        return True
    every = [array for array in (*shown.arrays.values(), shown.dy, shown.got, shown.want) if array is not None]
    with np.errstate(all="ignore"):
        if shown.got is not None and shown.want is not None and shown.got.shape == shown.want.shape:
            every += [shown.got - shown.want, shown.got / shown.want]
            scale = np.nanmax(abs(shown.want), initial=0.0)
            every += [abs(shown.got - shown.want) / scale] if scale else []
            every += [(shown.got - shown.want) / a for a in shown.arrays.values() if a.shape == shown.want.shape]
        if shown.got is not None and shown.dy.shape == shown.got.shape:
            every.append(shown.got / shown.dy)
        every += shown.bounds
    close = (np.any(abs(array.astype(np.float64) - value) <= 5e-3 * abs(value)) for array in every)
    return any(map(bool, close)) or value in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 8, 11, 24)
