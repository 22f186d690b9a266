"""JAX's linear algebra and Fourier transforms on exact numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.shared import Array, Evaluation, balls
from backcheck_reference.frontends.stacks import over_matrices
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import fourier, matrices, spectra
from backcheck_reference.numbers.complex_balls import CONJUGATE
from backcheck_reference.numbers.exact import lift

WHY = "exact arithmetic is not available for this function"


def _factors(a: Array, **_: Any) -> tuple[Array, ...]:
    """Both factors in one matrix, the exchanged rows, and the order of the rows after the exchanges."""

    def one(matrix: Array) -> tuple[Array, Array, Array]:
        both, exchanged = matrices.lu(matrix)
        order = matrices.permuted(exchanged, len(matrix))
        return both, exchanged.astype(np.int32), order.astype(np.int32)

    found: tuple[Array, ...] = over_matrices(one, balls(a))
    return found


def _qr(a: Array, *, full_matrices: bool = False, pivoting: bool = False, **_: Any) -> tuple[Array, ...]:
    rows, columns = a.shape[-2:]
    if pivoting or (full_matrices and rows > columns):
        raise Unavailable(f"{WHY}: QR factors with pivots, or more columns of Q than the matrix has")
    found: tuple[Array, ...] = over_matrices(matrices.qr, balls(a))
    return found


def _svd(a: Array, *, full_matrices: bool, compute_uv: bool, **_: Any) -> tuple[Array, ...]:
    rows, columns = a.shape[-2:]
    if not compute_uv:
        return (over_matrices(spectra.svdvals, balls(a)),)
    if full_matrices and rows != columns:
        raise Unavailable(f"{WHY}: vectors that belong to no singular value are LAPACK's choice (full_matrices=False)")
    u, s, vt = over_matrices(spectra.svd, balls(a))
    return s, u, vt


def _eigh(a: Array, *, lower: bool = True, **_: Any) -> tuple[Array, ...]:
    values, vectors = over_matrices(lambda each: spectra.eigh(each, lower), balls(a))
    return vectors, values


def _eig(a: Array, *, compute_left_eigenvectors: bool, compute_right_eigenvectors: bool, **_: Any) -> tuple[Array, ...]:
    if compute_left_eigenvectors:
        raise Unavailable(f"{WHY}: left eigenvectors")
    if not compute_right_eigenvectors:
        return (over_matrices(spectra.eigvals, balls(a)),)
    found: tuple[Array, ...] = over_matrices(spectra.eig, balls(a))
    return found


def _turned(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def _triangular(
    a: Array,
    b: Array,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
    **_: Any,
) -> Array:
    a, b = balls(a), balls(b)
    if conjugate_a:
        a = np.asanyarray(CONJUGATE(a))
    if transpose_a:
        a, lower = _turned(a), not lower
    if not left_side:
        a, b, lower = _turned(a), _turned(b), not lower
    found: Array = over_matrices(lambda m, n: matrices.solve_triangular(m, n, lower, unit_diagonal), a, b)
    return found if left_side else _turned(found)


def _tridiagonal(below: Array, diagonal: Array, above: Array, b: Array, **_: Any) -> Array:
    n = diagonal.shape[-1]
    rows = np.arange(n)

    def one(low: Array, middle: Array, high: Array, right: Array) -> Array:
        whole = lift(np.zeros((n, n)))
        whole[rows, rows] = middle.ravel()
        whole[rows[1:], rows[:-1]] = low.ravel()[1:]
        whole[rows[:-1], rows[1:]] = high.ravel()[:-1]
        solved: Array = matrices.solve(whole, right)
        return solved

    bands = [balls(each)[..., None] for each in (below, diagonal, above)]
    found: Array = over_matrices(one, *bands, balls(b))
    return found


def _cholesky(a: Array, **_: Any) -> Array:
    found: Array = over_matrices(matrices.cholesky, balls(a))
    return found


def _fft(x: Array, *, fft_type: Any, fft_lengths: Sequence[int], **_: Any) -> Array:
    """Over the last axes; the real ones last of them, forth first and back last."""
    kind, axes = getattr(fft_type, "name", str(fft_type)), list(range(-len(fft_lengths), 0))
    found = np.asarray(balls(x)).view(np.ndarray)
    if kind == "RFFT":
        found, axes = fourier.rfft(found, fft_lengths[-1], -1), axes[:-1]
    for axis in axes[:-1] if kind == "IRFFT" else axes:
        found = (fourier.fft if kind in ("FFT", "RFFT") else fourier.ifft)(found, axis=axis)
    return fourier.irfft(found, fft_lengths[-1], -1) if kind == "IRFFT" else found


def _reflections(a: Array, taus: Array, **_: Any) -> Array:
    found: Array = over_matrices(matrices.reflections, balls(a), balls(taus)[..., None])
    return found


_pair = np.frompyfunc(lambda a, b: flint.acb(a, b), 2, 1)

LINEAR_ALGEBRA: Mapping[str, Evaluation] = {
    "lu": _factors,
    "lu_pivots_to_permutation": lambda pivots, *, permutation_size: np.apply_along_axis(
        matrices.permuted, -1, pivots, permutation_size
    ),
    "qr": _qr,
    "svd": _svd,
    "eigh": _eigh,
    "eig": _eig,
    "cholesky": _cholesky,
    "triangular_solve": _triangular,
    "tridiagonal_solve": _tridiagonal,
    "householder_product": _reflections,
    "fft": _fft,
    "complex": lambda a, b: _pair(balls(a), balls(b)),
}
