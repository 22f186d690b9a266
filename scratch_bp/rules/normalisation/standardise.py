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

The root is the same for all entries of a mean, so the division can come first:

    g = dxhat / sqrt(var x + eps),  dx = g - mean g - xhat mean(g xhat).

Half precision is computed in float32, and each result is rounded once. Large entries are scaled, see `scale`.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like, mean_over, widened
from scratch_bp.scale import scaled

Optional = np.ndarray | None
Shape = tuple[int, ...]
View = tuple[int, int, int, int]
Gradients = tuple[Optional, ...]

EACH, BATCH = (2, 3), (0, 2, 3)  # the axes that a mean is taken over: those of one row or image, or of the whole batch


class Moments(NamedTuple):
    """The mean and the variance of x over scale, [N, G, 1, 1] or over the batch [1, G, 1, 1]."""

    mean: np.ndarray
    var: np.ndarray
    scale: Any


class Standard(NamedTuple):
    """What the pull-back needs: xhat [N, G, K, S], the factor that it was made with, the axes of the means, w
    [1, G, K, 1], and the shapes in which the weight and the bias came."""

    xhat: np.ndarray
    inv_std: np.ndarray
    axes: Shape
    w: Optional
    weight: Shape | None
    bias: Shape | None


def by_channel(x: np.ndarray, groups: int) -> View:
    """Images [batch, channels, *space] with their channels in groups."""
    return x.shape[0], groups, x.shape[1] // groups, math.prod(x.shape[2:])


def standardise(
    x: np.ndarray, view: View, weight: Optional, bias: Optional, eps: float, axes: Shape = EACH
) -> tuple[np.ndarray, Standard, Moments]:
    """y by the mean and the variance of x itself, what the pull-back needs, and the two."""
    u, scale = scaled(widened(x).reshape(view), axes, least=max(eps, 0.0) ** 0.5)
    mean = mean_over(u, axes, keepdims=True)
    centred = u - mean
    var = mean_over(centred * centred, axes, keepdims=True)
    inv_std = inverse_root(var, eps, scale)
    y, saved = result(centred * inv_std, inv_std / scale, axes, weight, bias, x)
    return y, saved, Moments(mean, var, scale)


def inverse_root(var: np.ndarray, eps: float, scale: Any = 1) -> np.ndarray:
    """1 / sqrt(var + eps), of what a scale was taken out of."""
    return np.asanyarray(1 / np.sqrt(var + like(var, eps) / scale / scale))


def result(
    xhat: np.ndarray, inv_std: np.ndarray, axes: Shape, weight: Optional, bias: Optional, x: np.ndarray
) -> tuple[np.ndarray, Standard]:
    """y = w xhat + b as x is, and what the pull-back needs."""
    w, b = (None if a is None else widened(a).reshape(1, *xhat.shape[1:3], 1) for a in (weight, bias))
    y = xhat.copy() if w is None else xhat * w
    if b is not None:
        y = y + b
    saved = Standard(xhat, inv_std, axes, w, *(None if a is None else a.shape for a in (weight, bias)))
    return y.reshape(x.shape).astype(x.dtype, copy=False), saved


def pull_back(saved: Standard, dy: np.ndarray, *, centred: bool = True) -> Gradients:
    """The gradients of x, and of the weight and the bias where there were such."""
    dx = pulled_to_input(saved, dy, centred)
    return dx.reshape(dy.shape).astype(dy.dtype, copy=False), *affine(saved, dy)


def pulled_to_input(saved: Standard, dy: np.ndarray, centred: bool = True) -> np.ndarray:
    """The gradient of x, [N, G, K, S]."""
    xhat, axes = saved.xhat, saved.axes
    g = seen(saved, dy) * direct_factor(saved)
    dx = g - xhat * mean_over(g * xhat, axes, keepdims=True)
    return np.asanyarray(dx - mean_over(g, axes, keepdims=True) if centred else dx)


def direct_factor(saved: Standard) -> np.ndarray:
    """dy times this is g: what reaches x directly, and not through the mean and the variance."""
    # both factors first: dy times a tiny weight may underflow where the product of all three does not
    return saved.inv_std if saved.w is None else np.asanyarray(saved.inv_std * saved.w)


def seen(saved: Standard, dy: np.ndarray) -> np.ndarray:
    """dy as [N, G, K, S]."""
    return widened(dy).reshape(saved.xhat.shape)


def affine(saved: Standard, dy: np.ndarray) -> Gradients:
    """The gradients of the weight and the bias as far as there were such; None for a weight missing before a bias."""
    wide = seen(saved, dy)
    dweight, dbias = (
        None if shape is None else terms.sum((0, 3)).reshape(shape).astype(dy.dtype, copy=False)
        for terms, shape in ((wide * saved.xhat, saved.weight), (wide, saved.bias))
    )
    return () if dweight is None and dbias is None else (dweight,) if dbias is None else (dweight, dbias)
