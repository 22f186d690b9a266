"""References in JAX on tensors: values and gradients as JAX's, and no look at a tensor's memory."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax import lax

from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.frontends.jax_code.on_tensors import as_torch
from backcheck_reference.lazy import Unavailable
from tests.reference.frontends.without_storage import (
    answers,
    held,
    require_same_values,
    require_same_without_storage,
)

jax_oracle.prepare()
RNG = np.random.default_rng(1)
LABELS = np.array([2, 0, 3, 1])


def normal(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    return RNG.uniform(0.3, 2.0, shape)


def between(*shape):
    return RNG.uniform(-0.9, 0.9, shape)


X, W, B = normal(4, 6), normal(6, 5), normal(6)


def layer_norm(x, gamma, beta):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-5) * gamma + beta


def attention(q, k, v):
    scores = jnp.einsum("bqd,bkd->bqk", q, k) / jnp.sqrt(q.shape[-1])
    mask = jnp.tril(jnp.ones(scores.shape[-2:], dtype=bool))
    return jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1) @ v


def online_attention(q, k, v):
    """In blocks, with what is carried in float32 as kernels have it."""

    def body(at, carry):
        top, total, out = carry
        scores = q @ lax.dynamic_slice_in_dim(k, 2 * at, 2).T
        new = jnp.maximum(top, scores.max(-1))
        weights, scale = jnp.exp(scores - new[:, None]), jnp.exp(top - new)
        part = weights @ lax.dynamic_slice_in_dim(v, 2 * at, 2)
        return new, total * scale + weights.sum(-1), out * scale[:, None] + part

    start = jnp.full(len(q), -1e30), jnp.zeros(len(q)), jnp.zeros((len(q), v.shape[1]))
    _, total, out = lax.fori_loop(0, len(k) // 2, body, start)
    return out / total[:, None]


def cross_entropy(x, labels):
    logp = jax.nn.log_softmax(x)
    return -jnp.take_along_axis(logp, labels[:, None], axis=1).mean()


def convolution(x, w):
    return lax.conv_general_dilated(
        x, w, (2, 1), "SAME", rhs_dilation=(1, 2), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def transposed_convolution(x, w):
    return lax.conv_transpose(x, w, (2,), "SAME", dimension_numbers=("NHC", "HIO", "NHC"))


def max_pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (2, 3), (1, 2), ((1, 0), (0, 1)))


def mean_pool(x):
    return lax.reduce_window(x, 0.0, lax.add, (2, 2), (2, 2), "VALID", window_dilation=(2, 1)) / 4


def recurrence(x, w):
    def step(h, row):
        h = jnp.tanh(h @ w + row)
        return h, (h, h.sum())

    return lax.scan(step, jnp.zeros(x.shape[1]), x, reverse=True)


@jax.custom_vjp
def wrong_square(x):
    return x * x


wrong_square.defvjp(lambda x: (x * x, x), lambda x, dy: (7 * dy,))


def written(x):
    return x.at[0, 1:3].set(2.0).at[1].add(x[0]).at[2].multiply(x[3]).at[3, 0].max(0.1) + x.at[:, ::2].get()[0, 0]


def loops(x):
    y = lax.fori_loop(0, 3, lambda at, y: y + x[at] * at, jnp.zeros(6))
    return lax.fori_loop(1, 3, lambda at, z: z * y + at, y)


def rotary(x):
    half = x.shape[-1] // 2
    angle = jnp.arange(len(x))[:, None] / 10000 ** (jnp.arange(half) / half)
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * jnp.cos(angle) - b * jnp.sin(angle), a * jnp.sin(angle) + b * jnp.cos(angle)], -1)


CASES = {
    "softmax": (jax.nn.softmax, X),
    "layer norm": (layer_norm, X, B, normal(6)),
    "rms norm": (lambda x, g: x / jnp.sqrt(jnp.mean(x**2, -1, keepdims=True) + 1e-6) * g, X, B),
    "gelu": (lambda x: jax.nn.gelu(x) + jax.nn.gelu(x, approximate=False), X),
    "activations": (lambda x: jax.nn.relu(x) + jax.nn.silu(x) + jax.nn.softplus(x) + jax.nn.elu(x), X),
    "gates": (lambda x, w: jax.nn.glu(x) + jax.nn.sigmoid(x @ w)[:, :3] * jax.nn.leaky_relu(x[:, :3]), X, W),
    "attention": (attention, normal(2, 4, 3), normal(2, 4, 3), normal(2, 4, 3)),
    "attention in blocks": (online_attention, normal(3, 4), normal(6, 4), normal(6, 2)),
    "cross entropy": (cross_entropy, X, LABELS),
    "one-hot": (lambda x, i: -(jax.nn.one_hot(i, 6) * jax.nn.log_softmax(x)).sum(-1), X, LABELS),
    "indexed": (lambda x, i: x[jnp.arange(4), i] + x[i, 0] + x[-1, ::-1][:4], X, LABELS),
    "rotary embedding": (rotary, X),
    "convolution": (convolution, normal(2, 5, 6, 2), normal(3, 2, 2, 3)),
    "grouped convolution": (
        lambda x, w: lax.conv_general_dilated(x, w, (1,), [(1, 1)], feature_group_count=2),
        normal(2, 4, 6),
        normal(4, 2, 3),
    ),
    "transposed convolution": (transposed_convolution, normal(2, 4, 3), normal(3, 3, 2)),
    "max pooling": (max_pool, normal(5, 7)),
    "mean pooling": (mean_pool, normal(5, 6)),
    "scan": (recurrence, X, normal(6, 6)),
    "loops": (loops, X),
    "vmap": (jax.vmap(lambda x, i: x[i] + jnp.dot(x, x) * jax.nn.softmax(x)[0]), X, LABELS),
    "jit": (jax.jit(lambda x, w: jnp.dot(jax.jit(jnp.tanh)(x), w)), X, W),
    "remat": (jax.checkpoint(lambda x: jnp.sin(jnp.exp(x))), X),
    "own derivative": (lambda x: x * x, X),
    "grad in it": (jax.grad(lambda x: jnp.sum(jnp.sin(x) ** 2)), X),
    "einsum": (lambda x, w: jnp.einsum("nd,dk->kn", x, w) + jnp.einsum("nd,ed->ne", x, x).sum(), X, W),
    "batched product": (lambda a, b: jnp.matmul(a, b) + jnp.tensordot(a, b[0], 1), normal(2, 3, 4), normal(2, 4, 5)),
    "take": (lambda x, i: jnp.take(x, i, axis=1) + jnp.take(x, i % 4, axis=0)[:, :4], X, LABELS),
    "take beyond the end": (lambda x: jnp.take(x, jnp.array([1, 9]), axis=1, mode="fill", fill_value=0.5), X),
    "segment sum": (lambda x, i: jax.ops.segment_sum(x, i // 2, num_segments=3), X, LABELS),
    "writes": (written, X),
    "scatter beyond the end": (lambda x: x.at[jnp.array([1, 9])].add(2 * x[:2], mode="drop"), X),
    "sums": (lambda x: x.sum(0) + x.mean() + x.std(0) + jnp.prod(x, 0) + x.max(0) + x.min() + jnp.ptp(x), X),
    "norms": (lambda x: jnp.linalg.norm(x, axis=-1) + jnp.linalg.norm(x) + jnp.abs(x).sum(1), X),
    "logsumexp": (lambda x: jax.nn.logsumexp(x, axis=1) + jnp.logaddexp(x[:, 0], 0.3), X),
    "running": (
        lambda x: jnp.cumsum(x, 1) + jnp.cumprod(x, 0) + lax.cummax(x, 1, reverse=True) * lax.cumlogsumexp(x),
        X,
    ),
    "sorting": (lambda x: jnp.sort(x, -1) + x[:, jnp.argsort(x[0])] + lax.top_k(x, 6)[0] + jnp.median(x), X),
    "where and clip": (lambda x: jnp.where(x > 0, x, 0) + jnp.clip(x, -0.5, 0.5) + jnp.maximum(x, 0.1 * x), X),
    "select": (lambda x: jnp.select([x > 1, x > 0], [x**2, 2 * x], -1.0) + lax.clamp(-0.2, x, 0.9), X),
    "exponentials": (lambda x: jnp.exp(x) + jnp.exp2(x) + jnp.expm1(x) + jnp.sinh(x) + jnp.cosh(x) + jnp.tanh(x), X),
    "logarithms": (lambda x: jnp.log(x) + jnp.log2(x) + jnp.log1p(x) + jnp.sqrt(x) + jnp.cbrt(x) + 1 / x, positive(5)),
    "angles": (lambda x: jnp.sin(x) + jnp.cos(x) + jnp.tan(x) + jnp.arctan2(x, 2.0) + jnp.hypot(x, 1.0), X),
    "inverses": (lambda x: jnp.arcsin(x) + jnp.arccos(x) + jnp.arctan(x) + jnp.arcsinh(x) + jnp.arctanh(x), between(5)),
    "powers": (lambda x: x**2 + x**-1 + 2**x + x**0.5 + x**x + jnp.square(x) + jnp.reciprocal(x), positive(5)),
    "special": (
        lambda x: lax.lgamma(x) + lax.erf(x) + lax.erfc(x) + lax.erf_inv(x / 3) + lax.bessel_i0e(x),
        positive(5),
    ),
    "shapes": (lambda x: x.T.reshape(3, -1)[None].squeeze(0).ravel() + jnp.moveaxis(x, 0, 1).flatten(), X),
    "joins": (lambda x: jnp.stack([x, 2 * x]).sum(0) + jnp.tile(x, (2, 1))[2:6] + jnp.roll(x, 2, 1), X),
    "pads": (lambda x: jnp.pad(x, 1)[1:5, :6] + lax.pad(x, 0.5, [(1, -1, 1), (-2, 2, 0)])[:4], X),
    "triangles": (lambda x: jnp.tril(x) + 2 * jnp.triu(x, 1) + jnp.diag(jnp.diag(x[:, :4])).sum(), X),
    "linear solves": (
        lambda a, b: jax.scipy.linalg.solve_triangular(jnp.linalg.cholesky(a @ a.T + jnp.eye(3)), b, lower=True),
        normal(3, 3),
        normal(3),
    ),
    "whole numbers": (lambda x, i: x * (i[:, None] % 2) + (i / 2)[:, None] + (i // 2).sum() + x.shape[0], X, LABELS),
    "interpolation": (lambda x: jnp.interp(x[0], jnp.arange(6.0), x[1]) + jnp.quantile(x, 0.3), X),
    "several outputs": (lambda x: {"b": x * 2, "a": (x.sum(), jnp.argmax(x, 1))}, X),
}


@pytest.mark.parametrize("name", CASES)
def test_jax_on_tensors(name):
    function, *arrays = CASES[name]

    def flat(*tensors):
        return tuple(jax.tree_util.tree_leaves(as_torch(function)(*tensors)))

    with jax.enable_x64(True):
        values, cotangents, grads = answers(flat, arrays)
        want, slopes = jax.jit(functools.partial(by_jax, function, arrays))(
            [array for array in arrays if array.dtype.kind == "f"], [held(dy) for dy in cotangents]
        )
        require_same_values(values, want)
        require_same_values(grads, slopes)
    require_same_without_storage(flat, arrays)


def by_jax(function, arrays, moved, cotangents):
    """The values and gradients by JAX. Integer outputs have cotangents of their own kind there."""

    def outputs(*floats):
        waiting = iter(floats)
        given = [next(waiting) if array.dtype.kind == "f" else array for array in arrays]
        return jax.tree_util.tree_leaves(function(*given))

    values, pull = jax.vjp(outputs, *moved)
    floats = [jnp.issubdtype(y.dtype, jnp.floating) for y in values]
    none = [np.zeros(y.shape, jax.dtypes.float0) for y in values]
    given = [dy if is_float else zero for dy, is_float, zero in zip(cotangents, floats, none, strict=True)]
    return values, pull(given)


def test_a_derivative_by_hand_is_left_out():
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    as_torch(lambda x: wrong_square(x))(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_the_relu_of_jax_has_the_gradient_zero_at_zero():
    x = torch.zeros(2, requires_grad=True)
    as_torch(jax.nn.relu)(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_dtypes_and_constants():
    """The result has the tensors' dtype; a constant of the code is not rounded to it."""
    x = torch.tensor([1.0, 3.0], dtype=torch.bfloat16)
    assert as_torch(lambda x: x * 0.1)(x).dtype == torch.bfloat16
    assert as_torch(lambda x: x[0] * 0.044715 > 0.04471)(x)
    x = x.to(torch.float64)
    assert float(as_torch(lambda x: x[0].astype(jnp.float32) * 0.044715)(x)) == 0.044715
    assert as_torch(jnp.argmax)(x).dtype == torch.int64


