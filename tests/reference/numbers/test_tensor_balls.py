"""Balls at full size: what a function, a product or a softmax makes of numbers within the radii lies within the result.

The numbers are drawn in the balls, at their ends too, and computed by PyTorch in float64: independent of the bounds.
"""

import math

import pytest
import torch

from backcheck_reference.numbers.tensor_balls import (
    arithmetic,
    comparisons,
    extremes,
    functions,
    products,
    softmax,
    sums,
)
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, Ball, Rounding, is_short, kept
from backcheck_reference.numbers.tensor_balls.slabs import ENTRIES, by_entries, by_rows

EXACT = Rounding(0.0, 0.0, functions=0.0, smallest=0.0)
FLOAT32 = Rounding(2.0**-24, 2.0**-24)
RADII = 1e-6, 1e-3, 0.1, 0.7  # not less, or the rounding of the numbers that are drawn in a ball would count
POSITIVE = {"log", "log2", "log10", "sqrt", "rsqrt", "lgamma", "digamma", "log1p"}
WITHIN_ONE = {"asin", "acos", "atanh", "erfinv"}
ABOVE_ONE = {"acosh"}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def drawn(*shape):
    return torch.randn(shape, dtype=torch.float64)


def points(ball, count=9):
    """Numbers within a ball, its ends first."""
    for at in range(count):
        share = (at * 2 - 1.0) if at < 2 else 2 * torch.rand_like(ball.mid) - 1
        yield ball.mid + share * ball.radii()


def assert_holds(ball, found, name=""):
    off = (found - ball.mid).abs()
    room = ball.radii() * (1 + 1e-7) + 1e-13 * ball.mid.abs() + 1e-300
    bad = found.isfinite() & ~(off <= room) & ~ball.radii().isnan()
    assert not bad.any(), f"{name}: {(off / room)[bad].max()} times the radius"


def argument(name, radius):
    x = drawn(400) * 2
    if name in POSITIVE:
        x = x.abs() + 1e-3
    if name in WITHIN_ONE:
        x = x.tanh()
    if name in ABOVE_ONE:
        x = x.abs() + 1
    return Ball(x, torch.full_like(x, radius) * torch.rand_like(x))


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_a_function_stays_in_its_ball(name):
    for radius in RADII:
        x = argument(name, radius)
        y = functions.smooth(EXACT, name, x)
        for point in points(x):
            assert_holds(y, functions.FUNCTIONS[name].value(point), f"{name} at radius {radius}")


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_a_bound_of_a_function_is_not_wide(name):
    """At small radii within half again of what the ends do, in the median."""
    x = argument(name, 1e-5)
    y = functions.smooth(EXACT, name, x)
    ends = [(functions.FUNCTIONS[name].value(end) - y.mid).abs() for end in points(x, 2)]
    assert (y.radii() / torch.maximum(*ends)).nanmedian() < 1.5


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power"])
def test_arithmetic_stays_in_its_ball(name):
    run = getattr(arithmetic, name)
    plain = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow"}[name]
    for radius in RADII:
        a, b = (Ball(drawn(300), torch.rand(300).double() * radius) for _ in range(2))
        a = Ball(a.mid.abs() + 0.5, a.rad.clamp(max=0.4)) if name == "power" else a
        y = run(EXACT, a, b)
        for first in points(a):
            for second in points(b, 4):
                assert_holds(y, getattr(torch, plain)(first, second), f"{name} at {radius}")


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 0.5, -0.5, -1, -2, 1.7])
def test_a_power_stays_in_its_ball(exponent):
    for radius in RADII:
        x = Ball(drawn(300), torch.rand(300).double() * radius)
        x = x if float(exponent).is_integer() else Ball(x.mid.abs(), x.rad)
        y = arithmetic.power(EXACT, x, exponent)
        for point in points(x):
            assert_holds(y, point**exponent)


