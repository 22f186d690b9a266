"""What a PyTorch subject may be handed in as, what it gives back, and where exact numbers end and say so."""

import ml_dtypes
import numpy as np
import pytest
import torch
from torch import nn

import backcheck
from backcheck.keys import gradient
from backcheck.subjects.pairs.torch_function import as_pair, with_parameters
from backcheck.verdicts.truth.node import argument_names
from backcheck_reference.frontends.judged import judged_in
from backcheck_reference.frontends.torch_code.aten.table import OPERATORS
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact
from backcheck_reports.record import Verdict
from tests.verdicts.helpers import one_node

X = np.array([[0.5, -1.25], [2.0, 0.75], [-0.25, 1.5]])


class Square(torch.autograd.Function):
    """Its backward is wrong on purpose: three times x for twice x."""

    @staticmethod
    def forward(ctx, x, power=2):
        ctx.save_for_backward(x)
        with torch.no_grad():
            return x.detach() * x.data

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return 3 * x * dy, None


square = Square.apply


def leaving(forward):
    """A Function whose forward is `forward` and whose backward nobody needs here."""

    class Leaving(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return forward(x)

        @staticmethod
        def backward(ctx, dy):
            return dy

    return Leaving


def pulled(function, x, dy):
    """(value, gradient by the first array) of a function as a pair."""
    pair = as_pair(function)
    y, saved = pair.forward(x)
    return y, pair.backward(saved, dy)[0]


def verdicts(function, **arrays):
    checked = backcheck.check(one_node("own", arrays), arrays, rules={"own": as_pair(function)}, oracles=("exact",))
    return {key: measure.verdict for key, measure in checked.measures.items()}


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_on_floats_the_answer_is_pytorchs_to_the_bit(dtype):
    x = X.astype(dtype)
    y, dx = pulled(torch.tanh, x, np.ones_like(x))
    tensor = torch.from_numpy(X).to(getattr(torch, x.dtype.name)).requires_grad_()
    (want,) = torch.autograd.grad(torch.tanh(tensor).sum(), tensor)
    assert y.dtype == dx.dtype == x.dtype
    assert np.array_equal(dx.astype(np.float64), want.double().numpy())


@pytest.mark.parametrize("given", [Square, Square.apply, lambda x: square(x), lambda x: Square.apply(x) + 0])
def test_a_function_may_come_in_any_form(given):
    y, dx = pulled(given, X, np.ones_like(X))
    assert np.array_equal(y, X * X)
    assert np.array_equal(dx, 3 * X)
    exact_y, exact_dx = pulled(given, exact.lift(X), exact.lift(np.ones_like(X)))
    assert np.array_equal(exact_y, exact.lift(X) ** 2)
    assert np.array_equal(exact_dx, 3 * exact.lift(X))


def test_a_module_has_gradients_by_its_parameters_and_keeps_its_buffers():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3), nn.Tanh())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    function, parameters = with_parameters(module)
    found = verdicts(function, x=X, **{n.replace(".", "_"): p.astype(np.float64) for n, p in parameters.items()})
    assert set(found.values()) == {Verdict.AGREE}
    assert set(verdicts(module, x=X).values()) == {Verdict.AGREE}
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_several_outputs_and_integers_keep_their_places():
    pair = as_pair(lambda x, i, *, scale: (x[i] * scale, x.argmax(), x.sum(0)))
    for lift in (np.asarray, exact.lift):
        x, ones = lift(X), lift(np.ones((3, 2)))
        (picked, where, total), saved = pair.forward(x, np.array([2, 2, 0]), scale=4)
        assert np.array_equal(picked, 4 * x[[2, 2, 0]])
        assert where == 2
        assert np.array_equal(total, x.sum(0))
        dx, di = pair.backward(saved, (ones, None, 10 * ones[0]))
        assert di is None
        assert np.array_equal(
            exact.to_float(exact.lift(dx) if dx.dtype == float else dx), [[14, 14], [10, 10], [18, 18]]
        )


def test_a_float_that_no_gradient_comes_back_for_has_none():
    pair = as_pair(lambda x, w: x * w.detach())
    for lift in (np.asarray, exact.lift):
        _, saved = pair.forward(lift(X), lift(X))
        dx, dw = pair.backward(saved, lift(X))
        assert dw is None
        assert np.array_equal(dx, lift(X) * lift(X))


