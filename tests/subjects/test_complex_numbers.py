"""Complex arrays and outputs: the gradient of a real L is dL/d(re x) + i dL/d(im x), as PyTorch has it."""

import math

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


def of_torch(compute, pull):
    """An autograd.Function; `pull` is given its inputs and the cotangents."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *arrays):
            ctx.save_for_backward(*arrays)
            return compute(*arrays)

        @staticmethod
        def backward(ctx, *dys):
            return pull(*ctx.saved_tensors, *dys)

    return Function


def of_jax(compute, pull):
    own = jax.custom_vjp(compute)
    own.defvjp(lambda *arrays: (compute(*arrays), arrays), lambda arrays, dy: pull(*arrays, dy))
    return own


def polar_pulled(r, t, g):
    unit = torch.polar(torch.ones_like(r), t)
    return (g.conj() * unit).real, (g.conj() * unit * 1j * r).real


# what is computed, the right backward in the framework's own convention, one with the conjugate of it, the arrays
OF_TORCH = {
    "from a real": (
        torch.fft.fft,
        lambda x, g: (torch.fft.ifft(g) * len(x)).real,
        lambda x, g: (torch.fft.ifft(g.conj()) * len(x)).real,
        [X],
    ),
    "from two reals": (torch.polar, polar_pulled, lambda r, t, g: polar_pulled(r, t, g.conj()), [abs(X), X]),
    "product": (
        torch.mul,
        lambda a, b, g: (g * b.conj(), g * a.conj()),
        lambda a, b, g: (g * b, g * a),
        [Z, W],
    ),
    "beside a real output": (
        lambda x: (torch.complex(x * x, x), x * x * x),
        lambda x, g, h: 2 * x * g.real + g.imag + 3 * x * x * h,
        lambda x, g, h: 2 * x * g.real - g.imag + 3 * x * x * h,
        [X],
    ),
    "single precision": (
        torch.exp,
        lambda z, g: g * torch.exp(z).conj(),
        lambda z, g: g * torch.exp(z),
        [Z.astype(np.complex64)],
    ),
}
OF_JAX = {
    "from a real": (
        lambda x: jnp.fft.fft(x),
        lambda x, g: (jnp.fft.fft(g).real,),
        lambda x, g: (jnp.fft.fft(g.conj()).real,),
        [X],
    ),
    "product": (jnp.multiply, lambda a, b, g: (g * b, g * a), lambda a, b, g: (g * b.conj(), g * a.conj()), [Z, W]),
    "beside a real output": (
        lambda x: {"of": x * x * x, "on": jax.lax.complex(x * x, x)},
        lambda x, g: (2 * x * g["on"].real - g["on"].imag + 3 * x * x * g["of"],),
        lambda x, g: (2 * x * g["on"].real + g["on"].imag + 3 * x * x * g["of"],),
        [X],
    ),
    "single precision": (
        jnp.exp,
        lambda z, g: (g * jnp.exp(z),),
        lambda z, g: (g * jnp.exp(z).conj(),),
        [Z.astype(np.complex64)],
    ),
}


@pytest.mark.parametrize("name", OF_TORCH)
def test_a_complex_output_of_pytorch_is_judged_exactly(name):
    compute, right, conjugate, arrays = OF_TORCH[name]
    tensors = list(map(torch.tensor, arrays))
    judged_exactly(*(check_torch(of_torch(compute, pull), *tensors) for pull in (right, conjugate)))


@pytest.mark.parametrize("name", OF_JAX)
def test_a_complex_output_of_jax_is_judged_exactly(name):
    compute, right, conjugate, arrays = OF_JAX[name]
    judged_exactly(*(check_jax(of_jax(compute, pull), *arrays) for pull in (right, conjugate)))


def judged_exactly(good, bad):
    assert good.verdict is Verdict.AGREE, str(good)
    assert bad.verdict is Verdict.DISAGREE, str(bad)
    for check in (good, bad):
        gradients = check.checked.problem.gradients
        assert set(check.checked.problem.tensors) <= set(check.checked.truth.known), str(check)
        assert {check.measures[key, "exact"].verdict for key in gradients} == {check.verdict}, str(check)


def test_functions_with_a_complex_output_that_have_no_rule_of_their_own_agree():
    assert check_jax(jnp.fft.fft, X).verdict is Verdict.AGREE
    assert check_torch(lambda x: torch.fft.rfft(x), torch.tensor(X)).verdict is Verdict.AGREE


def test_a_complex_constant_that_differs_with_the_dtype_is_read_in_the_judged_one():
    """1 + i/1024 beside complex64: in exact numbers it is not that of complex128."""

    def shifted(z):
        return z * (1 + 1j * (2.0**-10 if z.dtype == jnp.complex64 else 0))

    rule = of_jax(shifted, lambda z, g: (g * (1 + 2.0**-10 * 1j),))
    judged_exactly(check_jax(rule, Z.astype(np.complex64)), check_jax(rule, Z))


def test_a_missing_gradient_of_a_complex_output_is_seen():
    none = of_jax(lambda x: jnp.fft.fft(x), lambda x, g: (None,))
    assert "no gradient for x" in str(check_jax(none, X))


def test_code_without_exact_numbers_has_a_stand_in_with_a_complex_output():
    def unit(t):
        return np.array([complex(math.cos(v), math.sin(v)) for v in t.tolist()]), t

    check = check_vjp(
        unit,
        lambda t, g: g.imag * np.cos(t) - g.real * np.sin(t),
        X,
        torch=lambda t: torch.polar(torch.ones_like(t), t),
    )
    assert check.verdict is Verdict.AGREE
    assert check.checked.truth.known


def squares_torch(x):
    return torch.complex(x * x, x * x * x)


def squares_jax(x):
    return jax.lax.complex(x * x, x * x * x)


# the second backward of each is wrong where a part of the first one is held fixed
SECOND = {
    "torch": (
        lambda: check_torch(of_torch(squares_torch, lambda x, g: 2 * x * g.real + 3 * x * x * g.imag), X, order=2),
        lambda: check_torch(
            of_torch(squares_torch, lambda x, g: 2 * x * g.real + 3 * x.detach() ** 2 * g.imag), X, order=2
        ),
    ),
    "jax": (
        lambda: check_jax(of_jax(squares_jax, lambda x, g: (2 * x * g.real - 3 * x * x * g.imag,)), X, order=2),
        lambda: check_jax(
            of_jax(squares_jax, lambda x, g: (2 * x * g.real - 3 * jax.lax.stop_gradient(x) ** 2 * g.imag,)),
            X,
            order=2,
        ),
    ),
}


@pytest.mark.parametrize("framework", SECOND)
def test_a_complex_output_has_a_second_order(framework):
    right, wrong = (ask() for ask in SECOND[framework])
    assert right.verdict is Verdict.AGREE, str(right)
    judged = {str(key): m.verdict for (key, party), m in right.measures.items() if party == "exact"}
    assert judged["H.dy"] is Verdict.AGREE, "it is no zero, as it was with every output left out"
    assert wrong.verdict is Verdict.DISAGREE
    assert wrong.finding.argument.startswith("H."), str(wrong)
    assert wrong.finding.argument != "H.dy"


def test_drawn_arrays_may_have_complex_values():
    def spectrum(x):
        return np.fft.fft(x), x.shape[-1]

    def right(n, g):
        return (np.fft.ifft(g) * n).real

    assert verify_rule((spectrum, right), "b n", draws=20).verdict is Verdict.AGREE
    assert verify_rule((spectrum, lambda n, g: np.fft.ifft(g).real), "b n", draws=20).verdict is Verdict.DISAGREE
