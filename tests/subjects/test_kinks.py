"""Ties and corners: a convention is one that the function has, along every direction and in floats too."""

import numpy as np
import pytest

from backcheck import check_vjp
from backcheck.keys import gradient
from backcheck_reports.record import Verdict


def in_floats(array):
    return type(array) is np.ndarray


def largest(x):
    y = x.max()
    return y, (x, y)


def first_of_ties(saved, dy):
    x, _ = saved
    found = np.zeros_like(x)
    found[x.argmax()] = 1
    return dy * found


def all_ties_in_floats(saved, dy):
    x, y = saved
    return dy * (x == y) if in_floats(x) else first_of_ties(saved, dy)


def evenly(saved, dy):
    x, y = saved
    return dy * (x == y) / (x == y).sum()


def larger(a, b):
    return np.maximum(a, b), (a, b)


def whole_for_both(saved, dy):
    a, b = saved
    return dy * (a >= b), dy * (b >= a)


def whole_for_both_in_floats(saved, dy):
    a, b = saved
    return dy * (a >= b), dy * ((b >= a) if in_floats(a) else (b > a))


def one_side(saved, dy):
    a, b = saved
    return dy * (a >= b), dy * (b > a)


def halves(saved, dy):
    a, b = saved
    half = 0.5 * (a == b)
    return dy * ((a > b) + half), dy * ((b > a) + half)


