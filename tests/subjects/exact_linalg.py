"""Linear algebra, Fourier transforms and complex numbers: a function of NumPy or SciPy, its backward, its arrays."""

import numpy as np
import scipy.fft
import scipy.linalg
from scipy.linalg import expm

RNG = np.random.default_rng(5)
VECTOR = RNG.normal(size=5)
OTHER = VECTOR[::-1].copy() + 1
THREE = RNG.normal(size=3)
FOUR = RNG.uniform(0.3, 2.0, 4)
SQUARE = RNG.normal(size=(3, 3))
POSITIVE = SQUARE @ SQUARE.T + 2 * np.eye(3)
WIDE = RNG.normal(size=(3, 4))
TALL = RNG.normal(size=(4, 3))
UPPER = np.triu(POSITIVE) + np.diag([0.0, 3.0, 7.0])


def symmetric(a):
    return (a + a.T) / 2


def inv(g, a):
    y = np.linalg.inv(a)
    return -y.T @ g @ y.T


def solve(g, a, b):
    db = np.linalg.solve(a.T, g)
    return -np.outer(db, np.linalg.solve(a, b)), db


def det(g, a):
    return g * np.linalg.det(a) * np.linalg.inv(a).T


def cholesky(g, a):
    low = np.linalg.cholesky(symmetric(a))
    phi = np.tril(low.T @ g)
    phi[np.diag_indices(3)] /= 2
    back = np.linalg.inv(low)
    return symmetric(back.T @ phi @ back)


def eigenvalues(g, a):
    v = np.linalg.eigh(symmetric(a))[1]
    return v @ np.diag(g) @ v.T


def eigh(gs, a):
    w, v = np.linalg.eigh(symmetric(a))
    apart = w[None] - w[:, None] + np.eye(3)
    inverse = 1 / apart - np.eye(3)
    return symmetric(v @ (np.diag(gs[0]) + inverse * (v.T @ gs[1])) @ v.T)


def singular_values(g, a):
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    return u @ np.diag(g) @ vt


def largest(g, a):
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    return g * np.outer(u[:, 0], vt[0])


def condition(g, a):
    u, s, vt = np.linalg.svd(a)
    return g * (np.outer(u[:, 0], vt[0]) / s[-1] - np.outer(u[:, -1], vt[-1]) * s[0] / s[-1] ** 2)


def qr(gs, a):
    q, r = np.linalg.qr(a)
    m = r @ gs[1].T - gs[0].T @ q
    m = np.tril(m) + np.tril(m, -1).T
    return np.linalg.solve(r, (gs[0] + q @ m).T).T


def least_squares(g, a, b):
    x, z = np.linalg.solve(a.T @ a, a.T @ b), np.linalg.solve(a.T @ a, g)
    return np.outer(b - a @ x, z) - np.outer(a @ z, x), a @ z


def of_ones(g, a):
    return least_squares(g, a, np.ones(4))[0]


def general_eigenvalues(g, a):
    w, v = np.linalg.eig(a)
    order, back = np.argsort(w.real), np.linalg.inv(v)
    return np.real(sum(g[k] * np.outer(back[order[k]], v[:, order[k]]) for k in range(3)))


def exponential(g, a):
    return expm(np.block([[a.T, g], [np.zeros((3, 3)), a.T]]))[:3, 3:]


def root(g, a):
    w, v = np.linalg.eigh(a @ a.T + np.eye(3))
    d = v @ ((v.T @ g @ v) / (np.sqrt(w)[:, None] + np.sqrt(w))) @ v.T
    return (d + d.T) @ a


def logarithm(g, a):
    w, v = np.linalg.eigh(a @ a.T + np.eye(3))
    apart = w[:, None] - w + np.eye(3)
    loewner = (np.log(w)[:, None] - np.log(w)) / apart + np.diag(1 / w)
    d = v @ (loewner * (v.T @ g @ v)) @ v.T
    return (d + d.T) @ a


def triangular(g, a, b):
    y = scipy.linalg.solve_triangular(a, b, lower=True)
    db = scipy.linalg.solve_triangular(a, g, lower=True, trans="T")
    return -np.tril(np.outer(db, y)), db


def by_cholesky(a, b):
    return scipy.linalg.cho_solve(scipy.linalg.cho_factor(a + a.T), b)


