"""Bessel and Airy functions: DLMF 9 and 10. No derivative by the order is kept.

Balls of a float's few bits are widened by what SciPy's answer may be off, see `scalar_functions.off`.
"""

from collections.abc import Mapping
from typing import Any

from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.scalars.definition import UNKNOWN, USUAL, Definition, Formula, sign


def _j(order: Any, value: Any) -> Any:
    return value.bessel_j(order)


def _y(order: Any, value: Any) -> Any:
    return value.bessel_y(order)


def _i(order: Any, value: Any) -> Any:
    if value < 0 and order.is_integer():
        found = (-value).bessel_i(order)
        return found if (order / 2).is_integer() else -found
    return value.bessel_i(order)


def _scaled_i(order: Any, value: Any) -> Any:
    return _i(order, value) * (-abs(value)).exp()


def _k(order: Any, value: Any) -> Any:
    return value.bessel_k(order)


def _scaled_k(order: Any, value: Any) -> Any:
    return value.bessel_k(order, scaled=True)


def _between(function: Formula, before: float, after: float) -> Formula:
    """Half the sum of both neighbours with these signs: every Bessel function's derivative (DLMF 10.6, 10.29)."""
    return lambda n, x, y: (before * function(n - 1, x) + after * function(n + 1, x)) / 2


# of each kind: its value, its derivative, and the size of its values beside their zeros
_of_i = _between(_i, 1, 1)
_of_scaled_k = _between(_scaled_k, -1, -1)
KINDS: Mapping[str, tuple[Formula, Formula, int]] = {
    "j": (_j, _between(_j, 1, -1), 1),
    "y": (_y, _between(_y, 1, -1), 1),
    "i": (_i, _of_i, 0),
    "ie": (_scaled_i, lambda n, x, y: _of_i(n, x, y) * (-abs(x)).exp() - sign(x) * y, 0),
    "k": (_k, _between(_k, -1, -1), 0),
    "ke": (_scaled_k, lambda n, x, y: _of_scaled_k(n, x, y) + y, 0),
}


def _of_any_order(kind: str, *numpy: Any) -> Definition:
    value, slope, size = KINDS[kind]
    return Definition(value, (UNKNOWN, slope), numpy, kinks="0 unless the order is whole", off=USUAL, size=size)


def _of_order(order: int, kind: str, *numpy: Any, aten: tuple[str, ...] = (), jax: tuple[str, ...] = ()) -> Definition:
    value, slope, size = KINDS[kind]
    return Definition(
        lambda v: value(flint.arb(order), v),
        (lambda x, y: slope(flint.arb(order), x, y),),
        numpy,
        aten,
        jax,
        "0" if (order, kind) == (0, "ie") else "",
        off=USUAL,
        size=size,
    )


def _spherical(kind: str) -> Formula:
    value = KINDS[kind][0]
    return lambda n, x: (flint.arb.pi() / (2 * x)).sqrt() * value(n + flint.arb(0.5), x)


def _of_sphere(kind: str, next_sign: int) -> Definition:
    """n / x times itself, and the next one with a sign (DLMF 10.51)."""
    value = _spherical(kind)
    return Definition(value, (UNKNOWN, lambda n, x, y: n / x * y + next_sign * value(n + 1, x)))


BESSELS: Mapping[str, Definition] = {
    "i0": _of_order(0, "i", special.i0, aten=("i0", "special_i0", "bessel_i0", "special_modified_bessel_i0")),
    "i1": _of_order(1, "i", special.i1, aten=("special_i1", "bessel_i1", "special_modified_bessel_i1")),
    "iv": _of_any_order("i", special.iv),
    "i0e": _of_order(0, "ie", special.i0e, aten=("special_i0e", "bessel_i0e"), jax=("bessel_i0e",)),
    "i1e": _of_order(1, "ie", special.i1e, aten=("special_i1e", "bessel_i1e"), jax=("bessel_i1e",)),
    "ive": _of_any_order("ie", special.ive),
    "j0": _of_order(0, "j", special.j0, aten=("special_bessel_j0", "bessel_j0")),
    "j1": _of_order(1, "j", special.j1, aten=("special_bessel_j1", "bessel_j1")),
    "jv": _of_any_order("j", special.jv),
    "y0": _of_order(0, "y", special.y0, aten=("special_bessel_y0",)),
    "y1": _of_order(1, "y", special.y1, aten=("special_bessel_y1",)),
    "yv": _of_any_order("y", special.yv, special.yn),
    "k0": _of_order(0, "k", special.k0, aten=("special_modified_bessel_k0",)),
    "k1": _of_order(1, "k", special.k1, aten=("special_modified_bessel_k1",)),
    "kv": _of_any_order("k", special.kv, special.kn),
    "k0e": _of_order(0, "ke", special.k0e, aten=("special_scaled_modified_bessel_k0",)),
    "k1e": _of_order(1, "ke", special.k1e, aten=("special_scaled_modified_bessel_k1",)),
    "kve": _of_any_order("ke", special.kve),
    "spherical_jn": _of_sphere("j", -1),
    "spherical_yn": _of_sphere("y", -1),
    "spherical_in": _of_sphere("i", 1),
    "spherical_kn": _of_sphere("k", -1),
    "airy_ai": Definition(
        lambda v: v.airy_ai(), (lambda x, y: x.airy_ai(derivative=1),), aten=("special_airy_ai",), off=USUAL, size=1
    ),
    "airy_ai_slope": Definition(lambda v: v.airy_ai(derivative=1), (lambda x, y: x * x.airy_ai(),), off=USUAL, size=1),
    "airy_bi": Definition(lambda v: v.airy_bi(), (lambda x, y: x.airy_bi(derivative=1),), off=USUAL, size=1),
    "airy_bi_slope": Definition(lambda v: v.airy_bi(derivative=1), (lambda x, y: x * x.airy_bi(),), off=USUAL, size=1),
}
