"""What a rule's signature cannot say of what may be drawn for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]
Binding = Mapping[str, Any]  # an axis name to its size, a starred one to a tuple of sizes
Config = Mapping[str, Any]
Choices = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The options of a rule and their choices, and the rest that its signature cannot say. The first array is the
    first that is not of integers.

    config    its options and their choices, the default first if it is among them: a failure shrinks to the first. A
              function of the first array's axes gives the choices that depend on them
    fits      says of a whole set of options whether it goes with the first array's axes
    axes      the options that name an axis of the first array; only those that the array has are drawn
    least     the smallest size that an axis of the first array may have, by its name or by the option that names it
    shapes    for an array, the shapes it may have, given the axes that are known when it is drawn and the options: for
              what axis names cannot say, such as channels // groups. The simplest first. For `*xs` the axes known
              have the number of the array that is asked for too, from 1, under the parameter's name
    count     how many arrays `*xs` is to be, given the first array's axes and the options
    indices   for each array of integers, the axis that it points into, or how many values there are (a number, or a
              function of the axes and the options)
    lowest    for an array of integers, its smallest value where that is not 0
    plain     the profile in which training starts an array; that value hides faults, so it is drawn often, not always
    weight    how often the rule is drawn, next to the others
    domain    for an array, the open interval inside which the function is defined, 0 excluded. Nobody can promise that
              of what a random network computes, so such an array is read from outside only, and drawn in the interval
    fixed     the arrays of floats that the rule has no gradient for, as class weights; they are read from outside only
    """

    config: Mapping[str, Choices | Callable[[Binding], Choices]] = field(default_factory=dict)
    fits: Callable[[Binding, Config], bool] | None = None
    axes: tuple[str, ...] = ()
    least: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Callable[[Binding, Config], tuple[Shape, ...]]] = field(default_factory=dict)
    indices: Mapping[str, str | Callable[[Binding, Config], int]] = field(default_factory=dict)
    lowest: Mapping[str, int] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    weight: int = 1
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    count: Callable[[Binding, Config], int] | None = None
    fixed: tuple[str, ...] = ()

    @property
    def led(self) -> bool:
        """Does what else is drawn depend on the first array? Then that is the one that a value is read as."""
        dependent = any(callable(choices) for choices in self.config.values())
        return bool(self.axes or self.least or self.fits or self.shapes or self.count or dependent)


AXIS = {"dim": (-1, 0, 1, -2)}
KEEPDIM = {"keepdim": (False, True)}
EPS = {"eps": (1e-5, 1e-3, 0.25)}
