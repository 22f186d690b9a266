"""What the first call of somebody's code shows, found out once: how often the code runs before it is judged."""

import numpy as np
import pytest

from backcheck import check_layer, check_torch, check_vjp, verify_rule
from backcheck.subjects.arrays import names_of
from backcheck.subjects.first_call import first_call
from backcheck.subjects.single import single_check
from backcheck.subjects.user_code import of_pair
from tests.subjects.pairs_of_functions import normal
from tests.subjects.teaching_layers import Affine

X = normal(4, 3)


class Reached(Exception):
    """The code is about to be judged."""


@pytest.fixture
def calls(monkeypatch):
    """The calls of the user's functions before the engine has them."""

    def judge(*_, **__):
        raise Reached

    monkeypatch.setattr(single_check, "judge", judge)
    return []


def test_a_pair_is_called_four_times_before_it_is_judged(calls):
    def forward(x):
        calls.append("forward")
        return np.tanh(x), np.tanh(x)

    def backward(y, dy):
        calls.append("backward")
        return dy * (1 - y * y)

    with pytest.raises(Reached):
        check_vjp(forward, backward, X)
    assert calls == ["forward", "forward", "forward", "backward"]  # the first at other arrays


def test_an_object_is_called_a_few_times_more(calls):
    class Counted(Affine):
        def forward(self, x):
            calls.append("forward")
            return super().forward(x)

        def backward(self, dout):
            calls.append("backward")
            return super().backward(dout)

    with pytest.raises(Reached):
        check_layer(Counted, X)
    assert (calls.count("forward"), calls.count("backward")) == (9, 4)


def test_what_it_shows():
    def forward(x, shift, index):
        x *= 2
        return (x + shift)[index].astype(np.float32) * np.random.rand(), index

    def backward(index, dy):
        dx = np.zeros((4, 3))
        np.add.at(dx, index, 2 * dy)
        return dx, None, None

    index = np.array([0, 2])
    seen = first_call(of_pair(forward, backward), names_of(forward, 3), [X, normal(3), index], {})
    assert seen.fixed == {"shift", "index"}
    assert seen.silent == ("shift",)
    assert seen.precision == "float32"
    assert seen.behaviour.generators.names == "NumPy's global generator"
    assert "writes into x" in seen.behaviour.writes[0]
    assert "global generator" in seen.notes[0]
    assert "computes in float32" in seen.notes[1]


def test_pytorch_code_that_draws_from_numpy_is_seeded_too():
    torch = pytest.importorskip("torch")
    check = check_torch(lambda t: torch.tanh(t) * float(np.random.rand()), X)
    assert check, check
    assert "starts at the same state" in check.notes[0]


def test_booleans_reach_pytorch_and_jax_as_booleans():
    torch = pytest.importorskip("torch")
    jnp = pytest.importorskip("jax.numpy")

    class Masked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, mask):
            ctx.save_for_backward(mask)
            return torch.where(mask, x, torch.zeros_like(x))

        @staticmethod
        def backward(ctx, dy):
            return dy * ctx.saved_tensors[0], None

    assert verify_rule(Masked, ("n d", "n d ?"), draws=5)
    assert verify_rule(lambda x, mask: torch.where(mask, x, 0 * x), ("n d", "n d ?"), kind="torch", draws=5)
    assert verify_rule(lambda x, mask: jnp.where(mask, x, 0), ("n d", "n d ?"), kind="jax", draws=5)
