"""JAX's primitives on exact numbers against JAX itself: values and gradients, within the rounding of float64.

The bound is derived: the same record run on balls of 53 bits, whose radii hold what rounding can do, times the slack
that the engine allows. The exact values must lie in those balls too, and hulls, which hold every branch, around both.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from backcheck.subjects.pairs.jax_function import as_pair
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.frontends.jax_code import primitives
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact
from tests.reference.frontends.three_numbers import answers, cotangent, on_three_numbers

jax_oracle.prepare()
RNG = np.random.default_rng(11)


def normal(*shape):
    return RNG.normal(size=shape)


def positive(*shape):
    return RNG.uniform(0.2, 0.9, size=shape)


def window(monoid, neutral, **options):
    return lambda x: lax.reduce_window(x, neutral, monoid, (2, 3), (2, 1), "SAME", **options)


def convolution(layout, **options):
    return lambda x, k: lax.conv_general_dilated(x, k, (2, 1), "SAME", dimension_numbers=layout, **options)


special = jax.scipy.special
CASES = {
    "trigonometric": (lambda x: jnp.sin(x) + jnp.cos(x) * jnp.tan(x) + jnp.arcsin(x) * jnp.arccos(x), positive(3)),
    "hyperbolic": (lambda x: jnp.sinh(x) * jnp.cosh(x) + jnp.arcsinh(x) + jnp.arccosh(1 + x), positive(3)),
    "arctangents": (lambda x, y: jnp.arctan2(x, y) + jnp.arctanh(jnp.tanh(x)) * jnp.arctan(y), normal(4), normal(4)),
    "exponentials": (lambda x: jnp.exp2(x) + jnp.expm1(x) * jnp.log1p(x) + jnp.log2(x) + jnp.log10(x), positive(3)),
    "roots": (lambda x: jnp.sqrt(x) + lax.rsqrt(x) + jnp.cbrt(x) * jnp.cbrt(-x), positive(3)),
    "powers": (lambda x, y: x**y + x**2.5 + x**-3 + jnp.square(x), positive(3), normal(3)),
    "errors": (lambda x: special.erf(x) * special.erfc(x) + lax.erf_inv(x), positive(3)),
    "gammas": (lambda x: special.gammaln(x) + special.digamma(jnp.abs(x)), np.array([0.3, 2.5, -1.3])),
    "logistic": (lambda x: jax.nn.sigmoid(x) + jax.nn.softplus(x), 30 * normal(3)),
    "steps": (lambda x: (jnp.floor(x) + jnp.ceil(x) + jnp.round(x) + jnp.sign(x)) * x, normal(4)),
    "remainders": (lambda x: x % 0.375 + jnp.fmod(x, 0.375), normal(4)),
    "clamps": (lambda x: lax.clamp(-0.5, x, 0.5) * jnp.abs(x), normal(4)),
    "extremes": (lambda x, y: jnp.maximum(x, y) * jnp.minimum(x, 0.25), normal(4), normal(4)),
    "logic": (lambda x: jnp.where(((x > 0) & (x < 1)) | ~(x >= -1) ^ (x == 2), x, 2 * x), normal(5)),
    "masks": (lambda x: jnp.where((x > 0).any() & (x > -9).all(), x, -x) * (x != 0), normal(5)),
    "finite": (lambda x: jnp.nan_to_num(x) + jnp.logaddexp(x, 1.0) + jnp.sinc(x) + jnp.hypot(x, 2.0), normal(3)),
    "integers": (lambda x: x * (jnp.floor(x).astype(int) % 3) + jnp.arange(4) // 2, normal(4)),
    "several cases": (lambda x: lax.select_n(jnp.array([0, 2, 1]), x, 2 * x, 3 * x), normal(3)),
    "moments": (lambda x: jnp.std(x, 0) + jnp.var(x, 0, ddof=1) * jnp.prod(x, 0), normal(4, 2)),
    "norm": (jnp.linalg.norm, normal(2, 3)),
    "largest of all": (lambda x: x.max() * x.min((0, 2)), normal(2, 3, 2)),
    "at the largest": (lambda x: x[jnp.argmax(x)] * x[jnp.argmin(x)] * x, normal(4)),
    "cumulative": (lambda x: lax.cumlogsumexp(x, 1, True) + jnp.cumprod(x, 0) * lax.cumsum(x, 1, True), normal(2, 3)),
    "cumulative extremes": (lambda x: lax.cummax(x) * lax.cummin(x, reverse=True), normal(5)),
    "order": (lambda x: x[jnp.argsort(x)] + jnp.median(x) + jnp.quantile(x, 0.25), normal(5)),
    "top": (lambda x: lax.top_k(x, 2)[0], normal(2, 4)),
    "shapes": (lambda x: jnp.roll(jnp.flip(x, 1), 1, 0)[None].squeeze(0).T.reshape(2, 6) @ jnp.eye(6), normal(3, 4)),
    "joined": (lambda a, b: jnp.stack([jnp.concatenate([a, b]), jnp.tile(a, 2)]).repeat(2, 1), normal(3), normal(3)),
    "parts": (lambda x: jnp.split(x, [2])[0] * x[1::2] + x[-1] + lax.dynamic_slice(x, (4,), (2,)), normal(5)),
    "unstacked": (lambda x: sum(at * part for at, part in enumerate(jnp.unstack(x, axis=1))), normal(2, 3)),
    "updated": (lambda x, y: lax.dynamic_update_slice(x, y, (1,)) ** 2, normal(5), normal(2)),
    "reflected": (lambda x: jnp.pad(x, ((1, 2), (0, 1)), mode="reflect") ** 2, normal(3, 4)),
    "triangles": (lambda x: jnp.tril(x) + jnp.diag(jnp.diag(x)) * jnp.trace(x), normal(3, 3)),
    "gathered": (lambda x: x[jnp.array([0, 2, 2]), :, jnp.array([1, -1, 1])] ** 2, normal(5, 2, 3)),
    "taken": (lambda x: jnp.take(x, jnp.array([0, 7]), axis=1, mode="clip") ** 2, normal(2, 3)),
    "filled": (lambda x: jnp.take(x, jnp.array([0, 7]), mode="fill", fill_value=2.0) ** 2, normal(3)),
    "one entry": (lambda x: x.at[1].get() * x[jnp.array(2)], normal(3)),
    "set": (lambda x, y: x.at[:, 1].set(y).at[jnp.array([1, 0])].set(x[:2]) ** 2, normal(3, 3), normal(3)),
    "multiplied": (lambda x, y: x.at[jnp.array([1, 0])].multiply(y, unique_indices=True), normal(3, 3), normal(2, 3)),
    "subtracted": (lambda x, y: x.at[jnp.array([1, 1, 9])].subtract(y) ** 2, normal(3, 3), normal(3, 3)),
    "segments": (lambda x: jax.ops.segment_sum(x, jnp.array([0, 1, 0]), 2) ** 2, normal(3, 2)),
    "batched": (jax.vmap(lambda x, at: x[at] * x), normal(3, 4), np.array([1, 3, 0])),
    "contracted": (lambda a, b: jnp.einsum("ijb,jbk->kbi", a, b), normal(2, 3, 4), normal(3, 4, 5)),
    "outer": (lambda a, b: jnp.einsum("ij,kl->ikjl", a, b) * jnp.vdot(a, b), normal(2, 3), normal(2, 3)),
    "of nothing": (lambda a, b: a @ b + jnp.zeros((0, 2)).sum(0), normal(3, 0), normal(0, 2)),
    "channels last": (
        convolution(("NHWC", "HWIO", "NHWC"), rhs_dilation=(1, 2)),
        normal(2, 4, 5, 2),
        normal(2, 2, 2, 3),
    ),
    "grouped": (convolution(None, feature_group_count=2), normal(2, 4, 3, 4), normal(2, 2, 2, 2)),
    "batch groups": (convolution(None, batch_group_count=2), normal(4, 2, 3, 3), normal(4, 2, 2, 2)),
    "transposed": (lambda x, k: lax.conv_transpose(x, k, (2,), "SAME"), normal(2, 4, 3), normal(3, 3, 2)),
    "largest in windows": (window(lax.max, -jnp.inf), normal(5, 4)),
    "smallest in windows": (window(lax.min, jnp.inf), normal(5, 4)),
    "sums over windows": (window(lax.add, 0.0, window_dilation=(1, 2), base_dilation=(2, 1)), normal(3, 4)),
    "reversed scan": (lambda x: lax.scan(lambda c, a: (c * a, c), 1.0, x, reverse=True)[1], normal(4)),
    "empty scan": (lambda x: lax.scan(lambda c, a: (c + a, c), 1.0, x[:0])[1].sum() + x, normal(2)),
    "counted": (lambda x: lax.fori_loop(0, 3, lambda at, c: c * x + at, x), normal(3)),
    "switched": (lambda x: lax.switch(1, [jnp.sin, jnp.cos, jnp.tan], x), normal(3)),
    "mapped": (lambda x: lax.map(lambda row: jnp.sin(row).sum(), x), normal(3, 2)),
    "associative": (lambda x: lax.associative_scan(jnp.multiply, x), normal(5)),
    "barriers": (
        lambda x: lax.stop_gradient(x) * lax.optimization_barrier(x) + lax.reduce_precision(x, 11, 52),
        normal(3),
    ),
}


def compare(name):
    function, *arrays = CASES[name]
    pair = as_pair(function)
    dy = cotangent(pair, arrays)
    floats, truths, wide = on_three_numbers(pair, arrays, dy)
    watch = balls.Watch("float64")
    with balls.run_at("float64", balls.SLACK_BITS):
        hulls = answers(pair, lambda a: watch.lift(a, "float64"), arrays, dy)
    for got, truth, ball, hull in zip(floats, truths, wide, hulls, strict=True):
        exact.require_exact(name, truth)
        assert got.shape == truth.shape == ball.shape == hull.shape
        assert isinstance(hull, balls.Hull)
        off = abs(got - exact.to_float(truth))
        assert np.all(off <= balls.SLACK * balls.radii(ball)), name
        assert all(b.contains(t) for b, t in zip(ball.flat, truth.flat, strict=True)), name
        assert all(h.contains(t) for h, t in zip(hull.flat, truth.flat, strict=True)), name
        assert np.all(off <= balls.radii(hull)), name
        assert np.all(np.isfinite(balls.radii(hull)))


@pytest.mark.parametrize("name", CASES)
def test_exact_numbers_give_what_jax_gives(name):
    compare(name)


@pytest.mark.parametrize(
    ("name", "primitive", "other"),
    [
        ("trigonometric", "sin", "cos"),
        ("contracted", "transpose", "copy"),
        ("segments", "scatter-add", "scatter"),
        ("order", "scatter-add", "scatter-sub"),
        ("largest in windows", "reduce_window_max", "reduce_window_min"),
    ],
)
def test_a_primitive_that_means_another_is_noticed(monkeypatch, name, primitive, other):
    monkeypatch.setitem(primitives.TABLE, primitive, primitives.TABLE[other])
    with pytest.raises((AssertionError, Unavailable)):
        compare(name)
