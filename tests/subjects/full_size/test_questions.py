"""What the ordinary check asks beside the numbers is asked of many entries too, with the same answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from backcheck import check_jax, check_layer, check_torch, check_vjp
from backcheck.subjects.full_size.check import FullSizeCheck
from backcheck_reports.record import Verdict
from tests.subjects.full_size import large_pairs as pairs

pytestmark = [pytest.mark.usefixtures("from_few"), pytest.mark.backcheck(report=False)]
X = np.random.default_rng(0).standard_normal((24, 32))
LABELS = np.random.default_rng(1).integers(0, 32, 24)


def with_entry(at, value):
    x = X.copy()
    x[at] = value
    return x


def with_tie():
    x = X.copy()
    x[2, 5] = x[2, 6] = 9.0
    return x


def d_abs(x, dy):
    return (dy * np.where(x == 0, 7.0, np.sign(x)),)


def relu(x):
    return np.maximum(x, 0), x


def d_relu(x, dy):
    return (dy * (x > 0),)


def writes_into_dy(y, dy):
    dy *= 1 - y * y
    return (dy,)


def writes_into_saved(y, dy):
    y *= 1.0001
    return (dy * (1 - y * y),)


def writes_into_x(x):
    x *= 2
    return np.tanh(x), np.tanh(x)


def in_float32(x):
    y = np.tanh(x.astype(np.float32))
    return y.astype(x.dtype), y


def d_in_float32(y, dy):
    return (dy * (1 - y.astype(dy.dtype) ** 2),)


def unstable_variance(x):
    return (x * x).mean(-1, keepdims=True) - x.mean(-1, keepdims=True) ** 2, x


def d_unstable_variance(x, dy):
    return (dy * (2 * x - 2 * x.mean(-1, keepdims=True)) / x.shape[1],)


def cross_entropy(x, t):
    p = pairs.softmax(x)[0]
    return -np.log(p[np.arange(len(t)), t]), (p, t)


def d_cross_entropy(saved, dy):
    p, t = saved
    g = p.copy()
    g[np.arange(len(t)), t] -= 1
    return g * dy[:, None], None


def batch_norm(x):
    centred, inverse = x - x.mean(0), 1 / np.sqrt(x.var(0) + 1e-5)
    return centred * inverse, (centred * inverse, inverse)


def d_batch_norm(saved, dy):
    xhat, inverse = saved
    return (inverse * (dy - dy.mean(0) - xhat * (dy * xhat).mean(0)),)


def two_outputs(x):
    return (np.tanh(x), x * x), (np.tanh(x), x)


def d_two_outputs(saved, dy):
    y, x = saved
    return (dy[0] * (1 - y * y) + 2 * x * dy[1],)


def steep(x):
    y = np.exp(1000 * x)
    return y, y


def branch(x):
    return (x * 2, 2.0) if float(x.sum()) > 0 else (x * 3, 3.0)


def through_a_list(x):
    y = np.array([[np.tanh(each) for each in row] for row in x.tolist()])
    return y, y


@dataclass(frozen=True)
class Row:
    """A pair, its arrays, the verdict, and whether balls settle it."""

    name: str
    forward: Any
    backward: Any
    arrays: tuple[Any, ...]
    verdict: Verdict
    by_balls: bool = True


ROWS = (
    Row("kink", relu, d_relu, (with_entry((3, 4), 0),), Verdict.KINK, False),
    Row("no kink", relu, d_relu, (X,), Verdict.AGREE),
    Row("wrong at a kink", lambda x: (abs(x), x), d_abs, (with_entry((3, 4), 0),), Verdict.DISAGREE, False),
    Row("tie of a maximum", pairs.largest, pairs.d_largest, (with_tie(),), Verdict.KINK, False),
    Row("tie of a sort", pairs.ordered, pairs.d_ordered, (with_tie(),), Verdict.ILL_CONDITIONED, False),
    Row("at a bound", pairs.clipped, pairs.d_clipped, (with_entry((0, 0), 0.5),), Verdict.KINK, False),
    Row("writes into saved", pairs.tanh, writes_into_saved, (X,), Verdict.DISAGREE),
    Row("writes into dy", pairs.tanh, writes_into_dy, (X,), Verdict.SIDE_EFFECT),
    Row("writes into x", writes_into_x, lambda y, dy: (2 * dy * (1 - y * y),), (X,), Verdict.SIDE_EFFECT),
    Row("abs(dy)", pairs.tanh, lambda y, dy: (abs(dy) * (1 - y * y),), (X,), Verdict.DISAGREE, False),
    Row("clips dy", pairs.tanh, lambda y, dy: (np.clip(dy, -5, 5) * (1 - y * y),), (X,), Verdict.DISAGREE, False),
    Row("float32 in the middle", in_float32, d_in_float32, (X,), Verdict.AGREE, False),
    Row("cancels", unstable_variance, d_unstable_variance, (X + 1e6,), Verdict.IMPRECISE, False),
    Row("not finite", steep, lambda y, dy: (1e3 * dy * y,), (X,), Verdict.UNAVAILABLE, False),
    Row("nan", pairs.tanh, lambda y, dy: (dy * np.nan,), (X,), Verdict.DISAGREE, False),
    Row("raises", pairs.tanh, lambda y, dy: 1 / 0, (X,), Verdict.DISAGREE, False),
    Row("shape", pairs.tanh, lambda y, dy: ((dy * (1 - y * y)).ravel(),), (X,), Verdict.SHAPE, False),
    Row("straight through", lambda x: (np.round(x), x), lambda x, dy: (dy,), (X,), Verdict.DISAGREE, False),
    Row("labels", cross_entropy, d_cross_entropy, (X, LABELS), Verdict.AGREE),
    Row("batch norm", batch_norm, d_batch_norm, (X,), Verdict.AGREE),
    Row("two outputs", two_outputs, d_two_outputs, (X,), Verdict.AGREE),
    Row("branch", branch, lambda s, dy: (dy * s,), (X,), Verdict.AGREE, False),
    Row("a list", through_a_list, pairs.d_tanh, (X,), Verdict.AGREE, False),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_answer_is_that_of_the_ordinary_check(row):
    found = check_vjp(row.forward, row.backward, *row.arrays)
    assert isinstance(found, FullSizeCheck) == row.by_balls
    assert found.verdict is row.verdict, str(found)


def test_a_stale_cache():
    kept = {}

    def forward(x):
        return np.tanh(x), kept.setdefault(x.shape, np.tanh(x))

    assert check_vjp(forward, pairs.d_tanh, X).verdict is Verdict.DISAGREE


def test_random_numbers_that_forward_keeps():
    rng = np.random.default_rng(5)

    def forward(x):
        mask = rng.random(x.shape) > 0.5
        return x * mask * 2, mask

    found = check_vjp(forward, lambda mask, dy: (dy * mask * 2,), X)
    assert isinstance(found, FullSizeCheck)
    assert found.verdict is Verdict.AGREE
    wrong = check_vjp(forward, lambda mask, dy: (dy * (rng.random(mask.shape) > 0.5) * 2,), X)
    assert wrong.verdict is Verdict.DISAGREE
    assert "draws new random numbers" in wrong.explain()


def test_entries_that_lost_their_digits_are_told():
    found = check_vjp(pairs.tanh, pairs.d_tanh, 19 * X)
    assert isinstance(found, FullSizeCheck)
    assert any("have lost all digits" in note and "`1 - y * y` cancels" in note for note in found.notes)


def test_a_declared_gradient_goes_the_ordinary_way():
    found = check_vjp(lambda x: (np.round(x), x), lambda x, dy: (dy,), X, meant=lambda x: x)
    assert found.verdict is Verdict.CONVENTION


def test_rows_that_depend_on_one_another_are_not_proved():
    found = check_vjp(batch_norm, d_batch_norm, np.random.default_rng(0).standard_normal((96, 32)))
    assert isinstance(found, FullSizeCheck)
    assert found.measures[found.checked.problem.gradients[0], "exact"].verdict is Verdict.UNAVAILABLE
    assert "its rows depend on one another" in found.notes[-1]


def test_rows_of_a_function_of_their_number_are_not_proved():
    def forward(x):
        return np.tanh(x) / len(x), x

    found = check_vjp(forward, lambda x, dy: (dy * (1 - np.tanh(x) ** 2) / len(x),), np.tile(X, (4, 1)))
    assert isinstance(found, FullSizeCheck)
    assert "its rows alone are another function" in found.notes[-1]


def test_an_object():
    class Dense:
        def __init__(self):
            self.w, self.dw = np.random.default_rng(3).standard_normal((32, 5)), None

        def forward(self, x):
            self.x = x
            return x @ self.w

        def backward(self, dy):
            self.dw = self.x.T @ dy
            return dy @ self.w.T

    class Wrong(Dense):
        def backward(self, dy):
            self.dw = 2 * self.x.T @ dy
            return dy @ self.w.T

    right, wrong = check_layer(Dense, X), check_layer(Wrong, X)
    assert isinstance(right, FullSizeCheck)
    assert right.verdict is Verdict.AGREE
    assert isinstance(wrong, FullSizeCheck)
    assert wrong.finding.argument == "w"


def test_a_function_of_pytorch():
    import torch

    class Right(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x.exp()

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return dy * (1 + x) * x.exp()

    class Wrong(Right):
        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return dy * x * x.exp()

    for dtype in (torch.float32, torch.float64):
        right, wrong = (check_torch(each, torch.from_numpy(X).to(dtype)) for each in (Right, Wrong))
        assert isinstance(right, FullSizeCheck)
        assert right.verdict is Verdict.AGREE
        assert isinstance(wrong, FullSizeCheck)
        assert wrong.verdict is Verdict.DISAGREE


def test_a_function_of_jax():
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def right(x):
        return x * jax.numpy.exp(x)

    right.defvjp(lambda x: (right(x), x), lambda x, dy: (dy * (1 + x) * jax.numpy.exp(x),))

    @jax.custom_vjp
    def wrong(x):
        return x * jax.numpy.exp(x)

    wrong.defvjp(lambda x: (wrong(x), x), lambda x, dy: (dy * x * jax.numpy.exp(x),))
    assert isinstance(check_jax(right, X), FullSizeCheck)
    assert check_jax(right, X).verdict is Verdict.AGREE
    assert check_jax(wrong, X).verdict is Verdict.DISAGREE


def test_a_framework_that_computes_something_else_goes_the_ordinary_way():
    found = check_vjp(pairs.tanh, pairs.d_tanh, X, torch=lambda x: x.sin())
    assert not isinstance(found, FullSizeCheck)
    assert found.verdict is Verdict.DISAGREE
    assert isinstance(check_vjp(pairs.tanh, pairs.d_tanh, X, torch=lambda x: x.tanh()), FullSizeCheck)
