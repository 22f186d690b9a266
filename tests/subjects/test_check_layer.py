"""Objects with state in the usual teaching styles, verified as they are: nothing in them was made for this."""

import copy

import numpy as np
import pytest

import backcheck
from backcheck import BadInput, check_layer
from backcheck.subjects.result.side_effects import WRITES
from backcheck.subjects.stateful.object_copy import held
from backcheck_reports.record import Verdict
from tests.subjects import teaching_layers
from tests.subjects.odd_layers import ODD, Blind, Held, Kept, Lazy, Partial, Returning
from tests.subjects.teaching_layers import (
    Adding,
    Affine,
    Attributes,
    BatchNorm,
    Dense,
    Embedding,
    Network,
    Odd,
    ReluInPlace,
    Sigmoid,
    SoftmaxWithLoss,
    TwoLayers,
    WithObjects,
    normal,
)

X = normal(4, 3)
LABELS = np.array([0, 2, 1, 2])

# name: (layer, inputs, the arrays with a gradient)
RIGHT = {
    "lists": (Affine(), (X,), "x params0 params1"),
    "attributes": (Attributes(), (normal(3, 2, 2),), "x W b"),
    "nothing returned": (Dense(), (X,), "inputs weights biases"),
    "writes in place": (ReluInPlace(), (X,), "x"),
    "adds up": (Adding(), (X,), "x W b"),
    "parameter objects": (WithObjects(), (X,), "x weight bias"),
    "batch norm": (BatchNorm(), (X,), "x gamma beta"),
    "batch norm, evaluating": (backcheck.evaluating(BatchNorm()), (X,), "x gamma beta"),
    "no parameters": (Sigmoid(), (X,), "x"),
    "dots in names": (Network(), (X,), "x fc1.W fc1.b fc2.W fc2.b"),
    "layers in a list": (TwoLayers(), (X,), "x params0 params1 params2 params3"),
    "integer inputs": (Embedding(), (np.array([3, 0, 3]),), "params0"),
    "loss": (SoftmaxWithLoss(), (X, LABELS), "x"),
    "a class": (Affine, (X,), "x params0 params1"),
    "a function": (lambda: Dense(), (X,), "inputs weights biases"),
    **ODD,
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_layer_is_verified_as_it_is(name):
    layer, inputs, wanted = RIGHT[name]
    check = check_layer(layer, *inputs)
    assert check, check
    assert check.verdict is (Verdict.SIDE_EFFECT if name == "writes in place" else Verdict.AGREE)
    assert set(check.checked.disagreements) <= {WRITES}
    assert " ".join(check.checked.problem.wanted) == wanted


@pytest.mark.parametrize("name", ["adds up", "batch norm", "writes in place", "nothing returned", "dots in names"])
def test_the_object_is_not_changed(name):
    layer, inputs, _ = RIGHT[name]
    before, own = copy.deepcopy(layer), [each.copy() for each in inputs]
    check_layer(layer, *inputs)
    assert vars(layer).keys() == vars(before).keys()
    assert all(np.array_equal(a, b) for a, b in zip(held(layer), held(before), strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(inputs, own, strict=True))


def test_an_object_that_was_used_before_is_the_same_to_it():
    layer = Dense()
    layer.forward(X)
    layer.backward(np.ones((4, 2)))
    check = check_layer(layer, normal(4, 3))
    assert check
    assert check.checked.problem.wanted == ("inputs", "weights", "biases")


class MeanBias(Attributes):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout.mean(axis=0)
        return dx


class ForgottenWeight(Affine):
    def backward(self, dout):
        before = self.grads[0].copy()
        dx = super().backward(dout)
        self.grads[0][...] = before
        return dx


class TransposedInput(Dense):
    def backward(self, dvalues):
        super().backward(dvalues)
        self.dinputs = -self.dinputs


class MaskOfOutput(ReluInPlace):
    def backward(self, dout):
        return dout


class Overwritten(Embedding):
    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        dW[self.idx] = dout


class WithoutVariance(BatchNorm):
    def backward(self, dout):
        super().backward(dout)
        dxn = self.gamma * dout
        return (dxn - dxn.mean(axis=0)) / self.std


class SlopeOfOutput(Sigmoid):
    def backward(self, dout):
        return dout * self.out


class HalfUpdated(WithObjects):
    def backward(self, grad_output):
        self.bias.grad += grad_output.sum(0)
        self.weight.grad += 2 * self.cache.T @ grad_output
        return grad_output @ self.weight.data.T


class FirstLayerTwice(Network):
    def backward(self, dout):
        dx = super().backward(dout)
        self.layers["fc1"].grads["b"] *= 2
        return dx


class Unaveraged(SoftmaxWithLoss):
    def backward(self, dout=1):
        return super().backward(dout) * len(self.t)


# the layer, its inputs, the argument at fault and what is said
WRONG = {
    "mean bias": (MeanBias(), (normal(3, 2, 2),), "b", "the mean instead of the sum"),
    "forgotten weight": (ForgottenWeight(), (X,), "params0", "zero"),
    "sign": (TransposedInput(), (X,), "inputs", "sign"),
    "no mask": (MaskOfOutput(), (X,), "x", "without a mask"),
    "overwritten": (Overwritten(), (np.array([3, 0, 3]),), "params0", "the last dy alone"),
    "without variance": (WithoutVariance(), (X,), "x", "the term xhat mean(dxhat xhat) is missing"),
    "slope of the output": (SlopeOfOutput(), (X,), "x", "(1 - y)"),
    "doubled weight": (HalfUpdated(), (X,), "weight", "2 x want"),
    "doubled inside": (FirstLayerTwice(), (X,), "fc1.b", "2 x want"),
    "unaveraged": (Unaveraged(), (X, LABELS), "x", "the mean over it seems to be missing"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_layer_is_caught_named_and_explained(name):
    layer, inputs, argument, says = WRONG[name]
    check = check_layer(layer, *inputs)
    assert not check
    assert check.finding.argument == argument
    assert says in check.note.lines[0]


def test_a_gradient_that_keeps_the_first_step_is_caught():
    check = check_layer(Kept(), X)
    assert not check
    assert check.finding.argument == "again"
    assert "a second step gives another gradient" in str(check)


@pytest.mark.parametrize(
    ("params", "grads"),
    [
        ("kernel", "memory.slope"),
        (["kernel"], ["memory.slope"]),
        ({"w": "kernel"}, {"w": "memory.slope"}),
    ],
)
def test_places_can_be_said(params, grads):
    check = check_layer(Odd(), X, params=params, grads=grads)
    assert check
    assert len(check.checked.problem.wanted) == 2
    assert not check.notes


def test_parameters_that_nobody_found_are_said():
    for layer, name in ((Odd(), "kernel"), (Partial(), "bias_term")):
        check = check_layer(layer, X)
        assert check.verdict is Verdict.UNAVAILABLE, check
        assert f"fixed='{name}'" in str(check).replace("\n", "")
    blind = check_layer(Blind(), X)
    assert blind.finding.argument == "params0"
    assert "`grads` can say" in str(blind)


def test_gradients_that_are_returned_together():
    with pytest.raises(BadInput, match=r"returned 3 gradients; expected 1.*\(W, b, x\)"):
        check_layer(Returning(), X)
    assert check_layer(Returning(), X, params=["W", "b"])
    assert not check_layer(Returning(2.0), X, params=["W", "b"])


def test_a_function_that_holds_the_object_is_refused():
    with pytest.raises(BadInput, match=r"Held\.apply is a function that holds the object itself"):
        check_layer(Held(), X)


def test_values_take_the_place_of_parameters():
    check = check_layer(Affine(), X, values={"params1": np.zeros(2)})
    assert np.array_equal(check.checked.problem.arrays["params1"], np.zeros(2))
    assert check


def test_a_layer_is_checked_in_the_precision_of_its_parameters():
    layer = Affine()
    layer.params = [each.astype(np.float32) for each in layer.params]
    assert check_layer(layer, X).checked.problem.dtype == "float32"
    assert check_layer(Affine(), X, dtype="float32").checked.problem.dtype == "float32"
    assert check_layer(Affine(), X, dtype="float32")


@pytest.mark.parametrize("layer", [Dense(), BatchNorm(), Network(), WithObjects(), Lazy(), Odd(), Affine, MeanBias()])
def test_the_reproducer_asks_the_same_question(layer):
    said = {"params": "kernel", "grads": "memory.slope"} if isinstance(layer, Odd) else {}
    given = normal(3, 2, 2) if isinstance(layer, MeanBias) else X
    check, seen = check_layer(layer, given, **said), []
    exec(check.reproducer, {**vars(teaching_layers), "layer": layer, "print": seen.append})
    assert (seen[0].id, seen[0].verdict) == (check.id, check.verdict)


class TwoSquares:
    """Two layers of one class, each with its own W."""

    def __init__(self):
        self.first, self.second = Square(), Square()

    def forward(self, x):
        return self.second.forward(self.first.forward(x))

    def backward(self, dout):
        return self.first.backward(self.second.backward(dout))


class Square:
    def __init__(self):
        self.W = normal(3, 3)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T


def test_parameters_that_two_inner_objects_call_the_same_have_their_whole_paths_for_names():
    check = check_layer(TwoSquares(), normal(4, 3), params=["first.W", "second.W"], grads=["first.dW", "second.dW"])
    assert check, check
    assert list(check.checked.problem.wanted) == ["x", "first.W", "second.W"]
