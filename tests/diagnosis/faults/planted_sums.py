"""Planted faults in what is added up: outputs that read an entry twice, reads of one array, time, masks, statistics."""

import numpy as np

from scratch_bp.elementary import like, logistic
from scratch_bp.rules.activations import softmax
from scratch_bp.rules.normalisation import layer_norm
from tests.diagnosis.faults.planting import Planted, numbers, plant

X, W, B = numbers(4, 3), numbers(3, 3, seed=2), numbers(3, seed=3)
CHANNELS = {
    "x": numbers(4, 3, 2),
    "gamma": numbers(3, seed=1),
    "beta": numbers(3, seed=2),
    "mean": numbers(3, seed=3),
    "var": numbers(3, seed=4) ** 2,
}
TALL = numbers(5, 3)
INDEX = np.array([[0, 2, 2], [1, 1, 1], [2, 0, 2], [1, 0, 0]])
STEPS = {"x": numbers(4, 2, 3), "w": numbers(3, 3, seed=5), "u": numbers(3, 3, seed=6)}
KEPT = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [0, 0, 1]])
OTHERS = np.array([[1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1]])


def upsample(x):
    return x.repeat(2, axis=0).repeat(2, axis=1), None


def blocks(dy):
    """The 2 x 2 block of outputs that each entry fills, its four numbers last."""
    n, d = dy.shape[0] // 2, dy.shape[1] // 2
    return dy.reshape(n, 2, d, 2).transpose(0, 2, 1, 3).reshape(n, d, 4)


def windows(x, *, size=3):
    """Means over windows that overlap."""
    return np.stack([x[i : i + size].sum(0) for i in range(len(x) - size + 1)]) * like(x, 0.5), None


def by_windows(c, put):
    dx = np.zeros_like(c.x)
    for i, each in enumerate(c.dy):
        put(dx[i : i + 3], 0.5 * each)
    return dx


def gather(x, index):
    return np.take_along_axis(x, index, axis=1), None


def gathered_last(c):
    dx = np.zeros_like(c.x)
    np.put_along_axis(dx, c.index, c.dy, axis=1)
    return dx


def picked(x, index):
    return np.take(x, index, axis=1), None


def picked_last(c):
    dx = np.zeros_like(c.x)
    dx[:, c.index] = c.dy
    return dx


def running_total(x):
    return np.cumsum(x * x, axis=0), None


def layer(x, w, b):
    return np.tanh(x @ w + b), None


def gate(x, w, b):
    return logistic(x @ w + b), None


def gated(x):
    return x * np.tanh(x), None


def residual(x, w):
    return x + np.tanh(x @ w), None


def recurrent(x, w, u):
    states, h = [], x[0] * like(x, 0)
    for each in x:
        h = np.tanh(each @ w + h @ u)
        states.append(h)
    return np.stack(states), None


def backwards(c, steps):
    """The recurrent gradients, each going back so many steps at most; and those of the two matrices."""
    h = np.concatenate([np.zeros((1, *c.y.shape[1:])), c.y])
    dx, dw, du = np.zeros_like(c.x), np.zeros_like(c.w), np.zeros_like(c.u)
    for t in range(len(c.x)):
        back = c.dy[t]
        for s in range(t, max(-1, t - steps - 1), -1):
            da = back * (1 - h[s + 1] ** 2)
            dx[s] += da @ c.w.T
            dw += c.x[s].T @ da
            du += h[s].T @ da
            back = da @ c.u.T
    return dx, dw, du


def last_state(x, w):
    h = x[0] * like(x, 0)
    for each in x:
        h = np.tanh(each + h @ w)
    return h, None


def first_states_dropped(c):
    dx = c.want.copy()
    dx[:2] = 0
    return dx


def dropout(x, mask, *, p=0.5):
    return x * mask / (1 - p), None


def evaluated(x, gamma, beta, mean, var, *, eps=1e-5):
    m, v, g, b = (each.reshape(1, -1, 1) for each in (mean, var, gamma, beta))
    return (x - m) / np.sqrt(v + like(x, eps)) * g + b, None


