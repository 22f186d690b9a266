"""A row of the catalogue: what the signature of a rule cannot say of what may be drawn, and where it has kinks."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType
from typing import Any, TypeVar

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink

Binding = Mapping[str, Any]  # the name of an axis to its size, that of a starred one to a tuple of sizes
Config = Mapping[str, Any]
Choices = tuple[Any, ...]
Domain = tuple[float, float]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Array:
    """What the axis names cannot say of one array of a rule; for `*xs`, of each of its arrays.

    shapes    the shapes that it may have, the simplest first, where axis names cannot say that (channels // groups).
              For `*xs`, the axes that are known hold the number of the array too, from 1, under the parameter's name
    count     how many arrays `*xs` is, given the axes of the first array and the options
    indices   for integers: the axis that they point into, or how many values there are
    lowest    for integers: the smallest one
    plain     the profile in which training starts the array. That value hides faults, so it is drawn often, not always
    domain    the open interval on which the function is defined, 0 excluded. Nobody can promise that of what a random
              network computes: such an array is always an input of its own, drawn in the interval
    fixed     the rule has no gradient for this array of floats, as for class weights: it is an input of its own too
    """

    shapes: Callable[[Binding, Config], tuple[Shape, ...]] | None = None
    count: Callable[[Binding, Config], int] | None = None
    indices: str | int | Callable[[Binding, Config], int] | None = None
    lowest: int = 0
    plain: str | None = None
    domain: Domain | None = None
    fixed: bool = False

    def given(self, config: Config) -> "Array":
        """The same for a function without these options."""
        indices = _with(config, self.indices) if callable(self.indices) else self.indices
        return replace(self, shapes=_with(config, self.shapes), count=_with(config, self.count), indices=indices)


def _with(
    given: Config, function: Callable[[Binding, Config], Answer] | None
) -> Callable[[Binding, Config], Answer] | None:
    """The function of the axes and the options, to which these options are added."""
    return None if function is None else lambda bound, config: function(bound, {**given, **config})


UNSAID = Array()


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. The first array is the first that is not of integers.

    config    the options and their choices, the default first: a failure shrinks to the first. A function of the first
              array's axes gives the choices that depend on them
    fits      does a whole set of options go with the axes of the first array?
    axes      the least size of an axis of the first array, by its name or by the option that names it. An option that
              names an axis must be here: only the axes that the array has are drawn
    arrays    what must be said of an array, by the name of its parameter
    weight    how often the rule is drawn, next to the others
    kinks     the points at which the rule has kinks or ties; a rule that has some must name one
    """

    config: Mapping[str, Choices | Callable[[Binding], Choices]] = field(default_factory=dict)
    fits: Callable[[Binding, Config], bool] | None = None
    axes: Mapping[str, int] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    weight: int = 1
    kinks: tuple[Kink, ...] = ()

    def array(self, name: str) -> Array:
        """What is said of the array that this parameter is."""
        return self.arrays.get(name, UNSAID)

    def only(self, options: Collection[str], defaults: Config = MappingProxyType({})) -> "Row":
        """The row of a function that takes no options but these; the others are as the rule's `defaults` say."""
        gone = set(self.config) - set(options)
        left_out = {option: value for option, value in defaults.items() if option in gone}
        return replace(
            self,
            config={option: choices for option, choices in self.config.items() if option not in gone},
            axes={axis: least for axis, least in self.axes.items() if axis not in gone},
            fits=_with(left_out, self.fits),
            arrays={name: array.given(left_out) for name, array in self.arrays.items()},
        )

    @property
    def led(self) -> bool:
        """Does what else is drawn depend on the first array? Then that is the one that a value is read as."""
        arrays = any(array.shapes or array.count for array in self.arrays.values())
        return bool(self.axes or self.fits or arrays or any(map(callable, self.config.values())))

    @property
    def bounded(self) -> bool:
        """Is there an array that is drawn in a domain?"""
        return any(array.domain for array in self.arrays.values())


def unique(*choices: Any) -> Choices:
    """The choices in order, each once."""
    return tuple(dict.fromkeys(choices))


def each_axis(value: int | Shape, axes: int) -> Shape:
    """One number for each axis, where an option may be one for all."""
    return value if isinstance(value, tuple) else (value,) * axes


def _new_axes(bound: Binding) -> Choices:
    """Where one more axis may stand."""
    rank = len(bound["*shape"]) + 1
    return tuple(dim for dim in (0, -1, 1, -2) if -rank <= dim < rank)


def few_axes(bound: Binding, config: Config) -> bool:
    """Is there room for one more axis?"""
    return len(bound["*shape"]) < 5


DIM = {"dim": 1}  # for `axes`, where any axis will do
AXIS = {"dim": (-1, 0, 1, -2)}
NEW_AXIS = {"dim": _new_axes}
KEEPDIM = {"keepdim": (False, True)}
EPS = {"eps": (1e-5, 1e-3, 0.25)}
REDUCTION = {"reduction": ("mean", "sum", "none")}
ONES, ZEROS, NO_GRADIENT = Array(plain="ones"), Array(plain="zeros"), Array(fixed=True)
POSITIVE, NONZERO, PROBABILITY = Array(domain=(0, inf)), Array(domain=(-inf, inf)), Array(domain=(0, 1))
MASK = Array(indices=2)
