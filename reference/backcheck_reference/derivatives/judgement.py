"""Is this the derivative of that function? Judged by exact differences along a direction, with no rounding in the way.

Where one length of step cannot decide, shorter steps and more bits are tried. Code that reports of itself that it has
no kinks is looked at from one side only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from backcheck_reference.derivatives.along import Slopes, beside, directions, slopes
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import (
    LADDER,
    RESOLVED,
    Arrays,
    Function,
    NoSlope,
    bits,
    require_exact,
    require_finite,
)

_telling: ContextVar[list[bool] | None] = ContextVar("telling", default=None)


def tell(smooth: bool) -> None:
    """Report that a piece of code has run on exact numbers; `smooth` if nothing it did can have a kink or a jump."""
    told = _telling.get()
    if told is not None:
        told.append(smooth)


@contextmanager
def _told() -> Iterator[list[bool]]:
    """What the pieces of code that run in the block report of themselves."""
    told: list[bool] = []
    token = _telling.set(told)
    try:
        yield told
    finally:
        _telling.reset(token)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer for one function at one point: its value and the judged gradient in exact numbers, and the slopes.

    `fading` says that the gradient's distance from the slopes shrinks with the step: it is the error of the step, and
    at the flat point of a cubic there is nothing else to see. `growing` says that the slopes grow as the step shrinks:
    the function jumps here, as sign does at 0, and no gradient can lie outside of them.
    """

    value: np.ndarray
    grads: Arrays
    slopes: Slopes
    fading: bool = False
    growing: bool = False

    @property
    def right(self) -> bool:
        return self.slopes.right or self.fading or self.growing

    @property
    def residual(self) -> float:
        return self.slopes.residual if self.slopes.right or not self.right else 0.0

    @property
    def smooth(self) -> bool:
        return self.slopes.smooth


def _settled(before: Judgement | None, found: Judgement) -> bool:
    """Have the slopes stopped moving as h shrinks?

    Where the steps are too long for the function, a curve that is odd about the point, such as softmax at a tie of
    1e50, shows the same wrong slope on both sides. So no rule is called wrong on one length of step.
    """
    if before is None:
        return False
    moved = abs(before.slopes.centre - found.slopes.centre)
    return bool(moved <= found.slopes.size * flint.arb(RESOLVED) ** 0.5)


def _fading(before: Judgement | None, found: Slopes) -> bool:
    """Has the distance to the slopes lost half as many digits as the step has? That of a wrong gradient stays."""
    if before is None:
        return False
    shorter = flint.arb(2) ** ((found.step - before.slopes.step) // 2)
    away, was = abs(found.off).upper(), abs(before.slopes.off).lower()  # a distance that may be 0 has not shrunk
    return bool(flint.arb(away) * shorter <= flint.arb(was))


def _growing(before: Judgement | None, found: Slopes) -> bool:
    """Have the slopes gained half as many digits as the step has lost?"""
    if before is None:
        return False
    shorter = flint.arb(2) ** ((found.step - before.slopes.step) // 2)
    return bool(abs(found.centre) > abs(before.slopes.centre) * shorter) and bool(abs(before.slopes.centre) > 0)


def _say_what_is_lost(value: np.ndarray, grads: Arrays) -> NoReturn:
    """Raise NotFinite: no comparison decides anything where one side is a NaN."""
    require_finite("the forward value", value)
    for name, grad in grads.items():
        require_finite(f"the gradient of {name}", grad)
    raise NoSlope("the slope of the forward is not a finite number here, even in exact arithmetic")


def judge(
    function: Function,
    vjp: Callable[[Arrays, np.ndarray], tuple[np.ndarray, Arrays]],
    arrays: Arrays,
    dy: np.ndarray,
    wanted: tuple[str, ...],
    *,
    seed: int = 0,
    positive: bool = False,
    alike: bool = False,
    levels: int = len(LADDER),
    pieces: int = 0,
) -> Judgement:
    """Is `vjp` the gradient of `function` at these exact arrays, along one random direction through `wanted`?

    Climbs the ladder of precisions until the point is seen to be smooth; with fewer `levels` not for a kink that is
    plain at once. A point that is never smooth is at a kink, and then `right` says whether the gradient lies between
    the slopes there and `beside` it. Raises Unavailable when the code leaves exact arithmetic, and NotFinite where the
    value, the gradient or the slope is no finite number.

    Where the function runs this many `pieces` of code, and each reports that it has no kinks, one side is enough.
    """
    v = directions(arrays, wanted, seed, positive, alike)
    before: Judgement | None = None
    for precision, step in LADDER[:levels]:
        with bits(precision):
            with _told() as told:
                value, grads = vjp(arrays, dy)
            require_exact("the forward value", value)
            for name in wanted:
                require_exact(f"the gradient of {name}", grads[name])
            seen = None
            if 0 < len(told) == pieces and all(told):
                seen = slopes(function, arrays, value, dy, grads, v, step, one_side=True)
            if seen is None or not seen.smooth:
                seen = slopes(function, arrays, value, dy, grads, v, step)
            if not seen.off.is_finite():
                if precision != LADDER[levels - 1][0]:
                    continue  # numbers of 1e30 and more may need more bits, in an exponential say
                _say_what_is_lost(value, {name: grads[name] for name in wanted})
            found = Judgement(value, grads, seen, _fading(before, seen), _growing(before, seen))
            if found.smooth and (found.right or _settled(before, found)):
                break
        if levels < len(LADDER) and found.slopes.plain_kink:
            break
        before = found
    if not (found.right or found.smooth):
        with bits(precision):
            return replace(found, slopes=beside(found.slopes, function, arrays, dy, v))
    return found
