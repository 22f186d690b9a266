"""References in NumPy on tensors: values as NumPy's, gradients as differences say, and no look at a tensor's memory."""

import math

import numpy as np
import pytest
import torch
from numpy import zeros
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

from backcheck_reference.frontends.numpy_code.on_tensors import as_torch
from backcheck_reference.lazy import Unavailable
from tests.reference.frontends.without_storage import (
    answers,
    differences,
    held,
    require_same_values,
    require_same_without_storage,
)

RNG = np.random.default_rng(0)
LABELS = np.array([2, 0, 3, 1])


def normal(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    return RNG.uniform(0.3, 2.0, shape)


def between(*shape):
    return RNG.uniform(-0.9, 0.9, shape)


X, W, B = normal(4, 6), normal(6, 5), normal(6)


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(x, gamma, beta):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * gamma + beta


def gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(q, k, v):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    mask = np.tril(np.ones((q.shape[-2], k.shape[-2]), dtype=bool))
    return softmax(np.where(mask, scores, -np.inf)) @ v


def cross_entropy(x, labels):
    logp = x - special.logsumexp(x, axis=-1, keepdims=True)
    return -logp[np.arange(len(labels)), labels].mean()


def with_one_hot(x, labels):
    return -(np.eye(x.shape[-1])[labels] * np.log(softmax(x))).sum()


def rotary(x):
    half = x.shape[-1] // 2
    angle = np.arange(len(x))[:, None] / 10000 ** (np.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], axis=-1)


def convolution(x, w):
    windows = sliding_window_view(np.pad(x, ((0, 0), (1, 1))), w.shape[-1], axis=1)
    return np.einsum("cnk,ock->on", windows, w)


def recurrence(x, a):
    h, rows = np.zeros(x.shape[1]), np.empty_like(x)
    for t in range(len(x)):
        h = np.tanh(a * h + x[t])
        rows[t] = h
    return rows


def scattered(x, labels):
    out = np.zeros((5, x.shape[1]))
    np.add.at(out, labels, x)
    return out


def written(x):
    y = np.zeros(x.shape, dtype=float)
    y[:, ::2] = x[:, ::2] ** 2
    y[1] += x[1, ::-1]
    row = y[0]
    row *= 3
    y.T[2] = x[:, 0]
    y[x > 1] = 0
    return y, row


def blocks(x, w):
    out = np.zeros((x.shape[0], w.shape[1]))
    for start in range(0, x.shape[1], 4):
        out += x[:, start : start + 4] @ w[start : start + 4]
    return out


def in_place(x):
    y = x.copy()
    y -= y.mean()
    y /= np.sqrt((y * y).mean())
    return y


def written_by_functions(x):
    y, z, a = x.copy(), x[:, :4].copy(), np.zeros_like(x)
    np.put_along_axis(y, np.argmax(x, axis=1)[:, None], x[:, :1] ** 2, axis=1)
    np.fill_diagonal(z, 0.5)
    np.copyto(a, x * 3)
    return y, z, a


def max_pool(x):
    return x.reshape(2, 2, 3, 2).max(axis=(1, 3))