def test_an_exponent_of_many_digits_is_rounded_as_any_constant_of_the_code():
    """|a|^0.3 with 0.3 in float32: where a is 1e-30, that digit of the exponent is worth 20 roundings."""
    a = drawn(400).abs().float() * 1e-30
    a[0] = 0.0
    ball = arithmetic.power(FLOAT32, Ball(a.double(), None), 0.3)
    exact = a.double() ** float(torch.tensor(0.3))
    assert_holds(ball, exact)
    assert ball.radii()[0] == 0
    assert float((ball.radii() / ball.mid)[1:].max()) < 3e-6
    assert arithmetic.power(EXACT, Ball(a.double(), None), 0.3).rad.max() < 1e-20


def test_a_product_of_matrices_stays_in_its_ball():
    a, b = Ball(drawn(9, 31), torch.rand(9, 31).double() / 10), Ball(drawn(31, 5), torch.rand(31, 5).double() / 10)
    for first, second in ((a, b), (a, Ball(b.mid)), (Ball(a.mid), b)):
        y = products.matrix_product(EXACT, first, second)
        for left in points(first):
            for right in points(second, 4):
                assert_holds(y, left @ right)


@pytest.mark.parametrize("run", [softmax.softmax, softmax.log_softmax, softmax.logsumexp])
def test_softmax_stays_in_its_ball(run):
    plain = {"softmax": torch.softmax, "log_softmax": torch.log_softmax, "logsumexp": torch.logsumexp}[run.__name__]
    for radius in RADII:
        x = Ball(3 * drawn(6, 40), torch.rand(6, 40).double() * radius)
        y = run(EXACT, x, 1)
        for point in points(x):
            assert_holds(y, plain(point, 1), f"{run.__name__} at {radius}")


@pytest.mark.parametrize("run", [softmax.softmax_backward, softmax.log_softmax_backward])
def test_the_gradient_of_softmax_stays_in_its_ball(run):
    is_log = run is softmax.log_softmax_backward
    plain = torch.ops.aten._log_softmax_backward_data if is_log else torch.ops.aten._softmax_backward_data
    x = drawn(6, 40)
    y = x.log_softmax(1) if is_log else x.softmax(1)
    grad, y = Ball(drawn(6, 40), torch.rand(6, 40).double() / 50), Ball(y, y.abs() * torch.rand(6, 40).double() / 50)
    found = run(EXACT, grad, y, 1)
    for first in points(grad):
        for second in points(y, 4):
            assert_holds(found, plain(first, second, 1, torch.float64))


@pytest.mark.parametrize("name", ["total", "mean", "variance", "product"])
def test_sums_stay_in_their_balls(name):
    plain = {"total": torch.sum, "mean": torch.mean, "variance": torch.var, "product": torch.prod}[name]
    x = Ball(drawn(7, 12), torch.rand(7, 12).double() / 20)
    y = getattr(sums, name)(EXACT, x, 1)
    for point in points(x):
        assert_holds(y, plain(point, 1))


@pytest.mark.parametrize("order", ["forward", "backward", "pairs", "largest first"])
def test_a_sum_in_float32_in_any_order_stays_within_the_model(order):
    x = drawn(50, 1000).float().double()
    y = sums.total(FLOAT32, Ball(x), 1)
    orders = {"backward": x.flip(1), "largest first": x.gather(1, x.abs().argsort(1, descending=True))}
    left = orders.get(order, x).float()
    if order == "pairs":
        while left.shape[1] > 1:
            left = torch.nn.functional.pad(left, (0, left.shape[1] % 2)).unflatten(1, (-1, 2)).sum(2)
        found = left[:, 0]
    else:
        found = torch.zeros(50)
        for column in left.unbind(1):
            found = found + column
    assert_holds(y, found.double())


@pytest.mark.parametrize("block", [1, 16, 64])
def test_an_online_softmax_in_float32_stays_within_the_model(block):
    x = (5 * drawn(20, 640)).sort(1)[0].float()  # rising: it rescales in each block
    y = softmax.softmax(FLOAT32, Ball(x.double()), 1)
    largest, whole, parts = torch.full((20, 1), -math.inf), torch.zeros(20, 1), []
    for piece in x.split(block, 1):
        new = torch.maximum(largest, piece.amax(1, True))
        parts = [part * (largest - new).exp() for part in parts] + [(piece - new).exp()]
        whole = whole * (largest - new).exp() + parts[-1].sum(1, True)
        largest = new
    found = (torch.cat(parts, 1) / whole).double()
    assert_holds(y, found) if block >= 16 else None


