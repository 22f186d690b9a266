"""Complex arrays and outputs: the gradient of a real L is dL/d(re x) + i dL/d(im x), as PyTorch has it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from backcheck import check_jax, check_torch, check_vjp, verify_rule
from backcheck.complex_numbers import as_complex, as_real
from backcheck_reports.record import Verdict

RNG = np.random.default_rng(0)
Z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
W = RNG.normal(size=3) + 1j * RNG.normal(size=3)
X = RNG.normal(size=4)


def mixed(z, x):
    return (z * x[:3], np.abs(z)), (z, x)


def of_mixed(saved, g):
    z, x = saved
    return g[0] * x[:3] + g[1] * z / abs(z), np.append((g[0] * z.conj()).real, 0)


# forward, right backward, wrong backward, arrays
PAIRS = {
    "to a real": (
        lambda z: (np.abs(z) ** 2, z),
        lambda z, g: 2 * g * z,
        lambda z, g: 2 * g * z.conj(),
        [Z],
    ),
    "product": (
        lambda a, b: (a * b, (a, b)),
        lambda s, g: (g * s[1].conj(), g * s[0].conj()),
        lambda s, g: (g * s[1], g * s[0]),
        [Z, W],
    ),
    "holomorphic": (
        lambda z: (np.exp(z), np.exp(z)),
        lambda y, g: g * y.conj(),
        lambda y, g: g * y,
        [Z],
    ),
    "from a real": (
        lambda x: (np.fft.fft(x), len(x)),
        lambda n, g: (np.fft.ifft(g) * n).real,
        lambda n, g: np.fft.ifft(g).real,
        [X],
    ),
    "transform": (
        lambda z: (np.fft.fft(z), len(z)),
        lambda n, g: np.fft.ifft(g) * n,
        lambda n, g: np.fft.fft(g),
        [Z],
    ),
    "real and complex": (mixed, of_mixed, lambda s, g: (of_mixed(s, g)[0], of_mixed(s, g)[1] * 1.5), [Z, X]),
    "real part only": (
        lambda z: (z.real**2, z),
        lambda z, g: 2 * g * z.real,
        lambda z, g: 2 * g * z,
        [Z],
    ),
    "single precision": (
        lambda z: (z * z, z),
        lambda z, g: 2 * g * z.conj(),
        lambda z, g: 2 * g * z,
        [Z.astype(np.complex64)],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_complex_gradient_is_judged_exactly(name):
    forward, right, wrong, arrays = PAIRS[name]
    good, bad = check_vjp(forward, right, *arrays), check_vjp(forward, wrong, *arrays)
    assert good.verdict is Verdict.AGREE, str(good)
    assert good.checked.truth.known
    assert bad.verdict is Verdict.DISAGREE, str(bad)


def test_mirrors_a_cotangent_and_a_script_are_of_complex_numbers_too():
    def exponential(z):
        return np.exp(z), np.exp(z)

    check = check_vjp(
        exponential, lambda y, g: g * y.conj(), Z, torch=torch.exp, jax=jnp.exp, cotangent=W, dtype=np.complex64
    )
    assert check.verdict is Verdict.AGREE
    assert check.checked.problem.dtype == "float32"
    assert np.allclose(as_complex(check.checked.problem.dy), W)
    assert {m.verdict for (_, party), m in check.measures.items() if party in ("torch", "jax")} == {Verdict.AGREE}
    assert ".view('complex64')[..., 0]," in check.reproducer
    assert "parts" in check.notes[0]


def test_parts_are_put_together_again():
    for dtype in (np.complex64, np.complex128):
        for shape in ((), (0,), (2, 3)):
            z = np.full(shape, 1 - 2j, dtype)
            assert as_complex(as_real(z)).dtype == dtype
            assert np.array_equal(as_complex(as_real(z)), z)


class Exponential(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        y = torch.exp(z)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0].conj()


class WithoutConjugate(Exponential):
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


def jax_exponential(pull):
    own = jax.custom_vjp(jnp.exp)
    own.defvjp(lambda z: (jnp.exp(z), jnp.exp(z)), lambda y, g: (pull(y, g),))
    return own


def test_a_function_of_pytorch_may_take_complex_tensors():
    assert check_torch(Exponential, torch.tensor(Z)).verdict is Verdict.AGREE
    assert check_torch(WithoutConjugate, torch.tensor(Z)).verdict is Verdict.DISAGREE


def test_a_rule_of_jax_has_the_convention_of_jax():
    assert check_jax(jax_exponential(lambda y, g: g * y), Z).verdict is Verdict.AGREE
    assert check_jax(jax_exponential(lambda y, g: g * y.conj()), Z).verdict is Verdict.DISAGREE


def test_drawn_arrays_may_have_complex_values():
    def spectrum(x):
        return np.fft.fft(x), x.shape[-1]

    def right(n, g):
        return (np.fft.ifft(g) * n).real

    assert verify_rule((spectrum, right), "b n", draws=20).verdict is Verdict.AGREE
    assert verify_rule((spectrum, lambda n, g: np.fft.ifft(g).real), "b n", draws=20).verdict is Verdict.DISAGREE
