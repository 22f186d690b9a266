"""No truth, no agreement; and where there is a truth, a backward that is no number is wrong.

Each row is a kind of fault that people write, in as few lines as it takes.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import backcheck
from backcheck_reports.record import Verdict


def said(found: backcheck.Check) -> str:
    """The text, however its lines were broken."""
    return " ".join(str(found).split())


class Lost(NamedTuple):
    """A forward that is not finite somewhere, and what is said of the place."""

    name: str
    forward: Callable[..., Any]
    arrays: tuple[Any, ...]
    place: str


def masked_softmax(x: Any) -> Any:
    z = np.where(np.zeros(x.shape, dtype=bool), x, -np.inf)
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


LOST = (
    Lost("a root below 0", lambda x: np.sqrt(x), ([1.0, 2.0, -3.0],), "nan at [2], where x = -3"),
    Lost("a logarithm of 0", lambda x: np.log(x), ([1.0, 0.0, 2.0],), "-inf at [1], where x = 0"),
    Lost("1/0", lambda x: 1 / x, ([0.0, 4.0],), "inf at [0], where x = 0"),
    Lost("a norm of 0", lambda x: x / np.sqrt((x * x).sum()), ([0.0, 0.0],), "nan at [0]"),
    Lost("a deviation of one number", lambda x: np.std(x, ddof=1), ([2.0],), "nan"),
    Lost("a softmax with all masked", masked_softmax, ([[1.0, 2.0]],), "nan at [0, 0]"),
    # brothers
    Lost("arcsin beyond 1", lambda x: np.arcsin(x), ([0.5, 1.5],), "nan at [1], where x = 1.5"),
    Lost("a power of a negative number", lambda x: x**0.5, ([-1.0, 4.0],), "nan at [0], where x = -1"),
    Lost("0/0 of two arrays", lambda x, w: x / w, ([0.0, 1.0], [0.0, 2.0]), "nan at [0], where x = 0 and w = 0"),
    Lost("log1p at -1", lambda x: np.log1p(x), ([-1.0, 1.0],), "-inf at [0], where x = -1"),
    Lost("a mean over nothing", lambda x: np.mean(x[x > 9]), ([1.0, 2.0],), "nan"),
    Lost("arccosh below 1", lambda x: np.arccosh(x), ([0.5, 2.0],), "nan at [0], where x = 0.5"),
    Lost("infinity minus itself", lambda x: (x + np.inf) - np.inf, ([1.0, 2.0],), "nan at [0], where x = 1"),
)


@pytest.mark.parametrize("row", LOST, ids=lambda row: row.name)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom", "ignore:invalid value")
def test_a_forward_that_is_not_finite_makes_no_backward_agree(row: Lost) -> None:
    for factor in (123.0, 0.0, np.nan):

        @functools.wraps(row.forward)
        def forward(*arrays: Any) -> Any:
            return row.forward(*arrays), arrays

        def backward(saved: Any, dy: Any, factor: float = factor) -> Any:
            return tuple(factor * np.ravel(dy)[0] + 0 * a for a in saved)

        found = backcheck.check_vjp(forward, backward, *row.arrays)
        assert not found
        assert found.verdict in (Verdict.UNAVAILABLE, Verdict.DISAGREE)
        assert f"forward is {row.place}" in said(found)
        with pytest.raises(AssertionError):
            found.assert_ok()


def test_the_finite_entries_are_judged_on_their_own() -> None:
    def check(factor: float) -> backcheck.Check:
        return backcheck.check_vjp(
            lambda x: (np.sqrt(x), x), lambda x, dy: dy * factor / np.sqrt(x), [1.0, 2.0, -3.0], cotangent=[1, 1, 1]
        )

    right, wrong = check(0.5), check(0.6)
    assert right.verdict is Verdict.UNAVAILABLE
    assert "the 2 others agree" in said(right)
    assert wrong.verdict is Verdict.DISAGREE
    assert "got 0.42426 at [1], want 0.35355" in said(wrong)
    assert "nan" not in " ".join(wrong.note.lines if wrong.note else ())


def test_a_row_that_is_lost_says_nothing_of_the_others() -> None:
    """Each row of a softmax is its own; the weight is read by all of them."""

    def forward(x: Any, w: Any) -> Any:
        z = np.log(x @ w)
        return z, (x, w, x @ w)

    def backward(saved: Any, dy: Any) -> Any:
        x, w, y = saved
        return (dy / y) @ w.T * 1.5, x.T @ (dy / y)

    found = backcheck.check_vjp(forward, backward, [[1.0, 2.0], [0.0, 0.0]], [[1.0], [0.5]])
    assert found.verdict is Verdict.DISAGREE
    assert "forward is -inf at [1, 0]" in said(found)


class WrongHere(NamedTuple):
    """A backward that is no number where the slope is one: a right forward, both backward passes, and what is said."""

    name: str
    forward: Callable[..., Any]
    wrong: Callable[..., Any]
    right: Callable[..., Any]
    arrays: tuple[Any, ...]
    said: str


def others_product(x: Any) -> Any:
    return np.stack([np.prod(np.delete(x, i)) for i in range(x.size)])


def guarded(x: Any) -> Any:
    return np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0)


WRONG_HERE = (
    WrongHere("a square by a quotient", lambda x: x * x, lambda x, dy: dy * 2 * x * x / x, lambda x, dy: 2 * x * dy,
              ([0.0, 1.0, 2.0],), "0/0 at x = 0"),
    WrongHere("a product by a quotient", np.prod, lambda x, dy: dy * np.prod(x) / x,
              lambda x, dy: dy * others_product(x), ([0.0, 1.0, 2.0],), "0/0 at x = 0"),
    WrongHere("a power by a logarithm", lambda x: x**3, lambda x, dy: dy * 3 * np.exp(2 * np.log(x)) * 0 / 0 * x,
              lambda x, dy: dy * 3 * x * x, ([0.0, 1.0],), "log(0) at x = 0"),
    WrongHere("a guard in forward only", guarded, lambda x, dy: np.where(x > 0, 1, 0) * dy / 2 / np.sqrt(x),
              lambda x, dy: np.where(x > 0, dy / 2 / np.sqrt(np.where(x > 0, x, 1.0)), 0), ([0.5, -1.0, 2.0],),
              "sqrt(-1) at x = -1"),
    # brothers
    WrongHere("a mask by a quotient", lambda x: x * 0.0 + np.maximum(x, 0) ** 2,
              lambda x, dy: dy * 2 * np.maximum(x, 0) * x / x, lambda x, dy: dy * 2 * np.maximum(x, 0),
              ([0.0, 1.0],), "0/0 at x = 0"),
    WrongHere("sinc by cos(x)/x - sin(x)/x**2", lambda x: np.sinc(x / np.pi),
              lambda x, dy: dy * (np.cos(x) / x - np.sin(x) / x**2), None, ([0.0, 1.0],), "1/0 at x = 0"),
    WrongHere("a sum of squares by its root", lambda x: (x * x).sum(), lambda x, dy: dy * 2 * x / np.sqrt((x * x).sum())
              * np.sqrt((x * x).sum()), lambda x, dy: 2 * x * dy, ([0.0, 0.0],), "0/0"),
    WrongHere("x ** 1.5 by a quotient", lambda x: x**1.5, lambda x, dy: dy * 1.5 * x**1.5 / x,
              lambda x, dy: dy * 1.5 * np.sqrt(x), ([0.0, 1.0],), "0/0 at x = 0"),
    WrongHere("softplus by exp", lambda x: np.logaddexp(0, x), lambda x, dy: dy * (np.exp(x) - np.exp(-np.inf * x)) /
              (1 + np.exp(x)), lambda x, dy: dy / (1 + np.exp(-x)), ([0.0, 1.0],), ""),
)  # fmt: skip


@pytest.mark.parametrize("row", WRONG_HERE, ids=lambda row: row.name)
def test_a_backward_that_is_no_number_is_wrong_where_the_slope_is_one(row: WrongHere) -> None:
    wrong = backcheck.check_vjp(lambda x: (row.forward(x), x), row.wrong, *row.arrays)
    assert wrong.verdict is Verdict.DISAGREE
    key = wrong.checked.problem.gradients[0]
    assert not np.isfinite(wrong.measures[key, "numpy"].got)
    assert np.isfinite(wrong.measures[key, "numpy"].want)
    assert row.said in said(wrong)
    if row.right is not None:
        right = backcheck.check_vjp(lambda x: (row.forward(x), x), row.right, *row.arrays)
        assert right.verdict in (Verdict.AGREE, Verdict.VACUOUS)


def raising(error: Exception) -> Callable[..., Any]:
    def backward(saved: Any, dy: Any) -> Any:
        raise error

    return backward


@pytest.mark.parametrize(
    "error", [ValueError("no"), ZeroDivisionError("by zero"), IndexError("3"), TypeError("None + 1"), KeyError("w")]
)
def test_a_backward_that_raises_is_wrong(error: Exception) -> None:
    found = backcheck.check_vjp(lambda x: (x * x, x), raising(error), [1.0, 2.0])
    assert found.verdict is Verdict.DISAGREE
    assert f"backward raises {type(error).__name__}" in said(found)
    assert found.measures[found.checked.problem.tensors[0], "numpy"].verdict is Verdict.AGREE  # forward is right


def test_a_backward_that_raises_at_some_numbers_only() -> None:
    def backward(x: Any, dy: Any) -> Any:
        return np.array([d * 2 * float(v) ** 2 / float(v) if v else 1 / int(v) for v, d in zip(x, dy, strict=True)])

    found = backcheck.check_vjp(lambda x: (x * x, x), backward, [0.0, 2.0])
    assert found.verdict is Verdict.DISAGREE
    assert "backward raises ZeroDivisionError" in said(found)


def test_a_backward_that_cannot_be_called_is_wrong_use() -> None:
    with pytest.raises(backcheck.BadInput, match="cannot be called"):
        backcheck.check_vjp(lambda x: (x * x, x), lambda x: x, [1.0])


def test_where_the_slope_is_infinite_nothing_is_said_of_that_entry() -> None:
    def check(factor: float) -> backcheck.Check:
        return backcheck.check_vjp(
            lambda x: (np.sqrt(x), x), lambda x, dy: dy * factor / np.sqrt(x), [0.0, 1.0, 4.0], cotangent=[1, 1, 1]
        )

    assert check(0.5).verdict is Verdict.UNAVAILABLE
    assert "the slope by x is not finite at [0], where x = 0; the 2 others agree" in said(check(0.5))
    assert check(0.6).verdict is Verdict.DISAGREE
    assert "want is finite" not in said(check(0.6))


def test_a_mask_of_minus_infinity_is_no_bad_input() -> None:
    mask = [[0, -np.inf, 0.0], [-np.inf, 0, 0]]

    def forward(x: Any, mask: Any) -> Any:
        z = x + mask
        e = np.exp(z - z.max(-1, keepdims=True))
        p = e / e.sum(-1, keepdims=True)
        return p, p

    def check(wrong: float) -> backcheck.Check:
        def backward(p: Any, dy: Any) -> Any:
            return p * (dy - (1 + wrong) * (p * dy).sum(-1, keepdims=True)), None

        return backcheck.check_vjp(forward, backward, [[1.0, 2.0, 3.0], [0.5, 1.0, -1.0]], mask, fixed="mask")

    assert check(0.0).verdict is Verdict.AGREE
    assert check(1e-6).verdict is Verdict.DISAGREE


def test_numbers_that_leave_exact_arithmetic_and_are_not_finite_are_no_zeros() -> None:
    def forward(x: Any) -> Any:
        return np.array([math.sqrt(v) if v >= 0 else math.nan for v in x]), x

    found = backcheck.check_vjp(forward, lambda x, dy: dy / 2 / np.sqrt(x), [1.0, -2.0])
    assert found.verdict is Verdict.UNAVAILABLE
    assert "judged it" not in said(found)


def test_one_gradient_that_was_not_judged_is_no_agreement() -> None:
    found = backcheck.check_vjp(
        lambda x, w: (np.concatenate([x, np.sqrt(w)]), w),
        lambda w, dy: (dy[:2], dy[2:] / 2 / np.sqrt(w)),
        [1.0, 2.0],
        [0.0],
    )
    assert found.verdict is Verdict.UNAVAILABLE
    assert not found


def test_the_frameworks_ways_in_say_the_same() -> None:
    torch = pytest.importorskip("torch")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            (x,) = ctx.saved_tensors
            return dy * 2 * x * x / x

    class Root(Square):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.sqrt()

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            return dy * 123

    wrong = backcheck.check_torch(Square, [1.0, 0.0, 2.0])
    assert wrong.verdict is Verdict.DISAGREE
    assert "got nan at [1], want 0" in said(wrong)
    lost = backcheck.check_torch(Root, [-1.0, -3.0])
    assert lost.verdict is Verdict.UNAVAILABLE
    assert "forward is nan at [0], where x = -1" in said(lost)


def test_jax_says_the_same() -> None:
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def square(x: Any) -> Any:
        return x * x

    square.defvjp(lambda x: (x * x, x), lambda x, dy: (dy * 2 * x * x / x,))
    wrong = backcheck.check_jax(square, [1.0, 0.0, 2.0])
    assert wrong.verdict is Verdict.DISAGREE
    assert "got nan at [1], want 0" in said(wrong)


def test_an_object_and_a_layer_of_a_rule_table_say_the_same() -> None:
    class Root:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.sqrt(x)

        def backward(self, dy: Any) -> Any:
            return 123 * dy

    found = backcheck.check_layer(Root(), [-1.0, -4.0])
    assert found.verdict is Verdict.UNAVAILABLE
    assert "forward is nan at [0], where x = -1" in said(found)
