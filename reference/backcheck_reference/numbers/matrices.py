"""Matrices of exact numbers: solving, and the factorisations that are made of the four operations and roots.

Each function takes and gives object arrays of two axes. Where a factor has a sign to choose, LAPACK's choice is taken
from a float64 run at the middles, so that the exact function is the one that NumPy computes.
"""

import functools
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.complex_balls import CONJUGATE, is_complex
from backcheck_reference.numbers.exact import NO_EXACT, lift, middles, pack, to_float
from backcheck_reference.numbers.scalar_functions import FLOAT_BITS, number

# An entry of this part of the largest does not choose a sign. The steps of differences are shorter.
NO_ENTRY = 2.0**-60


def as_matrix(a: np.ndarray) -> Any:
    kind = flint.acb_mat if is_complex(a) else flint.arb_mat
    return kind([[number(each) for each in row] for row in a.tolist()])


def as_array(matrix: Any) -> np.ndarray:
    return pack((matrix.nrows(), matrix.ncols()), matrix.entries())


def invertible(function: Any) -> Any:
    """A function of matrices that raises NumPy's error where one is singular."""

    @functools.wraps(function)
    def checked(*matrices: Any, **options: Any) -> Any:
        try:
            return function(*matrices, **options)
        except ZeroDivisionError as error:
            raise np.linalg.LinAlgError("Singular matrix") from error

    return checked


@invertible
def inverse(a: np.ndarray) -> np.ndarray:
    return as_array(as_matrix(a).inv())


@invertible
def solve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    left, right = as_matrix(a), as_matrix(b)
    if isinstance(left, flint.arb_mat) and isinstance(right, flint.acb_mat):
        left = flint.acb_mat(left)
    return as_array(left.solve(right))


def determinant(a: np.ndarray) -> np.ndarray:
    return pack((), [as_matrix(a).det() if a.size else flint.arb(1)]).view(np.ndarray)


def exponential(a: np.ndarray) -> np.ndarray:
    return as_array(as_matrix(rounded(a)).exp())


def reach_of(a: np.ndarray) -> Any:
    """How far all entries of a matrix together may be from their middles: the root of the sum of squares."""
    sizes = [abs(each) for each in a.ravel().tolist()]
    reach = sum((each.rad() ** 2 for each in sizes), flint.arb(0))
    if flint.ctx.prec < FLOAT_BITS:
        reach = reach + sum((each.mid() ** 2 for each in sizes), flint.arb(0)) * flint.arb(2) ** (-2 * flint.ctx.prec)
    return flint.arb(reach.nonnegative_part().sqrt().upper())


def rounded(a: np.ndarray) -> np.ndarray:
    """A matrix as a method that is stable by norms sees it: each entry is known to a rounding of all of them."""
    if flint.ctx.prec >= FLOAT_BITS:
        return a
    unsure = flint.arb(0, reach_of(middles(a)))
    return np.asarray(a + (flint.acb(unsure, unsure) if is_complex(a) else unsure))


def mirrored(a: np.ndarray, lower: bool = True) -> np.ndarray:
    """The symmetric matrix with one triangle of this one: LAPACK does not look at the other."""
    keep = np.tri(len(a), dtype=bool)
    return np.where(keep if lower else keep.T, a, a.T)


def cholesky(a: np.ndarray) -> np.ndarray:
    """L with a positive diagonal, a = L L^T. Raises LinAlgError where a is not positive definite."""
    real(a, "the Cholesky factor")
    n = len(a)
    low = np.full((n, n), flint.arb(0), dtype=object)
    for j in range(n):
        square = a[j, j] - sum((each * each for each in low[j, :j]), flint.arb(0))
        if not square.mid() > 0:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        low[j, j] = square.sqrt()
        for i in range(j + 1, n):
            low[i, j] = (a[i, j] - np.dot(low[i, :j], low[j, :j])) / low[j, j] if j else a[i, j] / low[j, j]
    return low


