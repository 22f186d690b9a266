"""The derivation as code: its two halves and the general machinery are one function, and its gradient is the slope."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import combinations, pairwise
from typing import NamedTuple

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratch_bp.elementary import like
from scratch_bp.network import forward as run_network
from scratch_bp.network import reverse
from scratch_bp.textbook import (
    ACTIVATIONS,
    LOSSES,
    Activation,
    as_arrays,
    as_network,
    backward,
    backward_elementwise,
    descend,
    forward,
    forward_elementwise,
)

SLACK = 8
BITS = {"float32": 24, "float64": 53}
to_exact = np.frompyfunc(flint.arb, 1, 1)


class Case(NamedTuple):
    """A textbook network, examples and labels; the entries of X, W and Y come from the seed."""

    sizes: tuple[int, ...]
    rows: int
    activation: str
    reduction: str
    scale: float
    seed: int

    def arrays(self, dtype: str = "float64"):
        rng = np.random.default_rng(self.seed)
        pairs = enumerate(pairwise(self.sizes), start=1)
        W = {L: (self.scale * rng.standard_normal(pair)).astype(dtype) for L, pair in pairs}
        X, Y = (rng.standard_normal((self.rows, n)).astype(dtype) for n in (self.sizes[0], self.sizes[-1]))
        return X, W, Y


cases = st.builds(
    Case,
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple),
    rows=st.integers(1, 4),
    activation=st.sampled_from(["identity", "tanh", "sigmoid"]),
    reduction=st.sampled_from(["sum", "mean"]),
    scale=st.sampled_from([1.0, 0.1, 3.0]),
    seed=st.integers(0, 2**32 - 1),
)


@contextmanager
def precision(bits: int) -> Iterator[None]:
    before, flint.ctx.prec = flint.ctx.prec, bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def textbook(go, back, case: Case, X, W, Y) -> dict[str, np.ndarray]:
    f, loss = ACTIVATIONS[case.activation], LOSSES[case.reduction]
    run = go(X, W, f)
    delta, dW = back(run, W, Y, f, loss)
    parts = {"a": run.A, "b": run.B, "delta": delta, "dw": dW}
    own = {f"{part}{L}": array for part, layers in parts.items() for L, array in layers.items() if L}
    return own | {"E": loss.E(Y, run.B[len(W)])}


matrices = partial(textbook, forward, backward)
elementwise = partial(textbook, forward_elementwise, backward_elementwise)


def machinery(case: Case, X, W, Y) -> dict[str, np.ndarray]:
    network = as_network(case.sizes, case.rows, case.activation, case.reduction)
    trace = run_network(network, as_arrays(X, W, Y))
    # 1 in the numbers of the weights: an integer 1 would divide to a float
    d = reverse(network, trace, np.asarray(like(W[1], 1), dtype=W[1].dtype))
    own = {name: trace.values[name] for L in W for name in (f"a{L}", f"b{L}")}
    grads = {name: array for L in W for name, array in ((f"delta{L}", d[f"a{L}"]), (f"dw{L}", d[f"w{L}"]))}
    return own | grads | {"E": trace.values["loss"]}


WAYS = (elementwise, matrices, machinery)


def exactly(case: Case, way) -> dict[str, np.ndarray]:
    X, W, Y = case.arrays()
    return way(case, to_exact(X), {L: to_exact(w) for L, w in W.items()}, to_exact(Y))


def same(got, want) -> bool:
    """Whether every entry of two arrays of balls can be the same number, with balls too small to hide a mistake."""
    differences = np.ravel(np.asarray(got - want, dtype=object))
    return all(d.contains(0) and d.rad() < 1e-60 for d in differences)


def half_ulp(array: np.ndarray) -> np.ndarray:
    """Each entry as a ball of half a unit in its last place: an input of this dtype is known no better."""
    ball = np.frompyfunc(lambda value, ulp: flint.arb(float(value), float(ulp) / 2), 2, 1)
    return ball(array, np.spacing(abs(array)))


def allowed(case: Case, dtype: str) -> dict[str, np.ndarray]:
    """How far rounding alone can move each entry: 8 times the radius of the same computation on balls of this dtype."""
    X, W, Y = case.arrays(dtype)
    with precision(BITS[dtype]):
        balls = matrices(case, half_ulp(X), {L: half_ulp(w) for L, w in W.items()}, half_ulp(Y))
    radius = np.frompyfunc(lambda ball: float(ball.rad()), 1, 1)
    return {name: SLACK * np.asarray(radius(array), dtype=float) for name, array in balls.items()}


@settings(max_examples=200, deadline=None)
@given(case=cases)
def test_element_by_element_in_matrices_and_as_a_network_are_the_same_in_exact_arithmetic(case):
    with precision(256):
        first, *others = (exactly(case, way) for way in WAYS)
        for other in others:
            assert first.keys() == other.keys()
            assert [name for name in first if not same(first[name], other[name])] == []


@settings(max_examples=200, deadline=None)
@given(case=cases, dtype=st.sampled_from(["float64", "float32"]))
def test_in_floats_they_differ_by_no_more_than_rounding_can_do(case, dtype):
    bound = allowed(case, dtype)
    with np.errstate(invalid="ignore"):  # BLAS may flag what it reads beyond a row; a nan would fail below
        answers = [way(case, *case.arrays(dtype)) for way in WAYS]
    for one, other in combinations(answers, 2):
        for name in one:
            assert one[name].dtype == other[name].dtype == dtype
            # the difference is taken in float64, where it is exact or as good as that
            difference = abs(np.float64(one[name]) - np.float64(other[name]))
            assert (difference <= bound[name]).all(), (name, difference, bound[name])


@settings(max_examples=50, deadline=None)
@given(case=cases)
def test_the_gradient_is_the_slope_of_the_loss(case):
    """Along a random direction V, (E(W + hV) - E(W - hV)) / 2h at 256 bits; its own error is of the order h^2."""
    h = flint.arb(2) ** -80
    with precision(256):
        X, W, Y = case.arrays()
        X, Y, W = to_exact(X), to_exact(Y), {L: to_exact(w) for L, w in W.items()}
        V = {L: to_exact(np.random.default_rng(L).standard_normal(w.shape)) for L, w in W.items()}
        ahead, behind = (matrices(case, X, {L: W[L] + s * h * V[L] for L in W}, Y)["E"] for s in (1, -1))
        grads = matrices(case, X, W, Y)
        slope = sum((grads[f"dw{L}"] * V[L]).sum() for L in W)
        assert abs((ahead - behind) / (2 * h) - slope) < 1e-35


SEEN = Case((3, 4, 2), 3, "sigmoid", "mean", 1.0, 0)


@pytest.mark.parametrize("name", ["a1", "b2", "delta1", "dw1", "dw2", "E"])
def test_the_comparisons_notice_one_part_in_a_thousand_million(name):
    with precision(256):
        right = exactly(SEEN, matrices)[name]
        assert not same(right * (1 + flint.arb(10) ** -9), right)
    right = matrices(SEEN, *SEEN.arrays())[name]
    assert not (abs(right * 1e-9) <= allowed(SEEN, "float64")[name]).all()


def test_a_forgotten_factor_of_the_slope_is_noticed():
    X, W, Y = SEEN.arrays()
    wrong = Activation(ACTIVATIONS["sigmoid"].f, ACTIVATIONS["sigmoid"].f)
    run = forward(X, W, wrong)
    wrong_by = abs(backward(run, W, Y, wrong).dW[1] - machinery(SEEN, X, W, Y)["dw1"])
    assert (wrong_by > allowed(SEEN, "float64")["dw1"]).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("reduction", LOSSES)
def test_descending_lowers_the_loss_and_leaves_the_old_weights_alone(activation, reduction):
    X, W, Y = SEEN.arrays()
    kept = {L: w.copy() for L, w in W.items()}
    f, loss = ACTIVATIONS[activation], LOSSES[reduction]
    run = forward(X, W, f)
    lower = descend(W, backward(run, W, Y, f, loss).dW, eta=1e-3)
    assert loss.E(Y, forward(X, lower, f).B[2]) < loss.E(Y, run.B[2])
    assert all((W[L] == kept[L]).all() for L in W)


@pytest.mark.parametrize("eta", [0.1, np.float64(0.1)])
def test_descending_keeps_the_dtype_whatever_eta_is(eta):
    X, W, Y = SEEN.arrays("float32")
    run = forward(X, W)
    assert {w.dtype for w in descend(W, backward(run, W, Y).dW, eta).values()} == {np.dtype("float32")}


def test_the_sigmoid_neither_overflows_nor_loses_the_far_side():
    f = ACTIVATIONS["sigmoid"]
    A = np.array([[-1000.0, -40.0, 0.0, 40.0, 1000.0]])
    assert f.f(A)[0, [0, 2, 4]].tolist() == [0.0, 0.5, 1.0]
    assert f.f(A)[0, 1] == pytest.approx(4.248354255291589e-18, rel=1e-15, abs=0)
    assert np.isfinite(f.df(A)).all()


X, W1, W2 = np.ones((2, 3)), np.ones((3, 4)), np.ones((4, 1))


@pytest.mark.parametrize(
    ("X", "W", "message"),
    [
        (X, {}, "W holds W"),
        (X, {1: W1, 3: W2}, "layers .1, 3."),
        (X[0], {1: W1}, "one per row"),
        (X[:0], {1: W1}, "one or more examples"),
        (X, {1: W2}, r"layer 0 has 3 neurons, so W\^\(1\) is \[3, n_1\]; got \[4, 1\]"),
        (X, {1: W1, 2: W1}, r"layer 1 has 4 neurons"),
    ],
)
@pytest.mark.parametrize("run", [forward, forward_elementwise])
def test_sizes_that_do_not_fit_are_named(run, X, W, message):
    with pytest.raises(ValueError, match=message):
        run(X, W)


@pytest.mark.parametrize("back", [backward, backward_elementwise])
@pytest.mark.parametrize("shape", [(1,), (2,), (1, 1), (2, 2)])
def test_labels_that_would_broadcast_are_refused(back, shape):
    W = {1: W1, 2: W2}
    with pytest.raises(ValueError, match="Y has the shape of the output"):
        back(forward(X, W), W, np.zeros(shape))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((3,), 1), "two or more layers"),
        (((3, 0), 1), "two or more layers"),
        (((3, 2), 0), "one or more rows"),
        (((3, 2), 1, "relu6"), "activation of the textbook network is one of sigmoid, tanh, identity; got 'relu6'"),
        (((3, 2), 1, "tanh", "median"), "reduction of the textbook network is one of mean, sum; got 'median'"),
    ],
)
def test_a_network_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        as_network(*arguments)
