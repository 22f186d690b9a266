"""Each function of the table is what mpmath says, moves as its slopes say, and is the same in every number system.

Exact values are arb's at 256 bits; slopes are held against differences of the values themselves at 1,200 bits.
"""

import jax
import numpy as np
import pytest
import torch
from mpmath import mp, mpf
from scipy import special

from backcheck.subjects.pairs import jax_function, torch_function
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.frontends import numpy_code
from backcheck_reference.frontends.jax_code.primitives import TABLE
from backcheck_reference.frontends.numpy_code.smooth import SMOOTH_UFUNCS
from backcheck_reference.frontends.tensor_functions import NOT_DIFFERENTIATED, ON_TENSORS, on_tensors
from backcheck_reference.frontends.torch_code.tensor_balls import enclose
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import balls, duals, exact
from backcheck_reference.numbers.scalar_functions import FUNCTIONS, LOOPS
from backcheck_reference.numbers.tensor_balls import functions as ball_functions
from backcheck_reference.numbers.tensor_balls.rounding import Ball, Rounding
from tests.reference.numbers.scalar_points import CASES

jax_oracle.prepare()
CLOSE = 2.0**-150
FLOAT64 = Rounding(2.0**-53, 2.0**-53)


def value(name, *numbers):
    return FUNCTIONS[name].value(*map(flint.arb, numbers))


def close(got, want, part=CLOSE):
    return bool(abs(got - want) <= part * (1 + abs(want)))


def slopes(name, point):
    """By each number, or None where no formula is kept."""
    numbers = [flint.arb(x) for x in point]
    y = FUNCTIONS[name].value(*numbers)
    return [slope if slope is None else slope(*numbers, y) for slope in FUNCTIONS[name].slopes]


def known(name):
    return [at for at, slope in enumerate(FUNCTIONS[name].slopes) if slope is not None]


def test_every_function_of_the_table_is_asked():
    assert set(CASES) == set(FUNCTIONS)


@pytest.mark.parametrize("name", CASES)
def test_the_value_is_what_mpmath_says(name):
    for point in CASES[name][1]:
        with exact.bits(256), mp.workprec(240):
            want = flint.arb(mp.nstr(CASES[name][0](*map(mpf, point)).real, 70, strip_zeros=False))
            got = value(name, *point)
            assert got.rel_accuracy_bits() > 150 or got == 0
            assert close(got, want), point


@pytest.mark.parametrize("name", CASES)
def test_a_slope_is_what_values_nearby_say(name):
    for point, at in ((point, at) for point in smooth_points(name) for at in known(name)):
        with exact.bits(1200):
            h = flint.arb(2) ** -300
            numbers = [flint.arb(x) for x in point]
            up, down = ([*numbers[:at], numbers[at] + step, *numbers[at + 1 :]] for step in (h, -h))
            want = (FUNCTIONS[name].value(*up) - FUNCTIONS[name].value(*down)) / (2 * h)
        with exact.bits(256):
            assert close(slopes(name, point)[at], want), (point, at)


def smooth_points(name):
    return [point for point in CASES[name][1] if not (name == "round" and point[0] % 1 == 0.5)]


@pytest.mark.parametrize("name", CASES)
def test_a_wide_ball_holds_all_values(name):
    """Also one that reaches over a kink, or over the end of a domain: then it is everything."""
    orders = set(range(FUNCTIONS[name].inputs)) - set(known(name))
    for point, radius in ((point, radius) for point in CASES[name][1] for radius in (2.0**-40, 0.0625, 2.0)):
        wide = [flint.arb(x, 0 if at in orders else radius) for at, x in enumerate(point)]
        with exact.bits(53):
            ball = LOOPS[name](*wide)
        for share in (-1.0, -0.375, 0.0, 1.0):
            with exact.bits(256):
                inside = value(name, *(x + (0 if at in orders else share * radius) for at, x in enumerate(point)))
            assert not inside.is_finite() or ball.contains(inside) or ball.overlaps(inside), (radius, share)


NUMPY = [(name, ufunc) for name, row in FUNCTIONS.items() for ufunc in row.numpy]


OF_WHOLE_ORDERS = {special.yn, special.kn, special.eval_hermite}


def in_numpy(ufunc, arrays, watch=None):
    """The universal function as ordinary code calls it, in a run on exact numbers or on balls."""
    with numpy_code.running(watch):
        found = ufunc(*map(numpy_code.ordinary, arrays))
    return numpy_code.plain(found)[0]


@pytest.mark.parametrize(("name", "ufunc"), NUMPY, ids=lambda each: getattr(each, "__name__", each))
def test_code_in_numpy_and_scipy_reaches_it_by_this_name(name, ufunc):
    watch = balls.Watch("float64")
    for point in CASES[name][1]:
        arrays = [np.array([x]) for x in point]
        with exact.bits(256):
            truth = value(name, *point)
            assert close(in_numpy(ufunc, map(exact.lift, arrays)), truth)
        if ufunc in OF_WHOLE_ORDERS and point[0] % 1:
            continue
        point = (int(point[0]), *point[1:]) if ufunc in OF_WHOLE_ORDERS else point
        assert float(ufunc(*point)) == pytest.approx(float(truth), rel=1e-9, abs=1e-12)
        with balls.run_at("float64", balls.SLACK_BITS):
            hulls = [watch.lift(array, "float64") for array in arrays]
            # an order is a whole number in the code
            given = [hulls[at] if at in known(name) else exact.lift(arrays[at]) for at in range(len(point))]
            ball = in_numpy(ufunc, hulls if len(point) == 1 else given, watch)
        assert ball.contains(truth)


