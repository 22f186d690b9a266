"""Functions of NumPy that pick, order, count or move numbers: forward, backward(g, *arrays), arrays."""

import numpy as np
from scipy import signal
from scipy.spatial import distance

RNG = np.random.default_rng(5)
VECTOR = RNG.normal(size=5)
OTHER = VECTOR[::-1].copy() + 1
THREE = RNG.normal(size=3)
POSITIVE = RNG.uniform(0.3, 2.0, 4)
SQUARE = RNG.normal(size=(3, 3))
WIDE = RNG.normal(size=(3, 4))
GROUP = np.array([0, 1, 1, 0, 1])


def gaps(x):
    """The positive numbers, with NaN between them."""
    return np.where(x > 0, x, np.nan)


def put(shape, at, values):
    found = np.zeros(shape)
    found[at] = values
    return found


def of_sorted(g, x):
    return put(x.shape, np.argsort(x), g)


def of_median(g, x):
    order, count = np.argsort(np.where(x > 0, x, np.inf)), int((x > 0).sum())
    middle = order[(count - 1) // 2 : count // 2 + 1]
    return put(x.shape, middle, g / len(middle))


def of_quantile(g, x):
    order = np.argsort(x)
    return put(x.shape, order[1:3], np.array([0.8, 0.2]) * g)


def of_running_maximum(g, x):
    found = np.zeros_like(x)
    top = np.maximum.accumulate(np.where(x >= np.maximum.accumulate(x), np.arange(len(x)), 0))
    np.add.at(found, top, g)
    return found


def maxima(x):
    found = np.full(2, -np.inf)
    np.maximum.at(found, GROUP, x)
    return found


def products(x):
    found = np.ones(2)
    np.multiply.at(found, GROUP, x)
    return found


def of_distances(g, a, b):
    away = (a[:, None] - b[None]) * (g / distance.cdist(a, b))[..., None]
    return away.sum(1), -away.sum(0)


def of_pairs(g, a):
    found = np.zeros_like(a)
    i, j = np.triu_indices(len(a), 1)
    away = (a[i] - a[j]) * (g / distance.pdist(a))[:, None]
    np.add.at(found, i, away)
    np.add.at(found, j, -away)
    return found


def of_gradient(g, x):
    return np.array([-g[0] - g[1] / 2, g[0] - g[2] / 2, (g[1] - g[3]) / 2, g[2] / 2 - g[4], g[3] / 2 + g[4]])


def of_log_sums(g, x):
    y = np.logaddexp.accumulate(x)
    return np.array([np.sum(g[i:] * np.exp(x[i] - y[i:])) for i in range(len(x))])


def of_covariance(g, x):
    a, b = (row - row.mean() for row in x[:2])
    return np.stack([g * b, g * a, 0 * a]) / 3


def of_correlation(g, x):
    a, b = (row - row.mean() for row in x[:2])
    n, m = np.sqrt(a @ a), np.sqrt(b @ b)
    r = (a @ b) / (n * m)
    return g * np.stack([b / (n * m) - r * a / n**2, a / (n * m) - r * b / m**2, 0 * a])


def row_share(g, x):
    s = x.sum(1, keepdims=True)
    return (g - (g * x).sum(1, keepdims=True) / s) / s


PATH = np.einsum_path("ij,jk,kl->il", SQUARE, SQUARE, SQUARE, optimize="optimal")[0]
GAPS = {
    "np.nanmax": (lambda x: np.nanmax(gaps(x)), lambda g, x: g * (x == x.max()), [VECTOR]),
    "np.nanmin": (lambda x: np.nanmin(gaps(x)), lambda g, x: g * (x == x[x > 0].min()), [VECTOR]),
    "np.nansum": (lambda x: np.nansum(gaps(x) ** 2), lambda g, x: g * 2 * x * (x > 0), [VECTOR]),
    "np.nanmean": (lambda x: np.nanmean(gaps(x)), lambda g, x: g * (x > 0) / (x > 0).sum(), [VECTOR]),
    "np.nanvar": (
        lambda x: np.nanvar(gaps(x)),
        lambda g, x: g * 2 * (x > 0) * (x - x[x > 0].mean()) / (x > 0).sum(),
        [VECTOR],
    ),
    "np.nanstd": (
        lambda x: np.nanstd(gaps(x)),
        lambda g, x: g * (x > 0) * (x - x[x > 0].mean()) / (x > 0).sum() / x[x > 0].std(),
        [VECTOR],
    ),
    "np.nanprod": (
        lambda x: np.nanprod(gaps(x)),
        lambda g, x: g * np.where(x > 0, np.prod(x[x > 0]) / x, 0),
        [VECTOR],
    ),
    "np.nancumsum": (
        lambda x: np.nancumsum(gaps(x)),
        lambda g, x: np.cumsum(g[::-1])[::-1] * (x > 0),
        [VECTOR],
    ),
    "np.nanargmax": (lambda x: x[np.nanargmax(gaps(x))] ** 2, lambda g, x: g * 2 * x * (x == x.max()), [VECTOR]),
    "np.nanmedian": (lambda x: np.nanmedian(gaps(x)), of_median, [VECTOR]),
    "np.nan_to_num": (
        lambda x: np.nan_to_num(gaps(x), nan=-1.0) ** 2,
        lambda g, x: g * 2 * x * (x > 0),
        [VECTOR],
    ),
    "np.fmax": (lambda x: np.fmax(gaps(x), -x), lambda g, x: g * np.sign(x), [VECTOR]),
    "np.sort": (lambda x: np.sort(gaps(x))[:2], lambda g, x: of_sorted(np.append(g, np.zeros(3)), gaps(x)), [VECTOR]),
}
ORDER = {
    "np.argsort": (lambda x: x[np.argsort(x)], of_sorted, [VECTOR]),
    "np.lexsort": (lambda x: x[np.lexsort((x,))], of_sorted, [VECTOR]),
    "np.partition": (lambda x: np.partition(x, 2)[2], lambda g, x: g * (x == np.sort(x)[2]), [VECTOR]),
    "np.argpartition": (
        lambda x: x[np.argpartition(x, -2)[-2:]].sum(),
        lambda g, x: g * (x >= np.sort(x)[-2]),
        [VECTOR],
    ),
    "np.median": (np.median, lambda g, x: g * (x == np.sort(x)[2]), [VECTOR]),
    "np.quantile": (lambda x: np.quantile(x, 0.3), of_quantile, [VECTOR]),
    "np.percentile": (lambda x: np.percentile(x, 30), of_quantile, [VECTOR]),
    "np.unique": (
        lambda x: np.unique(x, return_inverse=True)[0] ** 2,
        lambda g, x: 2 * x * g[np.unique(x, return_inverse=True)[1]],
        [VECTOR],
    ),
    "np.searchsorted": (
        lambda x: x * np.searchsorted(np.array([-1.0, 0, 1]), x),
        lambda g, x: g * np.searchsorted(np.array([-1.0, 0, 1]), x),
        [VECTOR],
    ),
    "np.digitize": (lambda x: x * np.digitize(x, [-1, 0, 1]), lambda g, x: g * np.digitize(x, [-1, 0, 1]), [VECTOR]),
    "np.histogram": (
        lambda x: x * np.histogram(x, bins=3, range=(-3, 3))[0][1],
        lambda g, x: g * np.histogram(x, bins=3, range=(-3, 3))[0][1],
        [VECTOR],
    ),
    "np.maximum.accumulate": (np.maximum.accumulate, of_running_maximum, [VECTOR]),
    "np.add.reduceat": (
        lambda x: np.add.reduceat(x**2, [0, 2, 3]),
        lambda g, x: 2 * x * np.repeat(g, [2, 1, 2]),
        [VECTOR],
    ),
    "np.maximum.reduceat": (
        lambda x: np.maximum.reduceat(x, [0, 2]),
        lambda g, x: np.repeat(g, [2, 3]) * (x == np.repeat(np.maximum.reduceat(x, [0, 2]), [2, 3])),
        [VECTOR],
    ),
    "np.maximum.at": (maxima, lambda g, x: (g * np.ones(2))[GROUP] * (x == maxima(x)[GROUP]), [VECTOR]),
    "np.multiply.at": (products, lambda g, x: (g * products(x))[GROUP] / x, [VECTOR]),
}
SUMS = {
    "scipy.spatial.distance.cdist": (lambda a, b: distance.cdist(a, b), of_distances, [WIDE, SQUARE @ WIDE]),
    "scipy.spatial.distance.pdist": (lambda a: distance.pdist(a), of_pairs, [WIDE]),
    "np.interp": (
        lambda x: np.interp(x, [-2.0, 0.0, 3.0], [1.0, 2.0, -1.0]),
        lambda g, x: g * np.where(x < -2, 0, np.where(x < 0, 0.5, -1.0)),
        [VECTOR],
    ),
    "np.convolve": (
        np.convolve,
        lambda g, x, k: (np.correlate(g, k, "valid"), np.correlate(g, x, "valid")),
        [VECTOR, THREE],
    ),
    "np.correlate": (
        lambda x, k: np.correlate(x, k, "valid"),
        lambda g, x, k: (np.convolve(g, k), np.correlate(x, g, "valid")),
        [VECTOR, THREE],
    ),
    "scipy.signal.convolve2d": (
        lambda x: signal.convolve2d(x, np.ones((2, 2)), "valid"),
        lambda g, x: signal.convolve2d(g, np.ones((2, 2))),
        [SQUARE],
    ),
    "scipy.signal.fftconvolve": (
        lambda x, k: signal.fftconvolve(x, k, "same"),
        lambda g, x, k: (signal.correlate(g, k, "same"), signal.correlate(np.pad(g, 1), x, "valid")[::1]),
        [VECTOR, THREE],
    ),
    "scipy.signal.lfilter": (
        lambda x: signal.lfilter([1.0], [1.0, -0.5], x),
        lambda g, x: signal.lfilter([1.0], [1.0, -0.5], g[::-1])[::-1],
        [VECTOR],
    ),
    "np.apply_along_axis": (lambda x: np.apply_along_axis(lambda row: row / row.sum(), 1, x), row_share, [SQUARE]),
    "np.vectorize": (
        lambda x: np.vectorize(lambda v: v * v if v > 0 else -v)(x),
        lambda g, x: g * np.where(x > 0, 2 * x, -1),
        [VECTOR],
    ),
    "np.fromiter": (lambda x: np.fromiter((v * v for v in x), float), lambda g, x: 2 * g * x, [VECTOR]),
    "np.trapezoid": (
        lambda x: np.trapezoid(x, dx=0.5),
        lambda g, x: g * 0.5 * np.array([0.5, 1, 1, 1, 0.5]),
        [VECTOR],
    ),
    "np.gradient": (np.gradient, of_gradient, [VECTOR]),
    "np.diff": (lambda x: np.diff(x, n=2), lambda g, x: np.convolve(g, [1, -2, 1]), [VECTOR]),
    "np.cross": (np.cross, lambda g, a, b: (np.cross(b, g), np.cross(g, a)), [THREE, POSITIVE[:3]]),
    "np.kron": (
        np.kron,
        lambda g, a, b: ((g.reshape(5, 3) * b).sum(1), (g.reshape(5, 3) * a[:, None]).sum(0)),
        [VECTOR, THREE],
    ),
    "np.einsum": (
        lambda a, b: np.einsum("ij,jk,kl->il", a, b, a, optimize=PATH),
        lambda g, a, b: (g @ (b @ a).T + (a @ b).T @ g, a.T @ g @ a.T),
        [SQUARE, SQUARE.T + 1],
    ),
    "np.cumprod": (
        np.cumprod,
        lambda g, x: np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x,
        [VECTOR],
    ),
    "np.cov": (lambda x: np.cov(x)[0, 1], of_covariance, [WIDE]),
    "np.corrcoef": (lambda x: np.corrcoef(x[:2])[0, 1], of_correlation, [WIDE]),
    "np.polyval": (lambda x: np.polyval([1.0, 2, 3], x), lambda g, x: g * (2 * x + 2), [VECTOR]),
}
NUMBERS = {
    "np.logaddexp.reduce": (
        np.logaddexp.reduce,
        lambda g, x: g * np.exp(x - np.logaddexp.reduce(x)),
        [VECTOR],
    ),
    "np.logaddexp.accumulate": (np.logaddexp.accumulate, of_log_sums, [VECTOR]),
    "np.hypot": (np.hypot, lambda g, a, b: (g * a / np.hypot(a, b), g * b / np.hypot(a, b)), [VECTOR, OTHER]),
    "np.arctan2": (
        np.arctan2,
        lambda g, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
        [VECTOR, OTHER],
    ),
    "np.power": (lambda x: x**3 + x**2, lambda g, x: g * (3 * x**2 + 2 * x), [np.array([0.0, 1.0, -2.0])]),
    "np.float_power": (lambda x: np.float_power(x, 2.5), lambda g, x: g * 2.5 * x**1.5, [POSITIVE]),
    "np.isclose": (lambda x: np.where(np.isclose(x, 0), 0, x * x), lambda g, x: 2 * g * x, [VECTOR]),
    "np.allclose": (lambda x: x if np.allclose(x, 0) else x * x, lambda g, x: 2 * g * x, [VECTOR]),
    "np.finfo": (
        lambda x: np.clip(x * x, np.finfo(x.dtype).tiny, np.finfo(x.dtype).max) / (1 + np.finfo(x.dtype).eps),
        lambda g, x: 2 * g * x / (1 + np.finfo(x.dtype).eps),
        [VECTOR],
    ),
    "np.ldexp": (lambda x: np.ldexp(x, np.arange(5)), lambda g, x: np.ldexp(g, np.arange(5)), [VECTOR]),
    "np.frexp": (lambda x: np.frexp(x)[0], lambda g, x: np.ldexp(g, -np.frexp(x)[1]), [VECTOR]),
    "np.modf": (lambda x: np.modf(x)[0] ** 2, lambda g, x: 2 * g * np.modf(x)[0], [VECTOR]),
    "np.divmod": (lambda x: np.divmod(x, 0.7)[1], lambda g, x: g, [VECTOR]),
    "np.spacing": (lambda x: x * x + np.spacing(x), lambda g, x: 2 * g * x, [VECTOR]),
    "np.unwrap": (lambda x: np.unwrap(x * 3), lambda g, x: 3 * g, [VECTOR]),
}
