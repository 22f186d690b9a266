"""Which functions of NumPy and SciPy run on exact numbers: the right derivative agrees, a wrong one does not, and the
list in the documents is this list."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from flint import arb
from scipy import stats

from backcheck import check_vjp
from backcheck_reference.frontends import numpy_code
from backcheck_reference.numbers import balls, exact, fourier, matrices, spectra
from backcheck_reports.record import Verdict
from tests.subjects import exact_linalg
from tests.subjects.exact_arrays import GAPS, NUMBERS, ORDER, SUMS
from tests.subjects.exact_linalg import COMPLEX, FOURIER, MATRICES, SQUARE, WIDE
from tests.subjects.exact_special import SPECIAL

DOCUMENT = Path(__file__).parents[2] / "docs" / "exact-functions.md"
ELEMENTWISE = {
    name: (forward, lambda g, x, slope=slope: g * slope(x), [numbers])
    for name, (forward, slope, numbers) in SPECIAL.items()
}
EXACT = {
    "Gaps": GAPS,
    "Order": ORDER,
    "Sums": SUMS,
    "Numbers": NUMBERS,
    "Matrices": MATRICES,
    "Fourier transforms": FOURIER,
    "Complex numbers": COMPLEX,
    "Special functions": ELEMENTWISE,
}
ROWS = {f"{kind}: {name}": row for kind, rows in EXACT.items() for name, row in rows.items()}


def into_floats(x):
    buffer = np.ndarray(x.shape, float)
    buffer[...] = x * x
    return buffer


# what has no exact form here, and is judged by differences
NOT_EXACT = {
    "np.ndarray(shape)": (into_floats, lambda g, x: 2 * g * x, [SQUARE]),
    "float(x)": (lambda x: float((x * x).sum()), lambda g, x: 2 * g * x, [SQUARE]),
    "np.float64(x)": (lambda x: np.float64((x * x).sum()), lambda g, x: 2 * g * x, [SQUARE]),
    "scipy.stats": (stats.norm.cdf, lambda g, x: g * np.exp(-x * x / 2) / np.sqrt(2 * np.pi), [SQUARE]),
    "np.linalg.svd(full_matrices=True)": (
        lambda a: np.linalg.svd(a)[1],
        lambda g, a: (lambda u, s, vt: u @ np.diag(g) @ vt)(*np.linalg.svd(a, full_matrices=False)),
        [WIDE],
    ),
    "np.linalg.eigh": (
        lambda a: np.linalg.eigh((a + a.T) / 2)[0].sum(),
        lambda g, a: g * np.eye(3),
        [np.diag([1.0, 1.0, 2.0])],
    ),
}


def check(row, spoil=lambda gradient: gradient):
    forward, backward, arrays = row

    def back(saved, g):
        found = backward(g, *saved)
        return tuple(map(spoil, found if isinstance(found, tuple) else (found,)))

    return check_vjp(lambda *given: (forward(*given), given), back, *arrays)


def spoiled(gradient):
    gradient = np.asanyarray(gradient)
    return gradient * (1 + np.arange(1, gradient.size + 1).reshape(gradient.shape) / 4)


@pytest.mark.parametrize("name", ROWS)
def test_the_derivative_is_judged_exactly(name):
    right, wrong = check(ROWS[name]), check(ROWS[name], spoiled)
    assert right.verdict is Verdict.AGREE, str(right)
    assert right.checked.truth.known
    assert not any("exact arithmetic" in note for note in right.notes)
    assert wrong.verdict is Verdict.DISAGREE, str(wrong)


@pytest.mark.parametrize("name", NOT_EXACT)
def test_what_has_no_exact_form_is_judged_by_differences(name):
    right, wrong = check(NOT_EXACT[name]), check(NOT_EXACT[name], spoiled)
    assert right.verdict is Verdict.AGREE, str(right)
    assert not right.checked.truth.known
    assert any("exact arithmetic cannot follow this code" in note for note in right.notes)
    assert wrong.verdict is Verdict.DISAGREE, str(wrong)


def names_under(heading):
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`]+)`", found[1]))


@pytest.mark.parametrize("kind", EXACT)
def test_the_document_lists_what_is_exact(kind):
    assert names_under(kind) == set(EXACT[kind])


def test_the_document_lists_what_is_not():
    assert set(NOT_EXACT) <= names_under("What is not exact")


def test_scipy_is_as_before_when_nothing_runs_exactly():
    before = scipy.linalg.solve, scipy.linalg.expm, exact_linalg.expm
    with numpy_code.running():
        assert scipy.linalg.solve is not before[0]
        assert exact_linalg.expm is scipy.linalg.expm is not before[1]
    assert before == (scipy.linalg.solve, scipy.linalg.expm, exact_linalg.expm)


def test_the_numpy_of_autograd_makes_exact_buffers_too(monkeypatch):
    """A stand-in for HIPS's module, which wraps the functions of NumPy's: that one may be installed or not."""

    def wrapped(function):
        return lambda *args, **options: function(*args, **options)

    module = types.ModuleType("autograd.numpy")
    module.zeros, module.tanh = wrapped(np.zeros), wrapped(np.tanh)
    monkeypatch.setitem(sys.modules, "autograd.numpy", module)
    before = module.zeros

    def forward(x):
        y = module.zeros(3)
        y[:] = module.tanh(x)
        return y, y

    right = check_vjp(forward, lambda y, g: g * (1 - y * y), [0.5, -1.0, 2.0])
    assert right.verdict is Verdict.AGREE
    assert right.checked.truth.known
    assert check_vjp(forward, lambda y, g: g * (1 - y), [0.5, -1.0, 2.0]).verdict is Verdict.DISAGREE
    assert module.zeros is before


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sign_of_vectors_is_the_one_that_lapack_gives(dtype):
    for seed in range(5):
        a = np.random.default_rng(seed).normal(size=(4, 4)).astype(dtype)
        with exact.bits(256):
            given = exact.lift(a)
            found = [*spectra.eigh(given)[1:], *matrices.qr(given), *spectra.svd(given)]
            wide = spectra.svd(given[:3])
        wanted = [np.linalg.eigh(a)[1], *np.linalg.qr(a), *np.linalg.svd(a)]
        for got, want in zip([*found, *wide], [*wanted, *np.linalg.svd(a[:3], full_matrices=False)], strict=True):
            assert np.allclose(exact.to_float(got), want, atol=1e-4)


def test_balls_hold_what_a_move_of_the_matrix_does():
    a = np.random.default_rng(1).normal(size=(4, 3))
    with exact.bits(256):
        moved = exact.lift(a) + exact.lift(np.random.default_rng(2).uniform(-1, 1, a.shape)) * arb(2) ** -60
        wide = exact.lift(a) + arb(0, 2.0**-60)
        for of_ball, inside in zip(spectra.svd(wide), spectra.svd(moved), strict=True):
            assert all(b.contains(i) for b, i in zip(of_ball.ravel(), inside.ravel(), strict=True))
            assert balls.radii(of_ball).max() < 1e-15


def test_an_inverse_transform_gives_back_what_went_in():
    rng = np.random.default_rng(3)
    for name, back in (("fft", "ifft"), ("rfft", "irfft"), ("fftn", "ifftn"), ("rfftn", "irfftn"), ("hfft", "ihfft")):
        for shape in ((6,), (5, 4)):
            x = rng.normal(size=shape)
            with exact.bits(256):
                went = fourier.TRANSFORMS[name](exact.lift(x))
                want = getattr(np.fft, name)(x)
                middle = np.array([complex(each.real.mid(), each.imag.mid()) for each in went.ravel()])
                assert np.allclose(middle.reshape(went.shape), want)
                if name in ("fft", "fftn"):
                    again = fourier.TRANSFORMS[back](went)
                    assert np.allclose([float(each.real.mid()) for each in again.ravel()], x.ravel())
