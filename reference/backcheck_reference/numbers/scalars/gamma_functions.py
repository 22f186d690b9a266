"""Gamma, beta and zeta functions, and what statistics makes of powers: DLMF 5, 8 and 25.

Balls of a float's few bits are widened by what SciPy's answer may be off, see `scalar_functions.off`.
"""

from collections.abc import Mapping
from typing import Any

from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalars.definition import COARSE, UNKNOWN, USUAL, Definition, of_ball


def log_gamma(value: Any) -> Any:
    return value.lgamma() if value > 0 else abs(value.gamma()).log()


def polygamma(order: Any, value: Any) -> Any:
    """The derivatives of digamma: (-1)^(n+1) n! zeta(n + 1, x), and by the recurrence below 0 (DLMF 5.15)."""
    if order == 0:
        return value.digamma()
    before, n = flint.arb(0), int(order.unique_fmpz())
    while not value > 0 and value.is_finite():  # the zeta function of Hurwitz needs a positive number
        before, value = before + 1 / value ** (n + 1), value + 1
    return (-1) ** (n + 1) * flint.arb(n + 1).gamma() * (before + flint.arb(n + 1).zeta(value))


def _binomial(n: Any, k: Any) -> Any:
    return (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma()


def _beta(a: Any, b: Any) -> Any:
    return a.gamma() * b.gamma() * (a + b).rgamma()


def _of_gamma(a: Any, x: Any) -> Any:
    """The density of the gamma distribution."""
    return x ** (a - 1) * (-x).exp() * a.rgamma()


def _of_beta(a: Any, b: Any, x: Any) -> Any:
    """The density of the beta distribution."""
    return x ** (a - 1) * (1 - x) ** (b - 1) / _beta(a, b)


def _box_cox(value: Any, power: Any) -> Any:
    return value.log() if power == 0 else (power * value.log()).expm1() / power


def _box_cox_by_power(value: Any, power: Any, y: Any) -> Any:
    log = value.log()
    return log * log / 2 if power == 0 else (value**power * log - y) / power


def _inverse_box_cox(value: Any, power: Any) -> Any:
    return value.exp() if power == 0 else ((power * value).log1p() / power).exp()


def _inverse_by_power(value: Any, power: Any, x: Any) -> Any:
    return x * (-value * value / 2 if power == 0 else (value / (1 + power * value) - x.log()) / power)


GAMMAS: Mapping[str, Definition] = {
    "gamma": Definition(lambda v: v.gamma(), (lambda x, y: y * x.digamma(),), (special.gamma,)),
    "lgamma": Definition(log_gamma, (lambda x, y: x.digamma(),), (special.gammaln,), ("lgamma",), ("lgamma",)),
    # of complex numbers really, and nothing real below 0
    "loggamma": Definition(lambda v: v.lgamma(), (lambda x, y: x.digamma(),), (special.loggamma,)),
    "digamma": of_ball("digamma", lambda x, y: polygamma(flint.arb(1), x), special.digamma, also=("special_digamma",)),
    "polygamma": Definition(
        polygamma,
        (UNKNOWN, lambda n, x, y: polygamma(n + 1, x)),
        (),
        ("polygamma", "special_polygamma"),
        ("polygamma",),
    ),
    "rgamma": Definition(lambda v: v.rgamma(), (lambda x, y: -y * x.digamma(),), (special.rgamma,), off=USUAL),
    "beta": Definition(
        _beta,
        (lambda a, b, y: y * (a.digamma() - (a + b).digamma()), lambda a, b, y: y * (b.digamma() - (a + b).digamma())),
        (special.beta,),
        off=USUAL,
    ),
    "betaln": Definition(
        lambda a, b: log_gamma(a) + log_gamma(b) - log_gamma(a + b),
        (lambda a, b, y: a.digamma() - (a + b).digamma(), lambda a, b, y: b.digamma() - (a + b).digamma()),
        (special.betaln,),
        off=USUAL,
        size=1,
    ),
    "poch": Definition(
        lambda z, m: (z + m).gamma() * z.rgamma(),
        (lambda z, m, y: y * ((z + m).digamma() - z.digamma()), lambda z, m, y: y * (z + m).digamma()),
        (special.poch,),
        off=USUAL,
    ),
    "binom": Definition(
        _binomial,
        (
            lambda n, k, y: y * ((n + 1).digamma() - (n - k + 1).digamma()),
            lambda n, k, y: y * ((n - k + 1).digamma() - (k + 1).digamma()),
        ),
        (special.binom,),
        off=USUAL,
    ),
    "igamma": Definition(
        lambda a, x: x.gamma_lower(a, regularized=1),
        (UNKNOWN, lambda a, x, y: _of_gamma(a, x)),
        (special.gammainc,),
        ("igamma", "special_gammainc"),
        ("igamma",),
        "x = 0",
        off=COARSE,
    ),
    "igammac": Definition(
        lambda a, x: x.gamma_upper(a, regularized=1),
        (UNKNOWN, lambda a, x, y: -_of_gamma(a, x)),
        (special.gammaincc,),
        ("igammac", "special_gammaincc"),
        ("igammac",),
        "x = 0",
        off=COARSE,
    ),
    "betainc": Definition(
        lambda a, b, x: x.beta_lower(a, b, regularized=1),
        (UNKNOWN, UNKNOWN, lambda a, b, x, y: _of_beta(a, b, x)),
        (special.betainc,),
        jax=("regularized_incomplete_beta",),
        kinks="x = 0 and x = 1",
        off=COARSE,
    ),
    "betaincc": Definition(
        lambda a, b, x: (1 - x).beta_lower(b, a, regularized=1),
        (UNKNOWN, UNKNOWN, lambda a, b, x, y: -_of_beta(a, b, x)),
        (special.betaincc,),
        kinks="x = 0 and x = 1",
        off=COARSE,
    ),
    "zeta": Definition(
        lambda s, a: s.zeta(a), (UNKNOWN, lambda s, a, y: -s * (s + 1).zeta(a)), (), ("special_zeta", "zeta"), ("zeta",)
    ),
}

STATISTICS: Mapping[str, Definition] = {
    "powm1": Definition(
        lambda a, b: (b * a.log()).expm1(),
        (lambda a, b, y: b * a ** (b - 1), lambda a, b, y: (y + 1) * a.log()),
        (special.powm1,),
        kinks="a = 0",
        off=USUAL,
    ),
    "boxcox": Definition(
        _box_cox, (lambda v, p, y: v ** (p - 1), _box_cox_by_power), (special.boxcox,), kinks="v = 0", off=USUAL
    ),
    "boxcox1p": Definition(
        lambda v, p: _box_cox(1 + v, p),
        (lambda v, p, y: (1 + v) ** (p - 1), lambda v, p, y: _box_cox_by_power(1 + v, p, y)),
        (special.boxcox1p,),
        kinks="v = -1",
        off=USUAL,
        size=1,
    ),
    "inv_boxcox": Definition(
        _inverse_box_cox, (lambda v, p, x: x ** (1 - p), _inverse_by_power), (special.inv_boxcox,), off=USUAL
    ),
    "inv_boxcox1p": Definition(
        lambda v, p: _inverse_box_cox(v, p) - 1,
        (lambda v, p, x: (x + 1) ** (1 - p), lambda v, p, x: _inverse_by_power(v, p, x + 1)),
        (special.inv_boxcox1p,),
        off=USUAL,
        size=1,
    ),
}