CASES = {
    "softmax": (softmax, X),
    "softmax of scipy": (lambda x: special.softmax(x, axis=1) + special.log_softmax(x, axis=0), X),
    "layer norm": (layer_norm, X, B, normal(6)),
    "rms norm": (lambda x, g: x / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + 1e-6) * g, X, B),
    "gelu": (gelu, X),
    "gelu by erf": (lambda x: x * 0.5 * (1 + special.erf(x / np.sqrt(2.0))), X),
    "silu": (lambda x: x * special.expit(x), X),
    "attention": (attention, normal(2, 4, 3), normal(2, 4, 3), normal(2, 4, 3)),
    "cross entropy": (cross_entropy, X, LABELS),
    "one-hot": (with_one_hot, X, LABELS),
    "rotary embedding": (rotary, X),
    "convolution": (convolution, normal(2, 7), normal(3, 2, 3)),
    "recurrence": (recurrence, X, B),
    "scatter": (scattered, X, LABELS),
    "written into": (written, X),
    "written by functions": (written_by_functions, X),
    "in blocks": (blocks, X, W),
    "in place": (in_place, X),
    "max pooling": (max_pool, normal(4, 6)),
    "dense relu": (lambda x, w: np.maximum(x.dot(w), 0).astype(np.float64), X, W),
    "minimum and clip": (lambda x: np.minimum(x, 0.3) + np.clip(x, -0.5, 0.5) + x.clip(min=0.1), X),
    "where and select": (lambda x: np.where(x > 0, x, 0.1 * x) + np.select([x > 1, x > 0], [x**2, 2 * x], -1.0), X),
    "logaddexp": (lambda x, y: np.logaddexp(x, y) + np.logaddexp(0, x) + np.hypot(x, y), X, normal(4, 6)),
    "exponentials": (lambda x: np.exp(x) + np.exp2(x) + np.expm1(x) + np.sinh(x) + np.cosh(x) + np.tanh(x), X),
    "logarithms": (lambda x: np.log(x) + np.log2(x) + np.log10(x) + np.log1p(x) + np.sqrt(x) + np.cbrt(x), positive(7)),
    "angles": (lambda x: np.sin(x) + np.cos(x) + np.tan(x) + np.arctan2(x, 2.0) + np.deg2rad(x), X),
    "inverses": (lambda x: np.arcsin(x) + np.arccos(x) + np.arctan(x) + np.arcsinh(x) + np.arctanh(x), between(5)),
    "powers": (lambda x: x**2 + x**-1 + 2**x + x**0.5 + np.power(x, 3) + np.reciprocal(x) + x**x, positive(5)),
    "gammas": (lambda x: special.gammaln(x) + special.psi(x) + special.xlogy(x, x) + special.erfc(x), positive(5)),
    "log-probabilities": (lambda x: special.log_ndtr(x) + special.ndtr(x) + special.log_expit(x), X),
    "sums": (lambda x: (x.sum(), x.sum(axis=(0, 1)), x.mean(0), x.std(1, ddof=1), np.prod(x, axis=1), np.ptp(x)), X),
    "sums of a part": (lambda x: x.sum(where=x > 0) + np.mean(x, axis=1, where=x > -1) + np.max(x, initial=0.5), X),
    "methods of ufuncs": (lambda x: np.add.reduce(x) + np.maximum.reduce(x, axis=0) + np.logaddexp.reduce(x), X),
    "outer": (lambda x, y: (np.add.outer(x, y), np.outer(x, y), np.multiply.outer(x, y)), normal(3), normal(2)),
    "running": (lambda x: np.cumsum(x, axis=1) + np.cumprod(x, axis=0) + np.maximum.accumulate(x, axis=1), X),
    "products": (
        lambda x, w: (np.matmul(x, w), x @ w, np.dot(x[0], w), np.tensordot(x, w, axes=1), np.vdot(x, x)),
        X,
        W,
    ),
    "einsum": (lambda x, w: np.einsum("nd,dk->nk", x, w) + np.einsum("nd,de->n", x, w, optimize=True)[:, None], X, W),
    "norms": (lambda x: (np.linalg.norm(x), np.linalg.norm(x, axis=1, keepdims=True), np.linalg.norm(x, 1, -1)), X),
    "linear algebra": (
        lambda a, b: (np.linalg.inv(a), np.linalg.solve(a, b), np.linalg.det(a)),
        normal(3, 3),
        normal(3),
    ),
    "takes": (lambda x: (np.take(x, [0, 2], axis=1), np.take_along_axis(x, np.argsort(x, axis=1)[:, -2:], axis=1)), X),
    "indices": (lambda x: (x[::-1, None, 1], x[..., -1], x[[0, 2]], x[x > 0], x[1:3, [0, 1]], x[0, :, None]), X),
    "sorting": (lambda x: np.sort(x, axis=-1) + np.flip(x, 1) + np.roll(x, 2, axis=1), X),
    "shapes": (lambda x: x.T.reshape(3, -1)[None].squeeze(0).ravel() + np.moveaxis(x, 0, 1).flatten(), X),
    "joins": (lambda x: (np.stack([x, 2 * x]), np.concatenate((x, x), 1), np.vstack([x, x]), np.tile(x, (2, 1))), X),
    "splits": (lambda x: (*np.split(x, 3, axis=1), *np.array_split(x, 3), np.repeat(x, 2, axis=0)), X),
    "pads": (
        lambda x: (np.pad(x, 1), np.pad(x, ((1, 0), (0, 2)), constant_values=1.5), np.pad(x, 1, mode="reflect")),
        X,
    ),
    "triangles": (lambda x: np.tril(x[:4, :4]) + np.triu(x[:4, :4], 1) * 2 + np.diag(np.diag(x[:4, :4])), X),
    "broadcast": (lambda x: np.broadcast_to(x[0], x.shape) + np.expand_dims(x[:, 0], 1) + np.full(6, 0.1), X),
    "conversions": (lambda x: np.asarray(x, dtype=np.float64) * np.float32(0.5) + np.array([x[0, 0], 1.0]).sum(), X),
    "like": (lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 2.0) + np.zeros(6, x.dtype), X),
    "whole numbers": (lambda x, i: x * (i[:, None] == np.arange(6)) + (i / 2).sum() + i[:, None] % 2, X, LABELS),
    "differences": (lambda x: np.diff(x, axis=1).sum() + np.abs(x) + np.sign(x) * x + np.nan_to_num(x), X),
}


