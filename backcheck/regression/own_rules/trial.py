"""Which arrays does a function take, where nobody says it? It is called with some, and what fits is kept.

Shapes are tried at sizes that all differ, so that none fits by accident, and at several ranks. An array's shape fits
where forward runs and backward returns a gradient of that very shape: forward alone broadcasts nearly anything.
"""

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from backcheck.subjects.arrays import is_integer
from backcheck.subjects.drawn.shapes import Described, describe, specs
from backcheck.subjects.pairs.outputs import each_of, pack, unpack
from backcheck.subjects.pairs.pair import split
from backcheck.subjects.user_code import UserCode

# the first array and then the others; after it a name stands for the same size. Weights go before arrays of the same
# shape: code that takes a row for every row of x often takes one for each as well
FIRST = ("*batch d", "n d", "n t d", "n c h w", "n c t", "d", "t n d", "*any")
OTHERS = (
    "d k", "k d", "d", "k", "*batch d", "*any", "n d", "n", "c", "n k", "", "d d", "k c 3 3", "m d", "n <d",
)  # fmt: skip
ANY = "*any"
BOOLEANS = ("n d ?", "*any ?", "n ?", "d ?")
MOST_ARRAYS, MOST_TRIALS = 5, 20_000
SIZES = {"n": 3, "d": 5, "k": 4, "m": 2, "t": 6, "c": 2, "h": 7, "w": 8}
RANKS: tuple[Mapping[str, Any], ...] = (
    {**SIZES, "*any": (3, 5), "*batch": (3,)},
    {**SIZES, "*any": (5,), "*batch": ()},
    {**SIZES, "*any": (2, 3, 4), "*batch": (2, 3)},
    {**SIZES, "n": 1, "*any": (), "*batch": (1,)},
)


Config = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def by_trial(code: UserCode, names: Sequence[str], config: Config) -> tuple[Described, ...] | None:
    """The arrays that the code takes under these names; None where nothing that was tried fits.

    `config` gives the options at given sizes.
    """
    # a backward that is wrong may answer in no shape that fits; and of booleans there is no gradient that could
    for whole, others in ((True, OTHERS), (False, OTHERS), (True, (*OTHERS, *BOOLEANS))):
        for lines in itertools.islice(_lines(len(names), others), MOST_TRIALS):
            described = describe(_signature(names), lines)
            if all(_fits(code, described, bound, config(bound), whole) for bound in RANKS):
                # where all have the same shape, may it be that of one number too?
                wider = describe(_signature(names), [ANY] * len(names))
                same = set(lines) == {FIRST[0]}
                fits = same and all(_fits(code, wider, bound, config(bound), whole) for bound in RANKS)
                return wider if fits else described
    return None


def _lines(count: int, further: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Sets of lines for so many arrays, those with the most general ones first."""
    if count > MOST_ARRAYS:
        return
    for first in FIRST:
        known = set(first.split())
        others = [each for each in further if _follows(each, known)]
        # what comes early in the list for all of them goes before what comes late for one
        places = itertools.product(range(len(others)), repeat=count - 1)
        ordered = sorted(places, key=max) if 0 < count - 1 <= 3 else places
        yield from ((first, *(others[at] for at in each)) for each in ordered)


def _follows(line: str, known: set[str]) -> bool:
    """Does the line of a further array go with the first? A starred name is the same in both."""
    return all(name in known for name in line.split() if name.startswith("*") or name in ("n", "d", "c", "t"))


def _signature(names: Sequence[str]) -> Callable[..., Any]:
    def arrays(*given: Any) -> Any:
        raise NotImplementedError

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    arrays.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return arrays


def _fits(
    code: UserCode, described: Sequence[Described], bound: Mapping[str, Any], config: Mapping[str, Any], whole: bool
) -> bool:
    values = [_ordinary(spec.shape, spec.classes) for spec in specs(described, bound).values()]
    try:
        with np.errstate(all="ignore"):
            y, saved = split(code.forward, code.forward(*(value.copy() for value in values), **config))
            value, form = pack(y)
            floats = bool(np.asanyarray(value).dtype.kind == "f")
            if not floats or not whole:
                return floats
            grads = each_of(code.backward(saved, unpack(form, np.ones_like(value))))
    except (Exception, SystemExit):  # what does not fit may raise anything
        return False
    given = zip(values, grads, strict=False)
    return len(grads) == len(values) and all(g is None or is_integer(v) or np.shape(g) == v.shape for v, g in given)


def _ordinary(shape: tuple[int, ...], classes: int | None) -> np.ndarray:
    """Numbers that most code takes: between 0 and 1, no two alike."""
    size = prod(shape)
    if classes == 2:
        return np.asarray(np.arange(size) % 2 == 0).reshape(shape)
    if classes is not None:
        return np.asarray(np.arange(size) % classes).reshape(shape)
    return np.asarray((np.arange(size) + 1) / (size + 2)).reshape(shape)