OF_DUALS = {ufunc.__name__: name for name, ufunc in NUMPY if hasattr(duals.Dual, ufunc.__name__)}


@pytest.mark.parametrize("method", OF_DUALS)
def test_a_dual_number_has_its_value_and_slope(method):
    name = OF_DUALS[method]
    for point in CASES[name][1]:
        with exact.bits(256):
            dual = getattr(duals.Dual(point[0], 3), method)()
            assert close(dual.value, value(name, *point))
            assert close(dual.slope, 3 * slopes(name, point)[0])
            assert getattr(duals.Dual(point[0]), method)().slope == 0


def pulled(as_pair, name, function, point):
    """(value, slopes by the numbers that have one) by a framework's own code on exact numbers."""
    moving = known(name)

    def of_moving(*arrays):
        numbers = list(point)
        for at, array in zip(moving, arrays, strict=True):
            numbers[at] = array
        return function(*numbers)

    pair = as_pair(of_moving)
    with exact.bits(256):
        y, saved = pair.forward(*(exact.lift(np.array([point[at]])) for at in moving))
        return y[0], [found[0] for found in pair.backward(saved, exact.lift(np.ones(1)))]


def agrees(name, point, got, found):
    with exact.bits(256):
        want = [slopes(name, point)[at] for at in known(name)]
        assert close(got, value(name, *point))
        if point in smooth_points(name):
            for slope, truth in zip(found, want, strict=True):
                assert close(slope, truth), (slope, truth)


# of these PyTorch itself has no derivative
VALUE_ALONE = NOT_DIFFERENTIATED | {"heaviside", "zeta"}
WITHOUT_GRADIENT = {"special_modified_bessel_i0", "special_modified_bessel_i1"}
ATEN = [(name, operator) for name, row in FUNCTIONS.items() for operator in row.aten]


@pytest.mark.parametrize(("name", "operator"), ATEN, ids=lambda each: each)
def test_pytorchs_operator_is_it_and_its_gradient(name, operator):
    is_public = hasattr(torch.ops.aten, operator)
    packet = getattr(torch.ops.aten if is_public else torch.ops.prims, operator)

    def function(*numbers):
        if name == "polygamma":
            return packet(int(numbers[0]), numbers[1])
        return packet(*(torch.as_tensor(x, dtype=torch.float64) for x in numbers))

    for point in CASES[name][1]:
        if is_public and name not in VALUE_ALONE and operator not in WITHOUT_GRADIENT:
            agrees(name, point, *pulled(torch_function.as_pair, name, function, point))
            continue
        pair = torch_function.as_pair(lambda x, head=point[:-1]: function(*head, x))
        with exact.bits(256):
            assert close(pair.forward(exact.lift(np.array([point[-1]])))[0][0], value(name, *point))


JAX = [(name, primitive) for name, row in FUNCTIONS.items() for primitive in row.jax]
IN_LAX = {
    "regularized_incomplete_beta": jax.lax.betainc,
    "round": lambda x: jax.lax.round(x, jax.lax.RoundingMethod.TO_NEAREST_EVEN),
}


@pytest.mark.parametrize(("name", "primitive"), JAX, ids=lambda each: each)
def test_jaxs_primitive_is_it_and_its_gradient(name, primitive):
    function = IN_LAX.get(primitive) or getattr(jax.lax, primitive)
    for point in CASES[name][1]:
        numbers = [np.array([x]) for x in point]
        if primitive == "zeta":  # of which JAX has no derivative
            with exact.bits(256):
                assert close(TABLE[primitive](*map(exact.lift, numbers))[0], value(name, *point))
            continue
        run = lambda *given: function(*(jax.numpy.asarray(x).reshape(1) for x in given))  # noqa: E731
        agrees(name, point, *pulled(jax_function.as_pair, name, run, point))


@pytest.mark.parametrize("name", ON_TENSORS)
def test_on_tensors_it_is_pytorchs_own_and_differentiates(name):
    for point in CASES[name][1]:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=at in known(name)) for at, x in enumerate(point)]
        y = on_tensors(name)(*leaves)
        assert y.item() == pytest.approx(float(value(name, *point)), rel=1e-9, abs=1e-12)
        if name in VALUE_ALONE or point not in smooth_points(name):
            continue
        found = torch.autograd.grad(y, [leaf for leaf in leaves if leaf.requires_grad])
        want = [float(slopes(name, point)[at]) for at in known(name)]
        assert [each.item() for each in found] == pytest.approx(want, rel=1e-7, abs=1e-9)


