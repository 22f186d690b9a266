"""A case as it is printed, and numbers as they are printed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.diagnosis.faults import Wrong
from backcheck.diagnosis.faults.fit import at_kinks
from backcheck.diagnosis.faults.wrong_gradient import options, with_value

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
LIST = r"\[[\d, ]*\]"
PRINTED = rf"({NUMBER}|nan|-?inf)"  # one of two numbers that stand beside each other
RELATIVE = rf"(?:, relative error ({NUMBER}))?"


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A case as it is printed: its arrays, options, the output's cotangent, and the wrong tensor with the truth.

    At `kinks` the truth is one slope of several.
    """

    argument: str
    arrays: Mapping[str, np.ndarray]
    config: Mapping[str, Any]
    dy: np.ndarray
    got: np.ndarray | None = None
    want: np.ndarray | None = None
    parts: int = 0
    others: tuple[str, ...] = ()
    kinks: np.ndarray | None = None
    bounds: tuple[np.ndarray, ...] = ()  # the one-sided slopes, with dy and without
    value: np.ndarray | None = None  # y, which a sentence may name

    @property
    def smooth(self) -> np.ndarray:
        """Where one truth is known."""
        assert self.want is not None
        known: np.ndarray = np.isfinite(self.want)
        return known if self.kinks is None or self.kinks.shape != known.shape else known & ~self.kinks

    @property
    def sizes(self) -> set[int]:
        """All that can be counted: axes, entries, rows."""
        every = [*self.arrays.values(), self.dy, *(a for a in (self.got, self.want) if a is not None)]
        found = {n for array in every for n in (*array.shape, array.size, array.ndim)}
        found |= {array.size // array.shape[-1] for array in every if array.ndim and array.shape[-1]}
        return found | {self.parts}

    @property
    def first(self) -> np.ndarray:
        return next(iter(self.arrays.values()), self.dy)

    @property
    def shape(self) -> tuple[int, ...]:
        if self.want is None or self.got is None:  # of an answer that has another shape only that is known
            return self.arrays[self.argument].shape
        return self.want.shape


def shown_by(wrong: Wrong) -> Shown:
    """The case of a planted wrong gradient."""
    if wrong.malformed:  # nothing is known of it but its shape
        return Shown(wrong.argument, wrong.inputs, {**wrong.config}, wrong.dy)
    told = (wrong.inputs, options(wrong), wrong.dy, wrong.got, wrong.want)
    bounds = [each for each in (wrong.lower, wrong.upper) if each is not None]
    with np.errstate(all="ignore"):
        bounds += [each / wrong.dy for each in bounds if each.shape == wrong.dy.shape]
    return Shown(
        wrong.argument,
        *told,
        len(wrong.parts),
        tuple(wrong.others),
        at_kinks(wrong),
        tuple(bounds),
        with_value(wrong).value,
    )


def shape_in(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text))


def near(value: float, text: str) -> bool:
    if not np.isfinite(value):
        return f"{value:g}" == text
    return bool(abs(value - float(text)) <= 6e-4 * max(abs(value), abs(float(text))) + 1e-300)
