"""np.linalg and scipy.linalg on exact arrays: their signatures, over stacks of matrices where NumPy has them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.values import bare, exactly, lifted
from backcheck_reference.frontends.stacks import over_matrices
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import matrices, spectra
from backcheck_reference.numbers.complex_balls import is_complex
from backcheck_reference.numbers.exact import NO_EXACT
from backcheck_reference.numbers.scalar_functions import LOOPS, number

_SYMMETRIC = {"sym", "symmetric", "her", "hermitian", "pos", "positive definite"}


def _each_matrix(function: Callable[..., Any], *stacks: Any) -> Any:
    """A function of matrices on each of a stack of them; it may give several."""
    return over_matrices(function, *(np.asarray(lifted(stack), dtype=object) for stack in stacks))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:
    """Norms of vectors and of matrices."""
    x = np.asanyarray(x)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    if ord is None or ord == "fro" or (len(axes) == 1 and ord == 2):
        squares = x.real * x.real + x.imag * x.imag if is_complex(x) else x * x
        return np.sqrt(np.sum(squares, axis=axes, keepdims=keepdims))
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    return vector_norm(x, axis=axes, keepdims=keepdims, ord=ord)


def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord == 2:
        return np.linalg.norm(x if axis is not None else np.ravel(x), axis=axis, keepdims=keepdims)
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum((x != 0) * flint.arb(1), axis=axis, keepdims=keepdims)
    return np.sum(abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / number(ord))


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in (2, -2, "nuc"):
        choices: dict[Any, Callable[..., Any]] = {2: np.max, -2: np.min, "nuc": np.sum}
        choose = choices[ord]
        found = choose(np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1))), axis=-1)
        return np.expand_dims(found, tuple(each % x.ndim for each in axes)) if keepdims else found
    summed, chosen = axes if abs(ord) == 1 else axes[::-1]
    most = (np.max if ord > 0 else np.min)(np.sum(abs(x), axis=summed, keepdims=True), axis=chosen, keepdims=True)
    return most if keepdims else np.squeeze(most, axis=axes)


def inv(a: Any, *_: Any, **__: Any) -> Any:
    return _each_matrix(matrices.inverse, a)


def solve(a: Any, b: Any) -> Any:
    b = np.asarray(lifted(b), dtype=object)
    found = _each_matrix(matrices.solve, a, b[:, None] if b.ndim == 1 else b)
    return found[..., 0] if b.ndim == 1 else found


def det(a: Any, *_: Any, **__: Any) -> Any:
    return _each_matrix(matrices.determinant, a)


def slogdet(a: Any) -> Any:
    found = det(a)
    sign = LOOPS["sign"](found)
    return _named("slogdet", np.asarray(sign), np.asarray(LOOPS["log"](abs(found))))


def _named(name: str, *parts: Any) -> Any:
    """The parts in the tuple that np.linalg gives."""
    like: dict[str, Callable[..., Any]] = {
        "slogdet": np.linalg.slogdet,
        "eigh": np.linalg.eigh,
        "eig": np.linalg.eig,
        "qr": np.linalg.qr,
    }
    kind = type(like.get(name, np.linalg.svd)(np.eye(1)))
    return kind(*parts)


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    found = _each_matrix(lambda each: matrices.cholesky(each.T if upper else each), a)
    return np.swapaxes(found, -1, -2) if upper else found


def qr(a: Any, mode: str = "reduced") -> Any:
    rows, columns = np.shape(a)[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and rows <= columns):
        raise Unavailable(f"{NO_EXACT}QR factors of the kind {mode!r}")
    q, r = _each_matrix(matrices.qr, a)
    return r if mode == "r" else _named("qr", q, r)


def eigh(a: Any, UPLO: str = "L") -> Any:
    return _named("eigh", *_each_matrix(lambda each: spectra.eigh(each, UPLO.upper() == "L"), a))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return _each_matrix(lambda each: spectra.eigvalsh(each, UPLO.upper() == "L"), a)


def eig(a: Any) -> Any:
    return _named("eig", *_each_matrix(spectra.eig, a))


def eigvals(a: Any) -> Any:
    return _each_matrix(spectra.eigvals, a)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if not compute_uv:
        return _each_matrix(spectra.svdvals, a)
    rows, columns = np.shape(a)[-2:]
    if full_matrices and rows != columns:
        raise Unavailable(
            f"{NO_EXACT}the vectors that belong to no singular value are LAPACK's choice (full_matrices=False has none)"
        )
    return _named("svd", *_each_matrix(spectra.svd, a))


def svdvals(a: Any, *_: Any, **__: Any) -> Any:
    return _each_matrix(spectra.svdvals, a)


def cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        values = np.linalg.svdvals(x)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


def pinv(a: Any, *_: Any, **__: Any) -> Any:
    return _each_matrix(matrices.pseudo_inverse, a)


def lstsq(a: Any, b: Any, *_: Any, **__: Any) -> Any:
    a, b = np.asarray(lifted(a), dtype=object), np.asarray(lifted(b), dtype=object)
    x = np.dot(matrices.pseudo_inverse(a), b)
    away = np.atleast_1d(np.sum(np.square(b - np.dot(a, x)), axis=0)) if a.shape[0] > a.shape[1] else np.zeros(0)
    return x, away, min(a.shape), spectra.svdvals(a)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        raise Unavailable(f"{NO_EXACT}np.linalg.tensorsolve with axes")
    free = np.shape(a)[np.ndim(b) :]
    return np.reshape(np.linalg.solve(np.reshape(a, (np.size(b), -1)), np.ravel(b)), free)


LINALG: dict[Callable[..., Any], Callable[..., Any]] = {
    **{getattr(np.linalg, own.__name__): own for own in (norm, inv, solve, det, slogdet, cholesky, qr, eigh, eigvalsh)},
    **{getattr(np.linalg, own.__name__): own for own in (eig, eigvals, svd, svdvals, cond, pinv, lstsq, tensorsolve)},
    np.linalg.vector_norm: vector_norm,
}


def scipy_solve(a: Any, b: Any, lower: bool = False, *_: Any, assume_a: Any = None, transposed: Any = False) -> Any:
    a = np.asarray(lifted(a), dtype=object)
    if assume_a in _SYMMETRIC:
        a = matrices.mirrored(a, lower)
    return solve(a.T if transposed else a, b)


def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, *_: Any, **__: Any
) -> Any:
    a, b = np.asarray(lifted(a), dtype=object), np.asarray(lifted(b), dtype=object)
    if trans in (0, "N"):
        return matrices.solve_triangular(a, b, lower, unit_diagonal)
    turned = a.T if trans in (1, "T") else np.asarray(LOOPS["conj"](a.T))
    return matrices.solve_triangular(turned, b, not lower, unit_diagonal)


def scipy_cholesky(a: Any, lower: bool = False, *_: Any, **__: Any) -> Any:
    return cholesky(a, upper=not lower)


def cho_factor(a: Any, lower: bool = False, *_: Any, **__: Any) -> Any:
    return scipy_cholesky(a, lower), lower


def cho_solve(c_and_lower: Any, b: Any, *_: Any, **__: Any) -> Any:
    c, lower = c_and_lower
    half = solve_triangular(c, b, 0 if lower else 1, lower)
    return solve_triangular(c, half, 1 if lower else 0, lower)


def lu_factor(a: Any, *_: Any, **__: Any) -> Any:
    return matrices.lu(np.asarray(lifted(a), dtype=object))


def lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, *_: Any, **__: Any) -> Any:
    both, exchanged = np.asarray(lifted(lu_and_piv[0]), dtype=object), bare(lu_and_piv[1])
    b = np.asarray(lifted(b), dtype=object)
    order = matrices.permuted(exchanged, len(both))
    if trans == 0:
        return solve_triangular(both, solve_triangular(both, b[order], lower=True, unit_diagonal=True))
    found = solve_triangular(both, solve_triangular(both, b, 1), 1, lower=True, unit_diagonal=True)
    return found[np.argsort(order)]


def lu(a: Any, permute_l: bool = False, *_: Any, p_indices: bool = False, **__: Any) -> Any:
    a = np.asarray(lifted(a), dtype=object)
    both, exchanged = matrices.lu(a)
    k = min(a.shape)
    order = np.argsort(matrices.permuted(exchanged, len(a)))
    low = np.where(np.tri(len(a), k, -1, dtype=bool), both[:, :k], np.eye(len(a), k, dtype=int))
    up = np.where(np.tri(k, a.shape[1], -1, dtype=bool), 0, both[:k])
    low, up = exactly(low), exactly(up)
    if permute_l:
        return low[order], up
    return order if p_indices else np.eye(len(a))[:, order].T, low, up


def scipy_qr(a: Any, overwrite_a: Any = False, lwork: Any = None, mode: str = "full", pivoting: bool = False) -> Any:
    if pivoting:
        raise Unavailable(f"{NO_EXACT}QR factors with pivoting")
    kind = {"economic": "reduced", "full": "complete", "r": "r"}.get(mode, mode)
    found = qr(a, kind)
    return (found,) if kind == "r" else tuple(found)


def scipy_eigh(a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, **options: Any) -> Any:
    if b is not None or any(options.get(name) is not None for name in ("subset_by_index", "subset_by_value")):
        raise Unavailable(f"{NO_EXACT}scipy.linalg.eigh of a pencil, or of some eigenvalues")
    side = "L" if lower else "U"
    return eigvalsh(a, side) if eigvals_only else tuple(eigh(a, side))


def scipy_svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, *_: Any, **__: Any) -> Any:
    return tuple(svd(a, full_matrices)) if compute_uv else svdvals(a)


# by their names in scipy.linalg
SCIPY_LINALG: dict[str, Callable[..., Any]] = {
    **{own.__name__: own for own in (inv, det, norm, pinv, lstsq, svdvals, solve_triangular, cho_factor, cho_solve)},
    **{own.__name__: own for own in (lu_factor, lu_solve, lu)},
    "solve": scipy_solve,
    "cholesky": scipy_cholesky,
    "qr": scipy_qr,
    "eigh": scipy_eigh,
    "eigvalsh": lambda a, b=None, lower=True, **options: scipy_eigh(a, b, lower=lower, eigvals_only=True, **options),
    "svd": scipy_svd,
    "expm": lambda a, *_, **__: _each_matrix(matrices.exponential, a),
    "logm": lambda a, *_, **__: _each_matrix(lambda each: spectra.of_eigenvalues(lambda v: v.log(), each), a),
    "sqrtm": lambda a, *_, **__: _each_matrix(lambda each: spectra.of_eigenvalues(lambda v: v.sqrt(), each), a),
}