# no bound is kept of how far these move, and PyTorch does not take them apart into others
WITHOUT_BALLS = {
    *("i0", "i1", "i0e", "i1e", "j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e", "airy_ai"),
    *("igamma", "igammac", "zeta", "erfcx", "ndtri", "log_ndtr"),
}


@pytest.mark.parametrize(("name", "operator"), [pair for pair in ATEN if hasattr(torch.ops.aten, pair[1])])
def test_pytorchs_operator_on_arrays_of_balls_is_it_or_refused(name, operator):
    packet = getattr(torch.ops.aten, operator)
    for point in CASES[name][1]:
        moving = known(name)
        tensors = [torch.tensor([point[at]], dtype=torch.float64) for at in moving]
        rest = [int(x) if name == "polygamma" else torch.tensor([x]).double() for x in point[: -len(moving) or None]]
        rest = rest if len(moving) < len(point) else []
        ask = lambda *given: packet(*rest, *given)  # noqa: B023, E731
        if name in WITHOUT_BALLS:
            with pytest.raises(Unavailable):
                enclose(ask, tensors, None, [], FLOAT64)
            continue
        ball = enclose(ask, tensors, None, [], FLOAT64).outputs[0]
        with exact.bits(256):
            assert abs(value(name, *point) - flint.arb(ball.mid.item())) <= ball.rad.item()


@pytest.mark.parametrize("name", ball_functions.FUNCTIONS)
def test_an_array_of_balls_holds_the_values(name):
    for point in CASES[name][1]:
        x = torch.tensor(point, dtype=torch.float64)
        for radius in (0.0, 2.0**-30, 2.0**-6):
            ball = ball_functions.smooth(FLOAT64, name, Ball(x, torch.full_like(x, radius)))
            for share in (-1, 0, 1):
                with exact.bits(256):
                    inside = value(name, point[0] + share * radius)
                    off = abs(inside - flint.arb(ball.mid.item()))
                assert not ball.rad.item() < float("inf") or off <= ball.rad.item()


# PyTorch has operators of these names that are no rows: why
NO_ROW_IN_ATEN = {
    "logit": "it takes bounds beside the number, and PyTorch takes it apart",
    "sinc": "PyTorch takes it apart",
    "floor_divide": "it is a division that rounds",
    "conj": "it stands with the complex numbers",
    "kl_div": "the operator of this name is a loss",
    "gamma": "the operator of this name takes a number in the code alone",
}
NO_ROW_IN_JAX = {
    "reciprocal": "the function of this name is a power",
    "conj": "it stands with the complex numbers",
}


def calls(name):
    """What code may call a function: the table's name, and those of NumPy and SciPy."""
    return {name, *(ufunc.__name__ for ufunc in FUNCTIONS[name].numpy)}


def test_no_name_is_missing_in_a_front_end():
    """A function that PyTorch, JAX or NumPy has under a name of the table has that name there."""
    found = {
        name
        for name, row in FUNCTIONS.items()
        if not row.aten and any(hasattr(torch.ops.aten, f"{p}{n}") for n in calls(name) for p in ("", "special_"))
    }
    assert found == set(NO_ROW_IN_ATEN)
    found = {name for name, row in FUNCTIONS.items() if not row.jax and any(hasattr(jax.lax, n) for n in calls(name))}
    assert found == set(NO_ROW_IN_JAX)
    modules = (np, special)
    found = {
        name
        for name, row in FUNCTIONS.items()
        if not row.numpy and any(isinstance(getattr(m, name, None), np.ufunc) for m in modules)
    }
    assert not found


def test_a_dual_number_has_all_that_numpy_asks_an_element_for():
    by_operators = {np.absolute, np.square, np.reciprocal, np.conjugate}
    asked = {
        ufunc.__name__
        for name, ufunc in NUMPY
        if getattr(ufunc, "types", ())
        and "O->O" in ufunc.types
        and not FUNCTIONS[name].picks
        and ufunc not in by_operators
    }
    assert {name for name in asked if not hasattr(duals.Dual, name)} == set()


def test_what_is_taken_for_smooth_has_no_kink():
    bent = {ufunc for row in FUNCTIONS.values() if row.kinks for ufunc in row.numpy}
    assert not bent & SMOOTH_UFUNCS


NOT_A_NUMBER = {
    "numpy": lambda x: np.where(x != x, 0.0, np.where(x == x, x, 1.0)),
    "torch": torch_function.as_pair(lambda x: torch.where(x != x, 0.0, torch.where(x == x, x, 1.0))).forward,
    "jax": jax_function.as_pair(
        lambda x: jax.numpy.where(x != x * 1, 0.0, jax.numpy.where(x * 1 == x, x, 1.0))
    ).forward,
}


@pytest.mark.parametrize("front_end", NOT_A_NUMBER)
def test_what_is_no_number_is_unequal_to_itself_in_every_front_end(front_end):
    x = exact.lift(np.array([np.nan, 2.0]))
    with exact.bits(256):
        if front_end == "numpy":
            with numpy_code.running():
                found = numpy_code.plain(NOT_A_NUMBER[front_end](numpy_code.ordinary(x)))
        else:
            found = NOT_A_NUMBER[front_end](x)[0]
    assert exact.to_float(found).tolist() == [0.0, 2.0]
