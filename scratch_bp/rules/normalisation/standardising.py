"""What every normalisation by its own mean and variance does, and how x, the weight and the bias are pulled back.

x is seen as [N, G, K, S]: N rows or images, G groups of K channels each, and S values. Then they all are one function:

    rule                  N       G         K               S      mean and variance over
    layer norm, rms norm  rows    1         entries         1      K, S
    group norm            images  groups    their channels  space  K, S
    instance norm         images  channels  1               space  K, S
    batch norm            images  channels  1               space  N, K, S

    y = w xhat + b,  xhat = (x - mean x) / sqrt(var x + eps),

with w and b of [G, K], and the variance with 1/n. For the root mean square norm the mean is left out, and var x is
mean x^2. With dxhat = w dy, x reaches xhat three ways: directly, through the mean, and through the variance:

    dx = (dxhat - mean dxhat - xhat mean(dxhat xhat)) / sqrt(var x + eps).

Along S w is one number. So the sums over S of dy and of dy xhat give the gradients of b and w, and both means as well.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened

Optional = np.ndarray | None
Shape = tuple[int, ...]
View = tuple[int, int, int, int]


class Moments(NamedTuple):
    """The mean and the variance of x, [N, G, 1, 1] or over the batch [1, G, 1, 1]."""

    mean: np.ndarray
    var: np.ndarray


class Standard(NamedTuple):
    """What the pull-back needs: xhat [N, G, K, S], the factor that it was made with, w [1, G, K, 1], and the shapes in
    which the weight and the bias came."""

    xhat: np.ndarray
    inv_std: np.ndarray
    w: Optional
    weight: Shape | None
    bias: Shape | None


def by_channel(x: np.ndarray, groups: int) -> View:
    """Images [batch, channels, *space] with their channels in groups."""
    return x.shape[0], groups, x.shape[1] // groups, math.prod(x.shape[2:])


def scaled(
    xhat: np.ndarray, inv_std: np.ndarray, weight: Optional, bias: Optional, x: np.ndarray
) -> tuple[np.ndarray, Standard]:
    """y = w xhat + b as x is, and what the pull-back needs."""
    w, b = (None if a is None else widened(a).reshape(1, *xhat.shape[1:3], 1) for a in (weight, bias))
    y = xhat.copy() if w is None else xhat * w
    if b is not None:
        y += b
    saved = Standard(xhat, inv_std, w, *(None if a is None else a.shape for a in (weight, bias)))
    return y.reshape(x.shape).astype(x.dtype, copy=False), saved


def standardise(
    x: np.ndarray, view: View, weight: Optional, bias: Optional, eps: float, *, batch: bool = False
) -> tuple[np.ndarray, Standard, Moments]:
    """y by the mean and the variance of x itself, what the pull-back needs, and the two."""
    mean, var, xhat = _moments(x, view, batch)
    inv_std = inverse_root(var, eps)
    xhat *= inv_std
    return *scaled(xhat, inv_std, weight, bias, x), Moments(mean, var)


def _moments(x: np.ndarray, view: View, batch: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean and the variance of x in this view, and x less its mean."""
    rows = widened(x).reshape(*view[:2], -1)
    mean = _over_batch(sums(rows), batch) / _entries(view, batch)
    deviation = (rows - mean[..., 0]).reshape(view)
    return mean, mean_square(deviation, batch), deviation


def mean_square(a: np.ndarray, batch: bool = False) -> np.ndarray:
    rows = a.reshape(*a.shape[:2], -1)
    return _over_batch(dots(rows, rows), batch) / _entries(a.shape, batch)


def inverse_root(var: np.ndarray, eps: float) -> np.ndarray:
    return 1 / np.sqrt(var + like(var, eps))


def over_space(saved: Standard, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dy in the view of xhat, and the sums over S of dy and of dy xhat, [N, G, K]."""
    wide = widened(dy).reshape(saved.xhat.shape)
    return wide, sums(wide)[..., 0], dots(wide, saved.xhat)[..., 0]


def pull_back(
    saved: Standard, dy: np.ndarray, *, batch: bool = False, centred: bool = True, dmoments: Moments | None = None
) -> tuple[Any, ...]:
    """The gradients of x, and of the weight and the bias where there were such.

    `dmoments` is what else is known to reach x through its mean and, as a factor of xhat, through its variance.
    """
    xhat, inv_std, w = saved[:3]
    wide, d, q = over_space(saved, dy)
    entries, grads = xhat.size // inv_std.size, affine(saved, d, q, dy)
    through_mean = _over_batch(_weighed(d, w), batch) / entries * inv_std if centred else None
    through_var = _over_batch(_weighed(q, w), batch) / entries * inv_std
    if dmoments is not None:
        through_mean, through_var = through_mean - dmoments.mean, through_var - dmoments.var
    # floats of a large array are kept in as few buffers as can be: q is full where a channel has one value
    spare = q[..., None] if q.size == xhat.size else None
    lost = np.multiply(xhat, through_var, out=spare)
    factor = inv_std if w is None else inv_std * w
    dx = np.multiply(wide, factor, out=None if w is None or factor.size < wide.size else factor)
    if through_mean is not None:
        lost += through_mean
    dx -= lost
    return dx.reshape(dy.shape).astype(dy.dtype, copy=False), *grads


def affine(saved: Standard, d: np.ndarray, q: np.ndarray, dy: np.ndarray) -> tuple[Optional, ...]:
    """The gradients of the weight and the bias as far as there were such, from the sums over space."""
    dweight, dbias = (
        None if shape is None else a.sum(0).reshape(shape).astype(dy.dtype, copy=False)
        for a, shape in ((q, saved.weight), (d, saved.bias))
    )
    return (dweight, dbias) if dbias is not None else (dweight,) if dweight is not None else ()


def sums(a: np.ndarray) -> np.ndarray:
    """The sums along the last axis, kept of size 1."""
    if a.shape[-1] == 1:
        return a
    if a.dtype == object:
        return a.sum(-1, keepdims=True)
    return (a.reshape(-1, a.shape[-1]) @ np.ones(a.shape[-1], a.dtype)).reshape(*a.shape[:-1], 1)


def dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sums of products along the last axis, kept of size 1."""
    return sums(a * b) if a.dtype == object or a.shape[-1] == 1 else np.vecdot(a, b)[..., None]


def _weighed(a: np.ndarray, w: Optional) -> np.ndarray:
    """The sum over K of a [N, G, K], times w where there is one: [N, G, 1]."""
    return sums(a) if w is None else dots(a, w[..., 0])


def _entries(shape: Shape, batch: bool) -> int:
    """How many entries there are for each mean."""
    return shape[2] * shape[3] * (shape[0] if batch else 1)


def _over_batch(a: np.ndarray, batch: bool) -> np.ndarray:
    """[N, G, 1] as [N, G, 1, 1], or summed over N as [1, G, 1, 1]."""
    return (a.sum(0, keepdims=True) if batch else a)[..., None]
