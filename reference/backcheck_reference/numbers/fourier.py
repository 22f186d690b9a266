"""Fourier transforms of arrays of exact numbers, as np.fft and scipy.fft have them.

    fft(a)[k] = sum_j a[j] exp(-2 pi i j k / n),   ifft(a)[j] = 1/n sum_k a[k] exp(+2 pi i j k / n)

A real transform keeps the first n // 2 + 1 of the outputs. Its inverse takes the other half to be their conjugates, so
it looks at the real part alone of the first number, and of the last one where n is even.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.complex_balls import CONJUGATE, REAL, complexly, is_complex
from backcheck_reference.numbers.exact import pack

Transform = Callable[..., np.ndarray]
FLOAT_BITS = 128  # balls of fewer bits stand for floats


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *_: Any, **__: Any) -> np.ndarray:
    return _along(_sized(a, n, axis), axis, norm, inverse=False)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *_: Any, **__: Any) -> np.ndarray:
    return _along(_sized(a, n, axis), axis, norm, inverse=True)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *_: Any, **__: Any) -> np.ndarray:
    whole = fft(REAL(a), n, axis, norm)
    return np.take(whole, range(whole.shape[axis] // 2 + 1), axis)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *_: Any, **__: Any) -> np.ndarray:
    n = 2 * (np.shape(a)[axis] - 1) if n is None else n
    half = np.moveaxis(complexly(_sized(a, n // 2 + 1, axis)), axis, -1).copy()
    for at in (0, -1) if n % 2 == 0 else (0,):
        half[..., at] = complexly(REAL(half[..., at]))
    whole = np.concatenate([half, CONJUGATE(half[..., 1 : (n + 1) // 2][..., ::-1])], -1)
    return np.asarray(REAL(ifft(np.moveaxis(whole, -1, axis), n, axis, norm)), dtype=object)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *_: Any, **__: Any) -> np.ndarray:
    return irfft(CONJUGATE(a), n, axis, OPPOSITE[norm])


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *_: Any, **__: Any) -> np.ndarray:
    return np.asarray(CONJUGATE(rfft(a, n, axis, OPPOSITE[norm])), dtype=object)


def dct(x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, **_: Any) -> np.ndarray:
    return _cosines(_sized(x, n, axis), type, axis, norm)


def idct(x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, **_: Any) -> np.ndarray:
    x = _sized(x, n, axis)
    back = _cosines(x, {2: 3, 3: 2}.get(type, type), axis, norm)
    return back if norm == "ortho" else back / (2 * x.shape[axis])


OPPOSITE = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


def _sized(a: np.ndarray, n: int | None, axis: int) -> np.ndarray:
    """The array cut to n entries along an axis, or filled up with zeros."""
    if n is None or n == a.shape[axis]:
        return a
    kept = np.moveaxis(a, axis, -1)[..., :n]
    room = np.full((*kept.shape[:-1], n - kept.shape[-1]), flint.arb(0), dtype=object)
    filled = np.concatenate([kept, complexly(room) if is_complex(a) else room], -1)
    return np.moveaxis(filled, -1, axis)


def _along(a: np.ndarray, axis: int, norm: str | None, *, inverse: bool) -> np.ndarray:
    rows = np.moveaxis(complexly(a), axis, -1)
    n = rows.shape[-1]
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    # that of flint divides by n where it is the inverse
    usual = "backward" if norm is None else norm
    scale = {"backward": flint.arb(1), "ortho": flint.arb(n).sqrt(), "forward": flint.arb(n)}[usual]
    found: list[Any] = []
    for row in rows.reshape(-1, n).tolist():
        found += _rounded(row, flint.acb.dft(row, inverse=inverse))
    whole = pack(rows.shape, found)
    return np.moveaxis(whole * scale if inverse else whole / scale, -1, axis)


def _rounded(row: list[Any], found: list[Any]) -> list[Any]:
    """A transform of floats adds up in some other order: by at most a rounding of the root of the sum of squares."""
    if flint.ctx.prec >= FLOAT_BITS:
        return found
    sizes = [abs(each) for each in row]  # a power of a ball around 0 is NaN to flint, and a product is not
    size = sum((each * each for each in sizes), flint.arb(0)).abs_upper().sqrt() / 2**flint.ctx.prec
    unsure = flint.acb(flint.arb(0, size), flint.arb(0, size))
    return [each + unsure for each in found]


def _cosines(x: np.ndarray, kind: int, axis: int, norm: str | None) -> np.ndarray:
    """The cosine transforms of type 2 and, with `kind` 3, of their transposes."""
    if kind not in (2, 3) or norm not in (None, "backward", "ortho"):
        raise Unavailable(f"exact arithmetic is not available for this code: a cosine transform of type {kind}, {norm}")
    n = x.shape[axis]
    pi = flint.arb.pi()
    table = pack((n, n), [2 * (pi * k * (2 * j + 1) / (2 * n)).cos() for k in range(n) for j in range(n)])
    if norm == "ortho":
        table = table * pack((n, 1), [(flint.arb(1) / (4 * n if k == 0 else 2 * n)).sqrt() for k in range(n)])
    elif kind == 3:
        table[0] = table[0] / 2
    matrix = table if kind == 2 else table.T
    product: np.ndarray = np.tensordot(x, matrix, axes=(axis, 1))
    return np.moveaxis(product, -1, axis)


def _over_axes(one: Transform, last: Transform | None = None, first: bool = False) -> Transform:
    """A transform along several axes: `one` along each, and along the last of them `last` (as the `first` of all)."""

    def over(a: Any, s: Sequence[int] | None = None, axes: Any = None, norm: Any = None, *_: Any, **__: Any) -> Any:
        if axes is None:
            axes = range(-len(s), 0) if s is not None else range(-a.ndim, 0)
        sizes = [None if s is None or s[at] in (None, -1) else s[at] for at in range(len(axes))]
        steps = [(each, size, one) for each, size in zip(axes, sizes, strict=True)]
        if last is not None:
            steps[-1] = (*steps[-1][:2], last)
        for axis, size, transform in reversed(steps) if first else steps:
            a = transform(a, size, axis, norm)
        return a

    return over


def _of_two(over: Transform) -> Transform:
    return lambda a, s=None, axes=(-2, -1), norm=None, *_, **__: over(a, s, axes, norm)


fftn, ifftn = _over_axes(fft), _over_axes(ifft)
rfftn, irfftn = _over_axes(fft, rfft, first=True), _over_axes(ifft, irfft)

# by the name that both modules have for them
TRANSFORMS: dict[str, Transform] = {
    **{each.__name__: each for each in (fft, ifft, rfft, irfft, hfft, ihfft)},
    "fftn": fftn,
    "ifftn": ifftn,
    "rfftn": rfftn,
    "irfftn": irfftn,
    "fft2": _of_two(fftn),
    "ifft2": _of_two(ifftn),
    "rfft2": _of_two(rfftn),
    "irfft2": _of_two(irfftn),
}
OF_SCIPY_ALONE: dict[str, Transform] = {"dct": dct, "idct": idct}
