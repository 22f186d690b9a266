"""What is known of one scalar function, and the pieces that several definitions are made of.

A value is computed of balls of any width and holds every value of the function there: where a ball leaves a branch
open, both sides. A slope is the derivative by one of the numbers, as a formula of all of them and of the value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

from backcheck_reference.lazy import flint

Formula = Callable[..., Any]
USUAL, COARSE = 64, 512  # roundings that SciPy's answer may be off by: of most, and of the incomplete integrals
UNKNOWN = None  # a derivative without a closed form, as that of a Bessel function by its order


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of as many numbers as it has slopes: `slopes[i](*numbers, value)`, or UNKNOWN.

    `numpy` are the universal functions of NumPy and SciPy that compute it, `aten` and `jax` the operators of PyTorch
    and the primitives of JAX. `kinks` says where it has a value and no derivative; nothing where it always has one.
    `picks`: it hands out one of its numbers or a whole one, so that no float rounds it.
    SciPy's own answer may be off by `off` roundings of the value, or of `size` beside its zeros.
    """

    value: Formula
    slopes: tuple[Formula | None, ...]
    numpy: tuple[Any, ...] = ()
    aten: tuple[str, ...] = ()
    jax: tuple[str, ...] = ()
    kinks: str = ""
    picks: bool = False
    off: int = 0
    size: int = 0

    @property
    def inputs(self) -> int:
        return len(self.slopes)


def of_ball(
    name: str, slope: Formula, *numpy: Any, also: tuple[str, ...] = (), kinks: str = "", picks: bool = False
) -> Definition:
    """A function that balls have as a method; ATen and JAX call it by the same name, and ATen by others `also`."""
    return Definition(methodcaller(name), (slope,), numpy, (name, *also), (name,), kinks, picks)


def zero(*_: Any) -> Any:
    return flint.arb(0)


def by_sign(value: Any, above: Formula, below: Formula) -> Any:
    """One formula from 0 on and another up to there; both where a ball leaves it open."""
    if value >= 0:
        return above(value)
    return below(value) if value <= 0 else above(value).union(below(value))


def sign(value: Any) -> Any:
    return flint.arb(0) if value == 0 else value.sgn()


def logarithm(value: Any) -> Any:
    """-inf of an exact zero, as on floats: arb says nan there."""
    return flint.arb("-inf") if value == 0 else value.log()


def x_log(x: Any, y: Any) -> Any:
    return flint.arb(0) if x == 0 else x * logarithm(y)
