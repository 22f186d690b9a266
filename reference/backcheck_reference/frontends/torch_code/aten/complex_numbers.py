"""PyTorch's complex numbers on exact ones: their parts, and the Fourier transforms.

An array of exact complex numbers holds `flint.acb`. What other operators do with them is written where they are, since
these numbers have the same methods as real ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import fourier
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.complex_balls import CONJUGATE, IMAG, REAL, complexly, is_complex
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.literals import lift, number
from backcheck_reference.numbers.scalar_functions import each

# what these give is real, or complex, whatever they are given
TO_REAL = frozenset(
    {"view_as_real", "abs", "angle", "real", "imag", "linalg_vector_norm", "norm", "_fft_c2r", "linalg_eigvalsh"}
    | {"_linalg_eigh", "_linalg_svd", "isnan", "isinf", "isfinite"}
)
TO_COMPLEX = frozenset({"view_as_complex", "complex", "polar", "_fft_r2c", "linalg_eig", "_linalg_eigvals"})

_pair = each(lambda a, b: flint.acb(a, b), 2)


def _angle(x: Any) -> Any:
    if type(x) is flint.acb:
        return flint.arb.atan2(x.imag, x.real)
    return flint.arb.pi() if x < 0 else flint.arb(0)


def _parts(x: Array) -> Array:
    return np.stack([np.asanyarray(REAL(x)), np.asanyarray(IMAG(x))], axis=-1)


def _transformed(x: Array, dim: Sequence[int], transform: Operator, normalization: int, count: int) -> Array:
    """One axis after the other without a factor, and then the factor: 1, by the root of the size, or by the size."""
    found = np.asarray(lift(x)).view(np.ndarray)
    for at, axis in enumerate(dim):
        found = transform(found, axis, at == len(dim) - 1)
    scale = {0: flint.arb(1), 1: 1 / flint.arb(count).sqrt(), 2: 1 / flint.arb(count)}[normalization]
    return watched(np.asarray(found * scale), x)


def _size(x: Array, dim: Sequence[int]) -> int:
    return int(np.prod([x.shape[axis] for axis in dim], dtype=int))


def _complex_to_complex(x: Array, dim: Sequence[int], normalization: int, forward: bool) -> Array:
    def one(a: Array, axis: int, _: bool) -> Array:
        return fourier.fft(a, axis=axis) if forward else fourier.ifft(a, axis=axis, norm="forward")

    return _transformed(x, dim, one, normalization, _size(x, dim))


def _real_to_complex(x: Array, dim: Sequence[int], normalization: int, onesided: bool) -> Array:
    def one(a: Array, axis: int, _: bool) -> Array:
        return fourier.rfft(a, axis=axis) if onesided and not is_complex(a) else fourier.fft(a, axis=axis)

    return _transformed(x, list(dim)[::-1], one, normalization, _size(x, dim))


def _complex_to_real(x: Array, dim: Sequence[int], normalization: int, last: int) -> Array:
    def one(a: Array, axis: int, is_last: bool) -> Array:
        if is_last:
            return fourier.irfft(a, last, axis, norm="forward")
        return fourier.ifft(a, axis=axis, norm="forward")

    return _transformed(complexly(lift(x)), dim, one, normalization, _size(x, dim[:-1]) * last)


def _polar(size: Array, angle: Array) -> Array:
    return np.asanyarray(_pair(lift(size) * np.cos(lift(angle)), lift(size) * np.sin(lift(angle))))


def _conjugate(x: Any) -> Array:
    if isinstance(x, complex):  # a number that stands in the code
        return pack((), [number(x.conjugate())])
    return watched(np.asanyarray(CONJUGATE(np.asarray(lift(x)).view(np.ndarray))), x)


COMPLEX_NUMBERS: Mapping[str, Operator] = {
    "view_as_real": _parts,
    "view_as_complex": lambda x: _pair(lift(x)[..., 0], lift(x)[..., 1]),
    "complex": lambda a, b: _pair(lift(a), lift(b)),
    "polar": _polar,
    "real": lambda x: REAL(lift(x)),
    "imag": lambda x: IMAG(lift(x)),
    "angle": lambda x: each(_angle)(lift(x)),
    **dict.fromkeys(("_conj", "_conj_physical", "conj_physical", "resolve_conj", "conj"), _conjugate),
    **dict.fromkeys(("resolve_neg",), lambda x: lift(x).copy()),
    "_fft_c2c": _complex_to_complex,
    "_fft_r2c": _real_to_complex,
    "_fft_c2r": _complex_to_real,
}
