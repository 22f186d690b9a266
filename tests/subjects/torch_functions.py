"""PyTorch functions with a hand-written backward: right ones, and ones that are wrong in ten ways."""

import inspect

import torch
from torch.autograd import Function
from torch.nn import functional as F


def function(forward, backward):
    """A Function of two plain ones: forward(*tensors) -> y, and backward(tensors, *dys) -> gradients."""

    def run(ctx, *given):
        ctx.save_for_backward(*given)
        return forward(*given)

    own = inspect.signature(forward).parameters.values()
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = inspect.Signature([context, *own])
    pull = staticmethod(lambda ctx, *dys: backward(ctx.saved_tensors, *dys))
    return type(forward.__name__, (Function,), {"forward": staticmethod(run), "backward": pull})


def layer_norm(x, gamma, beta):
    return F.layer_norm(x, x.shape[-1:], gamma, beta)


def _normalised(x):
    centred = x - x.mean(-1, keepdim=True)
    std = torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5)
    return centred / std, std


def layer_norm_right(saved, dy):
    x, gamma, _ = saved
    xhat, std = _normalised(x)
    d = dy * gamma
    dx = (d - d.mean(-1, keepdim=True) - xhat * (d * xhat).mean(-1, keepdim=True)) / std
    return dx, (dy * xhat).sum(0), dy.sum(0)


def layer_norm_no_variance(saved, dy):
    x, gamma, _ = saved
    xhat, std = _normalised(x)
    d = dy * gamma
    return (d - d.mean(-1, keepdim=True)) / std, (dy * xhat).sum(0), dy.sum(0)


def clamp_hard(x):
    return x.clamp(-1, 1)


def affine(x, w, b):
    return x @ w + b


def square(x):
    return x * x


def top(x):
    return x.max(-1).values


def halves(x):
    return x[..., 0] * 2, x.exp()


def embed(table, index):
    return table[index]


def soft(x):
    return torch.softmax(x, -1)


def cubed(x):
    return (x**3).sum()


def turned(x):
    return x.t() * 2


def scaled(x, s):
    return x * s


def _soft(x, dy, axis=-1):
    y = torch.softmax(x, -1)
    return y * (dy - (dy * y).sum(axis, keepdim=True))


def _embed(saved, dy, once):
    table, index = saved
    grad = torch.zeros_like(table)
    if once:
        grad[index] = dy
        return grad, None
    return grad.index_add(0, index, dy), None


def _top(x, dy):
    return torch.zeros_like(x).scatter(-1, x.argmax(-1, keepdim=True), dy[..., None])


RIGHT = {
    "layer_norm": function(layer_norm, layer_norm_right),
    "clamp": function(clamp_hard, lambda s, dy: dy * ((s[0] >= -1) & (s[0] <= 1))),
    "affine": function(affine, lambda s, dy: (dy @ s[1].t(), s[0].t() @ dy, dy.sum(0))),
    "square": function(square, lambda s, dy: 2 * s[0] * dy),
    "max": function(top, lambda s, dy: _top(s[0], dy)),
    "several": function(halves, lambda s, a, b: b * s[0].exp() + 2 * F.pad(a[..., None], (0, s[0].shape[-1] - 1))),
    "embed": function(embed, lambda s, dy: _embed(s, dy, False)),
    "softmax": function(soft, lambda s, dy: _soft(s[0], dy)),
    "cubed": function(cubed, lambda s, dy: 3 * s[0] ** 2 * dy),
    "turned": function(turned, lambda s, dy: 2 * dy.t()),
    "scaled": function(scaled, lambda s, dy: (dy * s[1], (dy * s[0]).sum())),
}
# the wrong backward, the argument at fault, and words that the explanation has
WRONG = {
    "sign": (function(square, lambda s, dy: -2 * s[0] * dy), "x", "sign"),
    "twice": (function(square, lambda s, dy: 4 * s[0] * dy), "x", "2 x want"),
    "mean": (
        function(affine, lambda s, dy: (dy @ s[1].t(), s[0].t() @ dy, dy.mean(0))),
        "b",
        "mean instead of the sum",
    ),
    "untransposed": (
        function(turned, lambda s, dy: 2 * dy.reshape(s[0].shape)),
        "x",
        "a reshape where a transpose belongs",
    ),
    "no variance": (function(layer_norm, layer_norm_no_variance), "x", "the term xhat mean(dxhat xhat) is missing"),
    "axis": (function(soft, lambda s, dy: _soft(s[0], dy, 0)), "x", "the sum of its gradient is taken along axis 0"),
    "once": (function(embed, lambda s, dy: _embed(s, dy, True)), "table", "last dy alone"),
    "ignored": (function(square, lambda s, dy: 2 * s[0]), "x", "dy is ignored"),
    "forgotten": (
        function(halves, lambda s, a, b: b * s[0].exp()),
        "x",
        "got has only what the last of them sends back",
    ),
    "zero": (function(scaled, lambda s, dy: (dy * s[1], torch.zeros_like(s[1]))), "s", "zero"),
    "float32": (function(square, lambda s, dy: (2 * s[0].float() * dy.float()).double()), "x", "float32"),
}
