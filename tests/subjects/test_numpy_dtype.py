"""NumPy code that rounds to float32 on the way is judged as float32; a float32 constant is judged as what it is."""

import numpy as np
import pytest

from backcheck import check_vjp, verify_rule
from backcheck_reports.record import Verdict

X = np.random.default_rng(5).normal(size=5)
ROUNDS = "rounds to {} on the way, and is judged in that"


def into_rows(x):
    buffer = np.zeros((2, 5), np.float32)
    buffer[0] = x * x
    buffer[1][1:] = x[1:]
    return buffer.sum(0).astype(np.float64) * 2.0


def of_rows(x, g):
    return g * (4 * x + 2 * (np.arange(5) > 0))


# forward, right slope times g, the dtype that it goes through ("" where it stays in float64)
ROWS = {
    "round trip": (lambda x: x.astype(np.float32).astype(np.float64) * x, lambda x, g: 2 * g * x, "float32"),
    "mixed": (
        lambda x: np.tanh(x.astype("f4")) + x,
        lambda x, g: g * (2 - np.tanh(x.astype("f4")) ** 2),
        "float32",
    ),
    "asarray": (lambda x: np.asarray(x, dtype=np.float32).astype(float) ** 2, lambda x, g: 2 * g * x, "float32"),
    "rows of a buffer": (into_rows, of_rows, "float32"),
    "sum": (lambda x: np.sum(x * x, dtype=np.float32) * np.float64(2), lambda x, g: 4 * g * x, "float32"),
    "half": (lambda x: x.astype(np.float16).astype(float) ** 2, lambda x, g: 2 * g * x, "float16"),
    "scalar": (lambda x: np.float32(0.1) * x, lambda x, g: np.float32(0.1) * g, ""),
    "constants": (
        lambda x: np.array([0.1, 0.2, 0.3, 0.4, 0.5], np.float32) * x,
        lambda x, g: np.array([0.1, 0.2, 0.3, 0.4, 0.5], np.float32) * g,
        "",
    ),
    "mask": (lambda x: np.ones(5, np.float32) * x, lambda x, g: g, ""),
    "full": (lambda x: np.full(5, 0.1, np.float32) * x, lambda x, g: np.full(5, 0.1, np.float32) * g, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_code_is_judged_in_the_dtype_that_it_rounds_to(name):
    forward, pull, dtype = ROWS[name]
    right = check_vjp(lambda x: (forward(x), x), pull, X)
    assert right.verdict is Verdict.AGREE, str(right)
    assert right.checked.truth.known
    assert right.checked.problem.dtype == (dtype or "float64")
    assert any(ROUNDS.format(dtype) in note for note in right.notes) == bool(dtype)
    assert check_vjp(lambda x: (forward(x), x), lambda x, g: 1.01 * pull(x, g), X).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_code_sees_the_dtype_that_it_is_judged_in(dtype):
    def forward(x):
        return x / (abs(x).sum() + 1e3 * np.finfo(x.dtype).eps), x

    def backward(x, g):
        size = abs(x).sum() + 1e3 * np.finfo(x.dtype).eps
        return g / size - np.sign(x) * (g * x).sum() / size**2

    assert check_vjp(forward, backward, X / 1000, dtype=dtype).verdict is Verdict.AGREE


def test_drawn_cases_are_judged_so_too():
    forward, pull, _ = ROWS["round trip"]
    rule = (lambda x: (forward(x), x)), pull
    assert verify_rule(rule, "n", draws=20).verdict is Verdict.AGREE
    assert verify_rule((rule[0], lambda x, g: 1.5 * pull(x, g)), "n", draws=20).verdict is Verdict.DISAGREE


def test_a_forward_may_return_a_whole_number():
    def positive_squares(x):
        total = 0
        for v in x:
            if v > 0:
                total += v * v
        return total, x

    def backward(x, g):
        return 2 * g * x * (x > 0)

    assert check_vjp(positive_squares, backward, [1.0, 2.0, -1.0]).verdict is Verdict.AGREE
    assert check_vjp(positive_squares, backward, [-1.0, -2.0]).verdict is Verdict.VACUOUS
    assert check_vjp(positive_squares, lambda x, g: 2 * g * x, [-1.0, -2.0]).verdict is Verdict.DISAGREE
