"""Arrays as recipes: shape, profile, seed and a few exceptions, or the values themselves when they are few.

A recipe is small, shrinks well and reads well; the array is made from it when it is needed. `make` computes in float64
and rounds once to the dtype asked for, so one recipe gives nearly the same array in every dtype.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from backcheck.errors import Unusable
from backcheck.float_format import FORMATS, FloatFormat
from backcheck.strategies.kernel_profiles import KERNEL_PROFILES
from backcheck.strategies.layouts import CONTIGUOUS, LAYOUTS, laid_out, layout_of
from backcheck_reports.storage.codec import number, plain

Shape = tuple[int, ...]

MOST_ENTRIES = 2**27  # of one array: a file that claims more is damaged, or would take the memory of the machine


class RecipeError(Unusable):
    """A recipe that makes no array: an unknown profile or dtype, values that do not fill the shape."""


@dataclass(frozen=True, slots=True)
class ArrayRecipe:
    """How to make one array.

    values      the entries themselves, row by row; without them `profile` and `seed` decide, and `scale` multiplies
    overrides   pairs of a flat index and the value that then stands there
    classes     the array holds indices below this number
    domain      an open interval: every entry is moved inside it, and away from 0
    layout      how the entries lie in memory
    """

    shape: Shape
    profile: str = "zeros"
    seed: int = 0
    overrides: tuple[tuple[int, float], ...] = ()
    values: tuple[float, ...] | None = None
    classes: int | None = None
    scale: float = 1.0
    domain: tuple[float, float] | None = None
    layout: str = CONTIGUOUS

    def __post_init__(self) -> None:
        if self.values is None and self.classes is None and self.profile not in EVERY_PROFILE:
            raise RecipeError(f"unknown profile {self.profile!r}; known are {', '.join(EVERY_PROFILE)}")
        if self.layout not in LAYOUTS:
            raise RecipeError(f"unknown layout {self.layout!r}; known are {', '.join(LAYOUTS)}")
        if self.size > MOST_ENTRIES:
            raise RecipeError(f"an array here has at most {MOST_ENTRIES} entries, got {list(self.shape)}")
        if any(not 0 <= index < self.size for index, _ in self.overrides):
            raise RecipeError(f"overrides are of the entries 0 to {self.size - 1}, got {self.overrides}")
        if self.values is not None and len(self.values) != self.size:
            raise RecipeError(f"a shape of {list(self.shape)} takes {self.size} values, got {len(self.values)}")

    @property
    def size(self) -> int:
        return prod(self.shape)

    def to_json(self) -> dict[str, Any]:
        """Exact for every float: NaN and the infinities become strings."""
        data = {name: getattr(self, name) for name in self.__slots__}
        # older files have no such fields, and the same case must give the same text
        if self.domain is None:
            del data["domain"]
        if self.layout == CONTIGUOUS:
            del data["layout"]
        exact: dict[str, Any] = plain(data)
        return exact

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ArrayRecipe":
        values, domain = data["values"], data.get("domain")
        return cls(
            shape=tuple(data["shape"]),
            profile=data["profile"],
            seed=data["seed"],
            overrides=tuple((index, number(value)) for index, value in data["overrides"]),
            values=None if values is None else tuple(number(value) for value in values),
            classes=data["classes"],
            scale=number(data["scale"]),
            domain=None if domain is None else (number(domain[0]), number(domain[1])),
            layout=data.get("layout", CONTIGUOUS),
        )


def explicit(array: Any, *, classes: int | None = None, domain: tuple[float, float] | None = None) -> ArrayRecipe:
    """The recipe of an array that came from outside, entry by entry and in its own layout."""
    array = np.asarray(array)
    values = tuple(map(float, array.ravel()))
    layout = layout_of(array)
    return ArrayRecipe(array.shape, "explicit", values=values, classes=classes, domain=domain, layout=layout)


def inside(values: np.ndarray, domain: tuple[float, float]) -> np.ndarray:
    """The values; those that are 0 or outside of the open interval are moved into it, each to a place that depends on
    its size. What that does not bring inside goes to 1, or to the middle."""
    low, high = domain
    middle = 1.0 if low < 1 < high else (low + high) / 2
    sizes = abs(values)
    parts = sizes % 1
    moved = low + sizes if high == np.inf else low + (high - low) * parts
    found = np.where((low < values) & (values < high), values, moved)
    return np.where((low < found) & (found < high) & (found != 0), found, middle)


def make(recipe: ArrayRecipe, dtype: str) -> np.ndarray:
    """The recipe's array: in `dtype`, or int64 for class indices. The same recipe always gives the same array."""
    array = np.array(_filled(recipe, float_format(dtype)), dtype=np.float64).reshape(recipe.shape)
    entries = array.reshape(-1)
    for index, value in recipe.overrides:
        entries[index] = value
    if recipe.domain is not None:
        array = inside(array, recipe.domain)
    with np.errstate(all="ignore"):  # rounding to a narrow dtype may underflow, which is the point of some profiles
        rounded = array.astype(np.int64 if recipe.classes is not None else _numpy_dtype(dtype))
        if recipe.domain is not None:  # ... but not out of the domain
            rounded = inside(rounded.astype(np.float64), recipe.domain).astype(rounded.dtype)
    return laid_out(rounded, recipe.layout)