def test_code_that_fixes_a_narrow_dtype():
    """A loop that carries float32 cannot be recorded in float64."""

    def total(x):
        return lax.fori_loop(0, 4, lambda at, y: y + x[at], jnp.zeros(6, jnp.float32))

    x = torch.tensor(X, dtype=torch.float32)
    np.testing.assert_allclose(as_torch(total)(x), X.sum(0), rtol=1e-5)


def test_options_and_lengths_are_fixed():
    def first(x, n, *, scale):
        return sum(x[at] * scale for at in range(n))

    x = torch.tensor(X)
    function = as_torch(first)
    for n, scale in ((2, 1.0), (3, 1.0), (3, 2)):
        np.testing.assert_allclose(function(x, torch.tensor(n), scale=scale), X[:n].sum(0) * scale)


def branch(x):
    return lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (branch, "'cond' that hangs on"),
        (lambda x: lax.while_loop(lambda y: y.sum() < 5, lambda y: y + 1, x), "'while' that hangs on"),
        (lambda x: jnp.linalg.eigh(x[:, :4])[0], "eigh"),
        (lambda x: jnp.fft.rfft(x), "fft"),
        (lambda x: x * jax.random.uniform(jax.random.key(0), (6,)), "random"),
        (lambda x: jnp.exp(x) if x.sum() > 0 else x, "looks at values"),
        (lambda x: jax.pure_callback(np.sin, x, x), "pure_callback"),
    ],
)
def test_what_has_no_form_names_itself(function, says):
    with pytest.raises(Unavailable, match=says):
        as_torch(function)(torch.tensor(X))


def test_a_loop_that_counts():
    def power(x):
        return lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x), (0, jnp.ones(6)))[1]

    np.testing.assert_allclose(as_torch(power)(torch.tensor(B)), B**3)


def test_a_branch_that_options_decide():
    choose = functools.partial(lambda n, x: lax.cond(n > 1, jnp.sin, jnp.cos, x), 2)
    np.testing.assert_allclose(as_torch(choose)(torch.tensor(X)), np.sin(X))


def test_an_error_of_the_reference_is_its_own():
    with pytest.raises(ZeroDivisionError):
        as_torch(lambda x: x * (1 // 0))(torch.ones(2))
