"""Parameters that share memory: right code agrees, wrong code does not, and what cannot be known is said."""

import numpy as np
import pytest
import torch

from backcheck import BadInput, check_layer, check_torch, check_vjp, verify_rule
from backcheck.subjects.stateful.memory import as_views, groups, of_one_kind
from backcheck.subjects.stateful.object_copy import copied
from backcheck_reports.record import Verdict
from tests.subjects import shared_memory as layers
from tests.subjects.teaching_layers import normal

X, WORDS = normal(4, 3), np.array([1, 3, 1])

# the class, and the arrays whose gradients are judged; one whose name ends in Wrong or Forgets is wrong by the last
RIGHT = {
    "Tied": "x W",
    "Accumulated": "x W",
    "AccumulatedInView": "x W",
    "Returned": "x W",
    "Flat": "x flat",
    "FlatOnly": "x theta",
    "FlatRead": "x W b",
    "FlatConcatenated": "x flat",
    "FlatHolders": "x W b",
    "FlatLists": "x params0 params1",
    "FlatLazy": "x flat",
    "FlatAdds": "x flat",
    "FlatMadeAnew": "x W b",
    "LanguageModel": "embedding.W",
    "LastRows": "x W",
    "Windows": "x a and c",
    "Broadcast": "x s",
}
WRONG = {
    "TiedForgetsSecond": "W",
    "TiedDoublesSecond": "W",
    "AccumulatedForgets": "W",
    "AccumulatedInBothForgets": "W",
    "ReturnedForgets": "W",
    "FlatWrong": "flat",
    "FlatOnlyWrong": "theta",
    "FlatReadWrong": "b",
    "FlatConcatenatedWrong": "flat",
    "FlatHoldersWrong": "b",
    "FlatListsWrong": "params1",
    "FlatLazyWrong": "flat",
    "FlatAddsWrong": "flat",
    "FlatMadeAnewWrong": "b",
    "LanguageModelWrong": "embedding.W",
    "LanguageModelForgets": "embedding.W",
    "LastRowsWrong": "W",
    "WindowsWrong": "a and c",
    "BroadcastWrong": "s",
}


def checked(name, **said):
    made = getattr(layers, name)()
    return check_layer(made, WORDS if name.startswith("Language") else X, **said)


@pytest.mark.parametrize("name", RIGHT)
def test_right_layers_whose_parameters_share_memory(name):
    check = checked(name)
    assert check.verdict is Verdict.AGREE, check
    assert " ".join(check.checked.problem.wanted) == RIGHT[name]
    assert not any("depends on" in note for note in check.notes)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_layers_whose_parameters_share_memory(name):
    check = checked(name)
    assert check.verdict is Verdict.DISAGREE, check
    assert check.finding.argument == WRONG[name]


@pytest.mark.parametrize("name", ["Tied", "Flat", "FlatConcatenated", "FlatOnly"])
def test_in_float32_too(name):
    check = checked(name, dtype="float32")
    assert check.verdict is Verdict.AGREE, check
    assert check.checked.problem.dtype == "float32"


def test_what_is_said_of_a_sum():
    assert any("W and V share memory" in note and "the sum of theirs" in note for note in checked("Tied").notes)
    assert not checked("Accumulated").notes


@pytest.mark.parametrize("name", ["AccumulatedInBoth", "TiedSwapsSecond"])
def test_the_whole_in_one_place_is_a_convention(name):
    check = checked(name)
    assert check
    assert check.verdict is Verdict.CONVENTION, check
    assert "the gradient of W alone is the derivative" in str(check).replace("\n    ", " ")


def test_the_same_wrong_numbers_in_two_places_are_shown_once():
    check = checked("FlatConcatenatedWrong")
    assert "6 of 8 entries are right" in check.note.lines[0] + check.note.lines[1]
    assert "second step" not in str(check)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("Tied", Verdict.AGREE),
        ("TiedForgetsSecond", Verdict.DISAGREE),
        ("AccumulatedForgets", Verdict.DISAGREE),
        ("AccumulatedInBoth", Verdict.CONVENTION),
        ("FlatConcatenated", Verdict.AGREE),
        ("FlatOnlyWrong", Verdict.DISAGREE),
    ],
)
def test_drawn_parameters_that_share_memory(name, verdict):
    assert verify_rule(getattr(layers, name), "n 3", draws=6).verdict is verdict