DRAWN = {
    "dropout": nn.functional.dropout,
    "rand_like": lambda x: x * torch.rand_like(x),
    "randn": lambda x: x * torch.randn(x.shape, dtype=x.dtype),
    "bernoulli": lambda x: x * torch.bernoulli(torch.full_like(x, 0.5)),
    "exponential_": lambda x: x + torch.empty_like(x).exponential_(),
    "randperm": lambda x: x[torch.randperm(len(x))],
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_exact_numbers_meet_the_random_numbers_that_floats_met(name, dtype):
    pair, x = as_pair(DRAWN[name]), X.astype(dtype)
    torch.manual_seed(7)
    want = pair.forward(x)[0]
    torch.manual_seed(7)
    with judged_in(dtype):
        got = exact.to_float(pair.forward(exact.lift(x))[0])
    assert np.allclose(got, want, rtol=1e-6)


def test_arrays_go_by_the_names_that_the_function_gives_them():
    assert argument_names(as_pair(square), 1) == ("x",)
    assert argument_names(as_pair(nn.Linear(2, 2)), 1) == ("input",)


def test_a_write_into_a_view_reaches_what_it_is_a_view_of():
    def function(x):
        y = torch.zeros(4, 3, dtype=x.dtype)
        y[1:, :2].copy_(x)
        y.t()[0].mul_(3)
        return y.unsqueeze_(0).squeeze_(0).as_strided((3,), (4,), 1) + x[0, 0]

    y, dx = pulled(function, exact.lift(X), exact.lift(np.array([1.0, 2.0, 4.0])))
    want_y, want_dx = pulled(function, X, np.array([1.0, 2.0, 4.0]))
    assert np.array_equal(exact.to_float(y), want_y)
    assert np.array_equal(exact.to_float(dx), want_dx)


def test_on_hulls_a_comparison_takes_both_branches():
    watch = balls.Watch("float64")
    x = np.array([0.0, 3.0])
    mask_and_write = {
        "where": lambda x: torch.where(x > 0, x, x * 0),
        "relu": torch.relu,
        "product": lambda x: x * ((x > 0) & ~(x < -1)),
    }
    for function in mask_and_write.values():
        with balls.run_at("float64", balls.SLACK_BITS):
            _, dx = pulled(function, watch.lift(x, "float64"), watch.lift(np.ones(2), "float64"))
        assert isinstance(dx, balls.Hull)
        slopes = [[ball.contains(slope) for slope in (0, 1)] for ball in dx]
        assert slopes == [[True, True], [False, True]]
    with pytest.raises(balls.Undecidable), balls.run_at("float64", balls.SLACK_BITS):
        pulled(lambda x: x * 2 if x[0] > 0 else x, watch.lift(x, "float64"), watch.lift(np.ones(2), "float64"))


def parts_written(x):
    z = torch.complex(x, x)
    torch.view_as_real(z)[..., 0] = 2
    return z.abs()


OUT_OF_REACH = {
    "aten.mode": lambda x: x.mode(0)[0],
    r"\.numpy\(\)": leaving(lambda x: torch.from_numpy(np.exp(x.detach().numpy()))),
    "NumPy": leaving(lambda x: torch.as_tensor(np.exp(x.detach()))),
    r"\.item\(\)": lambda x: x * x.max().item(),
    r"\.data_ptr\(\)": lambda x: x * x.data_ptr(),
    "random": lambda x: nn.functional.rrelu(x, training=True),
    "not its full rank": lambda x: torch.linalg.pinv(x[:, :1] @ x[:1]),
    "complex numbers or into their parts": lambda x: parts_written(x),
    "made outside": lambda x: OUTSIDE.add_(x),
    "IndexError: index 7": lambda x: x[7],
}
OUTSIDE = torch.zeros(3, 2, dtype=torch.float64)


@pytest.mark.parametrize("reason", OUT_OF_REACH)
def test_what_has_no_exact_form_says_which_part(reason):
    pair = as_pair(OUT_OF_REACH[reason])
    with pytest.raises(Unavailable, match=f"exact arithmetic is not available for this (function|code): .*{reason}"):
        pair.forward(exact.lift(X))


def test_a_round_trip_through_numpy_in_the_backward_alone_is_noticed():
    class Silent(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.exp(x)

        @staticmethod
        def backward(ctx, dy):
            return dy * torch.from_numpy(np.exp(ctx.saved_tensors[0].detach().numpy()))

    found = verdicts(Silent, x=X)
    assert found[gradient("x"), "exact"] is Verdict.UNAVAILABLE
    assert found[gradient("x"), "numpy"] is Verdict.AGREE  # by differences of the forward, which stays exact


def test_a_constant_kept_from_an_exact_run_serves_a_run_on_floats():
    kept = []

    def function(x):
        kept.append(kept[0] if kept else torch.ones_like(x[0]) * 3)
        return x * kept[0]

    pulled(function, exact.lift(X), exact.lift(X))
    assert np.array_equal(pulled(function, X, np.ones_like(X))[1], np.full((3, 2), 3.0))


@pytest.mark.parametrize("name", sorted({name.partition(".")[0] for name in OPERATORS}))
def test_the_table_holds_operators_that_pytorch_has(name):
    assert hasattr(torch.ops.aten, name) or hasattr(torch.ops.prims, name)


def test_a_row_of_minus_infinity_has_its_logarithm_of_a_sum():
    x = np.array([[-np.inf, -np.inf], [0.5, -np.inf]])
    pair = as_pair(lambda x: torch.logsumexp(x, 1))
    found = exact.to_float(pair.forward(exact.lift(x))[0])
    assert found.tolist() == [-np.inf, 0.5]
