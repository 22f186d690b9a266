"""Exponentials, powers and angles, with their derivatives: the NIST's Digital Library of Mathematical Functions, 4."""

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalars.definition import USUAL, Definition, logarithm, of_ball, x_log, zero
from backcheck_reference.numbers.scalars.steps import larger, smaller


def _cube_root(value: Any) -> Any:
    if value > 0:
        return value.root(3)
    if value < 0:
        return -(-value).root(3)
    widest = flint.arb(abs(value).abs_upper()).root(3)
    return flint.arb(0) if value == 0 else (-widest).union(widest)


def sigmoid(value: Any) -> Any:
    found = 1 / (1 + (-value).exp())
    if found.is_finite():
        return found
    small = value.exp()  # far below 0 the other exponential is beyond all numbers
    return small / (1 + small)


def _exp_below_0(value: Any) -> Any:
    """exp of what is not above 0, also where its ball is so wide that it reaches there."""
    found = value.exp()
    return found if found.is_finite() and found.rad() < 1 else flint.arb(0.5, 0.5)


def _softplus(value: Any) -> Any:
    found = value.exp().log1p()
    return found if found.is_finite() else value + (-value).exp().log1p()


def log_of_sum(a: Any, b: Any) -> Any:
    """log(e^a + e^b)."""
    if a == flint.arb("-inf"):
        return b
    return a.max(b) + _exp_below_0(-abs(a - b)).log1p()


def _log_of_sum_2(a: Any, b: Any) -> Any:
    two = flint.arb.const_log2()
    return log_of_sum(a * two, b * two) / two


def power(base: Any, exponent: Any) -> Any:
    """a ** b. Where a ball of base 0 meets a whole exponent, flint answers NaN and products do not."""
    # in this order: it is called for each entry, and a look at `flint` takes as long as the power
    if type(base) is not type(exponent) or not base.contains(0):
        return base**exponent
    if type(base) is not flint.arb or not exponent.is_integer() or exponent < 0:
        return base**exponent
    found = flint.arb(1)
    for digit in bin(int(exponent.unique_fmpz()))[2:]:
        # of a square arb knows that it is not negative
        found = abs(found * found) * base if digit == "1" else abs(found * found)
    return found


def _rel_entr(x: Any, y: Any) -> Any:
    return flint.arb(0) if x == 0 else x * (x / y).log()


def _huber(delta: Any, r: Any) -> Any:
    size = abs(r)
    near, far = r * r / 2, delta * (size - delta / 2)
    if size <= delta:
        return near
    return far if size > delta else near.union(far)


def _bend(d: Any, r: Any) -> Any:
    """sqrt(1 + (r / d)^2), of which the pseudo-Huber loss is made."""
    return (1 + (r / d) ** 2).sqrt()


EXPONENTIALS: Mapping[str, Definition] = {
    "exp": of_ball("exp", lambda x, y: y, np.exp),
    "exp2": Definition(
        lambda v: flint.arb(2) ** v,
        (lambda x, y: y * flint.arb.const_log2(),),
        (np.exp2, special.exp2),
        ("exp2",),
        ("exp2",),
    ),
    "exp10": Definition(
        lambda v: flint.arb(10) ** v, (lambda x, y: y * flint.arb.const_log10(),), (special.exp10,), off=USUAL
    ),
    "expm1": of_ball("expm1", lambda x, y: x.exp(), np.expm1, special.expm1, also=("special_expm1",)),
    "log": Definition(logarithm, (lambda x, y: 1 / x,), (np.log,), ("log",), ("log",)),
    "log2": Definition(
        lambda v: logarithm(v) / flint.arb.const_log2(),
        (lambda x, y: 1 / (x * flint.arb.const_log2()),),
        (np.log2,),
        ("log2",),
    ),
    "log10": Definition(
        lambda v: logarithm(v) / flint.arb.const_log10(),
        (lambda x, y: 1 / (x * flint.arb.const_log10()),),
        (np.log10,),
        ("log10",),
    ),
    "log1p": of_ball("log1p", lambda x, y: 1 / (1 + x), np.log1p, special.log1p),
    "logaddexp": Definition(
        log_of_sum, (lambda a, b, y: sigmoid(a - b), lambda a, b, y: sigmoid(b - a)), (np.logaddexp,), ("logaddexp",)
    ),
    "logaddexp2": Definition(
        _log_of_sum_2,
        (lambda a, b, y: flint.arb(2) ** (a - y), lambda a, b, y: flint.arb(2) ** (b - y)),
        (np.logaddexp2,),
        ("logaddexp2",),
    ),
    "sigmoid": Definition(sigmoid, (lambda x, y: y * (1 - y),), (special.expit,), ("sigmoid",), ("logistic",)),
    "log_sigmoid": Definition(
        lambda v: -_softplus(-v), (lambda x, y: sigmoid(-x),), (special.log_expit,), ("log_sigmoid",)
    ),
    "logit": Definition(lambda v: logarithm(v) - logarithm(1 - v), (lambda x, y: 1 / (x * (1 - x)),), (special.logit,)),
    "xlogy": Definition(
        x_log, (lambda x, y, z: y.log(), lambda x, y, z: x / y), (special.xlogy,), ("xlogy",), kinks="x = 0"
    ),
    "xlog1py": Definition(
        lambda x, y: flint.arb(0) if x == 0 else x * y.log1p(),
        (lambda x, y, z: y.log1p(), lambda x, y, z: x / (1 + y)),
        (special.xlog1py,),
        ("special_xlog1py",),
    ),
    "entr": Definition(
        lambda v: -x_log(v, v), (lambda x, y: -x.log() - 1,), (special.entr,), ("special_entr",), (), "0"
    ),
    "rel_entr": Definition(
        _rel_entr, (lambda x, y, z: (x / y).log() + 1, lambda x, y, z: -x / y), (special.rel_entr,), kinks="x = 0"
    ),
    "kl_div": Definition(
        lambda x, y: _rel_entr(x, y) - x + y,
        (lambda x, y, z: (x / y).log(), lambda x, y, z: 1 - x / y),
        (special.kl_div,),
        kinks="x = 0",
    ),
}