def test_values_are_those_of_the_memory():
    check = checked("Tied", values={"W": np.ones((3, 2))})
    assert check.verdict is Verdict.AGREE
    with pytest.raises(BadInput, match=r"values: V\[2, 3\] is no parameter"):
        checked("Tied", values={"V": np.ones((2, 3))})


def test_copies_have_the_views_of_the_object():
    made = layers.Flat()
    other = copied(made)
    assert not np.shares_memory(made.flat, other.flat)
    other.W[0, 0], other.db[1] = 5.0, 7.0
    assert (other.flat[0], other.dflat[7]) == (5.0, 7.0)
    turned = copied(layers.LastRows())
    turned.W[0, 0] = 5.0
    assert turned.buffer[5, 0] == 5.0


def test_arrays_that_only_lie_side_by_side_are_no_group():
    buffer = np.arange(8.0)
    assert groups([buffer[:4], buffer[4:], buffer[:0]]) == groups([np.ones(2), buffer]) == []
    (group,) = groups([buffer[:5], buffer[4:]])
    views = list(as_views(group, lambda each: each.astype(np.float32)).values())
    assert np.shares_memory(*views)
    assert [view.tolist() for view in views] == [[0, 1, 2, 3, 4], [4, 5, 6, 7]]
    assert not of_one_kind([buffer, buffer.view(np.int64)])


class OtherDtype(layers.Accumulated):
    def __init__(self):
        super().__init__()
        self.bits = self.W.view(np.int64)


class Closure(layers.Accumulated):
    def __init__(self):
        super().__init__()
        held = self.V
        self.last = lambda h: h @ held


@pytest.mark.parametrize(
    ("layer", "why"), [(OtherDtype, "array of another dtype"), (Closure, "last is a function that holds a parameter")]
)
def test_what_cannot_be_followed_is_refused(layer, why):
    with pytest.raises(BadInput, match=why):
        check_layer(layer(), X)


def test_inputs_that_share_memory_are_two_arguments():
    x = normal(5)

    def forward(a, b):
        return a * b, (a, b)

    right = check_vjp(forward, lambda saved, dy: (dy * saved[1], dy * saved[0]), x, x)
    assert right.verdict is Verdict.AGREE
    both = check_vjp(forward, lambda saved, dy: (2 * dy * saved[1], 2 * dy * saved[0]), x, x)
    assert both.verdict is Verdict.DISAGREE
    windows = check_vjp(forward, lambda saved, dy: (dy * saved[1], dy * saved[0]), x[:4], x[1:])
    assert windows.verdict is Verdict.AGREE


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        return dy @ w.T, x.T @ dy


class ProductWrong(Product):
    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        return dy @ w.T, 2 * x.T @ dy


class Module(torch.nn.Module):
    def __init__(self, product, how):
        super().__init__()
        self.product, self.W = product, torch.nn.Parameter(torch.from_numpy(normal(3, 3)))
        if how == "one parameter twice":
            self.V = self.W
        if how == "two parameters":
            self.V = torch.nn.Parameter(self.W.data.T)
        if how == "a list":
            self.held = [self.W]
        if how == "a buffer":
            self.register_buffer("V", self.W.data.T)
        if how == "an attribute":
            self.V = self.W.data[:]
        if how == "a fixed parameter":
            self.V = torch.nn.Parameter(self.W.data, requires_grad=False)

    def forward(self, x):
        second = self.held[0] if hasattr(self, "held") else self.V
        return self.product.apply(torch.tanh(self.product.apply(x, self.W)), second)


class ListForItsOptimiser(Module):
    """A list of its parameters that forward does not read."""

    def __init__(self, product, how):
        super().__init__(product, "one parameter twice")
        self.learned = [self.W]

    def forward(self, x):
        return self.product.apply(x, self.W)


@pytest.mark.parametrize("how", ["one parameter twice", "two parameters"])
def test_modules_with_tied_parameters(how):
    x = torch.from_numpy(X)
    assert check_torch(Module(Product, how), x).verdict is Verdict.AGREE
    assert check_torch(Module(ProductWrong, how), x).verdict is Verdict.DISAGREE
    assert check_torch(ListForItsOptimiser(Product, how), x).verdict is Verdict.AGREE


@pytest.mark.parametrize("how", ["a list", "a buffer", "an attribute", "a fixed parameter"])
def test_modules_that_read_a_parameter_elsewhere_are_refused(how):
    module = Module(Product, how)
    before = module.W.detach().clone()
    with pytest.raises(BadInput, match=r"through (held|V) too, which do not follow"):
        check_torch(module, torch.from_numpy(X))
    assert torch.equal(module.W, before)
    assert module.W._version == 0
