"""None in the place of an array: a bias or a mask that a function takes and need not have."""

from typing import Any

import numpy as np
import pytest

import backcheck
from backcheck.subjects.result.check import Check

X, S = [1.0, 2.0, -3.0], [2.0, 3.0, 4.0]


def forward(x: Any, b: Any, s: Any) -> Any:
    return (x * s if b is None else x * s + b), (x, s, b is None)


def every_gradient(saved: Any, dy: Any) -> Any:
    x, s, without = saved
    return dy * s, None if without else dy, dy * x


def those_given(saved: Any, dy: Any) -> Any:
    return [each for each in every_gradient(saved, dy) if each is not None]


def zero_for_none(saved: Any, dy: Any) -> Any:
    dx, _, ds = every_gradient(saved, dy)
    return dx, np.zeros(3), ds


def wrong(saved: Any, dy: Any) -> Any:
    dx, db, ds = every_gradient(saved, dy)
    return dx, db, 2 * ds


@pytest.mark.parametrize("backward", [every_gradient, those_given, zero_for_none])
def test_what_is_not_given_has_no_gradient(backward: Any) -> None:
    found = backcheck.check_vjp(forward, backward, X, None, S)
    assert str(found.verdict) == "agree"
    assert found.checked.problem.wanted == ("x", "s")


def test_what_is_wrong_beside_it_is_wrong() -> None:
    found = backcheck.check_vjp(forward, wrong, X, None, S)
    assert str(found.verdict) == "disagree"
    assert found.finding is not None
    assert found.finding.argument == "s"


def test_the_script_gives_none_too() -> None:
    text = backcheck.check_vjp(forward, wrong, X, None, S).reproducer
    called = text.replace("# forward is your own", "#")
    names = {"forward": forward, "wrong": wrong}
    shown: list[Check] = []
    exec(called, {**names, "print": shown.append})
    assert shown[0].id == backcheck.check_vjp(forward, wrong, X, None, S).id


def test_the_mirror_and_the_frameworks_take_none() -> None:
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, b: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.without = b is None
            return x * x if b is None else x * x + b

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * dy, None if ctx.without else dy

    @jax.custom_vjp
    def square(x: Any, b: Any) -> Any:
        return x * x if b is None else x * x + b

    square.defvjp(lambda x, b: (square(x, b), x), lambda x, dy: (2 * x * dy, None))
    found = backcheck.check_vjp(forward, every_gradient, X, None, S, torch=lambda x, b, s: x * s if b is None else b)
    assert str(found.verdict) == "agree"
    for check in (backcheck.check_torch(Square, X, None), backcheck.check_torch(Square.apply, X, None)):
        assert str(check.verdict) == "agree"
    assert str(backcheck.check_jax(square, X, None).verdict) == "agree"


def test_all_none_is_wrong_use() -> None:
    with pytest.raises(backcheck.BadInput, match="none of the arrays"):
        backcheck.check_vjp(forward, every_gradient, None, None, None)
