"""The special functions of SciPy: each with its derivative in SciPy's own terms, and where it is taken."""

import numpy as np
from scipy import special

RNG = np.random.default_rng(6)
ANY = RNG.normal(size=3)
ABOVE = RNG.uniform(0.3, 2.0, 3)  # positive
UNIT = RNG.uniform(0.2, 0.8, 3)  # between 0 and 1
ROOT = np.sqrt(np.pi)


def _lambertw(x):
    return np.real(special.lambertw(x))


# forward, derivative, the numbers
SPECIAL = {
    "special.gammainc": (
        lambda x: special.gammainc(2.5, x),
        lambda x: x**1.5 * np.exp(-x) / special.gamma(2.5),
        ABOVE,
    ),
    "special.gammaincc": (
        lambda x: special.gammaincc(2.5, x),
        lambda x: -(x**1.5) * np.exp(-x) / special.gamma(2.5),
        ABOVE,
    ),
    "special.betainc": (lambda x: special.betainc(2.0, 3.0, x), lambda x: 12 * x * (1 - x) ** 2, UNIT),
    "special.gamma": (special.gamma, lambda x: special.gamma(x) * special.digamma(x), ABOVE),
    "special.rgamma": (special.rgamma, lambda x: -special.rgamma(x) * special.digamma(x), ABOVE),
    "special.gammaln": (special.gammaln, special.digamma, ABOVE),
    "special.multigammaln": (
        lambda x: special.multigammaln(x, 2),
        lambda x: special.digamma(x) + special.digamma(x - 0.5),
        ABOVE + 1,
    ),
    "special.digamma": (special.digamma, lambda x: special.polygamma(1, x), ABOVE),
    "special.polygamma": (lambda x: special.polygamma(1, x), lambda x: special.polygamma(2, x), ABOVE),
    "special.zeta": (lambda x: special.zeta(2.5, x), lambda x: -2.5 * special.zeta(3.5, x), ABOVE),
    "special.beta": (
        lambda x: special.beta(x, 2),
        lambda x: special.beta(x, 2) * (special.digamma(x) - special.digamma(x + 2)),
        ABOVE,
    ),
    "special.betaln": (
        lambda x: special.betaln(x, 2),
        lambda x: special.digamma(x) - special.digamma(x + 2),
        ABOVE,
    ),
    "special.binom": (
        lambda x: special.binom(5, x),
        lambda x: special.binom(5, x) * (special.digamma(6 - x) - special.digamma(x + 1)),
        ABOVE,
    ),
    "special.i0": (special.i0, special.i1, ANY),
    "np.i0": (np.i0, special.i1, ABOVE),
    "special.i1": (special.i1, lambda x: special.i0(x) - special.i1(x) / x, ANY),
    "special.iv": (lambda x: special.iv(2, x), lambda x: (special.iv(1, x) + special.iv(3, x)) / 2, ABOVE),
    "special.i0e": (special.i0e, lambda x: special.i1e(x) - np.sign(x) * special.i0e(x), ANY),
    "special.i1e": (special.i1e, lambda x: special.i0e(x) - special.i1e(x) * (np.sign(x) + 1 / x), ANY),
    "special.j0": (special.j0, lambda x: -special.j1(x), ANY),
    "special.j1": (special.j1, lambda x: special.j0(x) - special.j1(x) / x, ANY),
    "special.jv": (lambda x: special.jv(2, x), lambda x: (special.jv(1, x) - special.jv(3, x)) / 2, ABOVE),
    "special.y0": (special.y0, lambda x: -special.y1(x), ABOVE),
    "special.y1": (special.y1, lambda x: special.y0(x) - special.y1(x) / x, ABOVE),
    "special.k0": (special.k0, lambda x: -special.k1(x), ABOVE),
    "special.k0e": (special.k0e, lambda x: special.k0e(x) - special.k1e(x), ABOVE),
    "special.kv": (
        lambda x: special.kv(1.5, x),
        lambda x: -(special.kv(0.5, x) + special.kv(2.5, x)) / 2,
        ABOVE,
    ),
    "special.spherical_jn": (
        lambda x: special.spherical_jn(1, x),
        lambda x: special.spherical_jn(1, x, derivative=True),
        ABOVE,
    ),
    "special.erf": (special.erf, lambda x: 2 / ROOT * np.exp(-x * x), ANY),
    "special.erfcx": (special.erfcx, lambda x: 2 * x * special.erfcx(x) - 2 / ROOT, ANY),
    "special.erfinv": (special.erfinv, lambda x: ROOT / 2 * np.exp(special.erfinv(x) ** 2), UNIT),
    "special.erfcinv": (special.erfcinv, lambda x: -ROOT / 2 * np.exp(special.erfcinv(x) ** 2), UNIT),
    "special.erfi": (special.erfi, lambda x: 2 / ROOT * np.exp(x * x), ANY),
    "special.dawsn": (special.dawsn, lambda x: 1 - 2 * x * special.dawsn(x), ANY),
    "special.ndtr": (special.ndtr, lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi), ANY),
    "special.log_ndtr": (
        special.log_ndtr,
        lambda x: np.exp(-x * x / 2 - special.log_ndtr(x)) / np.sqrt(2 * np.pi),
        ANY,
    ),
    "special.ndtri": (special.ndtri, lambda x: np.sqrt(2 * np.pi) * np.exp(special.ndtri(x) ** 2 / 2), UNIT),
    "special.expit": (special.expit, lambda x: special.expit(x) * special.expit(-x), ANY),
    "special.logit": (special.logit, lambda x: 1 / (x * (1 - x)), UNIT),
    "special.log_expit": (special.log_expit, lambda x: special.expit(-x), ANY),
    "special.xlogy": (lambda x: special.xlogy(x, x), lambda x: np.log(x) + 1, ABOVE),
    "special.xlog1py": (lambda x: special.xlog1py(x, x), lambda x: np.log1p(x) + x / (1 + x), ABOVE),
    "special.entr": (special.entr, lambda x: -np.log(x) - 1, ABOVE),
    "special.rel_entr": (lambda x: special.rel_entr(x, 2), lambda x: np.log(x / 2) + 1, ABOVE),
    "special.kl_div": (lambda x: special.kl_div(x, 2), lambda x: np.log(x / 2), ABOVE),
    "special.boxcox": (lambda x: special.boxcox(x, 0.5), lambda x: x**-0.5, ABOVE),
    "special.inv_boxcox": (lambda x: special.inv_boxcox(x, 0.5), lambda x: 1 + x / 2, ABOVE),
    "special.exprel": (special.exprel, lambda x: (np.exp(x) * (x - 1) + 1) / x**2, ANY),
    "special.expn": (lambda x: special.expn(2, x), lambda x: -special.exp1(x), ABOVE),
    "special.exp1": (special.exp1, lambda x: -np.exp(-x) / x, ABOVE),
    "special.expi": (special.expi, lambda x: np.exp(x) / x, ABOVE),
    "special.exp10": (special.exp10, lambda x: special.exp10(x) * np.log(10), ANY),
    "special.cosm1": (special.cosm1, lambda x: -np.sin(x), ANY),
    "special.powm1": (lambda x: special.powm1(x, 2.5), lambda x: 2.5 * x**1.5, ABOVE),
    "special.lambertw": (_lambertw, lambda x: _lambertw(x) / (x * (1 + _lambertw(x))), ABOVE),
    "special.ellipk": (
        special.ellipk,
        lambda m: (special.ellipe(m) / (1 - m) - special.ellipk(m)) / (2 * m),
        UNIT,
    ),
    "special.ellipe": (special.ellipe, lambda m: (special.ellipe(m) - special.ellipk(m)) / (2 * m), UNIT),
    "special.airy": (lambda x: special.airy(x)[0], lambda x: special.airy(x)[1], ANY),
    "special.hyp1f1": (
        lambda x: special.hyp1f1(1.0, 2.0, x),
        lambda x: special.hyp1f1(2.0, 3.0, x) / 2,
        ANY,
    ),
    "special.hyp2f1": (
        lambda x: special.hyp2f1(1.0, 0.5, 2.0, x),
        lambda x: special.hyp2f1(2.0, 1.5, 3.0, x) / 4,
        UNIT,
    ),
    "special.sici": (lambda x: special.sici(x)[0], lambda x: np.sin(x) / x, ABOVE),
    "special.fresnel": (lambda x: special.fresnel(x)[0], lambda x: np.sin(np.pi * x * x / 2), ABOVE),
    "special.eval_legendre": (
        lambda x: special.eval_legendre(3, x),
        lambda x: (15 * x * x - 3) / 2,
        ANY,
    ),
    "np.sinc": (np.sinc, lambda x: (np.cos(np.pi * x) - np.sinc(x)) / x, ANY),
}
