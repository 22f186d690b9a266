"""PyTorch's linear algebra on exact numbers: solving, factorisations, and what is made of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.stacks import over_matrices
from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank, unavailable
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import matrices, spectra
from backcheck_reference.numbers.complex_balls import CONJUGATE, is_complex
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.literals import lift

NAN = float("nan")


def _fine(a: Array) -> Array:
    """LAPACK's word for each matrix that nothing went wrong."""
    return np.zeros(a.shape[:-2], np.int32)


def _turned(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def _adjoint(a: Array) -> Array:
    return np.asanyarray(CONJUGATE(_turned(a))) if is_complex(a) else _turned(a)


def _inverse(a: Array, check_errors: bool = False) -> tuple[Array, Array]:
    return over_matrices(matrices.inverse, lift(a)), _fine(a)


def _factors(a: Array) -> tuple[Array, Array]:
    """Both factors in one matrix and the exchanged rows, counted from 1; no numbers where a matrix is singular."""

    def one(matrix: Array) -> tuple[Array, Array]:
        try:
            both, exchanged = matrices.lu(matrix)
        except np.linalg.LinAlgError:
            both, exchanged = blank(matrix.shape, fill=NAN), np.arange(min(matrix.shape))
        return both, (exchanged + 1).astype(np.int32)

    both, pivots = over_matrices(one, lift(a))
    return both, pivots


def _factors_as_kept(a: Array) -> tuple[Array, Array]:
    """Those that PyTorch keeps for the backward: of the transpose where a real matrix lies in memory row by row."""
    return _factors(_turned(lift(a)) if a.flags.c_contiguous and not is_complex(a) else a)


def _solve(a: Array, b: Array, left: bool = True, check_errors: bool = False) -> tuple[Array, ...]:
    a, b = lift(a), lift(b)
    is_vector = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    columns = b[..., None] if is_vector else b
    found = _solved(a, columns, left)
    return found[..., 0] if is_vector else found, *_factors(a), _fine(a)


def _solved(a: Array, b: Array, left: bool) -> Array:
    found: Array = over_matrices(matrices.solve, a, b) if left else _turned(_solved(_turned(a), _turned(b), True))
    return found


def _determinant(a: Array) -> tuple[Array, ...]:
    return over_matrices(matrices.determinant, lift(a)), *_factors_as_kept(a)


def _sign_and_logarithm(a: Array) -> tuple[Array, ...]:
    def one(matrix: Array) -> tuple[Array, Array]:
        value = matrices.determinant(matrix).item()
        size = abs(value)
        sign = value / size if type(value) is flint.acb else flint.arb(0) if value == 0 else value.sgn()
        return pack((), [sign]), pack((), [flint.arb("-inf") if size == 0 else size.log()])

    return *over_matrices(one, lift(a)), *_factors_as_kept(a)


def _symmetric(a: Array, lower: bool = True) -> Array:
    """The matrix that LAPACK sees when it looks at one triangle.

    PyTorch's gradient, and everybody's, is that of (a + a^T) / 2, which is the same function of symmetric matrices. So
    that is what is differentiated at one; the steps of differences are below the width that is asked for here.
    """

    def one(matrix: Array) -> Array:
        matrices.real(matrix, "a factor")
        near = matrices.floats(matrix)
        if abs(near - near.T).max(initial=0.0) <= 2.0**-50 * abs(near).max(initial=0.0):
            mean: Array = (matrix + matrix.T) / 2
            return mean
        return matrices.mirrored(matrix, lower)

    found: Array = over_matrices(one, lift(a))
    return found


def _cholesky(a: Array, upper: bool = False, check_errors: bool = False) -> tuple[Array, Array]:
    low = over_matrices(matrices.cholesky, _symmetric(a, not upper))
    return _turned(low) if upper else low, _fine(a)


def _triangular(a: Array, b: Array, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    a, b = lift(a), lift(b)
    if not left:
        return _turned(_triangular(_turned(a), _turned(b), not upper, True, unitriangular))
    found: Array = over_matrices(lambda m, n: matrices.solve_triangular(m, n, not upper, unitriangular), a, b)
    return found


def _old_triangular(
    b: Array, a: Array, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[Array, Array]:
    if transpose:
        return _triangular(_turned(a), b, not upper, True, unitriangular), lift(a).copy()
    return _triangular(a, b, upper, True, unitriangular), lift(a).copy()


def _by_cholesky(b: Array, factor: Array, upper: bool = False) -> Array:
    low = _turned(lift(factor)) if upper else lift(factor)
    return _triangular(_adjoint(low), _triangular(low, b, False), True)


def _inverse_by_cholesky(factor: Array, upper: bool = False) -> Array:
    return _by_cholesky(_identity_like(factor), factor, upper)


def _identity_like(a: Array) -> Array:
    return np.broadcast_to(lift(np.eye(a.shape[-1])), a.shape)


def _qr(a: Array, mode: str = "reduced") -> tuple[Array, Array]:
    rows, columns = a.shape[-2:]
    if mode == "complete" and rows > columns:
        raise unavailable("the columns of Q beyond those of the matrix are LAPACK's choice (mode='reduced' has none)")
    q, r = over_matrices(matrices.qr, lift(a))
    return (blank((0,), a), r) if mode == "r" else (q, r)


def _svd(a: Array, full_matrices: bool = False, compute_uv: bool = True, driver: Any = None) -> tuple[Array, ...]:
    rows, columns = a.shape[-2:]
    if not compute_uv:
        return blank((0,), a), over_matrices(spectra.svdvals, lift(a)), blank((0,), a)
    if full_matrices and rows != columns:
        raise unavailable("vectors that belong to no singular value are LAPACK's choice (full_matrices=False)")
    u, s, vt = over_matrices(spectra.svd, lift(a))
    return u, s, vt


def _eigh(a: Array, uplo: str = "L", compute_v: bool = True) -> tuple[Array, Array]:
    symmetric = _symmetric(a, uplo.upper() == "L")
    if not compute_v:
        return over_matrices(spectra.eigvalsh, symmetric), blank((0,), a)
    values, vectors = over_matrices(spectra.eigh, symmetric)
    return values, vectors


def _least_squares(a: Array, b: Array, rcond: Any = None, driver: Any = None) -> tuple[Array, ...]:
    a, b = lift(a), lift(b)
    matrices.real(a, "the least squares")
    found = np.matmul(over_matrices(matrices.pseudo_inverse, a), b)
    away = b - np.matmul(a, found)
    more = a.shape[-2] > a.shape[-1]
    squares = np.add.reduce(away * away, axis=-2) if more else blank((0,), a)
    rank = np.full(a.shape[:-2], min(a.shape[-2:]), np.int64)
    return found, squares, rank, blank((0,), a)


def _lu_factor(a: Array, pivot: bool = True, check_errors: bool = False) -> tuple[Array, Array, Array]:
    if not pivot:
        raise unavailable("an LU factorisation without pivots")
    return *_factors(a), _fine(a)


def _unpacked(both: Array, pivots: Array, unpack_data: bool = True, unpack_pivots: bool = True) -> tuple[Array, ...]:
    def one(factors: Array, exchanged: Array) -> tuple[Array, Array, Array]:
        rows, columns = factors.shape
        k = min(rows, columns)
        order = matrices.permuted(exchanged.ravel() - 1, rows)
        low = np.where(np.tri(rows, k, -1, dtype=bool), factors[:, :k], lift(np.eye(rows, k)))
        up = np.where(np.tri(k, columns, -1, dtype=bool), flint.arb(0), factors[:k])
        return lift(np.eye(rows)[order].T), low, up

    permutation, low, up = over_matrices(one, lift(both), pivots[..., None])
    return permutation, low, up


def _lu(a: Array, pivot: bool = True) -> tuple[Array, ...]:
    return _unpacked(*_lu_factor(a, pivot)[:2])


def _lu_solve(both: Array, pivots: Array, b: Array, left: bool = True, adjoint: bool = False) -> Array:
    permutation, low, up = _unpacked(both, pivots)
    a = np.matmul(permutation, np.matmul(low, up))
    return _solved(_adjoint(a) if adjoint else a, lift(b), left)


def _reflections(a: Array, tau: Array) -> Array:
    found: Array = over_matrices(matrices.reflections, lift(a), lift(tau)[..., None])
    return found


def _eigenvalues(a: Array) -> Array:
    found: Array = over_matrices(spectra.eigvals, lift(a))
    return found


LINEAR_ALGEBRA: Mapping[str, Operator] = {
    "linalg_inv_ex": _inverse,
    "_linalg_solve_ex": _solve,
    "_linalg_det": _determinant,
    "_linalg_slogdet": _sign_and_logarithm,
    "linalg_cholesky_ex": _cholesky,
    "cholesky_solve": _by_cholesky,
    "cholesky_inverse": _inverse_by_cholesky,
    "linalg_solve_triangular": _triangular,
    "triangular_solve": _old_triangular,
    "linalg_qr": _qr,
    "_linalg_svd": _svd,
    "_linalg_eigh": _eigh,
    "_linalg_eigvals": _eigenvalues,
    "linalg_eig": lambda a: over_matrices(spectra.eig, lift(a)),
    "linalg_pinv": lambda a, *_, **__: over_matrices(matrices.pseudo_inverse, lift(a)),
    "linalg_lstsq": _least_squares,
    "linalg_lu_factor_ex": _lu_factor,
    "linalg_lu": _lu,
    "lu_unpack": _unpacked,
    "linalg_lu_solve": _lu_solve,
    "linalg_matrix_exp": lambda a: over_matrices(matrices.exponential, lift(a)),
    "linalg_householder_product": _reflections,
}
