"""For each function of the table mpmath's own, and the numbers at which both are asked, which are exact as floats."""

from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf

Row = tuple[Callable[..., Any], tuple[tuple[float, ...], ...]]

ANY = ((-1.375,), (0.625,), (2.75,))
ABOVE = ((0.1875,), (0.8125,), (3.5,))
UNIT = ((0.1875,), (0.53125,), (0.9375,))
INNER = ((-0.71875,), (0.34375,))
BEYOND = ((1.1875,), (3.5,))
PAIRS = ((1.375, 0.5625), (0.3125, 2.25))
SIGNED = ((1.375, -0.5625), (-2.3125, 0.75), (0.5, 1.25))
ORDERS = ((2.0, 0.8125), (1.5, 2.25))
UNDER = ((0.3125, 0.5), (1.0625, 0.71875))


def stepped(step: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """What is left of a division by whole numbers of the second."""
    return lambda a, b: a - step(a / b) * b


def truncated(x: Any) -> Any:
    return mp.floor(x) if x >= 0 else mp.ceil(x)


def huber(d: Any, r: Any) -> Any:
    return r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2)


def spherical(kind: Callable[..., Any]) -> Callable[..., Any]:
    return lambda n, x: mp.sqrt(mp.pi / (2 * x)) * kind(n + mpf(0.5), x)


