"""Special functions of scipy.special beyond those of `scalar_functions`, one number at a time.

SciPy computes these to fewer digits than arb, and says so in its own tests and in those of Cephes and Boost: some tens
of roundings of the value, of the size 1 for functions that oscillate about zero. Balls of a float's few bits are
widened by that, so that nobody is blamed for it; exact numbers are not.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.scalar_functions import each, log_gamma

Function = Callable[..., Any]
FLOAT_BITS = 128  # balls of fewer bits stand for floats
USUAL, COARSE = 64, 512  # roundings that SciPy's answer may be off by: of most, and of the incomplete integrals


def _float_like(function: Function, inputs: int = 1, off: int = USUAL, size: int = 0) -> np.ufunc:
    """A loop over one of SciPy's functions. `size` is that of its values beside their zeros, where it has such."""

    def rounded(*numbers: Any) -> Any:
        value = function(*numbers)
        if flint.ctx.prec >= FLOAT_BITS:
            return value
        return value + flint.arb(0, ((abs(value) + size) * off * flint.arb(2) ** -flint.ctx.prec).abs_upper())

    return each(rounded, inputs)


def _over(value: Any, function: Function, slope: Function) -> Any:
    """f over a ball as f(middle) + f'(ball) (ball - middle), where f is a product whose factors move apart."""
    middle = value.mid()
    return function(middle) if value.is_exact() else function(middle) + slope(value) * (value - middle)


def _erfcx(value: Any) -> Any:
    def scaled(v: Any) -> Any:
        return (v * v).exp() * v.erfc()

    return _over(value, scaled, lambda v: 2 * v * scaled(v) - 2 / flint.arb.pi().sqrt())


def dawson(value: Any) -> Any:
    def scaled(v: Any) -> Any:
        return (-v * v).exp() * v.erfi() * flint.arb.pi().sqrt() / 2

    return _over(value, scaled, lambda v: 1 - 2 * v * scaled(v))


def _bessel_i(order: Any, value: Any) -> Any:
    if value < 0 and order.is_integer():
        found = (-value).bessel_i(order)
        return found if (order / 2).is_integer() else -found
    return value.bessel_i(order)


def _scaled_bessel_i(order: Any, value: Any) -> Any:
    return _bessel_i(order, value) * (-abs(value)).exp()


def _ndtri(p: Any) -> Any:
    return -flint.arb(2).sqrt() * (2 * p).erfcinv()


def _beta(a: Any, b: Any) -> Any:
    return a.gamma() * b.gamma() * (a + b).rgamma()


