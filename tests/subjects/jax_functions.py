"""JAX functions with a hand-written backward: right ones, and ones that are wrong in ten ways."""

import jax
import jax.numpy as jnp


def function(forward, backward):
    """A custom_vjp of two plain ones: forward(*arrays) -> y, and backward(arrays, dy) -> gradients."""
    made = jax.custom_vjp(forward)
    made.defvjp(lambda *given: (forward(*given), given), backward)
    return made


def layer_norm(x, gamma, beta):
    xhat, _ = _normalised(x)
    return xhat * gamma + beta


def affine(x, w, b):
    return x @ w + b


def square(x):
    return x * x


def ramp(x):
    return jnp.maximum(x, 0)


def halves(x):
    return x[..., 0] * 2, jnp.exp(x)


def embed(table, index):
    return table[index]


def soft(x):
    return jax.nn.softmax(x)


def cubed(x):
    return (x**3).sum()


def turned(x):
    return x.T * 2


def scaled(x, s):
    return x * s


def running(x):
    return jnp.cumsum(x, 0)


def _normalised(x):
    centred = x - x.mean(-1, keepdims=True)
    std = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / std, std


def _layer_norm(saved, dy, through_variance=1):
    x, gamma, _ = saved
    xhat, std = _normalised(x)
    d = dy * gamma
    variance = through_variance * xhat * (d * xhat).mean(-1, keepdims=True)
    return (d - d.mean(-1, keepdims=True) - variance) / std, (dy * xhat).sum(0), dy.sum(0)


def _soft(x, dy, axis=-1):
    y = jax.nn.softmax(x)
    return (y * (dy - (dy * y).sum(axis, keepdims=True)),)


def _halves(x, dys, first=1):
    return (dys[1] * jnp.exp(x) + first * jnp.zeros_like(x).at[..., 0].set(2 * dys[0]),)


def _later(dy):
    return jnp.flip(jnp.cumsum(jnp.flip(dy, 0), 0), 0)


RIGHT = {
    "layer_norm": function(layer_norm, _layer_norm),
    "affine": function(affine, lambda s, dy: (dy @ s[1].T, s[0].T @ dy, dy.sum(0))),
    "square": function(square, lambda s, dy: (2 * s[0] * dy,)),
    "relu": function(ramp, lambda s, dy: (jnp.where(s[0] > 0, dy, 0),)),
    "several": function(halves, lambda s, dys: _halves(s[0], dys)),
    "embed": function(embed, lambda s, dy: (jnp.zeros_like(s[0]).at[s[1]].add(dy), None)),
    "softmax": function(soft, lambda s, dy: _soft(s[0], dy)),
    "cubed": function(cubed, lambda s, dy: (3 * s[0] ** 2 * dy,)),
    "turned": function(turned, lambda s, dy: (2 * dy.T,)),
    "scaled": function(scaled, lambda s, dy: (dy * s[1], (dy * s[0]).sum())),
    "running": function(running, lambda s, dy: (_later(dy),)),
}
# the wrong backward, the argument at fault, and words that the explanation has
WRONG = {
    "sign": (function(square, lambda s, dy: (-2 * s[0] * dy,)), "x", "sign"),
    "twice": (function(square, lambda s, dy: (4 * s[0] * dy,)), "x", "2 x want"),
    "mean": (
        function(affine, lambda s, dy: (dy @ s[1].T, s[0].T @ dy, dy.mean(0))),
        "b",
        "mean instead of the sum",
    ),
    "untransposed": (
        function(turned, lambda s, dy: (2 * dy.reshape(s[0].shape),)),
        "x",
        "a reshape where a transpose belongs",
    ),
    "no variance": (
        function(layer_norm, lambda s, dy: _layer_norm(s, dy, 0)),
        "x",
        "the term xhat mean(dxhat xhat) is missing",
    ),
    "axis": (function(soft, lambda s, dy: _soft(s[0], dy, 0)), "x", "the sum of its gradient is taken along axis 0"),
    "once": (
        function(embed, lambda s, dy: (jnp.zeros_like(s[0]).at[s[1]].set(dy), None)),
        "table",
        "last dy alone",
    ),
    "ignored": (function(square, lambda s, dy: (2 * s[0],)), "x", "dy is ignored"),
    "forgotten": (
        function(halves, lambda s, dys: _halves(s[0], dys, 0)),
        "x",
        "got has only what the last of them sends back",
    ),
    "zero": (function(scaled, lambda s, dy: (dy * s[1], jnp.zeros_like(s[1]))), "s", "zero"),
    "not undone": (function(running, lambda s, dy: (jnp.cumsum(dy, 0),)), "x", ""),
}
