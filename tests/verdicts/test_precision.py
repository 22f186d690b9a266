"""Digits that a formula loses and its problem does not: imprecise, and a stable twin of each that agrees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import backcheck
from backcheck.keys import OUTPUT, gradient
from backcheck_reports import Verdict

X = gradient("x")
LOST, WRONG, FINE = Verdict.IMPRECISE, Verdict.DISAGREE, Verdict.AGREE


def logistic(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def log_of_softmax(x):
    p = softmax(x)
    return np.log(p), p


def log_softmax(x):
    z = x - x.max(-1, keepdims=True)
    y = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return y, np.exp(y)


def pull_log_softmax(p, dy):
    return (dy - p * dy.sum(-1, keepdims=True),)


def norm_by_squares(x):
    mean = x.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((x * x).mean(-1, keepdims=True) - mean * mean + 1e-5)
    y = (x - mean) * inverse
    return y, (y, inverse)


def norm_by_distances(x):
    apart = x - x.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((apart * apart).mean(-1, keepdims=True) + 1e-5)
    return apart * inverse, (apart * inverse, inverse)


def pull_norm(saved, dy):
    y, inverse = saved
    return (inverse * (dy - dy.mean(-1, keepdims=True) - y * (dy * y).mean(-1, keepdims=True)),)


def of_x(function):
    return lambda x: (function(x), x)


def of_y(function):
    def forward(x):
        y = function(x)
        return y, y

    return forward


def slope(function):
    """A backward of entry by entry functions: dy times this function of what was saved."""
    return lambda saved, dy: (dy * function(saved),)


def cubic(x):
    return x**3 / 6 - x**5 / 120 + x**7 / 5040


LARGE = 1e6 + np.array([[0.3, -1.0, 2.0, 0.7], [0.1, 0.2, -0.5, 1.3]])
SPREAD = 1e8 + np.array([0.0, 1.0, 3.0, 7.0])


@dataclass(frozen=True)
class Example:
    """`value` and `grad` are the verdicts wanted; `said` is in the line of the first of them that is not agree."""

    name: str
    forward: Any
    backward: Any
    x: Any
    value: Verdict = FINE
    grad: Verdict = FINE
    said: str = ""


EXAMPLES = (
    Example("log(softmax)", log_of_softmax, pull_log_softmax, [[1000.0, 1.0, 2.0]], WRONG, FINE, "logarithm of 0"),
    Example("log softmax", log_softmax, pull_log_softmax, [[1000.0, 1.0, 2.0]]),
    Example("log of a softmax near 1", log_of_softmax, pull_log_softmax, [[40.0, 0.0]]),
    Example("norm by squares", norm_by_squares, pull_norm, LARGE, LOST, LOST, "mean * mean` cancels"),
    Example("norm by distances", norm_by_distances, pull_norm, LARGE),
    Example("expm1 by y", of_y(np.expm1), slope(lambda y: y + 1), [-40.0], FINE, LOST, "`y + 1` cancels"),
    Example("expm1 by x", of_x(np.expm1), slope(np.exp), [-40.0]),
    Example("tanh by y", of_y(np.tanh), slope(lambda y: 1 - y**2), [19.0], FINE, LOST, "`1 - y**2` cancels"),
    Example("tanh by x", of_x(np.tanh), slope(lambda x: 1 / np.cosh(x) ** 2), [19.0]),
    Example(
        "exp(x) / (1 + exp(x)), far",
        of_x(lambda x: np.exp(x) / (1 + np.exp(x))),
        slope(lambda x: logistic(x) * logistic(-x)),
        [750.0],
        WRONG,
        Verdict.VACUOUS,
        "is nan at [0], want 1: `np.exp(x)` overflows",
    ),
    Example(
        "its slope, nearer",
        of_x(logistic),
        slope(lambda x: np.exp(x) / (1 + np.exp(x)) ** 2),
        [400.0],
        FINE,
        LOST,
        "overflows",
    ),
    Example("logistic", of_x(logistic), slope(lambda x: logistic(x) * logistic(-x)), [40.0]),
    Example("y (1 - y)", of_y(logistic), slope(lambda y: y * (1 - y)), [40.0], FINE, LOST, "`1 - y` cancels"),
    Example("log(1 + x)", of_x(lambda x: np.log(1 + x)), slope(lambda x: 1 / (1 + x)), [1e-12], LOST, FINE, "near 1"),
    Example("log1p", of_x(np.log1p), slope(lambda x: 1 / (1 + x)), [1e-12]),
    Example("exp(x) - 1", of_x(lambda x: np.exp(x) - 1), slope(np.exp), [1e-12], LOST, FINE, "`np.exp(x) - 1` cancels"),
    Example("softplus far left", of_x(lambda x: np.log(1 + np.exp(x))), slope(logistic), [-35.0], LOST, FINE, "near 1"),
    Example("softplus far right", of_x(lambda x: np.log(1 + np.exp(x))), slope(logistic), [800.0], WRONG),
    Example("softplus", of_x(lambda x: np.logaddexp(0, x)), slope(logistic), [-35.0, 800.0]),
    Example(
        "log-sum-exp",
        of_x(lambda x: np.log(np.exp(x).sum())),
        slope(softmax),
        [1000.0, 1001.0],
        WRONG,
        FINE,
        "is inf, want 1001.3",
    ),
    Example("x - sin x", of_x(lambda x: x - np.sin(x)), slope(lambda x: 1 - np.cos(x)), [1e-6], LOST, LOST, "sin(x)`"),
    Example("its series", of_x(cubic), slope(lambda x: x**2 / 2 - x**4 / 24 + x**6 / 720), [1e-6]),
    Example(
        "variance", of_x(lambda x: (x * x).mean() - x.mean() ** 2), slope(lambda x: (x - x.mean()) / 2), SPREAD, LOST
    ),
    Example("its twin", of_x(lambda x: ((x - x.mean()) ** 2).mean()), slope(lambda x: (x - x.mean()) / 2), SPREAD),
    Example(
        "a small root",
        of_x(lambda x: x - np.sqrt(x * x - 1)),
        slope(lambda x: 1 - x / np.sqrt(x * x - 1)),
        [1e7],
        LOST,
        LOST,
        "`x - np.sqrt(x * x - 1)` cancels",
    ),
    Example(
        "the small root by the large one",
        of_x(lambda x: 1 / (x + np.sqrt(x * x - 1))),
        slope(lambda x: -1 / (np.sqrt(x * x - 1) * (x + np.sqrt(x * x - 1)))),
        [1e7],
    ),
    Example(
        "length by squares",
        of_x(lambda x: np.sqrt((x * x).sum())),
        slope(lambda x: x / abs(x).max() / np.sqrt(((x / abs(x).max()) ** 2).sum())),
        [3e200, 4e200],
        WRONG,
        FINE,
        "is inf, want 5e+200: `x * x` overflows",
    ),
    Example(
        "length by tiny squares",
        of_x(lambda x: np.sqrt((x * x).sum())),
        slope(lambda x: x / abs(x).max() / np.sqrt(((x / abs(x).max()) ** 2).sum())),
        [3e-170, 4e-170],
        LOST,
        FINE,
        "`x * x` underflows",
    ),
    Example(
        "length, scaled",
        of_x(lambda x: abs(x).max() * np.sqrt(((x / abs(x).max()) ** 2).sum())),
        slope(lambda x: x / abs(x).max() / np.sqrt(((x / abs(x).max()) ** 2).sum())),
        [3e200, 4e200],
    ),
    Example("ill-conditioned itself", of_x(np.log), slope(lambda x: 1 / x), [1 + 2.0**-46], Verdict.ILL_CONDITIONED),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_what_a_formula_loses_is_told_from_what_its_problem_loses(example):
    found = backcheck.check_vjp(example.forward, example.backward, example.x)
    verdicts = found.measures[OUTPUT, "numpy"].verdict, found.measures[X, "numpy"].verdict
    assert verdicts == (example.value, example.grad), found
    assert bool(found) is (WRONG not in verdicts)
    assert example.said in " ".join(str(found).split()), found
    if WRONG not in verdicts and LOST in verdicts:
        assert found.verdict is Verdict.IMPRECISE


def test_a_small_entry_beside_large_ones_is_a_note_and_no_verdict():
    found = backcheck.check_vjp(of_y(np.tanh), slope(lambda y: 1 - y * y), [0.1, -2.0, 19.0])
    assert found.verdict is Verdict.AGREE
    assert "1 of 3 entries, far below the largest, have lost all digits: got 0 at [2], want 6.79" in found.notes[0]
    assert "`1 - y * y` cancels" in found.notes[0]
    assert "e+1" not in str(found)  # no ulps beyond counting in a line that agrees


def test_a_coarse_dtype_that_loses_all_it_has_is_imprecise_as_well():
    def check(x):
        x = np.array([x], np.float16)
        return backcheck.check_vjp(of_y(np.tanh), slope(lambda y: 1 - y * y), x, cotangent=np.array([1e4]))

    assert check(5.5).verdict is Verdict.IMPRECISE
    assert check(1.5).verdict is Verdict.AGREE


def test_a_wrong_rule_is_wrong_however_imprecise():
    found = backcheck.check_vjp(of_y(np.tanh), slope(lambda y: 1 - y), [19.0])
    assert found.verdict is Verdict.DISAGREE


TEXTBOOK = of_y(np.tanh), slope(lambda y: 1 - y * y)
STABLE = of_x(np.tanh), slope(lambda x: 4 * np.exp(-2 * abs(x)) / (1 + np.exp(-2 * abs(x))) ** 2)


def test_over_many_draws_it_is_a_share_with_what_the_draws_have_in_common():
    found = backcheck.verify_rule(TEXTBOOK, "n", draws=60)
    assert found.verdict is Verdict.AGREE
    assert found
    share = found.share
    assert 0 < share.imprecise * 10 < share.judged
    assert f"imprecise in {share.imprecise} of {share.judged} draws: every |x| > " in str(found)
    assert "`1 - y * y` cancels" in str(found)
    clean = backcheck.verify_rule(STABLE, "n", draws=60)
    assert clean.verdict is Verdict.AGREE
    assert "imprecise" not in str(clean)


def test_precise_makes_it_fail():
    strict = backcheck.verify_rule(TEXTBOOK, "n", draws=60, precise=True)
    assert not strict
    assert strict.verdict is Verdict.IMPRECISE
    with pytest.raises(AssertionError, match="cancels"):
        strict.assert_ok()
    assert backcheck.verify_rule(STABLE, "n", draws=60, precise=True)
    assert not backcheck.check_vjp(*TEXTBOOK, [19.0], precise=True)
    assert backcheck.check_vjp(*TEXTBOOK, [1.0], precise=True)


def test_from_a_tenth_of_the_draws_on_it_is_the_headline():
    always = backcheck.verify_rule((of_x(lambda x: (x + 1e9) - 1e9), slope(lambda x: x**0)), "n", draws=30)
    assert always.verdict is Verdict.IMPRECISE
    assert always
    assert always.share.matters


def test_torch_and_jax_code_is_judged_alike():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")

    class Tanh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = torch.tanh(x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, dy):
            (y,) = ctx.saved_tensors
            return dy * (1 - y * y)

    @jax.custom_vjp
    def tanh(x):
        return jax.numpy.tanh(x)

    tanh.defvjp(lambda x: (tanh(x), tanh(x)), lambda y, dy: (dy * (1 - y * y),))
    for found in (
        backcheck.check_torch(Tanh, torch.tensor([19.0], dtype=torch.float64)),
        backcheck.check_jax(tanh, np.array([19.0])),
    ):
        assert found.verdict is Verdict.IMPRECISE
        assert found
        assert "all digits are lost" in str(found)
    assert not backcheck.check_torch(Tanh, torch.tensor([19.0], dtype=torch.float64), precise=True)
    assert not backcheck.check_jax(tanh, np.array([19.0]), precise=True)


def test_a_layer_loses_digits_as_functions_do():
    class Tanh:
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y

        def backward(self, dy):
            return dy * (1 - self.y * self.y)

    assert backcheck.check_layer(Tanh, np.array([19.0])).verdict is Verdict.IMPRECISE
    assert not backcheck.check_layer(Tanh, np.array([19.0]), precise=True)


def test_a_framework_that_loses_digits_is_accused_of_nothing():
    torch = pytest.importorskip("torch")
    naive = backcheck.check_vjp(
        log_softmax, pull_log_softmax, [[1000.0, 1.0, 2.0]], torch=lambda x: torch.log(torch.softmax(x, -1))
    )
    assert naive.verdict is Verdict.AGREE, naive
    assert naive.measures[OUTPUT, "torch"].verdict is naive.measures[X, "torch"].verdict is Verdict.IMPRECISE
    far = backcheck.check_vjp(of_x(np.tanh), slope(lambda x: 1 / np.cosh(x) ** 2), [19.0], torch=torch.tanh)
    assert far.measures[X, "torch"].verdict is Verdict.IMPRECISE
    assert not far.checked.disagreements


def test_a_framework_that_computes_another_function_there_is_no_excuse():
    pytest.importorskip("torch")
    cut = of_x(lambda x: np.minimum(x, 6)), slope(lambda x: (x < 6).astype(x.dtype))
    found = backcheck.check_vjp(*cut, [10.0, 2.0], torch=lambda x: x + 0)
    assert found.verdict is Verdict.DISAGREE


def test_axes_of_one_or_two_entries_make_no_headline():
    """The layer norm of two numbers is constant but for its epsilon: what is left of the gradient has few digits."""
    found = backcheck.verify_rule((norm_by_distances, pull_norm), "n d", draws=60, seed=5)
    assert found.verdict is Verdict.AGREE
    assert found.share.imprecise * 10 >= found.share.judged
    assert "without an axis of 1 or 2 entries" in str(found)
