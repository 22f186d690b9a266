"""JAX's linear algebra, Fourier transforms, complex numbers and special functions: exact numbers against JAX itself.

As in `test_jax_primitives`, the bound is that of the same record on balls of 53 bits.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import backcheck
from backcheck.subjects.pairs.jax_function import as_pair
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.numbers import balls, exact
from backcheck_reports.record import Verdict
from tests.reference.frontends.three_numbers import cotangent, on_three_numbers

jax_oracle.prepare()
RNG = np.random.default_rng(3)
SEGMENTS = np.array([0, 1, 0, 2, 2])
linalg, fft, scipy, special = jnp.linalg, jnp.fft, jax.scipy, jax.scipy.special


def normal(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    return abs(RNG.standard_normal(shape)) + 0.3


def between(*shape):
    return RNG.uniform(0.1, 0.9, shape)


def regular(n=3):
    return normal(n, n) + 3 * np.eye(n)


def gram(a):
    return a @ a.T + jnp.eye(len(a))


GROUPS = {
    "linear algebra": {
        "inv and solve": (lambda a, b: linalg.inv(a) @ b + linalg.solve(a, b), regular(), normal(3, 2)),
        "det and slogdet": (lambda a: linalg.det(a) + linalg.slogdet(a)[1], np.stack([regular(), regular()])),
        "cholesky": (lambda a, b: scipy.linalg.cho_solve((linalg.cholesky(gram(a)), True), b), normal(3, 3), normal(3)),
        "qr": (lambda a: linalg.qr(a)[0] @ jnp.ones(3) + linalg.qr(a)[1].sum(), normal(4, 3)),
        "svd": (lambda a: (lambda u, s, v: (u * jnp.exp(s)) @ v)(*linalg.svd(a, full_matrices=False)), normal(3, 2)),
        "eigh": (lambda a: (lambda w, v: (v * jnp.exp(w)) @ v.T)(*linalg.eigh(a + a.T)), normal(3, 3)),
        "eigvals": (lambda a: jnp.abs(linalg.eigvals(a)), regular()),
        "expm": (scipy.linalg.expm, 0.3 * normal(3, 3)),
        "triangular": (
            lambda a, b: scipy.linalg.solve_triangular(a, b, lower=True) + scipy.linalg.solve_triangular(a, b, trans=1),
            regular(),
            normal(3),
        ),
        "lu": (lambda a, b: scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), b), regular(), normal(3)),
        "lstsq and pinv": (lambda a, b: linalg.lstsq(a, b)[0] + linalg.pinv(a) @ b, normal(4, 2), normal(4)),
        "tridiagonal": (
            lambda a, b: lax.linalg.tridiagonal_solve(jnp.array([0.0, 1.0, 1.0]), a, jnp.array([1.0, 1.0, 0.0]), b),
            3 + positive(3),
            normal(3, 1),
        ),
    },
    "Fourier transforms": {
        "there and back": (lambda x, h: fft.irfft(fft.rfft(x) * fft.rfft(h), n=5), normal(5), normal(5)),
        "of planes": (lambda x: fft.rfft2(x, norm="ortho").imag + fft.fft2(x).real[:, :2], normal(4, 3)),
        "derivative": (lambda x: fft.ifft(1j * fft.fftfreq(5) * fft.fft(x)).real, normal(5)),
        "dct": (scipy.fft.dct, normal(5)),
    },
    "complex numbers": {
        "arithmetic": (lambda a, b: (lax.complex(a, b) ** 2 / (b + 1j * a)).imag, normal(3), normal(3)),
        "parts": (
            lambda a, b: (lambda z: jnp.abs(z) + jnp.angle(z) + (z * jnp.conj(z)).real)(a + 1j * b),
            normal(3),
            normal(3),
        ),
        "functions": (
            lambda a, b: (lambda z: jnp.sqrt(z) * jnp.log(z) + jnp.tanh(z) / jnp.cos(z) + jnp.sign(z))(a + 1j * b).imag,
            normal(3),
            normal(3),
        ),
        "sums": (
            lambda a, b: (lambda z: (z @ z.T).sum() * z[:1].prod() + jnp.cumsum(z)[-1])(a + 1j * b).real,
            normal(2, 2),
            normal(2, 2),
        ),
        "rotations": (
            lambda x: (lambda z: jnp.stack([z.real, z.imag], -1))(
                lax.complex(x[..., 0], x[..., 1]) * jnp.exp(1j * jnp.arange(3.0))
            ),
            normal(2, 3, 2),
        ),
    },
    "special functions": {
        "Bessel": (lambda x: special.i0(x) + special.i1(x) * special.i0e(x) - special.i1e(x), normal(4)),
        "normal distribution": (lambda x: special.log_ndtr(x) + special.ndtri(special.ndtr(x)), normal(4)),
        "incomplete": (
            lambda x: special.gammainc(1.5, x) + special.gammaincc(2.5, x) + special.betainc(0.5, 2.0, x),
            between(3),
        ),
        "polygamma and zeta": (lambda x: special.polygamma(1, x) + special.zeta(2.5, x), positive(3)),
    },
    "indices": {
        "extremes of segments": (
            lambda x: jax.ops.segment_max(x, SEGMENTS, 3) + jax.ops.segment_min(x, SEGMENTS, 3),
            normal(5),
        ),
        "extremes in place": (lambda x, y: x.at[SEGMENTS].max(y) + x.at[SEGMENTS].min(y), normal(4), normal(5)),
    },
    "solvers": {
        "conjugate gradients": (
            lambda a, b: scipy.sparse.linalg.cg(lambda v: gram(a) @ v, b, maxiter=1)[0],
            normal(2, 2),
            normal(2),
        ),
    },
}
CASES = {f"{group}: {name}": row for group, rows in GROUPS.items() for name, row in rows.items()}


@pytest.mark.parametrize("name", CASES)
def test_exact_numbers_give_what_jax_gives(name):
    function, *arrays = CASES[name]
    pair = as_pair(function)
    dy = cotangent(pair, arrays)
    floats, truths, wide = on_three_numbers(pair, arrays, dy)
    for got, truth, ball in zip(floats, truths, wide, strict=True):
        exact.require_exact(name, truth)
        assert got.shape == truth.shape == ball.shape
        allowed = balls.SLACK * balls.radii(ball)
        assert np.all(abs(got - exact.to_float(truth)) <= allowed)
        assert np.all(allowed <= 1e-6 * max(1.0, abs(got).max()))


KINDS = {
    "linear algebra": (lambda a: linalg.inv(a), lambda a, dy: -linalg.inv(a).T @ dy @ linalg.inv(a).T, regular()),
    "Fourier transforms": (lambda x: fft.fft(x).real, lambda x, dy: fft.fft(dy).real, normal(5)),
    "complex numbers": (lambda x: jnp.abs(jnp.exp(1j * x) + x), None, normal(3)),
    "special functions": (lambda x: special.i0(x), lambda x, dy: dy * special.i1(x), normal(3)),
    "indices": (lambda x: jax.ops.segment_max(x, SEGMENTS, 3), None, normal(5)),
}


SLOW = ("Fourier transforms", "special functions", "indices")


@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow) if k in SLOW else k for k in KINDS])
def test_a_right_backward_agrees_and_a_wrong_one_does_not(kind):
    forward, backward, x = KINDS[kind]
    if backward is None:

        def backward(x, dy):
            return jax.vjp(forward, x)[1](dy)[0]

    def own(factor):
        function = jax.custom_vjp(forward)
        function.defvjp(lambda x: (forward(x), x), lambda x, dy: (factor * backward(x, dy),))
        return function

    right = backcheck.check_jax(own(1), x)
    assert right.verdict is Verdict.AGREE
    assert {m.verdict for (_, party), m in right.measures.items() if party == "exact"} == {Verdict.AGREE}
    assert backcheck.check_jax(own(1.001), x).verdict is Verdict.DISAGREE
