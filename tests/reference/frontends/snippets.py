"""Ordinary NumPy code, as people write it: functions of two arrays of floats, x of 3 x 4 and w of 4 x 2."""

import copy

import numpy as np
import scipy.linalg
import scipy.spatial.distance
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

ONE_LINE = {
    "inverse functions": lambda x, w: np.arctan(x) + np.arcsinh(x) + np.arctanh(np.tanh(x)) + np.arccosh(2 + x * x),
    "arcsin, arccos": lambda x, w: np.arcsin(np.sin(x) / 2) + np.arccos(np.cos(x) / 2) + np.arctan2(x, 1.0),
    "logarithms": lambda x, w: np.log2(np.exp(x)) + np.log10(np.exp(x)) + np.log1p(abs(x)) + np.log(x * x),
    "exponentials": lambda x, w: np.exp2(x) + np.expm1(x) + 2.0**x + np.logaddexp(x, 0) + np.logaddexp2(0.0, -x),
    "powers": lambda x, w: np.power(x, 2) + np.float_power(abs(x), 0.3) + x**3 + abs(x) ** 0.5 + x**-1 + np.square(x),
    "roots": lambda x, w: np.cbrt(x) + np.hypot(x, 1) + np.sqrt(abs(x)) + np.reciprocal(x),
    "signs": lambda x, w: np.sign(x) * np.fabs(x) + np.copysign(1.0, x) + np.heaviside(x, 0.5) + np.conj(x) + x.conj(),
    "rounding": lambda x, w: np.floor(x) + np.ceil(x) + np.trunc(x) + np.rint(x) + np.round(x, 1) + x.round(2),
    "remainders": lambda x, w: x // 0.3 + x % 0.7 + np.fmod(x, 0.6) + np.deg2rad(x) + np.sinc(x),
    "finite": lambda x, w: np.where(np.isfinite(x) & ~np.isnan(x) & ~np.isinf(x), x, 0) + np.nan_to_num(x / 2),
    "erf": lambda x, w: special.erf(x) + special.erfc(x) + special.ndtr(x) + special.expit(x) + special.log_expit(x),
    "gamma": lambda x, w: special.gamma(abs(x) + 1) + special.gammaln(abs(x) + 1) + special.digamma(abs(x) + 1),
    "entropies": lambda x, w: special.xlogy(abs(x), 2 + x * x) + special.entr(abs(x)) + special.logit(special.expit(x)),
    "scipy softmax": lambda x, w: special.softmax(x, axis=1) + special.log_softmax(x, axis=1) + special.logsumexp(x),
    "variances": lambda x, w: x.std(axis=1) + np.std(x) + x.var(axis=(0, 1), ddof=1) + np.mean(x, axis=(0, 1)),
    "norms": lambda x, w: np.linalg.norm(x) + np.linalg.norm(x, axis=1) + np.linalg.norm(x, np.inf, 1),
    "other norms": lambda x, w: np.linalg.norm(x, 1, axis=1) + np.linalg.norm(x, ord=3, axis=1) + np.linalg.norm(x, 1),
    "kept norm": lambda x, w: x / np.linalg.norm(x, axis=1, keepdims=True) + np.linalg.norm(x, "fro"),
    "extremes": lambda x, w: (
        x.min(axis=0) + x.max() + np.amax(x, axis=(0, 1)) + np.ptp(x, axis=0) + np.max(x, initial=9)
    ),
    "ufunc methods": lambda x, w: np.logaddexp.reduce(x, axis=0) + np.maximum.accumulate(x[0]) + np.add.reduce(x),
    "averages": lambda x, w: np.average(x, axis=0, weights=np.exp(x)) + np.average(x) + np.median(x),
    "sums": lambda x, w: (
        np.cumsum(x[::-1], axis=0)[::-1] + x.cumsum(1) + np.prod(x) + np.trace(x) + np.sum(x, where=x > 0)
    ),
    "differences": lambda x, w: np.gradient(x, axis=1) + np.diff(x, axis=1).sum() + np.trapezoid(x[0]),
    "dots": lambda x, w: np.dot(x, w) + x.dot(w) + np.matmul(x, w) + x @ w + np.tensordot(x, w, axes=(1, 0)),
    "einsum": lambda x, w: np.einsum("ij,jk->ik", x, w) + np.einsum("ij,jk,kl->il", x, w, np.eye(2), optimize=True),
    "outer products": lambda x, w: np.outer(x[0], w[:, 0]) + np.multiply.outer(x[0], x[1]) + np.vdot(x, x),
    "vectors": lambda x, w: np.kron(x[0], x[1]) + np.inner(x[0], x[1]) + np.cross(x[0, :3], x[1, :3])[0],
    "convolutions": lambda x, w: np.convolve(x[0], w[:3, 0], "same") + np.correlate(x[0], w[:3, 0], "same"),
    "long kernels": lambda x, w: np.correlate(w[:2, 0], x[0], "same") + np.correlate(w[:2, 0], x[0], "full").sum(),
    "inverse": lambda x, w: np.linalg.inv(x @ x.T + np.eye(3)) + np.linalg.det(x @ x.T + np.eye(3)),
    "solve": lambda x, w: np.linalg.solve(x @ x.T + np.eye(3), x[:, 0]) + np.linalg.slogdet(x @ x.T + np.eye(3))[1],
    "windows": lambda x, w: (sliding_window_view(x, (2, 2)) * w[:2, :2]).sum(axis=(2, 3)),
    "strides": lambda x, w: np.lib.stride_tricks.as_strided(x, (2, 3, 2, 2), x.strides * 2).sum(axis=(2, 3)),
    "padding": lambda x, w: (
        np.pad(x, 1) + np.pad(x, 1, constant_values=1.5) + np.pad(x, 1, "edge") + np.pad(x, 1, "reflect")
    ),
    "moves": lambda x, w: np.roll(x, 1, axis=0) + np.flip(x, 1) + np.tile(x[0], (3, 1)) + np.repeat(x[:1], 3, axis=0),
    "joins": lambda x, w: np.concatenate(
        [np.vstack([x[0], x[1]]), np.stack([x[0], x[2]]), np.block([[x]]), np.r_[x, x]]
    ),
    "splits": lambda x, w: np.hstack(np.split(x, 2, axis=1)[::-1]) + np.c_[x[:, :2], x[:, 2:]],
    "fancy": lambda x, w: x[[0, 2]][:, [1, 3]] + x[np.ix_([0, 1], [0, 1])] + np.take(x, [[0, 1], [2, 3]]),
    "axes": lambda x, w: (
        (x[:, None, :] - x[None]).transpose(2, 0, 1).swapaxes(0, 1).reshape(3, -1)[..., None].squeeze(-1)
    ),
    "triangles": lambda x, w: np.tril(x[:, :3]) + np.triu(x[:, :3], 1) + np.diag(x[0, :3]) + np.diag(x[:, :3]),
    "sorting": lambda x, w: np.sort(x, axis=1) + np.take_along_axis(x, np.argsort(x, axis=1), 1),
    "constants": lambda x, w: np.linspace(0, 1, 4) * x + np.arange(4) / 4 * x + np.eye(4)[[0, 2, 1]] * np.pi,
    "of its type": lambda x, w: x * type(x[0, 0])(0.5) + np.array(object=x) + np.asarray(a=x),
    "bins": lambda x, w: np.bincount([0, 1, 1, 3], weights=x[0], minlength=5),
    "products with masks": lambda x, w: x * (x > 0).astype(float) + (x > 0) * x + x * (x > 0).astype(np.float64),
    "mask of the largest": lambda x, w: (x == x.max(axis=1, keepdims=True)) * x + (np.tanh(x) >= np.tanh(x).max()),
    "clip": lambda x, w: x.clip(min=0) + np.clip(x, None, 0.25) + np.clip(x, -0.5, 0.5) + np.minimum(np.fmax(0, x), 6),
    "select": lambda x, w: np.select([x > 1, x > 0], [x, x * x], default=0.0),
    "piecewise": lambda x, w: np.piecewise(x, [x < 0, x >= 0.5], [lambda v: -v, lambda v: v * v, 3.0]),
    "divide where": lambda x, w: np.divide(1, x, out=np.zeros_like(x), where=x > 0) + np.mean(x, where=x > 0),
    "vectorize": lambda x, w: np.vectorize(lambda v: v if v > 0 else 0.0)(x),
    "frompyfunc": lambda x, w: np.frompyfunc(lambda v: np.arctan(v) + max(v, 0), 1, 1)(x).astype(float),
    "along an axis": lambda x, w: np.apply_along_axis(lambda row: row / row.sum(), 1, x),
    "scalars to array": lambda x, w: np.array([x[0].sum(), x[1].max(), np.exp(x[2, 2]), 1.0, x.item(0)]),
    "lists to array": lambda x, w: np.array([[x[0, 0], 2], [3.5, x[1, 1]]]) @ np.array([x[0, :2], x[1, :2]]),
    "from lists": lambda x, w: (
        np.array(x.tolist()) + np.array([list(row) for row in x]) + np.array([+row for row in x])
    ),
    "fromiter": lambda x, w: np.fromiter((v * v for v in x[0]), dtype=float),
    "dtype arguments": lambda x, w: np.zeros(4, dtype=x.dtype) + np.sum(x, dtype=np.float64) + np.finfo(x.dtype).eps,
    "casts": lambda x, w: x.astype(float) + np.asarray(x, dtype=float) * np.array(x, dtype=np.float64, copy=True),
    "complex numbers": lambda x, w: (
        np.real(np.exp(1j * x) * np.conj(x + 2j)) + np.abs(x + 1j) + np.angle(x + 1j) + np.sqrt(x + 2j).imag
    ),
    "complex buffers": lambda x, w: (x.astype(complex) * np.full(4, 1j) + np.zeros((3, 4), dtype=complex)).imag,
    "Fourier": lambda x, w: np.abs(np.fft.fft(x)) + np.fft.irfft(np.fft.rfft(x) * 2, 4) + np.fft.fft2(x).real,
    "eigenvalues": lambda x, w: np.linalg.eigh(x @ x.T)[1] * np.linalg.eigvalsh(x @ x.T),
    "singular values": lambda x, w: np.linalg.svd(x, full_matrices=False)[2] + np.linalg.norm(x, 2),
    "factors": lambda x, w: np.linalg.qr(x.T)[0] @ np.linalg.cholesky(x @ x.T + np.eye(3)),
    "exponential of a matrix": lambda x, w: scipy.linalg.expm(x @ x.T / 9) + np.linalg.pinv(x).sum(),
    "gaps": lambda x, w: np.nanmax(np.where(x > 0, x, np.nan)) + np.nanstd(np.where(x > 0, x, np.nan)),
    "Bessel": lambda x, w: special.i0(x) + special.j1(x) + special.kv(1, abs(x) + 1) + special.erfcx(x),
    "incomplete gamma": lambda x, w: special.gammainc(2.5, abs(x)) + special.polygamma(1, abs(x) + 1),
    "distances": lambda x, w: scipy.spatial.distance.cdist(x, x[::-1] + 1) + np.interp(x[0, 0], [-9, 9], [1.0, 2.0]),
    "random masks": lambda x, w: x * (np.random.default_rng(0).random(x.shape) > 0.3) / 0.7,
    "random order": lambda x, w: x * np.random.RandomState(0).uniform() + x[np.random.default_rng(0).permutation(3)],
}