def as_in_training(c, *, xhat=None, both=True):
    axes, gamma = (0, 2), c.gamma.reshape(1, -1, 1)
    centred = c.x - c.x.mean(axes, keepdims=True)
    std = np.sqrt(centred.var(axes, keepdims=True) + 1e-5)
    if xhat is not None:
        std = np.sqrt(c.var.reshape(1, -1, 1) + 1e-5)
    xhat, dxhat = centred / std if xhat is None else xhat(c), c.dy * gamma
    through = xhat * (dxhat * xhat).mean(axes, keepdims=True) if both else 0
    return (dxhat - dxhat.mean(axes, keepdims=True) - through) / std


def given_xhat(c):
    return (c.y - c.beta.reshape(1, -1, 1)) / c.gamma.reshape(1, -1, 1)


def leaky(x, *, slope=0.3):
    return np.where(x > 0, x, x * like(x, slope)), None


def image_means(x):
    return x.mean(axis=(1, 2)), None


def scaled_rows(x, s):
    return x * s.reshape(-1, 1), None


def layer_over(axis):
    def wrongly(c):
        centred = c.x - c.x.mean(axis, keepdims=True)
        std = np.sqrt(centred.var(axis, keepdims=True) + 1e-5)
        xhat, dxhat = centred / std, c.dy * c.gamma
        return (dxhat - dxhat.mean(axis, keepdims=True) - xhat * (dxhat * xhat).mean(axis, keepdims=True)) / std

    return wrongly


def _dense(c, slope):
    return (c.dy * slope) @ c.w.T


DENSE = {"x": X, "w": W, "b": B}
ROWS = {"x": numbers(4, 5), "gamma": numbers(5, seed=1), "beta": numbers(5, seed=2)}
SQUARE = {"x": numbers(3, 3), "s": numbers(3, seed=1)}