def normal_below(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


CASES: dict[str, Row] = {
    "exp": (mp.exp, ANY),
    "exp2": (lambda x: mpf(2) ** x, ANY),
    "exp10": (lambda x: mpf(10) ** x, ANY),
    "expm1": (mp.expm1, ANY),
    "log": (mp.log, ABOVE),
    "log2": (lambda x: mp.log(x, 2), ABOVE),
    "log10": (mp.log10, ABOVE),
    "log1p": (mp.log1p, ABOVE),
    "logaddexp": (lambda a, b: mp.log(mp.exp(a) + mp.exp(b)), SIGNED),
    "logaddexp2": (lambda a, b: mp.log(mpf(2) ** a + mpf(2) ** b, 2), SIGNED),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), ANY),
    "log_sigmoid": (lambda x: -mp.log1p(mp.exp(-x)), ANY),
    "logit": (lambda x: mp.log(x / (1 - x)), UNIT),
    "xlogy": (lambda x, y: x * mp.log(y), PAIRS),
    "xlog1py": (lambda x, y: x * mp.log1p(y), PAIRS),
    "entr": (lambda x: -x * mp.log(x), ABOVE),
    "rel_entr": (lambda x, y: x * mp.log(x / y), PAIRS),
    "kl_div": (lambda x, y: x * mp.log(x / y) - x + y, PAIRS),
    "sqrt": (mp.sqrt, ABOVE),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), ABOVE),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), ANY),
    "square": (lambda x: x * x, ANY),
    "reciprocal": (lambda x: 1 / x, ANY),
    "pow": (mp.power, PAIRS),
    "hypot": (mp.hypot, SIGNED),
    "huber": (huber, ((0.5, 1.25), (1.5, -0.75))),
    "pseudo_huber": (lambda d, r: d**2 * (mp.sqrt(1 + (r / d) ** 2) - 1), ((0.5, 1.25), (1.5, -0.75))),
    "sin": (mp.sin, ANY),
    "cos": (mp.cos, ANY),
    "tan": (mp.tan, ANY),
    "asin": (mp.asin, INNER),
    "acos": (mp.acos, INNER),
    "atan": (mp.atan, ANY),
    "atan2": (mp.atan2, SIGNED),
    "sinh": (mp.sinh, ANY),
    "cosh": (mp.cosh, ANY),
    "tanh": (mp.tanh, ANY),
    "asinh": (mp.asinh, ANY),
    "acosh": (mp.acosh, BEYOND),
    "atanh": (mp.atanh, INNER),
    "sinc": (lambda x: mp.sincpi(x), ANY),
    "deg2rad": (mp.radians, ANY),
    "rad2deg": (mp.degrees, ANY),
    "cosm1": (lambda x: mp.cos(x) - 1, ANY),
    "floor": (mp.floor, ANY),
    "ceil": (mp.ceil, ANY),
    "trunc": (truncated, ANY),
    "round": (mp.nint, (*ANY, (2.5,), (3.5,), (-0.5,))),
    "sign": (mp.sign, ANY),
    "heaviside": (lambda x, h: mpf(1) if x > 0 else mpf(0), SIGNED),
    "floor_divide": (lambda a, b: mp.floor(a / b), SIGNED),
    "remainder": (stepped(mp.floor), SIGNED),
    "fmod": (stepped(truncated), SIGNED),
    "conj": (mp.conj, ANY),
    "abs": (abs, ANY),
    "copysign": (lambda a, b: abs(a) * mp.sign(b), SIGNED),
    **dict.fromkeys(("maximum", "fmax"), (max, SIGNED)),
    **dict.fromkeys(("minimum", "fmin"), (min, SIGNED)),
    "erf": (mp.erf, ANY),
    "erfc": (mp.erfc, ANY),
    "erfinv": (mp.erfinv, INNER),
    "erfcinv": (lambda x: mp.erfinv(1 - x), UNIT),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), ANY),
    "erfi": (mp.erfi, ANY),
    "dawsn": (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), ANY),
    "ndtr": (normal_below, ANY),
    "log_ndtr": (lambda x: mp.log(normal_below(x)), ANY),
    "ndtri": (lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), UNIT),
    "exprel": (lambda x: mp.expm1(x) / x, ANY),
    "expn": (mp.expint, ((2.0, 0.8125), (3.0, 2.25))),
    "exp1": (mp.e1, ABOVE),
    "expi": (mp.ei, ABOVE),
    "si": (mp.si, ANY),
    "ci": (mp.ci, ABOVE),
    "shi": (mp.shi, ANY),
    "chi": (mp.chi, ABOVE),
    "fresnel_s": (mp.fresnels, ANY),
    "fresnel_c": (mp.fresnelc, ANY),
    "gamma": (mp.gamma, ANY),
    "lgamma": (lambda x: mp.log(abs(mp.gamma(x))), ANY),
    "loggamma": (mp.loggamma, ABOVE),
    "digamma": (mp.digamma, ANY),
    "polygamma": (lambda n, x: mp.polygamma(int(n), x), ((0.0, 0.625), (1.0, 0.8125), (2.0, -1.375), (3.0, 2.25))),
    "rgamma": (mp.rgamma, ANY),
    "beta": (mp.beta, PAIRS),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), PAIRS),
    "poch": (mp.rf, PAIRS),
    "binom": (mp.binomial, ((2.5, 1.25), (5.0, 2.0))),
    "igamma": (lambda a, x: mp.gammainc(a, 0, x, regularized=True), PAIRS),
    "igammac": (lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), PAIRS),
    "betainc": (lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), ((1.5, 2.25, 0.375),)),
    "betaincc": (lambda a, b, x: mp.betainc(a, b, x, 1, regularized=True), ((1.5, 2.25, 0.375),)),
    "zeta": (lambda s, a: mp.zeta(s, a), ((2.5, 1.375), (3.0, 0.625))),
    "powm1": (mp.powm1, PAIRS),
    "boxcox": (lambda v, p: (v**p - 1) / p, PAIRS),
    "boxcox1p": (lambda v, p: ((1 + v) ** p - 1) / p, PAIRS),
    "inv_boxcox": (lambda v, p: (1 + p * v) ** (1 / p), PAIRS),
    "inv_boxcox1p": (lambda v, p: (1 + p * v) ** (1 / p) - 1, PAIRS),
    "i0": (lambda x: mp.besseli(0, x), ANY),
    "i1": (lambda x: mp.besseli(1, x), ANY),
    "iv": (mp.besseli, ORDERS),
    "i0e": (lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), ANY),
    "i1e": (lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), ANY),
    "ive": (lambda n, x: mp.besseli(n, x) * mp.exp(-abs(x)), ORDERS),
    "j0": (lambda x: mp.besselj(0, x), ANY),
    "j1": (lambda x: mp.besselj(1, x), ANY),
    "jv": (mp.besselj, ORDERS),
    "y0": (lambda x: mp.bessely(0, x), ABOVE),
    "y1": (lambda x: mp.bessely(1, x), ABOVE),
    "yv": (mp.bessely, ORDERS),
    "k0": (lambda x: mp.besselk(0, x), ABOVE),
    "k1": (lambda x: mp.besselk(1, x), ABOVE),
    "kv": (mp.besselk, ORDERS),
    "k0e": (lambda x: mp.besselk(0, x) * mp.exp(x), ABOVE),
    "k1e": (lambda x: mp.besselk(1, x) * mp.exp(x), ABOVE),
    "kve": (lambda n, x: mp.besselk(n, x) * mp.exp(x), ORDERS),
    "spherical_jn": (spherical(mp.besselj), ((2.0, 0.8125), (1.0, 2.25))),
    "spherical_yn": (spherical(mp.bessely), ((2.0, 0.8125), (1.0, 2.25))),
    "spherical_in": (spherical(mp.besseli), ((2.0, 0.8125), (1.0, 2.25))),
    "spherical_kn": (spherical(mp.besselk), ((2.0, 0.8125), (1.0, 2.25))),
    "airy_ai": (mp.airyai, ANY),
    "airy_ai_slope": (lambda x: mp.airyai(x, derivative=1), ANY),
    "airy_bi": (mp.airybi, ANY),
    "airy_bi_slope": (lambda x: mp.airybi(x, derivative=1), ANY),
    "ellipk": (mp.ellipk, UNIT),
    "ellipkm1": (lambda p: mp.ellipk(1 - p), UNIT),
    "ellipe": (mp.ellipe, UNIT),
    "ellipkinc": (mp.ellipf, UNDER),
    "ellipeinc": (mp.ellipe, UNDER),
    "agm": (mp.agm, PAIRS),
    "wrightomega": (lambda x: mp.lambertw(mp.exp(x)), ANY),
    "hyp0f1": (mp.hyp0f1, PAIRS),
    "hyp1f1": (mp.hyp1f1, ((1.5, 2.25, 0.375),)),
    "hyperu": (mp.hyperu, ((1.5, 2.25, 0.375),)),
    "hyp2f1": (mp.hyp2f1, ((1.5, 0.75, 2.25, 0.375),)),
    "eval_legendre": (lambda n, x: mp.legendre(n, x), ((3.0, 0.375), (2.5, 0.625))),
    "eval_chebyt": (mp.chebyt, ((3.0, 0.375), (2.0, 0.625))),
    "eval_chebyu": (mp.chebyu, ((3.0, 0.375), (2.0, 0.625))),
    "eval_hermite": (lambda n, x: mp.hermite(n, x), ((3.0, 0.375), (2.0, 0.625))),
    "eval_laguerre": (lambda n, x: mp.laguerre(n, 0, x), ((3.0, 0.375), (2.0, 0.625))),
}