def relu_backward(x, w):
    dx = x.copy()
    dx[x <= 0] = 0
    dx[dx > 1] *= 2
    return dx


def outs(x, w):
    y = np.empty_like(x)
    np.exp(x, out=y)
    np.maximum(y, 1, out=y)
    np.multiply(y, 2.0, out=y)
    np.clip(y, 0, 3, out=y)
    return y


def loop_into_zeros(x, w):
    out = np.zeros((x.shape[0], w.shape[1]))
    for i in range(x.shape[0]):
        for j in range(w.shape[1]):
            out[i, j] = np.sum(x[i] * w[:, j])
    return out


def empty_ones_full_eye(x, w):
    a, b, c, e = np.empty(3), np.ones(3, dtype=np.float64), np.full((3,), x[0, 0]), np.identity(3)
    for i in range(3):
        a[i] = x[i].mean()
    e[0] = a
    b += a
    c *= a
    return e @ (a + b + c)


def likes(x, w):
    a, b, c = np.zeros_like(x, dtype=float), np.ones_like(x), np.full_like(np.arange(4.0), 2.0)
    a += x
    b *= x
    c[1:] = x[1, 1:]
    return a + b + c


def scatter(x, w):
    dx = np.zeros((5, 4))
    np.add.at(dx, [0, 2, 2], x)
    for i, row in enumerate([1, 1, 4]):
        dx[row] += x[i]
    return dx