def float_format(dtype: str) -> FloatFormat:
    try:
        return FORMATS[dtype]
    except KeyError:
        raise RecipeError(f"arrays are made in {', '.join(FORMATS)}, got {dtype!r}") from None


@lru_cache
def element_table(profile: str, dtype: str) -> tuple[float, ...]:
    """At most 100 values of a profile, simplest first, to draw an array from entry by entry."""
    if profile in SHORT_TABLES:
        return SHORT_TABLES[profile]
    sample = make(ArrayRecipe((100 - len(SIMPLE),), profile), dtype).astype(np.float64)
    return SIMPLE + tuple(sorted(sample.tolist(), key=abs))


def _filled(recipe: ArrayRecipe, limits: FloatFormat) -> Any:
    if recipe.values is not None:
        return recipe.values
    rng = np.random.Generator(np.random.PCG64(recipe.seed))
    if recipe.classes is not None:
        return rng.integers(0, recipe.classes, recipe.shape)
    return EVERY_PROFILE[recipe.profile](rng, recipe.shape, limits) * recipe.scale


def _numpy_dtype(name: str) -> np.dtype[Any]:
    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes  # NumPy itself has no bfloat16
    except ImportError:
        raise RecipeError("bfloat16 arrays need the package ml_dtypes, which comes with JAX; install one") from None
    bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return bfloat16


def _zeros(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    return np.zeros(shape)


def _ones(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    return np.ones(shape)


def _integers(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    return np.asarray(rng.integers(-3, 4, shape), dtype=np.float64)


def _lattice(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Multiples of 1/4 in [-2, 2]: ties are common, zeros most of all, and many networks compute without rounding."""
    steps = rng.integers(-8, 12, shape)
    return np.where(steps > 8, 0, steps) / 4


def _normal(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape))


def _spread(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Evenly over the usual range, one entry in each part of it: sooner or later any window in it is met."""
    size, reach = prod(shape), (8.0, 32.0, 32.0, 96.0)[rng.integers(4)]
    parts = (rng.permutation(size) + rng.random(size)) / max(size, 1)
    return np.asarray(reach * (2 * parts - 1)).reshape(shape)


def _saturating(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Where sigmoid, tanh and softmax are flat, and where softplus and exp leave their middle branch."""
    return _signs(rng, shape) * rng.uniform(5, 60, shape)


def _wide(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Magnitudes from 2^-100 to 2^100 with full mantissas, kept inside the dtype's normal numbers; some zeros."""
    exponents = rng.integers(max(-100, limits.least), min(100, limits.greatest), shape)
    sizes = np.ldexp(rng.uniform(1, 2, shape), exponents)
    return np.where(rng.random(shape) < 0.1, 0, _signs(rng, shape) * sizes)


def _subnormal(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Subnormals of the dtype, its smallest normals, zeros and ordinary numbers, side by side."""
    steps = np.floor(2 ** (rng.random(shape) * limits.bits))
    below = np.ldexp(steps, limits.least - limits.bits)
    least = np.ldexp(rng.uniform(1, 2, shape), limits.least)
    kinds = rng.integers(0, 8, shape)
    sizes = np.select([kinds < 3, kinds < 5, kinds < 6], [below, least, 0.0], rng.uniform(0, 2, shape))
    return np.asarray(_signs(rng, shape) * sizes)


def _signs(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(1 - 2 * rng.integers(0, 2, shape))


# simplest first: where a strategy can choose, failures shrink towards the top
PROFILES: Mapping[str, Callable[[np.random.Generator, Shape, FloatFormat], np.ndarray]] = {
    "zeros": _zeros,
    "ones": _ones,
    "integers": _integers,
    "lattice": _lattice,
    "normal": _normal,
    "spread": _spread,
    "saturating": _saturating,
    "wide": _wide,
    "subnormal": _subnormal,
}
EVERY_PROFILE = {**PROFILES, **KERNEL_PROFILES}  # those of kernels are drawn for kernels only

SIMPLE = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
SHORT_TABLES: Mapping[str, tuple[float, ...]] = {
    "zeros": (0.0,),
    "ones": (1.0,),
    "integers": (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0),
    "lattice": (0.0, 0.0, 0.0, *(sign * quarters / 4 for quarters in (4, 8, 2, 6, 1, 3, 5, 7) for sign in (1, -1))),
}