POWERS: Mapping[str, Definition] = {
    "sqrt": of_ball("sqrt", lambda x, y: 1 / (2 * y), np.sqrt, kinks="0"),
    "rsqrt": of_ball("rsqrt", lambda x, y: -y / (2 * x)),
    "cbrt": Definition(_cube_root, (lambda x, y: 1 / (3 * y * y),), (np.cbrt, special.cbrt), jax=("cbrt",), kinks="0"),
    "square": Definition(lambda v: v * v, (lambda x, y: 2 * x,), (np.square,), ("square",), ("square",)),
    "reciprocal": Definition(lambda v: 1 / v, (lambda x, y: -y * y,), (np.reciprocal,), ("reciprocal",)),
    "pow": Definition(
        power,
        (lambda a, b, y: b * power(a, b - 1), lambda a, b, y: y * a.log()),
        (np.power, np.float_power),
        ("pow",),
        ("pow",),
        kinks="a = 0",
    ),
    "hypot": Definition(
        lambda a, b: (a * a + b * b).nonnegative_part().sqrt(),
        (lambda a, b, y: a / y, lambda a, b, y: b / y),
        (np.hypot,),
        ("hypot",),
        kinks="both are 0",
    ),
    "huber": Definition(
        _huber,
        (lambda d, r, y: larger(abs(r) - d, flint.arb(0)), lambda d, r, y: larger(smaller(r, d), -d)),
        (special.huber,),
    ),
    "pseudo_huber": Definition(
        lambda d, r: d * d * (_bend(d, r) - 1),
        (lambda d, r, y: 2 * y / d - r * r / (d * _bend(d, r)), lambda d, r, y: r / _bend(d, r)),
        (special.pseudo_huber,),
    ),
}

ANGLES: Mapping[str, Definition] = {
    "sin": of_ball("sin", lambda x, y: x.cos(), np.sin),
    "cos": of_ball("cos", lambda x, y: -x.sin(), np.cos),
    "tan": of_ball("tan", lambda x, y: 1 + y * y, np.tan),
    "asin": of_ball("asin", lambda x, y: (1 - x * x).rsqrt(), np.arcsin, kinks="-1 and 1"),
    "acos": of_ball("acos", lambda x, y: -(1 - x * x).rsqrt(), np.arccos, kinks="-1 and 1"),
    "atan": of_ball("atan", lambda x, y: 1 / (1 + x * x), np.arctan),
    "atan2": Definition(
        lambda a, b: flint.arb.atan2(flint.arb(a), flint.arb(b)),
        (lambda a, b, y: b / (a * a + b * b), lambda a, b, y: -a / (a * a + b * b)),
        (np.arctan2,),
        ("atan2",),
        ("atan2",),
        kinks="a = 0 and b is not above 0",
    ),
    "sinh": of_ball("sinh", lambda x, y: x.cosh(), np.sinh),
    "cosh": of_ball("cosh", lambda x, y: x.sinh(), np.cosh),
    "tanh": of_ball("tanh", lambda x, y: 1 - y * y, np.tanh),
    "asinh": of_ball("asinh", lambda x, y: (1 + x * x).rsqrt(), np.arcsinh),
    "acosh": of_ball("acosh", lambda x, y: ((x - 1) * (x + 1)).rsqrt(), np.arccosh, kinks="1"),
    "atanh": of_ball("atanh", lambda x, y: 1 / (1 - x * x), np.arctanh),
    "sinc": Definition(methodcaller("sinc_pi"), (lambda x, y: zero() if x == 0 else (x.cos_pi() - y) / x,)),
    "deg2rad": Definition(
        lambda v: v * flint.arb.pi() / 180, (lambda x, y: flint.arb.pi() / 180,), (np.radians, np.deg2rad), ("deg2rad",)
    ),
    "rad2deg": Definition(
        lambda v: v * 180 / flint.arb.pi(), (lambda x, y: 180 / flint.arb.pi(),), (np.degrees, np.rad2deg), ("rad2deg",)
    ),
    "cosm1": Definition(
        lambda v: -2 * (v / 2).sin() * (v / 2).sin(), (lambda x, y: -x.sin(),), (special.cosm1,), off=USUAL
    ),
}

ELEMENTARY: Mapping[str, Definition] = {**EXPONENTIALS, **POWERS, **ANGLES}