@pytest.mark.parametrize("name", CASES)
def test_numpy_on_tensors(name):
    function, *arrays = CASES[name]
    want = function(*(array.copy() for array in arrays))
    values, cotangents, grads = answers(as_torch(function), arrays)
    require_same_values(values, want if isinstance(want, tuple) else [want])
    slopes = [
        float((held(grad) * along).sum() - slope)
        for grad, (along, slope) in zip(grads, differences(function, arrays, cotangents), strict=True)
    ]
    np.testing.assert_allclose(slopes, 0, atol=2e-6)
    require_same_without_storage(as_torch(function), arrays)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: np.interp(x, x, x), "np.interp has no form"),
        (lambda x: np.apply_along_axis(np.sum, 0, x), "np.apply_along_axis has no form"),
        (lambda x: np.add.reduceat(x, [0, 1]), "np.add.reduceat has no form"),
        (lambda x: np.sum(x, axis=0, out=np.zeros(6)), "out="),
        (lambda x: x * float(x[0, 0]), "no derivative follows"),
        (lambda x: special.jv(1, x), "np.jv has no form"),
        (lambda x: math.fsum(x[0]), "no derivative follows"),
        (lambda x: "text", "returned str"),
        (lambda x: np.eye(6).__setitem__(0, x[0]), "np.zeros_like"),
        (lambda x: x.astype(complex), "complex128"),
        (lambda x: x.view(np.int32), "view has no form"),
    ],
)
def test_what_has_no_form_names_itself(function, says):
    with pytest.raises(Unavailable, match=says):
        as_torch(function)(torch.tensor(X))


def test_dtypes_and_constants():
    """The result has the tensors' dtype; a constant of the code is not rounded to it."""
    x = torch.tensor([1.0, 3.0], dtype=torch.bfloat16)
    assert as_torch(lambda x: x * 0.1)(x).dtype == torch.bfloat16
    seen = as_torch(lambda x: (x * 0.1 == np.float64([0.1, 3 * 0.1])).all())(x)
    assert bool(seen)
    assert as_torch(lambda x: np.argmax(x))(x).dtype == torch.int64


def test_the_tensors_and_numpy_are_as_before():
    before, zeros = torch.tensor([1.0, -1.0], dtype=torch.float64), np.zeros

    def changes(x):
        x[x < 0] = 0
        return x

    assert as_torch(changes)(before).tolist() == [1.0, 0.0]
    assert before.tolist() == [1.0, -1.0]
    with pytest.raises(Unavailable, match="putmask has no form"):
        as_torch(lambda x: np.putmask(x, x < 0, 0))(before)
    as_torch(lambda x: np.cross(x[[0, 1, 0]], x[[1, 1, 0]]))(before)
    assert before.tolist() == [1.0, -1.0]
    assert np.zeros is zeros
    assert isinstance(np.zeros(2), np.ndarray)


def test_what_would_be_silently_wrong_raises():
    x = torch.tensor(X)
    with pytest.raises(Unavailable, match="ravel"):
        as_torch(lambda x: x.ravel(order="F"))(x)
    with pytest.raises(Unavailable, match="order='F'"):
        as_torch(lambda x: np.copy(x, order="F") + np.argsort(x, order="F"))(x)
    with pytest.raises(IndexError):
        as_torch(lambda x: np.take(x, [9], axis=0))(x)
    with pytest.raises(Unavailable, match="put into one"):
        as_torch(plain_buffer)(x)


def plain_buffer(x):
    y = zeros(x.shape)
    y[0] = x[0]
    return y


def test_a_maximum_with_zero_is_a_relu():
    x = torch.zeros(2, requires_grad=True)
    as_torch(lambda x: np.maximum(0, x))(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_views_are_looked_up_anew():
    """As NumPy's, views follow a later write, and a copy and a gathered part do not."""

    def views(x):
        y = x.copy()
        row, column, kept, gathered = y[0], y.T[1], y[0].copy(), y[[0]]
        y[0, 1] = 7
        column[2:] *= 2
        flat = y.reshape(-1)
        flat[-1] = x[0, 0]
        y += 1
        return row, column, kept, gathered, flat, y

    for one, want in zip(as_torch(views)(torch.tensor(X)), views(X), strict=True):
        np.testing.assert_allclose(one, want)


def written_behind_a_reshape(x):
    y = x.copy()
    flat = y.T.reshape(-1)
    y[0] = 1
    return flat


@pytest.mark.parametrize("function", [written_behind_a_reshape, lambda x: x.T.ravel().fill(1.0)])
def test_a_reshape_that_may_be_a_copy_is_not_written(function):
    with pytest.raises(Unavailable, match=r"take a copy\(\)"):
        as_torch(function)(torch.tensor(X))


def test_an_error_of_the_reference_is_its_own():
    with pytest.raises(ZeroDivisionError):
        as_torch(lambda x: x * (1 // 0))(torch.ones(2))
