"""Functions of SciPy in Python, of which NumPy does not ask the arrays: special, distances, filters."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from scipy import special

from backcheck_reference.frontends.numpy_code.linalg import SCIPY_LINALG
from backcheck_reference.frontends.numpy_code.values import lifted
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.exact import NO_EXACT
from backcheck_reference.numbers.fourier import OF_SCIPY_ALONE, TRANSFORMS
from backcheck_reference.numbers.scalar_functions import FUNCTIONS, LOOPS, each
from backcheck_reference.numbers.scalars.definition import Formula

SCIPY_TRANSFORMS = TRANSFORMS | OF_SCIPY_ALONE


def softmax(x: Any, axis: Any = None) -> Any:
    raised = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return raised / np.sum(raised, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    return x - logsumexp(x, axis=axis, keepdims=True)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    largest = np.max(a, axis=axis, keepdims=True)
    raised = np.exp(a - largest) if b is None else b * np.exp(a - largest)
    found = np.log(np.sum(raised, axis=axis, keepdims=True)) + largest
    return found if keepdims else np.squeeze(found, axis=axis)


def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def zeta(x: Any, q: Any = None, out: Any = None) -> Any:
    return LOOPS["zeta"](lifted(x), lifted(1 if q is None else q))


def polygamma(n: Any, x: Any) -> Any:
    return LOOPS["polygamma"](lifted(n), lifted(x))


def multigammaln(a: Any, d: int) -> Any:
    return d * (d - 1) / 4 * np.log(np.pi) + sum(special.gammaln(a - j / 2) for j in range(d))


def lambertw(z: Any, k: int = 0, tol: float = 1e-8) -> Any:
    def one(value: Any) -> Any:
        found = value.lambertw(branch=k) if k in (0, -1) else flint.arb("nan")
        if not found.is_finite():
            raise Unavailable(f"{NO_EXACT}lambertw where it is not real")
        return flint.acb(found)

    return each(one)(lifted(z))


def _spherical(name: str) -> Callable[..., Any]:
    def function(n: Any, z: Any, derivative: bool = False) -> Any:
        n, z = lifted(n), lifted(z)
        y = LOOPS[name](n, z)
        return each(cast(Formula, FUNCTIONS[name].slopes[1]), 3)(n, z, y) if derivative else y

    return function


def cdist(XA: Any, XB: Any, metric: Any = "euclidean", *, p: Any = 2, **_: Any) -> Any:
    return _between(XA[:, None], XB[None], metric, p)


def pdist(X: Any, metric: Any = "euclidean", *, p: Any = 2, **_: Any) -> Any:
    first, second = np.triu_indices(len(X), 1)
    return _between(X[first], X[second], metric, p)


def _between(u: Any, v: Any, metric: Any, p: Any) -> Any:
    """The distance of vectors along the last axis."""
    metrics: dict[str, Callable[[], Any]] = {
        "euclidean": lambda: np.sqrt(np.sum(np.square(u - v), -1)),
        "sqeuclidean": lambda: np.sum(np.square(u - v), -1),
        "cityblock": lambda: np.sum(abs(u - v), -1),
        "chebyshev": lambda: np.max(abs(u - v), -1),
        "minkowski": lambda: np.sum(abs(u - v) ** p, -1) ** (flint.arb(1) / flint.arb(p)),
        "cosine": lambda: 1 - np.sum(u * v, -1) / np.sqrt(np.sum(u * u, -1) * np.sum(v * v, -1)),
    }
    if metric not in metrics:
        raise Unavailable(f"{NO_EXACT}the distance {metric!r}")
    return metrics[metric]()


def _of_vectors(metric: str) -> Callable[..., Any]:
    return lambda u, v, p=2: _between(u, v, metric, p)


def convolve(in1: Any, in2: Any, mode: str = "full", *_: Any, **__: Any) -> Any:
    """A convolution along all axes, one entry of the kernel after the other."""
    a, b = (np.asarray(lifted(part), dtype=object) for part in (in1, in2))
    if mode == "valid" and any(m < n for m, n in zip(a.shape, b.shape, strict=True)):
        a, b = b, a
    whole = np.full([m + n - 1 for m, n in zip(a.shape, b.shape, strict=True)], flint.arb(0), dtype=object)
    for at in np.ndindex(b.shape):
        place = tuple(slice(start, start + m) for start, m in zip(at, a.shape, strict=True))
        whole[place] = whole[place] + a * b[at]
    if mode == "full":
        return whole
    wanted = a.shape if mode == "same" else [m - n + 1 for m, n in zip(a.shape, b.shape, strict=True)]
    starts = [(m - n) // 2 for m, n in zip(whole.shape, wanted, strict=True)]
    return whole[tuple(slice(start, start + n) for start, n in zip(starts, wanted, strict=True))]


def correlate(in1: Any, in2: Any, mode: str = "full", *_: Any, **__: Any) -> Any:
    kernel = np.conjugate(np.flip(in2))
    if mode == "valid" and any(m < n for m, n in zip(np.shape(in1), np.shape(in2), strict=True)):
        raise Unavailable(f"{NO_EXACT}a correlation with a kernel that is larger than the array")
    return convolve(in1, kernel, mode)


def _plane(function: Callable[..., Any]) -> Callable[..., Any]:
    def of_plane(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
        if boundary != "fill" or fillvalue != 0:
            raise Unavailable(f"{NO_EXACT}a boundary of the kind {boundary!r}")
        return function(in1, in2, mode)

    return of_plane


def lfilter(b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """y[t] = (sum_k b[k] x[t-k] - sum_{k>0} a[k] y[t-k]) / a[0]."""
    if zi is not None:
        raise Unavailable(f"{NO_EXACT}a filter with a state of its own")
    b, a, x = (np.asarray(lifted(part), dtype=object) for part in (b, a, x))
    x = np.moveaxis(x, axis, 0)
    y = np.empty_like(x)
    for t in range(len(x)):
        ahead = sum((b[k] * x[t - k] for k in range(min(len(b), t + 1))), flint.arb(0) * x[t])
        y[t] = (ahead - sum((a[k] * y[t - k] for k in range(1, min(len(a), t + 1))), flint.arb(0) * x[t])) / a[0]
    return np.moveaxis(y, 0, axis)


def _of_lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array, *args, **options: function(np.asarray(lifted(array), dtype=object), *args, **options)


# these ask NumPy alone, and so take every kind of array that answers it
IN_NUMPY = (softmax, log_softmax, logsumexp, softplus)

# The functions of each module by name. A module that nobody has imported stays where it is: some take a second.
REPLACED: dict[str, dict[str, Callable[..., Any]]] = {
    "scipy.special": {
        **{own.__name__: own for own in IN_NUMPY},
        **{own.__name__: own for own in (zeta, polygamma, multigammaln, lambertw)},
        **{f"spherical_{kind}n": _spherical(f"spherical_{kind}n") for kind in "jyik"},
    },
    "scipy.spatial.distance": {
        "cdist": cdist,
        "pdist": pdist,
        **{
            metric: _of_vectors(metric)
            for metric in ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "cosine", "minkowski")
        },
    },
    "scipy.signal": {
        **dict.fromkeys(("convolve", "fftconvolve", "oaconvolve"), convolve),
        "correlate": correlate,
        "convolve2d": _plane(convolve),
        "correlate2d": _plane(correlate),
        "lfilter": lfilter,
    },
    "scipy.fft": {name: _of_lifted(transform) for name, transform in SCIPY_TRANSFORMS.items()},
    "scipy.linalg": SCIPY_LINALG,
}