def of_symmetric(g, a, b):
    da, db = solve(g, a + a.T, b)
    return da + da.T, db


def three_products(g, a):
    return g @ (a.T @ a).T + a @ g.T @ a + a @ a.T @ g


def powers(g, a):
    return g @ a.T @ a.T + a.T @ g @ a.T + a.T @ a.T @ g


HALVED = np.array([1, 0.5, 0.25])


def low_pass(x):
    return np.fft.irfft(np.fft.rfft(x) * HALVED, 5)


def blurred(x):
    return np.real(np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(np.eye(3))))


def sharpened(g, x):
    return np.real(np.fft.ifft2(np.fft.fft2(g) * np.conj(np.fft.fft2(np.eye(3)))))


def circular(x, k):
    return np.fft.ifft(np.fft.fft(x) * np.fft.fft(k)).real


def around(g, x, k):
    spectrum = np.fft.fft(g)
    parts = [np.fft.ifft(spectrum * np.conj(np.fft.fft(other))).real for other in (k, x)]
    return parts[0], parts[1]


def complex_buffer(x):
    z = np.zeros(5, dtype=complex)
    z[:] = x * (1 + 2j)
    z[0] += 1j
    return (z * z.conj()).real


def of_complex_buffer(g, x):
    return g * (10 * x + 4 * (np.arange(5) == 0))


