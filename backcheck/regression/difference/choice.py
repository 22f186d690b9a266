"""Which of the cases get the truth, which costs far more than to run them: some whose bits are the same, and those that
differ most."""

from collections.abc import Iterator, Mapping, Sequence
from math import floor, inf, log10
from typing import Any, TypeVar

import numpy as np

from backcheck.regression.difference.shared_cases import SharedCases
from backcheck.regression.sides.processes import BothSides, ask_each

CASES_A_MESSAGE, RUNS_A_MESSAGE = 25, 100
# so many cases of each rule and dtype though their bits are the same, and so many that differ
ALIKE, FIRST_APART, MOST_APART = 3, 4, 12
MOST_ENTRIES, MOST_ENTRIES_OF_ALL, FEW_ENTRIES = 300, 1200, 6

Item = TypeVar("Item")


def batches(items: Sequence[Item], size: int = CASES_A_MESSAGE) -> Iterator[Sequence[Item]]:
    """A few at a time, as many as go into one message."""
    return (items[at : at + size] for at in range(0, len(items), size))


def of_alike(cases: SharedCases, same: Sequence[int]) -> list[int]:
    """Some of the cases of one rule and dtype whose bits are the same: those of more than one number, which shows
    little, and of which the truth can be had cheaply."""
    heads = cases.heads
    small = [place for place in same if heads[place].entries <= MOST_ENTRIES and not heads[place].odd]
    return sorted(small, key=lambda place: heads[place].entries < FEW_ENTRIES)[:ALIKE]


def of_apart(cases: SharedCases, pair: BothSides, places: Sequence[int]) -> tuple[list[int], list[int]]:
    """Of the cases of each rule and dtype that differ, those that differ most: the first ones, and more for a rule of
    which these say nothing bad."""
    groups, first, more = dict[tuple[str, str], list[int]](), list[int](), list[int]()
    for place in places:
        groups.setdefault(cases.heads[place][:2], []).append(place)
    for group in groups.values():
        for telling in _most_telling(cases, pair, group):
            chosen = list(_within_reason(cases, telling))
            first += chosen[:FIRST_APART]
            more += chosen[FIRST_APART:]
    return first, more


def _most_telling(cases: SharedCases, pair: BothSides, places: list[int]) -> tuple[list[int], list[int]]:
    """Those of which one side gives no number, and those that differ in numbers, each in the order in which they say
    most."""
    far: dict[int, float] = {}
    for group in batches(places, RUNS_A_MESSAGE):
        answers = ask_each(pair, "values", *cases.asked(pair, group))
        far.update({place: _distance(old, new) for place, old, new in zip(group, *answers, strict=True)})
    # of changes that are much alike the smallest case: exact arithmetic has a price for every entry
    ordered = sorted(far, key=lambda place: (-_class_of(far[place]), cases.heads[place].entries))
    numbers = [place for place in ordered if far[place] < inf]
    # not the largest change alone: what is rounded much at one place may be wrong at another
    rest = numbers[MOST_APART - 3 :]
    numbers = [*numbers[: MOST_APART - 3], *rest[:: max(1, -(-len(rest) // 3))]]
    return [place for place in ordered if far[place] == inf][:MOST_APART], numbers


def _class_of(distance: float) -> float:
    """Distances within a factor of a thousand, more or less, are in one class."""
    return floor(log10(distance) / 3) if 0 < distance < inf else distance if distance else -inf


def _within_reason(cases: SharedCases, places: Sequence[int]) -> Iterator[int]:
    """As many as have no more entries together than the truth is asked for; one in any case."""
    left = MOST_ENTRIES_OF_ALL
    for number, place in enumerate(places):
        left -= cases.heads[place].entries
        if left >= 0 or not number:
            yield place


def _distance(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    """How far apart two answers are at most, as a part of the tensor's largest entry."""
    if old.keys() != new.keys():
        return float("inf")
    return max((_apart(old[name], new[name]) for name in new), default=float("inf"))


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    with np.errstate(all="ignore"):
        a, b = a.astype(np.float64), b.astype(np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        far = np.where(same, 0.0, np.nan_to_num(abs(a - b), nan=np.inf)).max(initial=0.0)
        scale = abs(a[np.isfinite(a)]).max(initial=0.0)
    return float(far / scale) if scale else float(far)