SUMS = (
    Planted("assigned", "a block's first", lambda: plant(upsample, {"x": X}, lambda c: c.dy[::2, ::2]), "the first of"),
    Planted("assigned", "a block's last", lambda: plant(upsample, {"x": X}, lambda c: c.dy[1::2, 1::2]), "4 outputs"),
    Planted("assigned", "within a block", lambda: plant(upsample, {"x": X}, lambda c: c.dy[1::2, ::2]), "the 3rd of"),
    Planted(
        "assigned", "a block's mean", lambda: plant(upsample, {"x": numbers(5, 3)}, lambda c: c.want / 4), "the mean of"
    ),
    Planted(
        "assigned",
        "windows that overlap",
        lambda: plant(windows, {"x": numbers(6, 2)}, lambda c: by_windows(c, lambda part, each: np.copyto(part, each))),
        "up to 3 outputs read the same entry of x, and got has only what the last of them sends back",
    ),
    Planted(
        "assigned",
        "gathered",
        lambda: plant(gather, {"x": X, "index": INDEX}, gathered_last),
        "the last of them sends back: it is assigned",
    ),
    Planted(
        "assigned",
        "taken along an axis",
        lambda: plant(picked, {"x": X, "index": np.array([0, 2, 2, 2, 1])}, picked_last),
        "up to 3 outputs",
    ),
    Planted(
        "same-place-only",
        "a running total",
        lambda: plant(running_total, {"x": X}, lambda c: 2 * c.x * c.dy),
        "the output at the same place",
    ),
    Planted(
        "truncated", "two steps", lambda: plant(last_state, {"x": numbers(5, 3), "w": W}, first_states_dropped), "2"
    ),
    Planted(
        "slope-behind",
        "at y",
        lambda: plant(layer, DENSE, lambda c: _dense(c, 1 - np.tanh(c.y) ** 2)),
        "activated value",
    ),
    Planted("slope-behind", "left out", lambda: plant(layer, DENSE, lambda c: _dense(c, 1)), "1: it is left out"),
    Planted("slope-behind", "1 - y", lambda: plant(layer, DENSE, lambda c: _dense(c, 1 - c.y)), "used is 1 - y"),
    Planted(
        "slope-behind",
        "of a gate",
        lambda: plant(gate, DENSE, lambda c: c.x.T @ (c.dy * logistic(c.y) * (1 - logistic(c.y))), argument="w"),
        "y is sigmoid of something",
    ),
    Planted("misread", "gated", lambda: plant(gated, {"x": X}, lambda c: c.want - c.dy * c.y / c.x), "lacks what goes"),
    Planted(
        "misread",
        "a shortcut twice",
        lambda: plant(residual, {"x": X, "w": W}, lambda c: c.want + (c.dy * (1 - (c.y - c.x) ** 2)) @ c.w.T),
        "reads x 2 times, and got counts what goes through read 1 (matmul) twice",
    ),
    Planted(
        "misread",
        "one step of a loop",
        lambda: plant(recurrent, STEPS, lambda c: c.x[0].T @ _first_step(c), argument="w"),
        "has only what goes through read 1 (matmul)",
    ),
    *(
        Planted(
            "misread",
            f"truncated, {name}",
            lambda name=name, at=at: plant(recurrent, STEPS, lambda c: backwards(c, 1)[at], argument=name),
            f"reads {name} {3 if name == 'u' else 4} times, and got goes back 1 step of the 4 along axis 0",
        )
        for at, name in enumerate(STEPS)
    ),
    Planted(
        "another-mask",
        "drawn anew",
        lambda: plant(dropout, {"x": X, "mask": KEPT}, lambda c: 2 * c.dy * OTHERS),
        "nonzero in 3 entries where want is zero, and zero in 3 where want is not",
    ),
    Planted(
        "another-mask",
        "inverted",
        lambda: plant(dropout, {"x": X, "mask": KEPT}, lambda c: 2 * c.dy * (1 - KEPT)),
        "the mask is inverted",
    ),
    Planted(
        "mask-ignored",
        "with its factor",
        lambda: plant(dropout, {"x": X, "mask": KEPT}, lambda c: c.dy),
        "neither the mask nor the factor 2 is used",
    ),
    Planted(
        "statistics-given",
        "of x",
        lambda: plant(evaluated, CHANNELS, as_in_training),
        "through the mean and the variance",
    ),
    Planted(
        "statistics-given",
        "with the given ones",
        lambda: plant(evaluated, CHANNELS, lambda c: as_in_training(c, xhat=given_xhat)),
        "axes 0 and 2 are given",
    ),
    Planted(
        "statistics-given",
        "the mean alone",
        lambda: plant(evaluated, CHANNELS, lambda c: as_in_training(c, xhat=given_xhat, both=False)),
        "through the mean",
    ),
    Planted(
        "option-value",
        "written in",
        lambda: plant(leaky, {"x": X}, lambda c: c.dy * np.where(c.x > 0, 1, 0.01), config={"slope": 0.2}),
        "slope = 0.01; the forward has slope = 0.2",
    ),
    Planted(
        "other-size",
        "height for width",
        lambda: plant(image_means, {"x": numbers(2, 5, 3)}, lambda c: c.want * 3 / 5),
        "= 3/5; the width is 3 and axis 1 of the input is 5",
    ),
    Planted(
        "wrong-axis",
        "a mean for a sum",
        lambda: plant(scaled_rows, SQUARE, lambda c: (c.dy * c.x).mean(0), argument="s"),
        "dy * x is averaged over axis 0; it belongs summed over axis 1",
    ),
    Planted(
        "wrong-axis",
        "a norm's",
        lambda: plant(layer_norm.forward, ROWS, layer_over(0)),
        "got is the gradient of a norm over axis 0; the forward's is over axis 1",
    ),
    Planted(
        "wrong-axis",
        "a softmax's",
        lambda: plant(softmax.forward, {"x": X}, lambda c: c.y * (c.dy - (c.dy * c.y).sum(0))),
        "along axis 1, and the sum of its gradient is taken along axis 0",
    ),
)


def _first_step(c):
    """What reaches the first state from all later ones."""
    back = 0.0
    for t in reversed(range(len(c.x))):
        da = (c.dy[t] + back) * (1 - c.y[t] ** 2)
        back = da @ c.u.T
    return da