# by the names that the documents have: forward, backward(g, *arrays), arrays
MATRICES = {
    "np.linalg.inv": (np.linalg.inv, inv, [POSITIVE]),
    "np.linalg.solve": (np.linalg.solve, solve, [POSITIVE, THREE]),
    "np.linalg.tensorsolve": (np.linalg.tensorsolve, solve, [POSITIVE, THREE]),
    "np.linalg.det": (np.linalg.det, det, [POSITIVE]),
    "np.linalg.slogdet": (lambda a: np.linalg.slogdet(a)[1], lambda g, a: g * np.linalg.inv(a).T, [POSITIVE]),
    "np.linalg.cholesky": (lambda a: np.linalg.cholesky(symmetric(a)), cholesky, [POSITIVE]),
    "np.linalg.eigh": (lambda a: tuple(np.linalg.eigh(symmetric(a))), eigh, [POSITIVE]),
    "np.linalg.eigvalsh": (lambda a: np.linalg.eigvalsh(symmetric(a)), eigenvalues, [POSITIVE]),
    "np.linalg.eig": (lambda a: np.sort(np.linalg.eig(a)[0].real), general_eigenvalues, [UPPER]),
    "np.linalg.eigvals": (lambda a: np.sort(np.linalg.eigvals(a).real), general_eigenvalues, [UPPER]),
    "np.linalg.svd": (lambda a: np.linalg.svd(a, compute_uv=False), singular_values, [WIDE]),
    "np.linalg.svdvals": (np.linalg.svdvals, singular_values, [TALL]),
    "np.linalg.qr": (lambda a: tuple(np.linalg.qr(a)), qr, [TALL]),
    "np.linalg.lstsq": (lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], least_squares, [TALL, FOUR]),
    "np.linalg.pinv": (lambda a: np.linalg.pinv(a) @ np.ones(4), of_ones, [TALL]),
    "np.linalg.norm": (lambda a: np.linalg.norm(a, 2), largest, [WIDE]),
    "np.linalg.matrix_norm": (
        lambda a: np.linalg.matrix_norm(a, ord="nuc"),
        lambda g, a: g * singular_values(np.ones(3), a),
        [SQUARE],
    ),
    "np.linalg.vector_norm": (
        lambda x: np.linalg.vector_norm(x, ord=3),
        lambda g, x: g * np.sign(x) * x**2 / np.linalg.vector_norm(x, ord=3) ** 2,
        [VECTOR],
    ),
    "np.linalg.cond": (np.linalg.cond, condition, [POSITIVE]),
    "np.linalg.matrix_power": (lambda a: np.linalg.matrix_power(a, 3), powers, [SQUARE]),
    "np.linalg.multi_dot": (lambda a: np.linalg.multi_dot([a, a.T, a]), lambda g, a: three_products(g, a), [SQUARE]),
    "np.vecdot": (np.vecdot, lambda g, a, b: (g[:, None] * b, g[:, None] * a), [SQUARE, POSITIVE]),
    "scipy.linalg.expm": (lambda a: expm(a), exponential, [SQUARE]),
    "scipy.linalg.sqrtm": (lambda a: scipy.linalg.sqrtm(a @ a.T + np.eye(3)), root, [SQUARE]),
    "scipy.linalg.logm": (lambda a: scipy.linalg.logm(a @ a.T + np.eye(3)), logarithm, [SQUARE]),
    "scipy.linalg.inv": (lambda a: scipy.linalg.inv(a), inv, [POSITIVE]),
    "scipy.linalg.solve": (lambda a, b: scipy.linalg.solve(a, b), solve, [POSITIVE, THREE]),
    "scipy.linalg.det": (lambda a: scipy.linalg.det(a), det, [POSITIVE]),
    "scipy.linalg.solve_triangular": (
        lambda a, b: scipy.linalg.solve_triangular(a, b, lower=True),
        triangular,
        [POSITIVE, THREE],
    ),
    "scipy.linalg.cho_solve": (by_cholesky, of_symmetric, [POSITIVE, THREE]),
    "scipy.linalg.lu_solve": (
        lambda a, b: scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), b),
        solve,
        [SQUARE, THREE],
    ),
    "scipy.linalg.cholesky": (lambda a: scipy.linalg.cholesky(symmetric(a), lower=True), cholesky, [POSITIVE]),
    "scipy.linalg.eigh": (lambda a: scipy.linalg.eigh(symmetric(a))[0], eigenvalues, [POSITIVE]),
    "scipy.linalg.svd": (lambda a: scipy.linalg.svd(a)[1], singular_values, [SQUARE]),
}
FOURIER = {
    "np.fft.fft": (
        lambda x: np.abs(np.fft.fft(x)) ** 2,
        lambda g, x: 10 * np.real(np.fft.ifft(g * np.fft.fft(x))),
        [VECTOR],
    ),
    "np.fft.rfft": (low_pass, lambda g, x: low_pass(g), [VECTOR]),
    "np.fft.fft2": (blurred, sharpened, [SQUARE]),
    "np.fft.ifft": (circular, around, [VECTOR, OTHER]),
    "np.fft.fftn": (
        lambda x: np.fft.fftshift(np.fft.fftn(x)).imag,
        lambda g, x: np.fft.fftn(np.fft.ifftshift(g)).imag,
        [SQUARE],
    ),
    "np.fft.hfft": (
        lambda x: np.fft.hfft(x + 0j, 4),
        lambda g, x: np.array([g.sum(), 2 * (g[0] - g[2]), (g * [1, -1, 1, -1]).sum()]),
        [THREE],
    ),
    "scipy.fft.fft": (
        lambda x: np.abs(scipy.fft.fft(x)) ** 2,
        lambda g, x: 10 * np.real(scipy.fft.ifft(g * scipy.fft.fft(x))),
        [VECTOR],
    ),
    "scipy.fft.dct": (
        lambda x: scipy.fft.dct(x, norm="ortho"),
        lambda g, x: scipy.fft.idct(g, norm="ortho"),
        [VECTOR],
    ),
}
COMPLEX = {
    "np.exp": (lambda x: np.real(np.exp(1j * x)), lambda g, x: -g * np.sin(x), [VECTOR]),
    "np.abs": (
        lambda x: np.abs(x + 1j * x * x),
        lambda g, x: g * (x + 2 * x**3) / np.sqrt(x * x + x**4),
        [VECTOR],
    ),
    "np.angle": (lambda x: np.angle(x + 1j * x * x), lambda g, x: g / (1 + x * x), [VECTOR]),
    "np.sqrt": (lambda x: np.sqrt(x + 2j).imag, lambda g, x: g * (0.5 / np.sqrt(x + 2j)).imag, [VECTOR]),
    "np.conj": (lambda x: (np.conj(x * (1 + 2j)) * (1j + x)).imag, lambda g, x: g * (1 - 4 * x), [VECTOR]),
    "np.zeros(n, complex)": (complex_buffer, of_complex_buffer, [VECTOR]),
    "astype(complex)": (lambda x: (x.astype(complex) * 1j).imag ** 2, lambda g, x: 2 * g * x, [VECTOR]),
}
