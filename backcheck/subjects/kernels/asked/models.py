"""Precision models: what a kernel promises of its intermediates, its sums and its last rounding.

A model is said by `inside=`: a dtype, in which everything is computed and stored until the result is rounded once to
the dtype of the arrays; or a pair (sums, stored), for sums in one dtype and intermediates that are stored in another.
The unit roundoff of a dtype with p significant bits is 2^-p: no number is off by more than that part of itself after
it is rounded to nearest, and by no more than twice that after truncation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck_reference.numbers import balls
from backcheck_reference.numbers.tensor_balls.rounding import Rounding

# significant bits, the leading one included
BITS = {"bfloat16": 8, "tf32": 11, "float16": 11, "float32": 24, "float64": 53}
# half the distance between the smallest numbers, or what flushing those to zero takes: float16 keeps them everywhere
SMALLEST = {"bfloat16": 2.0**-126, "tf32": 2.0**-126, "float16": 2.0**-25, "float32": 2.0**-126, "float64": 2.0**-1022}
LARGEST = {
    "bfloat16": (2 - 2.0**-7) * 2.0**127, "tf32": (2 - 2.0**-10) * 2.0**127, "float16": 65504.0,
    "float32": (2 - 2.0**-23) * 2.0**127, "float64": (2 - 2.0**-52) * 2.0**1023,
}  # fmt: skip
USUAL = {"bfloat16": "float32", "float16": "float32", "float32": "float32", "float64": "float64"}

OF_EXPONENT = np.int64(0x7FF0000000000000)  # where a float64 has its exponent
DEVIATIONS = 8.0  # a normal number is further away once in 10^15


@dataclass(frozen=True, slots=True)
class Model:
    """How a kernel computes: `sums` and `stored` are dtypes, `factors` the dtype that products round their factors to.

    `saved` says that what forward keeps for backward is rounded to the kernel's dtype, `truncates` that the result is
    not rounded to nearest.
    """

    sums: str
    stored: str
    factors: str = ""
    saved: str = ""
    truncates: bool = False

    @property
    def hides_forms(self) -> bool:
        """May a kernel be written in another algebraic form than its reference?

        One form rounds where another does not: x (1 / (1 + e^-x)) and x / (1 + e^-x), an angle's gradient by the input
        or by the output. Of float32 and float64 inside each rounding counts as often as in the ordinary tolerance,
        which is next to nothing beside what a result is rounded to in 16 bits. Sums are bounded in any order as they
        are. A model that stores in 16 bits says of each intermediate that it is stored, and is kept to that.
        """
        return self.sums == self.stored and BITS[self.stored] >= BITS["float32"]

    def rounding(self, fast: bool = False, likely: bool = False) -> Rounding:
        """The same as unit roundoffs. With `likely` sums are off as they are in all runs that anybody has seen."""
        return Rounding(
            stored=unit(self.stored) * (balls.SLACK if self.hides_forms else 1),
            summed=unit(self.sums),
            # tensor cores cut off what a factor has beyond its bits, unless somebody has rounded it before
            factors=2 * unit(self.factors) if self.factors else 0.0,
            saved=unit(self.saved) if self.saved else 0.0,
            likely=DEVIATIONS if likely else 0.0,
            largest=LARGEST[self.stored],
            largest_sum=LARGEST[self.sums],
            smallest=SMALLEST[self.stored],
            fast=fast,
        )

    def __str__(self) -> str:
        """As it is said in an answer: "float32 inside"."""
        if self.factors:
            said = f"products in {self.factors}"
        elif self.sums == self.stored:
            said = f"{self.sums} inside" if BITS[self.sums] >= BITS["float32"] else f"everything in {self.sums}"
        else:
            said = f"sums in {self.sums}, intermediates stored in {self.stored}"
        said += f", saved in {self.saved} for backward" if self.saved else ""
        return said + (", truncated" if self.truncates else "")


def unit(dtype: str) -> float:
    """The unit roundoff: the largest relative error of one rounding to nearest."""
    return 2.0 ** -BITS[dtype]


def promised(inside: Any, dtype: str) -> Model:
    """The model that `inside` says, for a kernel of arrays of this dtype. Raises BadInput for what is none.

    >>> print(promised(None, "bfloat16"))
    float32 inside
    >>> print(promised(("float32", "bfloat16"), "bfloat16"))
    sums in float32, intermediates stored in bfloat16
    """
    if inside is None:
        inside = USUAL[dtype]
    names = inside if isinstance(inside, tuple | list) else (inside,)
    names = tuple(_name(each) for each in names)
    if len(names) not in (1, 2) or any(each not in BITS for each in names):
        raise BadInput(
            f"inside={inside!r}: it is one of {', '.join(BITS)}, or a pair (sums, stored) of them such as "
            "('float32', 'bfloat16')"
        )
    finest = max(BITS[USUAL[dtype]], BITS[dtype])
    for each in names:
        if BITS[each] > finest:
            raise BadInput(
                f"inside={inside!r} is finer than a kernel of {dtype} can promise; say {USUAL[dtype]!r}, or coarser"
            )
    if names == ("tf32",):
        return Model("float32", "float32", factors="tf32")
    return Model(names[0], names[-1])


def _name(said: Any) -> str:
    return str(said).removeprefix("torch.") if not isinstance(said, str) else said


def ladder(dtype: str, model: Model) -> Sequence[Model]:
    """The models that a kernel of this dtype may keep, the finest first, and the promised one in its place."""
    usual = USUAL[dtype]
    narrow = ("float16", "bfloat16") if dtype in ("float32", "float64") else (dtype,)
    found = [Model(usual, usual)]
    if dtype == "float64":
        found.append(Model("float32", "float32"))
    found.append(Model(found[-1].sums, found[-1].stored, truncates=True))
    if dtype in ("bfloat16", "float16"):
        found.append(Model(usual, usual, saved=dtype))
    found.append(Model("float32", "float32", factors="tf32"))
    for each in narrow:
        found += [Model("float32", each), Model(each, each)]
    if model not in found:
        found.append(model)
    return sorted(found, key=_coarseness)


def is_coarser(model: Model, other: Model) -> bool:
    """Does it allow more than the other on the way to the result?"""
    return _coarseness(replace(model, truncates=False)) > _coarseness(replace(other, truncates=False))


def _coarseness(model: Model) -> tuple[float, ...]:
    """The order of the ladder: by the sums, then by what is stored, then by the rest."""
    coarsest = max(unit(model.sums), unit(model.stored))
    lesser = unit(model.factors) if model.factors else unit(model.saved) / 4 if model.saved else 0.0
    return (max(coarsest, lesser), unit(model.sums), unit(model.stored), float(model.truncates))


def last_rounding(given: np.ndarray, dtype: str, truncates: bool) -> np.ndarray:
    """How far one rounding to the dtype moves numbers of this size at most: half their unit in the last place.

    `given` is an array of magnitudes in float64. Of a number in [2^e, 2^(e+1)) the unit in the last place is 2^(e+1-p).
    """
    wide = 2.0 if truncates else 1.0
    # float16 keeps the smallest numbers, and truncation takes all of their distance; what flushing takes, it takes once
    least, part = SMALLEST[dtype] * (wide if dtype == "float16" else 1.0), wide * 2.0 ** -BITS[dtype]
    # one look tells that all are ordinary numbers, as nearly always
    if given.size and 2 * least / part <= given.min() and given.max() <= LARGEST["float64"]:
        return _exponents(given) * part
    size = np.fmin(given, LARGEST["float64"])  # a NaN becomes a number, and is left out below
    # an exact zero stays one
    found: np.ndarray = np.where(given > 0, np.maximum(_exponents(size) * part, least), 0.0)
    return found


def _exponents(size: np.ndarray) -> np.ndarray:
    """2^e of each, and zero below the normal numbers."""
    found: np.ndarray = (size.view(np.int64) & OF_EXPONENT).view(np.float64)
    return found
