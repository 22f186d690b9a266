"""The exact oracle: right rules pass at forty digits, wrong ones do not, kinks are told from both."""

import numpy as np
import pytest
from flint import arb

from backcheck.verdicts.truth.repair import repair
from backcheck_reference.derivatives import jacobians, judgement
from backcheck_reference.derivatives.variation import PROBES, ROOM
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import half_ulp, radii
from scratch_bp.network import Node
from scratch_bp.rules import Rule


def judge(forward, backward, x, dy, **options):
    arrays = {"x": exact.lift(np.asarray(x, dtype=float))}

    def function(at):
        return forward(at["x"])

    def vjp(at, cotangent):
        return forward(at["x"]), {"x": backward(at["x"], cotangent)}

    return judgement.judge(function, vjp, arrays, exact.lift(np.asarray(dy, dtype=float)), ("x",), **options)


X, DY = [[1.0, -3.0], [2.0, 7.0]], [[1.0, -2.0], [0.5, 0.75]]


def test_a_right_gradient_has_a_residual_far_below_the_step():
    found = judge(np.tanh, lambda x, dy: dy * (1 - np.tanh(x) ** 2), X, DY)
    assert found.right
    assert found.smooth
    assert found.slopes.residual < 2.0 ** -(exact.LADDER[0][1] + 10)


@pytest.mark.parametrize("error", [1e-6, 1e-12, 1e-25])
def test_a_factor_next_to_one_is_wrong(error):
    found = judge(np.tanh, lambda x, dy: dy * (1 - np.tanh(x) ** 2) * (1 + arb(error)), X, DY)
    assert not found.right
    assert found.slopes.residual == pytest.approx(error, rel=2)


@pytest.mark.parametrize("scale", [1e30, 1e-30, 5e-324, 1e300])
def test_huge_and_tiny_inputs_are_judged(scale):
    right = judge(lambda x: x * x, lambda x, dy: 2 * x * dy, np.array(X) * scale, DY)
    wrong = judge(lambda x: x * x, lambda x, dy: 2 * x * dy * (1 + arb(1e-10)), np.array(X) * scale, DY)
    assert right.right
    assert right.smooth
    assert not wrong.right


def relu_with(slope):
    return lambda x, dy: np.where(x > 0, dy, np.where(x == 0, slope * dy, 0 * dy))


@pytest.mark.parametrize(("slope", "right"), [(0, True), (0.5, True), (1, True), (-7, False), (1.5, False)])
def test_at_a_kink_a_slope_must_lie_between_the_one_sided_ones(slope, right):
    found = judge(lambda x: np.maximum(x, arb(0)), relu_with(slope), [0.0, 1.0], [1.0, 1.0])
    assert not found.smooth
    assert found.right is right


def test_a_kink_nearer_than_the_first_step_is_no_kink():
    found = judge(lambda x: np.maximum(x, arb(0)), relu_with(0.5), [1e-40, -1e-300, 5e-324], [1.0, 2.0, 3.0])
    assert found.smooth
    assert found.right


def test_a_jump_has_no_slope_to_be_outside_of():
    found = judge(lambda x: np.where(x > 1, x + 1, x), lambda x, dy: dy, [1.0], [1.0])
    assert not found.smooth
    assert found.right


def test_copied_to_all_ties_is_wrong_along_some_direction():
    def maximum(x):
        return x.max(axis=-1)

    def copied(x, dy):
        return np.where(x == x.max(axis=-1, keepdims=True), dy[..., None], 0 * dy[..., None])

    tried = [judge(maximum, copied, [[1.0, 1.0]], [1.0], seed=s, positive=p) for s, p in ((1, False), (2, True))]
    assert not all(each.right for each in tried)


def test_code_that_drops_to_float_is_noticed():
    with pytest.raises(Unavailable, match="float64"):
        judge(lambda x: np.tanh(x.astype(float)), lambda x, dy: dy, X, DY)
    with pytest.raises(Unavailable, match="gradient of x"):
        judge(np.tanh, lambda x, dy: (dy * (1 - np.tanh(x) ** 2)).astype(np.float16), X, DY)


def test_the_precision_in_force_is_left_as_it_was():
    from flint import ctx

    before = ctx.prec
    with pytest.raises(Unavailable):
        judge(lambda x: x.astype(float), lambda x, dy: dy, X, DY)
    assert ctx.prec == before


def test_pulling_back_by_differences_gives_the_derivative_without_a_backward():
    x = exact.lift(np.array(X))
    with exact.bits(256):
        got = jacobians.pull_back(lambda a: np.exp(a), (x,), 0, exact.lift(np.array(DY)))
        assert abs(exact.to_float(got - np.exp(x) * exact.lift(np.array(DY)))).max() < 1e-38


