"""JAX functions with a hand-written backward as the subject: right ones agree, wrong ones are caught."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from backcheck import check
from backcheck.keys import OUTPUT, gradient
from backcheck.subjects.pairs.jax_function import as_pair
from backcheck_reference.frameworks import jax_oracle
from backcheck_reports import Verdict
from tests.verdicts.helpers import one_node

jax_oracle.prepare()
RNG = np.random.default_rng(5)


def normal(*shape):
    return RNG.normal(size=shape)


def hand_written(value, change=lambda grads: grads):
    """A custom_vjp whose backward gives what JAX would give, changed."""
    function = jax.custom_vjp(value)
    function.defvjp(lambda *xs: (value(*xs), xs), lambda xs, dy: tuple(change(list(jax.vjp(value, *xs)[1](dy)))))
    return function


def relu(x):
    return jnp.where(x > 0, x, 0)


def cross_entropy(logits, classes):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), classes[:, None], axis=1).mean()


def layer_norm(x, gamma, beta):
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gamma + beta


def convolution(x, kernel):
    return lax.conv_general_dilated(x, kernel, (2, 1), "SAME", rhs_dilation=(1, 2), feature_group_count=2)


def max_pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 3), (1, 2, 1), "SAME")


def rnn(xs, w, u):
    def step(h, x):
        h = jnp.tanh(x @ w + h @ u)
        return h, h.sum()

    return lax.scan(step, jnp.zeros(u.shape[0]), xs)[1]


def attention(q, k, v):
    seen = jnp.tril(jnp.ones((len(q), len(k)), bool))
    return jax.nn.softmax(jnp.where(seen, q @ k.T / jnp.sqrt(q.shape[-1]), -jnp.inf)) @ v


def halved_until_small(x):
    times = lax.while_loop(lambda at: at[1] > 1, lambda at: (at[0] + 1, at[1] / 2), (0, 4.0))[0]
    return lax.cond(x[0] > 0, lambda x: jnp.sin(x) * times, jnp.cos, x)


VALUES = {
    "relu": (relu, normal(2, 3)),
    "cross_entropy": (cross_entropy, normal(4, 3), np.array([0, 2, 2, 1])),
    "layer_norm": (layer_norm, normal(3, 4), normal(4), normal(4)),
    "matmuls": (lambda a, b, c: jnp.einsum("bij,bjk,kl->bil", a, b, c), normal(2, 3, 2), normal(2, 2, 3), normal(3, 2)),
    "convolution": (convolution, normal(1, 4, 3, 3), normal(2, 2, 3, 2)),
    "max_pool": (max_pool, normal(2, 5, 4)),
    "mean_pool": (lambda x: lax.reduce_window(x, 0.0, lax.add, (2, 2), (2, 1), "SAME"), normal(5, 4)),
    "rnn": (rnn, normal(4, 2), normal(2, 3), normal(3, 3)),
    "embedding": (lambda table, at: table[at] * 2, normal(5, 3), np.array([[4, 0], [4, 1]])),
    "scatter": (lambda x, y: x.at[jnp.array([2, 0, 2])].add(y), normal(4, 2), normal(3, 2)),
    "logsumexp": (lambda x: jax.nn.logsumexp(x, axis=0), normal(5, 2)),
    "gelu": (lambda x: jax.nn.gelu(x, approximate=False), normal(4)),
    "attention": (attention, normal(3, 2), normal(3, 2), normal(3, 2)),
    "largest": (lambda x: x.max(0) - x.min(), normal(4, 3)),
    "sorted": (lambda x: jnp.sort(x) * jnp.arange(5.0), normal(2, 5)),
    "running": (lambda x: jnp.cumsum(x, 1) * lax.cummax(x, 1, reverse=True), normal(2, 4)),
    "padded": (lambda x: lax.pad(x, 1.5, ((1, -1, 2), (-1, 2, 0))) ** 3, normal(3, 4)),
    "loops": (halved_until_small, np.array([0.5, -2.0])),
    "remat": (jax.checkpoint(lambda x: jnp.sin(jnp.exp(x)) * x**-2), normal(3)),
    "scalar": (lambda x: x * jax.nn.sigmoid(x), np.array(0.7)),
}


def checked(function, *arrays):
    named = {f"x{at}": array for at, array in enumerate(arrays)}
    return check(one_node("own", named), named, rules={"own": as_pair(function)}, oracles=("exact",)).measures


def verdicts(measures):
    return {found.verdict for found in measures.values()}


@pytest.mark.parametrize("name", VALUES)
def test_a_right_backward_agrees_on_floats_and_on_exact_numbers(name):
    value, *arrays = VALUES[name]
    assert verdicts(checked(hand_written(value), *arrays)) == {Verdict.AGREE}


CHANGES = {
    "twice": lambda grads: [2 * grads[0], *grads[1:]],
    "sign": lambda grads: [-grads[0], *grads[1:]],
    "zero": lambda grads: [0 * grads[0], *grads[1:]],
    "a millionth": lambda grads: [grads[0] * (1 + 2.0**-20), *grads[1:]],
}


@pytest.mark.parametrize(
    ("name", "change"), [*((name, "a millionth") for name in VALUES), *(("layer_norm", change) for change in CHANGES)]
)
def test_a_wrong_backward_disagrees_on_floats_and_on_exact_numbers(name, change):
    value, *arrays = VALUES[name]
    measures = checked(hand_written(value, CHANGES[change]), *arrays)
    assert measures[gradient("x0"), "exact"].verdict is Verdict.DISAGREE
    assert measures[gradient("x0"), "numpy"].verdict is Verdict.DISAGREE
    assert measures[OUTPUT, "numpy"].verdict is Verdict.AGREE


def layer_norm_without(term):
    """Layer norm with the backward that is derived on paper, less one of its terms."""

    def forward(x, gamma, beta):
        inv_std = 1 / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return layer_norm(x, gamma, beta), ((x - x.mean(-1, keepdims=True)) * inv_std, inv_std, gamma)

    def backward(saved, dy):
        xhat, inv_std, gamma = saved
        dxhat = dy * gamma
        terms = {
            "own": dxhat,
            "mean": -dxhat.mean(-1, keepdims=True),
            "variance": -xhat * (dxhat * xhat).mean(-1, keepdims=True),
        }
        dx = inv_std * sum(part for name, part in terms.items() if name != term)
        return dx, (dy * xhat).sum(0), dy.sum(0)

    function = jax.custom_vjp(layer_norm)
    function.defvjp(forward, backward)
    return function


@pytest.mark.parametrize(
    ("term", "verdict"), [("none", Verdict.AGREE), ("mean", Verdict.DISAGREE), ("variance", Verdict.DISAGREE)]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_dropped_term_disagrees(term, verdict, dtype):
    arrays = [array.astype(dtype) for array in VALUES["layer_norm"][1:]]
    measures = checked(layer_norm_without(term), *arrays)
    assert measures[gradient("x0"), "exact"].verdict is verdict
    assert measures[gradient("x0"), "numpy"].verdict is verdict
    assert measures[gradient("x1"), "numpy"].verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        (lambda x: (x == x.max()) / (x == x.max()).sum(), Verdict.KINK),
        (lambda x: jnp.eye(4)[jnp.argmax(x)], Verdict.KINK),
        (lambda x: x == x.max(), Verdict.DISAGREE),
    ],
    ids=["shared", "the first", "copied to all"],
)
def test_at_ties_a_backward_may_choose_but_not_copy(share, verdict):
    function = jax.custom_vjp(lambda x: x.max())
    function.defvjp(lambda x: (x.max(), x), lambda x, dy: (dy * share(x),))
    assert checked(function, np.array([1.0, 3.0, -2.0, 3.0]))[gradient("x0"), "exact"].verdict is verdict
    # without the tie all three are right
    assert verdicts(checked(function, np.array([1.0, 3.0, -2.0, 2.0]))) == {Verdict.AGREE}


def test_without_entries_there_is_nothing_to_tell():
    found = checked(hand_written(lambda x, w: x @ w + 1), np.zeros((0, 3)), normal(3, 2))
    assert verdicts(found) == {Verdict.VACUOUS}