def test_a_choice_is_open_where_balls_overlap():
    a, b = torch.tensor([1.0, 2.0, 3.0, 4.0]).double(), torch.tensor([1.0, 2.1, 3.5, 0.0]).double()
    found = comparisons.compare(EXACT, "lt", Ball(a, torch.full_like(a, 0.1)), Ball(b, torch.full_like(b, 0.1)))
    assert found.rad.tolist() == [True, True, False, False]
    hull = comparisons.where(EXACT, found, Ball(a), Ball(b))
    assert hull.mid.tolist() == pytest.approx([1.0, 2.05, 3.0, 0.0])
    assert hull.radii().tolist() == pytest.approx([0.0, 0.05, 0.0, 0.0])


def test_a_tie_is_open_where_inputs_move_and_else_as_the_code_says():
    zero = torch.zeros(2).double()
    assert comparisons.compare(EXACT, "gt", Ball(zero), 0).rad.all()
    assert not comparisons.compare(EXACT, "gt", Ball(zero, None, CONSTANT), 0).any()
    assert comparisons.compare(EXACT, "eq", Ball(zero), 0).all()
    assert comparisons.relu(EXACT, Ball(zero)).rad.all()


def test_where_the_largest_is_may_be_open():
    x = torch.tensor([[1.0, 2.0, 2.05], [1.0, 2.0, 3.0]]).double()
    values, places = extremes.with_index(EXACT, "max", Ball(x, torch.full_like(x, 0.1)), 1)
    assert places.rad.tolist() == [True, False]
    assert values.radii().tolist() == pytest.approx([0.1, 0.1])


def test_a_mask_of_infinities_is_exact():
    x = torch.tensor([[0.5, -math.inf, 1.0]]).double()
    for ball in (Ball(x), Ball(x, torch.full_like(x, 1e-3).masked_fill(x.isinf(), 0))):
        y = softmax.softmax(FLOAT32, arithmetic.add(FLOAT32, ball, 0.25), 1)
        assert y.mid[0, 1] == y.rad[0, 1] == 0
        assert y.rad.isfinite().all()
    assert functions.smooth(FLOAT32, "exp", Ball(x)).rad[0, 1] == 0


def test_exact_zeros_stay_exact_and_small_numbers_may_be_flushed():
    ball = kept(FLOAT32, torch.tensor([0.0, 1e-40, 1.0]).double())
    assert ball.rad[0] == 0
    assert ball.rad[1] >= 1e-40
    assert ball.rad[2] < 2.0**-23


def test_numbers_of_few_digits_are_exact():
    assert is_short(0.5, 2.0**-24)
    assert is_short(3.0, 2.0**-8)
    assert not is_short(0.1, 2.0**-24)
    assert not is_short(257.0, 2.0**-8)


def test_slabs_change_no_number():
    a, b = Ball(drawn(300, 2, ENTRIES // 100), drawn(300, 2, ENTRIES // 100).abs()), Ball(drawn(2, 1))
    whole, slabs = arithmetic.multiply(FLOAT32, a, b), by_entries(arithmetic.multiply, FLOAT32, (a, b), {})
    assert torch.equal(whole.mid, slabs.mid)
    assert torch.equal(whole.rad, slabs.rad)
    whole, slabs = softmax.softmax(FLOAT32, a, 2), by_rows(softmax.softmax, FLOAT32, (a, 2), {}, 2)
    assert torch.allclose(whole.mid, slabs.mid, rtol=1e-15)
    assert torch.allclose(whole.rad, slabs.rad, rtol=1e-12)


def test_erf_by_five_terms_in_float32_stays_within_the_model():
    """Abramowitz and Stegun's 7.1.26, as vectorised kernels compute it."""
    x = torch.linspace(0, 4, 20001)
    t = 1 / (1 + 0.3275911 * x)
    polynomial = torch.zeros_like(x)
    for coefficient in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        polynomial = (polynomial + coefficient) * t
    found = 1 - polynomial * torch.exp(-x * x)
    ball = functions.smooth(FLOAT32, "erf", Ball(x.double(), None))
    fractions = (found.double() - ball.mid).abs() / ball.radii()
    assert 0.2 < float(fractions.max()) <= 1
