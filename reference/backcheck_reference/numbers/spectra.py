"""Eigenvalues, eigenvectors and singular values of exact matrices, with proved radii.

flint isolates the eigenvalues and vectors of the middles at more bits than are in force. What the radii of the entries
do to them is bounded by |E|, the spectral norm of any change of the matrix within the radii:

    eigenvalues of a symmetric matrix and singular values move by at most |E|                    (Weyl, 1912)
    eigenvectors of a symmetric matrix by at most 2^(3/2) |E| / gap to the other eigenvalues     (Yu, Wang and Samworth,
    singular vectors by at most 2^(3/2) (2 s1 + |E|) |E| / gap between the squares               Biometrika, 2015)

The sign of a vector is LAPACK's, taken from a float64 run at the middles.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.complex_balls import IMAG, REAL, is_complex
from backcheck_reference.numbers.exact import NO_EXACT, bits, middles, to_float
from backcheck_reference.numbers.matrices import as_array, as_matrix, floats, mirrored, reach_of, real, rounded

MORE = 64  # bits beyond those in force
ALIKE = 0.9  # the cosine of the angle between the vector of a float64 run and the exact one
EQUAL = f"{NO_EXACT}eigenvalues or singular values that are equal (or 0) have no vectors of their own"


def eigh(a: np.ndarray, lower: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues of the symmetric matrix with this triangle, in order, and its eigenvectors as columns."""
    real(a, "the eigenvectors")
    a = mirrored(a, lower)
    moved = reach_of(a)
    with bits(flint.ctx.prec + MORE):
        values, vectors = _symmetric(middles(a))
        reach = [_of_gap(moved, gap) for gap in _gaps(values)]
        signs = _signs(vectors, a, lambda matrix: np.linalg.eigh(matrix)[1])
    return _widened(values, moved), _widened(vectors * signs, reach)


def eigvalsh(a: np.ndarray, lower: bool = True) -> np.ndarray:
    real(a, "the eigenvalues")
    a = mirrored(a, lower)
    with bits(flint.ctx.prec + MORE):
        values = _eigenvalues(middles(a))
    return _widened(values, reach_of(a))