def _log_beta(a: Any, b: Any) -> Any:
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def _binomial(n: Any, k: Any) -> Any:
    return (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma()


def _exprel(value: Any) -> Any:
    if value == 0:
        return flint.arb(1)
    return value.expm1() / value


def _box_cox(value: Any, power: Any) -> Any:
    return value.log() if power == 0 else (power * value.log()).expm1() / power


def _inverse_box_cox(value: Any, power: Any) -> Any:
    return value.exp() if power == 0 else ((power * value).log1p() / power).exp()


def zeta(s: Any, a: Any) -> Any:
    return s.zeta(a)


def polygamma(order: int, value: Any) -> Any:
    """The derivatives of digamma: (-1)^(n+1) n! zeta(n + 1, x)."""
    if order == 0:
        return value.digamma()
    factor = flint.arb(order + 1).gamma() * (1 if order % 2 else -1)
    return factor * flint.arb(order + 1).zeta(value)


def lambertw(value: Any, branch: int) -> Any:
    found = value.lambertw(branch=branch) if branch in (0, -1) else flint.arb("nan")
    if not found.is_finite():
        raise Unavailable("exact arithmetic is not available for this code: lambertw where it is not real")
    return flint.acb(found)


def spherical_j(order: int, value: Any) -> Any:
    return (flint.arb.pi() / (2 * value)).sqrt() * value.bessel_j(flint.arb(order) + 0.5)


def spherical_y(order: int, value: Any) -> Any:
    return (flint.arb.pi() / (2 * value)).sqrt() * value.bessel_y(flint.arb(order) + 0.5)


def spherical_i(order: int, value: Any) -> Any:
    return (flint.arb.pi() / (2 * value)).sqrt() * value.bessel_i(flint.arb(order) + 0.5)


def spherical_k(order: int, value: Any) -> Any:
    return (flint.arb.pi() / (2 * value)).sqrt() * value.bessel_k(flint.arb(order) + 0.5)


def _at(order: float, function: Function) -> Function:
    """A function of an order and a number at one order."""
    return lambda value: function(flint.arb(order), value)


def _bessel_j(order: Any, value: Any) -> Any:
    return value.bessel_j(order)


def _bessel_y(order: Any, value: Any) -> Any:
    return value.bessel_y(order)


def _bessel_k(order: Any, value: Any) -> Any:
    return value.bessel_k(order)


def _scaled_bessel_k(order: Any, value: Any) -> Any:
    return value.bessel_k(order, scaled=True)


def _real(function: Function) -> Function:
    """A function that flint has for complex numbers only."""
    return lambda *numbers: function(*map(flint.acb, numbers)).real


SPECIAL: dict[np.ufunc, np.ufunc] = {
    special.gammainc: _float_like(lambda a, x: x.gamma_lower(a, regularized=1), 2, COARSE),
    special.gammaincc: _float_like(lambda a, x: x.gamma_upper(a, regularized=1), 2, COARSE),
    special.betainc: _float_like(lambda a, b, x: x.beta_lower(a, b, regularized=1), 3, COARSE),
    special.betaincc: _float_like(lambda a, b, x: (1 - x).beta_lower(b, a, regularized=1), 3, COARSE),
    special.beta: _float_like(_beta, 2),
    special.betaln: _float_like(_log_beta, 2, size=1),
    special.rgamma: _float_like(lambda v: v.rgamma()),
    special.poch: _float_like(lambda z, m: (z + m).gamma() * z.rgamma(), 2),
    special.binom: _float_like(_binomial, 2),
    special.i0: _float_like(_at(0, _bessel_i)),
    special.i1: _float_like(_at(1, _bessel_i)),
    special.iv: _float_like(_bessel_i, 2),
    special.i0e: _float_like(_at(0, _scaled_bessel_i)),
    special.i1e: _float_like(_at(1, _scaled_bessel_i)),
    special.ive: _float_like(_scaled_bessel_i, 2),
    special.j0: _float_like(_at(0, _bessel_j), size=1),
    special.j1: _float_like(_at(1, _bessel_j), size=1),
    special.jv: _float_like(_bessel_j, 2, size=1),
    special.y0: _float_like(_at(0, _bessel_y), size=1),
    special.y1: _float_like(_at(1, _bessel_y), size=1),
    special.yv: _float_like(_bessel_y, 2, size=1),
    special.yn: _float_like(_bessel_y, 2, size=1),
    special.k0: _float_like(_at(0, _bessel_k)),
    special.k1: _float_like(_at(1, _bessel_k)),
    special.kv: _float_like(_bessel_k, 2),
    special.kn: _float_like(_bessel_k, 2),
    special.k0e: _float_like(_at(0, _scaled_bessel_k)),
    special.k1e: _float_like(_at(1, _scaled_bessel_k)),
    special.kve: _float_like(_scaled_bessel_k, 2),
    special.erfcx: _float_like(_erfcx),
    special.erfi: _float_like(lambda v: v.erfi()),
    special.erfcinv: _float_like(lambda v: v.erfcinv()),
    special.dawsn: _float_like(dawson),
    special.ndtri: _float_like(_ndtri, size=1),
    special.exprel: _float_like(_exprel),
    special.exp10: _float_like(lambda v: flint.arb(10) ** v),
    special.expn: _float_like(lambda n, v: v.expint(n), 2),
    special.exp1: _float_like(lambda v: v.expint(flint.arb(1))),
    special.expi: _float_like(lambda v: v.ei(), size=1),
    special.cosm1: _float_like(lambda v: -2 * (v / 2).sin() * (v / 2).sin()),
    special.powm1: _float_like(lambda a, b: (b * a.log()).expm1(), 2),
    special.boxcox: _float_like(_box_cox, 2),
    special.boxcox1p: _float_like(lambda v, p: _box_cox(1 + v, p), 2, size=1),
    special.inv_boxcox: _float_like(_inverse_box_cox, 2),
    special.inv_boxcox1p: _float_like(lambda v, p: _inverse_box_cox(v, p) - 1, 2, size=1),
    special.wrightomega: _float_like(lambda v: v.exp().lambertw()),
    special.agm: _float_like(lambda a, b: a.agm(b), 2),
    special.ellipk: _float_like(_real(lambda m: m.elliptic_k())),
    special.ellipkm1: _float_like(_real(lambda p: (1 - p).elliptic_k())),
    special.ellipe: _float_like(_real(lambda m: m.elliptic_e())),
    special.ellipkinc: _float_like(_real(lambda phi, m: flint.acb.elliptic_f(phi, m)), 2),
    special.ellipeinc: _float_like(_real(lambda phi, m: flint.acb.elliptic_e_inc(phi, m)), 2),
    special.hyp0f1: _float_like(lambda v, z: z.hypgeom_0f1(v), 2, COARSE),
    special.hyp1f1: _float_like(lambda a, b, x: x.hypgeom_1f1(a, b), 3, COARSE),
    special.hyperu: _float_like(lambda a, b, x: x.hypgeom_u(a, b), 3, COARSE),
    special.hyp2f1: _float_like(lambda a, b, c, z: z.hypgeom_2f1(a, b, c), 4, COARSE),
    special.eval_legendre: _float_like(lambda n, x: x.legendre_p(n), 2, size=1),
    special.eval_chebyt: _float_like(lambda n, x: x.chebyshev_t(n), 2, size=1),
    special.eval_chebyu: _float_like(lambda n, x: x.chebyshev_u(n), 2, size=1),
    special.eval_hermite: _float_like(lambda n, x: x.hermite_h(n), 2, size=1),
    special.eval_laguerre: _float_like(lambda n, x: x.laguerre_l(n), 2, size=1),
}

# Functions of several results, each of which is a loop of its own.
SEVERAL: dict[np.ufunc, tuple[np.ufunc, ...]] = {
    special.sici: tuple(_float_like(part, size=1) for part in (lambda v: v.si(), lambda v: v.ci())),
    special.shichi: tuple(_float_like(part, size=1) for part in (lambda v: v.shi(), lambda v: v.chi())),
    special.fresnel: tuple(_float_like(part, size=1) for part in (lambda v: v.fresnel_s(), lambda v: v.fresnel_c())),
    special.airy: tuple(_float_like(lambda v, at=at: v.airy()[at], size=1) for at in range(4)),
}