def test_a_derivative_by_differences_is_found_once_for_one_middle():
    calls = []
    counted = Rule(lambda x: (calls.append(x) or np.exp(x), None), None)
    repaired, x = repair(counted, Node("y", "exp", ("x",))), np.array(X)
    for given, runs in ((exact.lift(x), 2 * x.size + 1), (half_ulp(x, "float64"), 2 * PROBES), (exact.lift(x), 0)):
        calls.clear()
        with exact.bits(256):
            repaired.backward((given,), exact.lift(np.array(DY)))
        assert len(calls) == runs


@pytest.mark.parametrize("size", [3, 40])
def test_a_gradient_on_balls_is_as_wide_as_it_changes_over_them(size):
    """The change of exp over half an ulp is half an ulp of itself: bounded, by no more than room and size explain."""
    x = np.linspace(-1.5, 2, size)
    ones = exact.lift(np.ones(size))
    with exact.bits(256):
        got = jacobians.pull_back(lambda a: np.exp(a), (half_ulp(x, "float32"),), 0, ones)
        at_ends = [np.exp(exact.lift(x) + exact.lift(half * 2.0**-24 * abs(x))) for half in (1, -1)]
        apart = [abs(exact.to_float(end - exact.middles(got))) for end in at_ends]
    assert all((each <= radii(got)).all() for each in apart)
    assert (radii(got) < 3 * ROOM * size**0.5 * 2.0**-24 * np.exp(2)).all()


def test_a_gradient_on_balls_across_a_kink_covers_both_sides():
    x = np.array([2.0**-60, 1.0])
    given = (half_ulp(x, "float64"),)
    with exact.bits(256):
        given[0][0] = arb(2.0**-60, 2.0**-50)
        shifted = lambda a: abs(a - exact.lift(np.array(2.0**-55)))  # noqa: E731
        got = jacobians.pull_back(shifted, given, 0, exact.lift(np.ones(2)))
        assert got[0].contains(1)
        assert got[0].contains(-1)
    assert exact.to_float(got)[1] == pytest.approx(1)


def test_pulling_back_says_when_it_would_take_too_long():
    x = exact.lift(np.ones(jacobians.MOST_ENTRIES + 1))
    with pytest.raises(Unavailable, match="differences"):
        jacobians.pull_back(lambda a: a, (x,), 0, x)


def test_an_array_without_axes_stays_an_array():
    point = exact.lift(np.array(0.5))
    assert np.tanh(point * 2 - 1).shape == ()
    assert isinstance(np.where(point > 0, point, point), np.ndarray)
    found = judge(lambda x: np.exp(x) * x, lambda x, dy: dy * np.exp(x) * (x + 1), 0.5, 2.0)
    assert found.right
    assert found.smooth


@pytest.mark.parametrize(
    ("gradient", "right"),
    [((3, -2), True), ((0, 0), True), ((3, 0), True), ((1.5, -1), True), ((3.1, -2), False), ((3, 1), False)],
)
def test_several_kinks_of_one_output_leave_open_what_each_of_them_does(gradient, right):
    def forward(x):
        above = np.maximum(x, arb(0))
        return (3 * above[:1] - 2 * above[1:]).reshape(1)

    def backward(x, dy):
        return dy * np.array([arb(g) for g in gradient])

    found = [judge(forward, backward, [0.0, 0.0], [1.0], seed=seed) for seed in range(6)]
    assert all(each.right for each in found) is right


def test_a_largest_that_is_copied_to_all_ties_is_none_of_its_subgradients():
    def forward(x):
        return np.maximum(x[:1], x[1:])

    found = [
        judge(forward, lambda x, dy: np.concatenate([dy, dy]), [2.0, 2.0], [1.0], seed=seed, positive=True)
        for seed in range(3)
    ]
    assert not any(each.right for each in found)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,)])
def test_arrays_made_like_one_without_axes_can_be_computed_with(shape):
    """NumPy keeps the class of the scalar for an array of another shape."""
    scalar = exact.lift(np.array(2.0))
    filled = np.full_like(scalar, arb(3), shape=shape)
    assert filled.shape == shape
    for found in (filled + filled, np.multiply(filled, scalar) * 1, 2 * filled):
        assert found.shape == shape
        assert exact.to_float(found).tolist() == np.full(shape, 6.0).tolist()
    assert np.shape(np.sum(filled)) == ()
