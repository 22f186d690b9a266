"""What goes into the pair made of a JAX function and comes out of it, and that function without its custom rules."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from jax import lax

from backcheck.subjects.pairs.jax_function import as_pair, value_under_vjp, without_custom_rules
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact

jax_oracle.prepare()


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
def test_dtypes_and_shapes_stay_what_they_are(kind):
    pair = as_pair(lambda x, at: {"values": x[at] + jnp.zeros(2), "place": jnp.argmax(x), "sum": [x.sum()]})
    x = np.array([1.0, 4.0, 2.0], kind)
    y, saved = pair.forward(x, np.array([0, 2]))
    wide = np.float64 if kind is np.float64 else np.float32
    assert [(each.shape, each.dtype) for each in y if each.dtype.kind != "i"] == [((), kind), ((2,), wide)]
    grads = pair.backward(saved, tuple(None if each.dtype.kind == "i" else np.ones_like(each) for each in y))
    assert grads[1] is None
    assert grads[0].dtype == kind
    assert grads[0].tolist() == [2, 1, 2]


def test_several_outputs_are_pulled_back_together_on_exact_numbers_too():
    pair = as_pair(lambda x, w: (x @ w, (x**2).sum(0)))
    x, w, dy = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[3.0], [0.25]]), (np.ones((2, 1)), np.array([1.0, 2.0]))
    want = (dy[0] @ w.T + 2 * x * dy[1], x.T @ dy[0])
    for lift in (np.asarray, exact.lift):
        y, saved = pair.forward(lift(x), lift(w))
        assert [each.shape for each in y] == [(2, 1), (2,)]
        for got, grad in zip(pair.backward(saved, tuple(map(lift, dy))), want, strict=True):
            assert (got == lift(grad)).all()


def test_an_array_without_axes_stays_an_array_of_exact_numbers():
    pair = as_pair(lambda x: jnp.sin(x) * x)
    y, saved = pair.forward(exact.lift(np.array(0.5)))
    (grad,) = pair.backward(saved, exact.lift(np.array(1.0)))
    assert isinstance(y, exact.Scalar)
    assert isinstance(grad, exact.Scalar)


def test_configuration_goes_to_the_function():
    pair = as_pair(lambda x, *, power, axes: (x**power).sum(axes))
    x = exact.lift(np.array([[1.0, 2.0], [3.0, 4.0]]))
    for power, want in ((2, 4.0), (3, 12.0)):
        _, saved = pair.forward(x, power=power, axes=[0])
        (grad,) = pair.backward(saved, exact.lift(np.ones(2)))
        assert grad[0, 1] == want


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x * jax.random.normal(jax.random.key(0), x.shape), "'random_"),
        (lambda x: jax.pure_callback(np.sin, x, x, vmap_method="sequential"), "'pure_callback'"),
        (lambda x: x * 2 if x[0] > 0 else x, "looks at values"),
        (lambda x: lax.scan(lambda c, a: (c + a, a), jnp.float32(0), x)[0], "recorded in float64 it raises TypeError"),
    ],
    ids=["random", "callback", "branch", "dtype"],
)
def test_what_has_no_exact_form_is_named(function, reason):
    pair = as_pair(function)
    with pytest.raises(Unavailable, match=reason):
        pair.forward(exact.lift(np.array([1.0, 2.0, 3.0])))


@pytest.mark.parametrize(
    "function",
    [lambda x: jnp.linalg.inv(jnp.outer(x, x) + jnp.eye(3)), lambda x: jnp.abs(jnp.fft.fft(x))],
    ids=["inverse", "complex"],
)
def test_inverses_and_complex_numbers_have_exact_forms(function):
    pair, x = as_pair(function), np.array([1.0, 2.0, 3.0])
    y, saved = pair.forward(exact.lift(x))
    (grad,) = pair.backward(saved, exact.lift(np.ones(y.shape)))
    assert exact.to_float(y) == pytest.approx(np.asarray(function(x)), rel=1e-12)
    assert exact.to_float(grad) == pytest.approx(np.asarray(jax.grad(lambda a: function(a).sum())(x)), rel=1e-12)


def test_code_that_looks_at_values_still_runs_on_floats():
    pair = as_pair(lambda x: x * 2 if x[0] > 0 else x)
    _, saved = pair.forward(np.array([1.0, 2.0]))
    assert pair.backward(saved, np.ones(2))[0].tolist() == [2, 2]


def power(x, n):
    return sum(x for _ in range(n)) * x ** (n - 1) / n


static_power = jax.custom_vjp(power, nondiff_argnums=(1,))
static_power.defvjp(lambda x, n: (power(x, n), x), lambda n, x, dy: (dy * n * x ** (n - 1),))


@pytest.mark.parametrize("function", [lambda x, n: power(x, int(n)), static_power], ids=["range", "nondiff_argnums"])
def test_code_may_look_at_integers(function):
    pair = as_pair(function)
    for n, want in ((4, 32.0), (2, 4.0)):
        for lift in (np.asarray, exact.lift):
            y, saved = pair.forward(lift(np.array([2.0])), np.array(n))
            assert y.tolist() == [2.0**n]
            assert pair.backward(saved, lift(np.array([1.0])))[0].tolist() == [want]


def hull(values):
    return balls.Watch("float64").lift(np.array(values), "float64")


def test_a_hull_knows_where_the_gradient_of_a_clear_maximum_goes_and_shares_that_of_a_tie():
    for function in (jnp.max, lambda x: jnp.maximum(x[0], jnp.maximum(x[1], x[2]))):
        pair = as_pair(function)
        with balls.run_at("float64", balls.SLACK_BITS):
            _, saved = pair.forward(hull([1.0, 3.0, 2.0]))
            (clear,) = pair.backward(saved, hull(1.0))
            _, saved = pair.forward(hull([3.0, 3.0, 2.0]))
            (tied,) = pair.backward(saved, hull(1.0))
        assert isinstance(tied, balls.Hull)
        assert clear[1].contains(1)
        assert np.all(balls.radii(clear) < 1e-12)
        assert tied[0].contains(0.5)
        assert not tied[0].contains(1.1)
        assert not tied[2].contains(0.1)


def test_a_hull_takes_both_branches_where_it_cannot_say():
    pair = as_pair(lambda x: lax.cond(x.sum() > 0, lambda x: x + 5, lambda x: x - 5, x))
    with balls.run_at("float64", balls.SLACK_BITS):
        y, _ = pair.forward(hull([1.0, -1.0]))
    assert y[0].contains(6)
    assert y[0].contains(-4)
    with pytest.raises(balls.Undecidable):
        as_pair(jnp.sort).forward(hull([1.0, 1.0]))


def wrong_sine():
    function = jax.custom_vjp(jnp.sin)
    function.defvjp(lambda x: (jnp.sin(x), x), lambda x, dy: (-dy * jnp.cos(x),))
    return function


def wrong_square():
    function = jax.custom_jvp(jnp.square)
    function.defjvp(lambda at, along: (at[0] ** 2, at[0] * along[0]))
    return function


USES = {
    "bare": lambda f, x: f(x),
    "jit": lambda f, x: jax.jit(lambda a: 2 * f(a))(x),
    "scan": lambda f, x: lax.scan(lambda c, a: (f(c) + a, c), x[0], x)[0],
    "cond": lambda f, x: lax.cond(x[0] > 0, f, jnp.exp, x),
    "vmap": lambda f, x: jax.vmap(f)(x),
    "remat": lambda f, x: jax.checkpoint(f)(x),
}


@pytest.mark.parametrize(("wrong", "right"), [(wrong_sine, jnp.sin), (wrong_square, jnp.square)], ids=["vjp", "jvp"])
@pytest.mark.parametrize("use", USES)
def test_without_its_custom_rules_a_function_has_jaxs_own_gradient(use, wrong, right):
    x = np.array([0.5, 1.5])

    def gradient(function):
        return jax.grad(lambda x: jnp.sum(function(x)))(x)

    want = gradient(lambda x: USES[use](right, x))
    own = wrong()
    assert np.array_equal(gradient(without_custom_rules(lambda x: USES[use](own, x))), want)
    assert not np.array_equal(gradient(lambda x: USES[use](own, x)), want)


def test_jaxs_own_custom_rules_stay():
    plain = without_custom_rules(lambda x, scale: {"y": jax.nn.relu(x) * scale})
    assert jax.grad(lambda x: plain(x, scale=2)["y"])(0.0) == 0


def test_a_forward_that_differs_under_differentiation_is_seen():
    function = jax.custom_vjp(lambda x: 2 * x)
    function.defvjp(lambda x: (2 * x + 1, None), lambda _, dy: (2 * dy,))
    assert value_under_vjp(function, np.array([2.0])) == "output 1 at [0] is 4.0, and 5.0 when differentiated"
    assert value_under_vjp(lambda x: (jnp.argmax(x), wrong_sine()(x).sum()), np.array([2.0, 1.0])) == ""
