"""Hypergeometric functions, orthogonal polynomials and elliptic integrals: DLMF 13, 15, 18 and 19.

Balls of a float's few bits are widened by what SciPy's answer may be off, see `scalar_functions.off`.
"""

from collections.abc import Mapping
from typing import Any

from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalars.definition import COARSE, UNKNOWN, USUAL, Definition, Formula


def _real(function: Formula) -> Formula:
    """A function that flint has for complex numbers only."""
    return lambda *numbers: function(*map(flint.acb, numbers)).real


_k, _e = _real(lambda m: m.elliptic_k()), _real(lambda m: m.elliptic_e())
_f_of = _real(lambda phi, m: flint.acb.elliptic_f(phi, m))
_e_of = _real(lambda phi, m: flint.acb.elliptic_e_inc(phi, m))


def _delta(phi: Any, m: Any) -> Any:
    return (1 - m * phi.sin() ** 2).sqrt()


def _k_slope(m: Any) -> Any:
    return (_e(m) - (1 - m) * _k(m)) / (2 * m * (1 - m))


def _f_by_m(phi: Any, m: Any, y: Any) -> Any:
    within = (2 * phi).sin() / (4 * (1 - m) * _delta(phi, m))
    return _e_of(phi, m) / (2 * m * (1 - m)) - y / (2 * m) - within


ELLIPTIC: Mapping[str, Definition] = {
    "ellipk": Definition(_k, (lambda m, y: _k_slope(m),), (special.ellipk,), off=USUAL),
    "ellipkm1": Definition(lambda p: _k(1 - p), (lambda p, y: -_k_slope(1 - p),), (special.ellipkm1,), off=USUAL),
    "ellipe": Definition(_e, (lambda m, y: (y - _k(m)) / (2 * m),), (special.ellipe,), kinks="1", off=USUAL),
    "ellipkinc": Definition(_f_of, (lambda phi, m, y: 1 / _delta(phi, m), _f_by_m), (special.ellipkinc,), off=USUAL),
    "ellipeinc": Definition(
        _e_of,
        (lambda phi, m, y: _delta(phi, m), lambda phi, m, y: (y - _f_of(phi, m)) / (2 * m)),
        (special.ellipeinc,),
        kinks="m sin(phi)^2 = 1",
        off=USUAL,
    ),
    "agm": Definition(lambda a, b: a.agm(b), (UNKNOWN, UNKNOWN), (special.agm,), kinks="a = 0 or b = 0", off=USUAL),
    "wrightomega": Definition(
        lambda v: v.exp().lambertw(), (lambda x, y: y / (1 + y),), (special.wrightomega,), off=USUAL
    ),
}

HYPERGEOMETRIC: Mapping[str, Definition] = {
    "hyp0f1": Definition(
        lambda v, z: z.hypgeom_0f1(v),
        (UNKNOWN, lambda v, z, y: z.hypgeom_0f1(v + 1) / v),
        (special.hyp0f1,),
        off=COARSE,
    ),
    "hyp1f1": Definition(
        lambda a, b, x: x.hypgeom_1f1(a, b),
        (UNKNOWN, UNKNOWN, lambda a, b, x, y: a / b * x.hypgeom_1f1(a + 1, b + 1)),
        (special.hyp1f1,),
        off=COARSE,
    ),
    "hyperu": Definition(
        lambda a, b, x: x.hypgeom_u(a, b),
        (UNKNOWN, UNKNOWN, lambda a, b, x, y: -a * x.hypgeom_u(a + 1, b + 1)),
        (special.hyperu,),
        kinks="x = 0",
        off=COARSE,
    ),
    "hyp2f1": Definition(
        lambda a, b, c, z: z.hypgeom_2f1(a, b, c),
        (UNKNOWN, UNKNOWN, UNKNOWN, lambda a, b, c, z, y: a * b / c * z.hypgeom_2f1(a + 1, b + 1, c + 1)),
        (special.hyp2f1,),
        kinks="z = 1",
        off=COARSE,
    ),
}


def _polynomial(value: Formula, slope: Formula, *numpy: Any) -> Definition:
    return Definition(value, (UNKNOWN, slope), numpy, kinks="-1 and 1 unless n is whole", off=USUAL, size=1)


POLYNOMIALS: Mapping[str, Definition] = {
    "eval_legendre": _polynomial(
        lambda n, x: x.legendre_p(n),
        lambda n, x, y: n * (x * y - x.legendre_p(n - 1)) / (x * x - 1),
        special.eval_legendre,
    ),
    "eval_chebyt": _polynomial(
        lambda n, x: x.chebyshev_t(n), lambda n, x, y: n * x.chebyshev_u(n - 1), special.eval_chebyt
    ),
    "eval_chebyu": _polynomial(
        lambda n, x: x.chebyshev_u(n),
        lambda n, x, y: ((n + 1) * x.chebyshev_t(n + 1) - x * y) / (x * x - 1),
        special.eval_chebyu,
    ),
    "eval_hermite": _polynomial(
        lambda n, x: x.hermite_h(n), lambda n, x, y: 2 * n * x.hermite_h(n - 1), special.eval_hermite
    ),
    "eval_laguerre": _polynomial(
        lambda n, x: x.laguerre_l(n), lambda n, x, y: n * (y - x.laguerre_l(n - 1)) / x, special.eval_laguerre
    ),
}