def solve_triangular(a: np.ndarray, b: np.ndarray, lower: bool, unit: bool = False) -> np.ndarray:
    """x with a x = b, of one triangle of a."""
    n = len(a)
    x = np.array(b, dtype=object)
    for i in range(n) if lower else reversed(range(n)):
        for j in range(i) if lower else range(i + 1, n):
            x[i] = x[i] - a[i, j] * x[j]
        if not unit:
            if a[i, i] == 0:
                raise np.linalg.LinAlgError(f"singular matrix: resolution failed at diagonal {i}")
            x[i] = x[i] / a[i, i]
    return x


def qr(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The reduced factors, by the method of Gram and Schmidt; the signs on the diagonal of R are LAPACK's."""
    real(a, "a QR factor")
    k = min(a.shape)
    signs = np.copysign(1.0, np.diagonal(np.linalg.qr(floats(a))[1])).tolist()
    a = rounded(a)  # Householder's reflections are stable by norms, and not entry by entry
    q = np.array(a[:, :k], dtype=object)
    for j in range(k):
        for i in range(j):
            q[:, j] = q[:, j] - np.dot(q[:, i], q[:, j]) * q[:, i]
        length = np.dot(q[:, j], q[:, j]).sqrt()
        if length.contains(0):
            raise Unavailable(f"{NO_EXACT}the QR factors of dependent columns")
        q[:, j] = q[:, j] * int(signs[j]) / length
    r = np.dot(q.T, a)
    return q, np.where(np.tri(r.shape[0], r.shape[1], -1, dtype=bool), flint.arb(0), r)


def reflections(a: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """The first columns of H1 H2 ..., Hi = I - tau_i v_i v_i^H, with v_i below the unit diagonal of a."""
    rows, count = a.shape
    found = lift(np.eye(rows, count))
    for k in reversed(range(taus.size)):
        v = np.where(np.arange(rows) > k, a[:, k], lift(np.eye(rows)[k]))
        found = found - taus.ravel()[k] * np.multiply.outer(v, np.dot(CONJUGATE(v), found))
    return np.asarray(found)


def lu(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both factors in one matrix, and the row that each row was exchanged with, as LAPACK has them."""
    a = np.array(a, dtype=object)
    exchanged: np.ndarray = np.arange(min(a.shape))
    for k in range(len(exchanged)):
        best = k + int(np.argmax(abs(to_float(np.vectorize(abs, otypes=[object])(a[k:, k])))))
        exchanged[k] = best
        a[[k, best]] = a[[best, k]]
        if a[k, k] == 0:
            raise np.linalg.LinAlgError("Singular matrix")
        for i in range(k + 1, len(a)):
            a[i, k] = a[i, k] / a[k, k]
            a[i, k + 1 :] = a[i, k + 1 :] - a[i, k] * a[k, k + 1 :]
    return a, exchanged


def permuted(exchanged: np.ndarray, count: int) -> np.ndarray:
    """The order of the rows after the exchanges of `lu`."""
    order = np.arange(count)
    for k, other in enumerate(exchanged):
        order[[k, other]] = order[[other, k]]
    return order


def floats(a: np.ndarray) -> np.ndarray:
    """The matrix as a float64 run of the code sees it, also a step of a difference away."""
    found = to_float(a)
    found[abs(found) < NO_ENTRY * abs(found).max(initial=0.0)] = 0.0
    return found


def pseudo_inverse(a: np.ndarray) -> np.ndarray:
    """That of a matrix of full rank. Raises Unavailable for another, whose is no continuous function of it."""
    real(a, "a pseudo-inverse")
    if np.linalg.matrix_rank(floats(a)) < min(a.shape):
        raise Unavailable(f"{NO_EXACT}the pseudo-inverse of a matrix that has not its full rank")
    if a.shape[0] < a.shape[1]:
        return pseudo_inverse(np.array(a.T)).T
    found: np.ndarray = solve(np.dot(a.T, a), np.array(a.T))
    return found


def real(a: np.ndarray, what: str) -> None:
    if is_complex(a):
        raise Unavailable(f"{NO_EXACT}{what} of a complex matrix")