def max_pool(x, w):
    i = np.argmax(x, axis=1)[:, None]
    y = np.zeros(x.shape)
    np.put_along_axis(y, i, 3.0 * np.take_along_axis(x, i, 1), 1)
    row, column = np.unravel_index(np.argmax(x), x.shape)
    y[row, column] += x.max()
    return y


def cross_entropy(x, w):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(3), [0, 2, 1]]).mean()


def attention(x, w):
    s = np.where(np.tril(np.ones((3, 3), dtype=bool)), x @ x.T / np.sqrt(x.shape[-1]), -np.inf)
    p = np.exp(s - np.max(s, axis=-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return p @ x


def recurrent(x, w):
    h, hs = np.zeros((1, 2)), []
    for t in range(len(x)):
        h = np.tanh(x[t : t + 1] @ w + h)
        hs.append(h)
    return np.concatenate(hs)


def branches(x, w):
    if x.sum() > 100 or np.any(x > 50) or (x > 90).all() or not np.allclose(x, x) or not np.array_equal(x, x):
        return x
    return x if x[0, 0] > x[0, 1] else -x


def numbers_one_by_one(x, w):
    """A scalar that is added to is another number than the one that was kept."""
    total, kept = x[0, 0], []
    for v in x[0]:
        kept.append(total)
        total += max(v, 0.0) * v
    return np.array([*kept, total, sum(x[:, 0]), round(total, 2), abs(total), -total])


def arrays_without_axes(x, w):
    """An array that is added to is the same array."""
    grad = np.zeros(())
    other = grad
    grad += x.sum()
    other += 1
    grad[...] *= 2
    return grad + other


def in_place(x, w):
    y = np.array(x)
    y -= y.mean(axis=0)
    y /= 2
    y **= 2
    y[1] += x[0]
    y[:, 0] *= 3
    y.T[1] -= 1
    y.flat[2] = x.flat[3]
    return y


def writing_functions(x, w):
    y = x.copy()
    np.put(y, [0, 3], [7.0, x[1, 1]])
    np.fill_diagonal(y, x[0, 1])
    np.copyto(y, 9.0, where=x > 0.5)
    np.putmask(y, x < -0.5, x)
    np.place(y, x < -0.9, [1.0])
    return y


def iterators(x, w):
    y, it = np.zeros(x.shape), np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        y[it.multi_index] = x[it.multi_index] ** 2
        it.iternext()
    for at in np.ndindex(x.shape):
        y[at] += x[at]
    for i, v in enumerate(x.flat):
        y.flat[i] += np.arctan(v)
    return y


def boolean_buffers(x, w):
    mask, count = np.zeros(x.shape, dtype=bool), np.zeros(x.shape, dtype=int)
    mask[x > 0] = True
    count[x > 0] += 1
    return x * mask * count + len(x[mask]) + np.count_nonzero(x) + np.extract(x > 0, x).sum()


def checks_of_dtype(x, w):
    if x.dtype != np.float64 or not np.issubdtype(x.dtype, np.floating) or x.sum().dtype.kind != "f":
        raise TypeError("floats only")
    return np.empty_like(x, dtype=np.result_type(x, w)) * 0 + x.astype(x.dtype)


def copies(x, w):
    other = copy.deepcopy({"a": x, "b": [x.sum()]})
    other["a"][0] = 0
    return x + other["a"] + other["b"][0] + copy.copy(x)


LONGER = (
    *(relu_backward, outs, loop_into_zeros, empty_ones_full_eye, likes, scatter, max_pool, cross_entropy, attention),
    *(recurrent, branches, numbers_one_by_one, arrays_without_axes, in_place, writing_functions, iterators),
    *(boolean_buffers, checks_of_dtype, copies),
)
SNIPPETS = {**ONE_LINE, **{each.__name__.replace("_", " "): each for each in LONGER}}