def svd(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The reduced factors u, s, vt."""
    real(a, "the singular vectors")
    if a.shape[0] < a.shape[1]:
        # of the transpose; the signs are those that LAPACK gives to this matrix
        u, s, v = _thin(a.T, lambda matrix: np.linalg.svd(matrix.T, full_matrices=False)[0])
        return v, s, u.T
    u, s, v = _thin(a, lambda matrix: np.linalg.svd(matrix, full_matrices=False)[2].T)
    return u, s, v.T


def svdvals(a: np.ndarray) -> np.ndarray:
    real(a, "the singular values")
    thin = a if a.shape[0] >= a.shape[1] else a.T
    with bits(2 * flint.ctx.prec + MORE):
        middle = middles(thin)
        squares = _eigenvalues(np.dot(middle.T, middle))[::-1]
        values = np.array([each.nonnegative_part().sqrt() for each in squares], dtype=object)
    return _widened(values, reach_of(a))


def eig(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues of any square matrix in LAPACK's order, and the eigenvectors as columns of length 1."""
    real(a, "the eigenvectors")
    near, columns = np.linalg.eig(floats(a))
    values, vectors = _isolated(rounded(a))
    order = _nearest(near, values)
    values, vectors = values[order], vectors[:, order]
    for k, column in enumerate(columns.T):
        largest = int(np.argmax(abs(column)))  # LAPACK makes it real in a complex vector
        turned = vectors[:, k] / vectors[largest, k]
        length = sum((each.real * each.real + each.imag * each.imag for each in turned), flint.arb(0)).sqrt()
        vectors[:, k] = turned / length * (1 if column[largest].real > 0 else -1)
    return (values, vectors) if np.iscomplexobj(near) else (np.asarray(REAL(values)), np.asarray(REAL(vectors)))


def eigvals(a: np.ndarray) -> np.ndarray:
    real(a, "the eigenvalues")
    near = np.linalg.eigvals(floats(a))
    values = _isolated(rounded(a))[0]
    values = values[_nearest(near, values)]
    return values if np.iscomplexobj(near) else np.asarray(REAL(values))


def of_eigenvalues(function: Callable[[Any], Any], a: np.ndarray) -> np.ndarray:
    """f(a) = R f(values) R^-1 for a function of complex numbers; real where nothing speaks against it."""
    values, vectors = _isolated(rounded(a))
    scaled = as_matrix(vectors * np.array([function(each) for each in values], dtype=object))
    found = as_array(scaled * as_matrix(vectors).inv())
    is_real = all(each.contains(0) for each in IMAG(found).ravel().tolist())
    return np.asarray(REAL(found)) if is_real and not is_complex(a) else found


def _thin(a: np.ndarray, of_floats: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """u, s and v of a matrix that has no more columns than rows. `of_floats` gives v as floats, for its signs."""
    moved, n = reach_of(a), a.shape[1]
    with bits(2 * flint.ctx.prec + MORE):  # the squares have twice the digits
        middle = middles(a)
        squares, vectors = _symmetric(np.dot(middle.T, middle))
        squares, v = squares[::-1], vectors[:, ::-1]
        if any(not each > 0 for each in squares):
            raise Unavailable(EQUAL)
        values = np.array([each.sqrt() for each in squares], dtype=object)
        u = np.dot(middle, v) / values
        # where there are more rows, u has the square 0 for a neighbour too
        others = np.append(squares, flint.arb(0)) if a.shape[0] > n else squares
        steep = moved * (2 * values[0] + moved)
        reach = [_of_gap(steep, gap) for gap in _gaps(others)[:n]]
        signs = _signs(v, a, of_floats)
    return _widened(u * signs, reach), _widened(values, moved), _widened(v * signs, reach)


def _gaps(values: np.ndarray) -> list[Any]:
    """The distance of each value to the nearest of the others."""
    found, numbers = [], values.tolist()
    for k, value in enumerate(numbers):
        away = [abs(value - other) for j, other in enumerate(numbers) if j != k]
        found.append(min(away, key=lambda each: each.mid()) if away else None)
    return found


def _of_gap(moved: Any, gap: Any) -> Any:
    if gap is None:  # a single value: its vector cannot turn
        return flint.arb(0)
    return flint.arb((flint.arb(8).sqrt() * moved / gap).abs_upper())


def _widened(numbers: np.ndarray, reach: Any) -> np.ndarray:
    """Numbers, or the columns of a matrix, with that much more radius."""
    unsure = [flint.arb(0, each) for each in reach] if isinstance(reach, list) else flint.arb(0, reach)
    return np.asarray(numbers + np.array(unsure, dtype=object))


def _symmetric(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues in order, and vectors of length 1, as real numbers."""
    values, vectors = _isolated(a)
    for k in range(len(values)):
        largest = int(np.argmax([float(abs(each.mid())) for each in vectors[:, k]]))
        turned = REAL(vectors[:, k] / vectors[largest, k])
        vectors[:, k] = turned / np.dot(turned, turned).sqrt()
    middle = [each.real.mid() for each in values.tolist()]
    order = sorted(range(len(middle)), key=middle.__getitem__)
    return np.asarray(REAL(values[order])), vectors[:, order]


def _isolated(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    try:
        values, vectors = as_matrix(a).eig(right=True)
    except ValueError as error:
        raise Unavailable(EQUAL) from error
    return np.array(values, dtype=object), as_array(vectors)


def _eigenvalues(a: np.ndarray) -> np.ndarray:
    """Those of a symmetric matrix in order, equal ones too."""
    found = [each.real for each in as_matrix(a).eig(multiple=True)]
    return np.array(sorted(found, key=lambda each: each.mid()), dtype=object)


def _nearest(near: np.ndarray, values: np.ndarray) -> list[int]:
    """Which of the exact eigenvalues each of a float64 run is."""
    middle = np.array([complex(float(each.real.mid()), float(each.imag.mid())) for each in values])
    order = [int(np.argmin(abs(middle - each))) for each in near]
    if len(set(order)) != len(order):
        raise Unavailable(EQUAL)
    return order


def _signs(vectors: np.ndarray, a: np.ndarray, of_floats: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The signs with which the columns point where those of a float run do, of float64 and maybe of float32."""
    found = _signs_at(vectors, of_floats(floats(a)))
    single = floats(a).astype(np.float32)
    if np.array_equal(single, floats(a)) and not np.array_equal(_signs_at(vectors, of_floats(single)), found):
        raise Unavailable(f"{NO_EXACT}LAPACK gives the vectors other signs in float32 than in float64")
    return found


def _signs_at(vectors: np.ndarray, near: np.ndarray) -> np.ndarray:
    along = (to_float(vectors) * near).sum(0)
    if not np.all(abs(along) > ALIKE):
        raise Unavailable(EQUAL)
    return np.where(along > 0, 1, -1).astype(object)
