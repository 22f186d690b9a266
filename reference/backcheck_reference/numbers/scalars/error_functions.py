"""Error functions, the normal distribution, and integrals of exponentials and angles: DLMF 6 and 7.

Balls of a float's few bits are widened by what SciPy's answer may be off, see `scalar_functions.off`.
"""

from collections.abc import Mapping
from typing import Any

from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalars.definition import UNKNOWN, USUAL, Definition, Formula, of_ball


def _per_root_pi(value: Any) -> Any:
    return 2 / flint.arb.pi().sqrt() * value


def _density(value: Any) -> Any:
    """Of the standard normal distribution."""
    return (-value * value / 2).exp() / (2 * flint.arb.pi()).sqrt()


def _below(value: Any) -> Any:
    """The share of the standard normal distribution below a number."""
    return (-value / flint.arb(2).sqrt()).erfc() / 2


def _over(value: Any, function: Formula, slope: Formula) -> Any:
    """f over a ball as f(middle) + f'(ball) (ball - middle), where f is a product whose factors move apart."""
    middle = value.mid()
    return function(middle) if value.is_exact() else function(middle) + slope(value) * (value - middle)


def _erfcx(value: Any) -> Any:
    def scaled(v: Any) -> Any:
        return (v * v).exp() * v.erfc()

    return _over(value, scaled, lambda v: 2 * v * scaled(v) - _per_root_pi(1))


def _dawson(value: Any) -> Any:
    def scaled(v: Any) -> Any:
        return (-v * v).exp() * v.erfi() * flint.arb.pi().sqrt() / 2

    return _over(value, scaled, lambda v: 1 - 2 * v * scaled(v))


def _exprel(value: Any) -> Any:
    return flint.arb(1) if value == 0 else value.expm1() / value


def _of_square(x: Any) -> Any:
    return flint.arb.pi() * x * x / 2


ERROR_FUNCTIONS: Mapping[str, Definition] = {
    "erf": of_ball("erf", lambda x, y: _per_root_pi((-x * x).exp()), special.erf),
    "erfc": of_ball("erfc", lambda x, y: -_per_root_pi((-x * x).exp()), special.erfc),
    "erfinv": Definition(
        lambda v: v.erfinv(),
        (lambda x, y: 1 / _per_root_pi((-y * y).exp()),),
        (special.erfinv,),
        ("erfinv", "special_erfinv"),
        ("erf_inv",),
    ),
    "erfcinv": Definition(
        lambda v: v.erfcinv(), (lambda x, y: -1 / _per_root_pi((-y * y).exp()),), (special.erfcinv,), off=USUAL
    ),
    "erfcx": Definition(
        _erfcx, (lambda x, y: 2 * x * y - _per_root_pi(1),), (special.erfcx,), ("special_erfcx", "erfcx"), off=USUAL
    ),
    "erfi": Definition(lambda v: v.erfi(), (lambda x, y: _per_root_pi((x * x).exp()),), (special.erfi,), off=USUAL),
    "dawsn": Definition(_dawson, (lambda x, y: 1 - 2 * x * y,), (special.dawsn,), off=USUAL),
    "ndtr": Definition(_below, (lambda x, y: _density(x),), (special.ndtr,), ("special_ndtr",)),
    "log_ndtr": Definition(
        lambda v: _below(v).log(), (lambda x, y: _density(x) / _below(x),), (special.log_ndtr,), ("special_log_ndtr",)
    ),
    "ndtri": Definition(
        lambda p: -flint.arb(2).sqrt() * (2 * p).erfcinv(),
        (lambda x, y: 1 / _density(y),),
        (special.ndtri,),
        ("special_ndtri", "ndtri"),
        off=USUAL,
        size=1,
    ),
}

INTEGRALS: Mapping[str, Definition] = {
    "exprel": Definition(
        _exprel, (lambda x, y: flint.arb(0.5) if x == 0 else (x.exp() - y) / x,), (special.exprel,), off=USUAL
    ),
    "expn": Definition(
        lambda n, v: v.expint(n), (UNKNOWN, lambda n, x, y: -x.expint(n - 1)), (special.expn,), kinks="x = 0", off=USUAL
    ),
    "exp1": Definition(lambda v: v.expint(flint.arb(1)), (lambda x, y: -(-x).exp() / x,), (special.exp1,), off=USUAL),
    "expi": Definition(lambda v: v.ei(), (lambda x, y: x.exp() / x,), (special.expi,), off=USUAL, size=1),
    "si": Definition(lambda v: v.si(), (lambda x, y: x.sinc(),), off=USUAL, size=1),
    "ci": Definition(lambda v: v.ci(), (lambda x, y: x.cos() / x,), off=USUAL, size=1),
    "shi": Definition(lambda v: v.shi(), (lambda x, y: x.sinh() / x,), off=USUAL, size=1),
    "chi": Definition(lambda v: v.chi(), (lambda x, y: x.cosh() / x,), off=USUAL, size=1),
    "fresnel_s": Definition(lambda v: v.fresnel_s(), (lambda x, y: _of_square(x).sin(),), off=USUAL, size=1),
    "fresnel_c": Definition(lambda v: v.fresnel_c(), (lambda x, y: _of_square(x).cos(),), off=USUAL, size=1),
}
