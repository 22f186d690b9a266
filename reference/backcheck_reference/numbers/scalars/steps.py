"""Steps and choices: functions that are flat or hand out one of their numbers, and bend or jump between."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalars.definition import Definition, Formula, by_sign, of_ball, sign, zero

_seen: ContextVar[list[str] | None] = ContextVar("seen", default=None)


@contextmanager
def steps_seen() -> Iterator[list[str]]:
    """What the functions with jumps give that code calls within the block: what it computes is meant to jump."""
    found: list[str] = []
    token = _seen.set(found)
    try:
        yield found
    finally:
        _seen.reset(token)


def note_step(value: Any) -> None:
    """A function with jumps gives this."""
    found = _seen.get()
    if found is not None:
        found.append(str(value))


def _noted(value: Formula) -> Formula:
    def noting(*numbers: Any) -> Any:
        found = value(*numbers)
        note_step(found)
        return found

    return noting


def truncated(value: Any) -> Any:
    return by_sign(value, lambda v: v.floor(), lambda v: v.ceil())


def nearest_integer(value: Any) -> Any:
    """Halves to the even one."""
    low = value.floor()
    beyond = value - low
    if beyond < 0.5:
        return low
    if beyond > 0.5:
        return low + 1
    if beyond == 0.5:
        return low if (low / 2).is_integer() else low + 1
    return low.union(low + 1)


def larger(a: Any, b: Any) -> Any:
    """One of the two objects itself where that is decided, so that `x == x.max()` is decided too."""
    if a is b or a > b:
        return a
    return b if b > a else a.max(b)


def smaller(a: Any, b: Any) -> Any:
    if a is b or a < b:
        return a
    return b if b < a else a.min(b)


def _unless_nan(choice: Formula) -> Formula:
    return lambda a, b: b if a.is_nan() else a if b.is_nan() else choice(a, b)


def _step(value: Any) -> Any:
    return _heaviside(value, flint.arb(0.5, 0.5))


def _heaviside(x: Any, at_zero: Any) -> Any:
    if x == 0:
        return at_zero
    if x > 0 or x < 0:
        return flint.arb(1 if x > 0 else 0)
    return flint.arb(0).union(flint.arb(1)).union(at_zero)


def _choice(value: Formula, of_smaller: bool, numpy: np.ufunc, aten: str, jax: tuple[str, ...] = ()) -> Definition:
    def by(one: Any, other: Any) -> Any:
        return _step(other - one if of_smaller else one - other)

    slopes = (lambda a, b, y: by(a, b), lambda a, b, y: by(b, a))
    return Definition(value, slopes, (numpy,), (aten,), jax, "a = b", picks=True)


WHOLE = "the whole numbers"
_FLAT: Mapping[str, Definition] = {
    "floor": of_ball("floor", zero, np.floor, kinks=WHOLE, picks=True),
    "ceil": of_ball("ceil", zero, np.ceil, kinks=WHOLE, picks=True),
    "trunc": Definition(truncated, (zero,), (np.trunc,), ("trunc",), kinks=f"{WHOLE} but 0", picks=True),
    "round": Definition(nearest_integer, (zero,), (np.rint,), ("round",), ("round",), "the halves", picks=True),
    "sign": Definition(sign, (zero,), (np.sign,), ("sign", "sgn"), ("sign",), "0", picks=True),
    "heaviside": Definition(_heaviside, (zero, zero), (np.heaviside,), ("heaviside",), (), "x = 0", picks=True),
    "floor_divide": Definition(
        lambda a, b: (a / b).floor(), (zero, zero), (np.floor_divide,), kinks="a / b is whole", picks=True
    ),
    "remainder": Definition(
        lambda a, b: a - (a / b).floor() * b,
        (lambda a, b, y: flint.arb(1), lambda a, b, y: -(a / b).floor()),
        (np.remainder,),
        ("remainder",),
        kinks="a / b is whole",
    ),
    "fmod": Definition(
        lambda a, b: a - truncated(a / b) * b,
        (lambda a, b, y: flint.arb(1), lambda a, b, y: -truncated(a / b)),
        (np.fmod,),
        ("fmod",),
        ("rem",),
        kinks="a / b is whole and not 0",
    ),
}

_CHOICES: Mapping[str, Definition] = {
    "conj": Definition(
        lambda v: v.conjugate() if type(v) is flint.acb else v,
        (lambda x, y: flint.arb(1),),
        (np.conjugate,),
        picks=True,
    ),
    "abs": Definition(abs, (lambda x, y: sign(x),), (np.absolute, np.fabs), ("abs",), ("abs",), "0", picks=True),
    "copysign": Definition(
        lambda a, b: by_sign(b, lambda _: abs(a), lambda _: -abs(a)),
        (lambda a, b, y: sign(a) * sign(b), zero),
        (np.copysign,),
        ("copysign",),
        kinks="a = 0 or b = 0",
        picks=True,
    ),
    "maximum": _choice(larger, False, np.maximum, "maximum", jax=("max",)),
    "minimum": _choice(smaller, True, np.minimum, "minimum", jax=("min",)),
    "fmax": _choice(_unless_nan(larger), False, np.fmax, "fmax"),
    "fmin": _choice(_unless_nan(smaller), True, np.fmin, "fmin"),
}

_JUMPING = {name: replace(each, value=_noted(each.value)) for name, each in _FLAT.items()}
STEPS: Mapping[str, Definition] = {**_JUMPING, **_CHOICES}
