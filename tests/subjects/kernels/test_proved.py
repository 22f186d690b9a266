"""A sample of the truth beside a kernel is proved by exact arithmetic: the answer says how much of it, or why none."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("flint", reason="exact arithmetic")

from backcheck import check_torch, check_vjp  # noqa: E402
from backcheck.subjects.kernels import proved  # noqa: E402

X = torch.randn((12, 10), generator=torch.Generator().manual_seed(0))


def note(found):
    return next(each for each in found.found.notes if "proved exactly" in each)


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_rows_of_a_softmax(dtype, monkeypatch):
    monkeypatch.setattr(proved, "AIMED_AT", 40)
    found = check_torch(lambda x: torch.softmax(x, -1), X.to(getattr(torch, dtype)), reference=lambda x: x.softmax(-1))
    assert note(found) == "proved exactly: 20 of 120 entries of dx; the rest is float64 with its radius"


def test_what_adds_up_over_rows_is_said():
    def affine(x, w):
        return torch.tanh(x) * w

    found = check_torch(affine, X, torch.linspace(1, 2, 10), reference=affine)
    assert note(found).startswith("proved exactly: ")
    assert "none of dw, in which all rows add up" in note(found)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (lambda x: x - x.mean(0), "its rows depend on one another"),
        (lambda x: (x * x).mean(), "its value has no rows"),
        (lambda x: x.tanh() / len(x), "its rows alone are another function"),
    ],
)
def test_why_nothing_is_proved(reference, why, monkeypatch):
    monkeypatch.setattr(proved, "AIMED_AT", 40)
    assert why in note(check_torch(reference, X, reference=reference))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_row_that_is_not_a_number_makes_no_others_depend_on_it(dtype, monkeypatch):
    """Rows 0 to 3 are proved; far from them a row is masked throughout, and softmax makes nan of it."""
    monkeypatch.setattr(proved, "AIMED_AT", 80)
    x = X.to(getattr(torch, dtype)).clone()
    x[11] = -torch.inf

    def softmax(x):
        return x.softmax(-1)

    said = str(check_torch(softmax, x, reference=softmax))
    assert "depend on one another" not in said


def test_a_reference_in_numpy():
    def forward(x):
        y = np.tanh(x)
        return y, y

    x = X.numpy()
    found = check_vjp(forward, lambda y, dy: (dy * (1 - y * y),), x, reference=lambda x: np.tanh(x))
    assert "120 of 120 entries of dx" in note(found)


def test_a_truth_that_exact_arithmetic_contradicts_is_not_called_proved(monkeypatch):
    """Here the exact truth is moved by a part of 2^-40: the balls of float64 do not hold it."""
    quick = proved.truths.quick

    def moved(problem):
        from dataclasses import replace

        found = quick(problem)
        return replace(
            found, known={key: replace(each, hi=each.hi * (1 + 2**-40)) for key, each in found.known.items()}
        )

    monkeypatch.setattr(proved.truths, "quick", moved)
    found = check_torch(torch.tanh, X.double(), reference=lambda x: x.tanh())
    assert "none of it was proved exactly" in note(found)