def middle(x):
    order = np.argsort(x)
    return x[order[len(x) // 2]], (x, order)


def of_middle(saved, dy):
    x, order = saved
    found = np.zeros_like(x)
    found[order[len(x) // 2]] = 1
    return dy * found


def of_all_middles(saved, dy):
    x, order = saved
    return dy * (x == x[order[len(x) // 2]])


def ordered(x):
    order = np.argsort(x, kind="stable")
    return x[order], order


def unordered(order, dy):
    found = np.zeros_like(dy)
    found[order] = dy
    return found


def pooled(x):
    windows = x.reshape(-1, 2)
    return windows.max(1), windows


def pooled_first(windows, dy):
    first = windows.argmax(1)
    return (dy[:, None] * (np.arange(2) == first[:, None])).ravel()


def pooled_all(windows, dy):
    return (dy[:, None] * (windows == windows.max(1, keepdims=True))).ravel()


def corner(slope):
    return lambda x, dy: dy * np.where(x > 0, 1.0, np.where(x < 0, 0.0, slope))


def relu(x):
    return np.maximum(x, 0), x


def absolute(x):
    return abs(x), x


def signs(slope):
    return lambda x, dy: dy * np.where(x > 0, 1.0, np.where(x < 0, -1.0, slope))


def clipped(x):
    return np.clip(x, -1, 1), x


def inside(slope):
    return lambda x, dy: dy * np.where(abs(x) < 1, 1.0, np.where(abs(x) == 1, slope, 0.0))


def hinge(x, t):
    return np.maximum(0, 1 - x * t).sum(), (x, t)


def of_hinge(slope):
    def backward(saved, dy):
        x, t = saved
        m = 1 - x * t
        active = np.where(m > 0, 1.0, np.where(m == 0, slope, 0.0))
        return -dy * active * t, None

    return backward


def leaky(x):
    return np.where(x > 0, x, 0.1 * x), x


def of_leaky(slope):
    return lambda x, dy: dy * np.where(x > 0, 1.0, np.where(x < 0, 0.1, slope))


def distance(x, t):
    return abs(x - t).mean(), (x, t)


def of_distance(slope):
    def backward(saved, dy):
        x, t = saved
        s = np.where(x == t, slope, np.sign(x - t)) / x.size
        return dy * s, -dy * s

    return backward


def length(x):
    y = np.sqrt((x * x).sum())
    return y, (x, y)


def huber(x):
    return np.where(abs(x) <= 1, x * x / 2, abs(x) - 0.5), x


def same_branches(x):
    return np.where(x > 0, x + 1, 1 + x), x


def mixed(a, b):
    return np.maximum(a, 0) + np.tanh(b), (a, b)


RELU_AT = np.array([0.0, 1.0, -2.0])
TIES = np.array([2.0, 2.0, 1.0])
A, B = np.array([1.0, 2.0]), np.array([1.0, 3.0])
KINK, WRONG, AGREE = Verdict.KINK, Verdict.DISAGREE, Verdict.AGREE

# forward, backward, arrays, what is said of them
EXAMPLES = {
    "max, the first": (largest, first_of_ties, (TIES,), KINK),
    "max, evenly": (largest, evenly, (TIES,), KINK),
    "max, all in floats": (largest, all_ties_in_floats, (TIES,), WRONG),
    "max, all": (largest, lambda saved, dy: dy * (saved[0] == saved[1]), (TIES,), WRONG),
    "maximum, one side": (larger, one_side, (A, B), KINK),
    "maximum, halves": (larger, halves, (A, B), KINK),
    "maximum, both": (larger, whole_for_both, (A, B), WRONG),
    "maximum, both at every tie": (larger, whole_for_both, (A, A), WRONG),
    "maximum, both in floats": (larger, whole_for_both_in_floats, (A, B), WRONG),
    "median": (middle, of_middle, (np.array([1.0, 2.0, 2.0, 0.0, 3.0]),), KINK),
    "median, all": (middle, of_all_middles, (np.array([1.0, 2.0, 2.0, 0.0, 3.0]),), WRONG),
    "sort": (ordered, unordered, (TIES,), KINK),
    "sort, from nowhere": (ordered, lambda order, dy: dy, (TIES,), WRONG),
    "max pool": (pooled, pooled_first, (np.array([1.0, 1.0, 2.0, 0.0]),), KINK),
    "max pool, all": (pooled, pooled_all, (np.array([1.0, 1.0, 2.0, 0.0]),), WRONG),
    "relu, 0": (relu, corner(0.0), (RELU_AT,), KINK),
    "relu, 1/2": (relu, corner(0.5), (RELU_AT,), KINK),
    "relu, 7": (relu, corner(7.0), (RELU_AT,), WRONG),
    "abs, -1": (absolute, signs(-1.0), (RELU_AT,), KINK),
    "abs, 2": (absolute, signs(2.0), (RELU_AT,), WRONG),
    "clip, 1": (clipped, inside(1.0), (np.array([1.0, 0.5, -1.0]),), KINK),
    "clip, -1": (clipped, inside(-1.0), (np.array([1.0, 0.5, -1.0]),), WRONG),
    "hinge, 1": (hinge, of_hinge(1.0), (np.array([1.0, 0.5]), np.array([1, -1])), KINK),
    "hinge, 2": (hinge, of_hinge(2.0), (np.array([1.0, 0.5]), np.array([1, -1])), WRONG),
    "leaky, 0.1": (leaky, of_leaky(0.1), (RELU_AT,), KINK),
    "leaky, 0": (leaky, of_leaky(0.0), (RELU_AT,), WRONG),
    "l1, 0": (distance, of_distance(0.0), (A, B), KINK),
    "l1, 3": (distance, of_distance(3.0), (A, B), WRONG),
    "norm, 0": (length, lambda saved, dy: 0 * saved[0], (np.zeros(2),), Verdict.VACUOUS),
    "norm, 1": (length, lambda saved, dy: dy + 0 * saved[0], (np.zeros(2),), WRONG),
    "huber, smooth": (huber, lambda x, dy: dy * np.clip(x, -1, 1), (np.array([1.0, 0.5, -1.0]),), AGREE),
    "huber, wrong": (huber, lambda x, dy: dy * x * (abs(x) < 1), (np.array([1.0, 0.5, -1.0]),), WRONG),
    "where, smooth": (same_branches, lambda x, dy: dy + 0 * x, (RELU_AT,), AGREE),
    "where, wrong": (same_branches, lambda x, dy: dy * (x > 0), (RELU_AT,), WRONG),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_said_at_a_kink(name):
    forward, backward, arrays, verdict = EXAMPLES[name]
    assert check_vjp(forward, backward, *arrays).verdict is verdict


def test_the_direction_is_said():
    found = check_vjp(largest, all_ties_in_floats, TIES, cotangent=1.0)
    assert "along one direction through x 2 for 1" in found.measures[gradient("x"), "numpy"].reason


# the forward has its kink in a alone; in which arrays the backward is wrong
@pytest.mark.parametrize("wrong", ["a", "b"])
def test_the_forward_alone_decides_what_is_a_kink(wrong):
    def backward(saved, dy):
        a, b = saved
        return dy * (7.0 if wrong == "a" else 1.0) * (a > 0), dy * (1 - np.tanh(b) ** (1 if wrong == "b" else 2))

    found = check_vjp(mixed, backward, RELU_AT, RELU_AT + 0.5).measures
    assert found[gradient(wrong), "numpy"].verdict is WRONG
    assert found[gradient("b"), "differences"].verdict is AGREE
    assert found[gradient("b"), "exact"].verdict is (WRONG if wrong == "b" else AGREE)
    assert found[gradient("a"), "exact"].verdict is (WRONG if wrong == "a" else KINK)


@pytest.mark.parametrize("name", ["tanh", "square at 0", "power"])
def test_a_smooth_function_has_no_kink_however_wrong_its_backward(name):
    forward, arrays = {
        "tanh": (np.tanh, (np.array([0.5, 0.0]),)),
        "square at 0": (np.square, (np.array([1.0, 0.0]),)),
        "power": (np.power, (np.array([-2.0, 1.5]), np.array([2.0, 2.0]))),
    }[name]

    def backward(saved, dy):
        return (dy + 0.3, *(None,) * (len(arrays) - 1)) if len(arrays) > 1 else dy + 0.3

    check = check_vjp(lambda *xs: (forward(*xs), xs), backward, *arrays)
    assert check.verdict is WRONG
    assert check.measures[check.checked.problem.gradients[0], "differences"].verdict is AGREE


def test_a_negative_number_has_a_square():
    check = check_vjp(
        lambda x, p: (x**p, (x, p)), lambda s, dy: (dy * 2 * s[0], None), np.array([-2.0]), np.array([2.0])
    )
    assert check.measures[gradient("x"), "numpy"].verdict is AGREE


@pytest.mark.parametrize("function", ["amax", "max", "maximum", "sort", "median", "relu", "abs", "l1", "clip"])
def test_conventions_of_pytorch_are_slopes_that_the_function_has(function):
    torch = pytest.importorskip("torch")
    functions = {
        "amax": (largest, first_of_ties, (TIES,), torch.amax),
        "max": (largest, first_of_ties, (TIES,), lambda x: torch.max(x, 0).values),
        "maximum": (larger, one_side, (A, B), torch.maximum),
        "sort": (ordered, unordered, (TIES,), lambda x: torch.sort(x).values),
        "median": (middle, of_middle, (np.array([1.0, 2.0, 2.0, 0.0, 3.0]),), torch.median),
        "relu": (relu, corner(0.5), (RELU_AT,), torch.relu),
        "abs": (absolute, signs(1.0), (RELU_AT,), torch.abs),
        "l1": (distance, of_distance(1.0), (A, B), torch.nn.functional.l1_loss),
        "clip": (clipped, inside(0.5), (np.array([1.0, 0.5, -1.0]),), lambda x: torch.clip(x, -1, 1)),
    }
    forward, backward, arrays, mirror = functions[function]
    check = check_vjp(forward, backward, *arrays, torch=mirror)
    assert {check.measures[key, "torch"].verdict for key in check.checked.problem.gradients} == {KINK}


@pytest.mark.parametrize("function", ["max", "maximum", "sort", "relu"])
def test_conventions_of_jax_are_slopes_that_the_function_has(function):
    jnp = pytest.importorskip("jax.numpy")
    functions = {
        "max": (largest, first_of_ties, (TIES,), jnp.max),
        "maximum": (larger, one_side, (A, B), jnp.maximum),
        "sort": (ordered, unordered, (TIES,), jnp.sort),
        "relu": (relu, corner(0.5), (RELU_AT,), lambda x: jnp.maximum(x, 0)),
    }
    forward, backward, arrays, mirror = functions[function]
    check = check_vjp(forward, backward, *arrays, jax=mirror)
    assert {check.measures[key, "jax"].verdict for key in check.checked.problem.gradients} == {KINK}


def test_many_kinks_of_either_sign_in_one_output():
    """Points to random sides of seven kinks hardly ever lie where all have the slope 0."""
    weights = np.array([-1.75, 0.5, 0.75, -0.5, 1.75, -1.5, -0.75, 1.25])

    def check(slope):
        def backward(x, dy):
            grad = dy * weights * (x > 0)
            grad[2] = grad[2] + slope * dy
            return grad

        return check_vjp(lambda x: ((weights * np.maximum(x, 0)).sum(), x), backward, np.append(np.zeros(7), 1.0))

    assert check(0.0).verdict is Verdict.KINK
    assert check(-0.1).verdict is Verdict.DISAGREE
    assert check(0.8).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("factor", [1.0, 5.0])
def test_noise_is_no_kink(factor):
    """An optimiser that ends where it cannot get further: its values jump wherever one looks."""
    optimize = pytest.importorskip("scipy.optimize")

    def forward(a):
        y = optimize.minimize(lambda z: ((z - a) ** 2).sum() + (z**4).sum(), np.zeros_like(a)).x
        return y, y

    found = check_vjp(forward, lambda y, dy: factor * dy / (1 + 6 * y * y), [0.5, 1.0])
    assert found.verdict is not Verdict.KINK
    assert not found


def test_a_kink_says_that_it_passes():
    found = check_vjp(lambda x: (np.maximum(x, 0), x), lambda x, dy: dy * (x > 0), [0.0, 1.0])
    assert found
    assert str(found).startswith("KINK (passes)  ")


def test_who_is_wrong_too_in_exact_arithmetic_is_no_second_party():
    found = check_vjp(lambda x: (x * x, x), lambda x, dy: x * dy, [0.5, 1.0])
    row = str(found).splitlines()[1]
    assert row.endswith("; in exact arithmetic too, so it is not rounding")
    assert "exact arithmetic: disagree" not in str(found)
