"""nn.Modules: their parameters are judged, by name, whatever way in they take; and functions that differentiate."""

import numpy as np
import pytest
import torch
from torch import nn

import backcheck
from backcheck import Axis, BadInput, check_layer, check_torch, verify_rule
from backcheck_reports.record import Verdict


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, by):
        ctx.save_for_backward(x, w)
        ctx.by = by
        return x @ w

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        return dy @ w.T, ctx.by * (x.T @ dy), None


class Net(nn.Module):
    """A layer that is used twice, a parameter that is frozen, a buffer, and a product written by hand."""

    def __init__(self, d=3, k=2, by=1.0):
        super().__init__()
        self.first = nn.Linear(d, 4)
        self.again = self.first
        self.w = nn.Parameter(torch.ones(4, k) / 3)
        self.frozen = nn.Parameter(torch.ones(k), requires_grad=False)
        self.register_buffer("shift", torch.full((k,), 0.5))
        self.by = by

    def forward(self, x):
        h = torch.tanh(self.first(x)) + torch.sigmoid(self.again(x))
        return Product.apply(h, self.w, self.by) * self.shift + self.frozen


class Small(nn.Module):
    def __init__(self, k=1, by=1.0):
        super().__init__()
        self.w, self.by = nn.Parameter(torch.ones(2, k)), by

    def forward(self, x):
        return Product.apply(x, self.w, self.by)


class Plain(nn.Module):
    """With a backward of its own: an object like those of hand-written libraries."""

    def __init__(self):
        super().__init__()
        self.W, self.dW = np.array([[1.0, 2.0]]).T, None

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T


def normed(d):
    return nn.Sequential(nn.Linear(d, 2), nn.BatchNorm1d(2))


X = np.array([[0.3, -1.2, 0.5], [1.1, 0.4, -0.7]])


@pytest.mark.parametrize("check", [check_torch, check_layer])
@pytest.mark.parametrize("made", [Net(), Net, lambda: Net()], ids=["a module", "its class", "a function"])
def test_every_parameter_is_judged_by_its_name(check, made):
    found = check(made, X)
    assert found.verdict is Verdict.AGREE, found
    assert found.checked.problem.wanted == ("x", "w", "first.weight", "first.bias")


def test_a_wrong_parameter_is_named_and_the_script_has_its_values():
    found = check_torch(Net(by=0.5), X, dtype="float32")
    assert (found.verdict, found.finding.argument) == (Verdict.DISAGREE, "w")
    assert "'first.weight': np.array(" in found.reproducer
    assert check_torch(Net(by=0.5), X, fixed="w").verdict is Verdict.AGREE
    values = {name: found.checked.problem.arrays[name] * 2 for name in ("w", "first.bias")}
    other = check_torch(Net(), X, values=values)
    assert np.array_equal(other.checked.problem.arrays["w"], values["w"])


def test_integers_in_and_nothing_moves_but_the_parameters():
    embedding = nn.Embedding(5, 2)
    found = check_torch(embedding, torch.tensor([1, 4, 1]))
    assert found.verdict is Verdict.AGREE
    assert found.checked.problem.wanted == ("weight",)


def test_the_mode_stays_and_buffers_do_too():
    norm = nn.BatchNorm1d(3).eval()
    norm.running_mean += 1
    before = norm.running_mean.clone()
    assert check_torch(norm, X).verdict is Verdict.AGREE
    norm.train()
    assert check_torch(norm, np.vstack([X, -2 * X + 0.3])).verdict in (Verdict.AGREE, Verdict.IMPRECISE)
    assert torch.equal(norm.running_mean, before)


def test_a_module_with_a_backward_of_its_own_is_an_object():
    found = check_layer(Plain(), np.ones((3, 2)), params=["W"])
    assert found.checked.problem.wanted == ("x", "W")


def test_values_are_for_modules():
    with pytest.raises(BadInput, match="values= are for the parameters of a module"):
        check_torch(torch.tanh, X, values={"w": X})
    with pytest.raises(BadInput, match="v\\[1\\] is no parameter of this shape; there are w"):
        check_torch(Net(), X, values={"v": [1.0]})


DRAWN = {
    "a class": (Net, "n d", {"d": Axis("d"), "k": [1, 3]}),
    "a module": (Net(), "n 3", None),
    "a function": (normed, "n d", {"d": Axis("d")}),
    "an embedding": (nn.Embedding, "n <words", {"num_embeddings": Axis("words"), "embedding_dim": 2}),
}


@pytest.mark.parametrize("name", DRAWN)
def test_modules_are_drawn_without_being_told_what_they_are(name):
    rule, arrays, config = DRAWN[name]
    found = verify_rule(rule, arrays, config, draws=12)
    assert found, found.explain()
    assert found.counts[Verdict.AGREE] > 0
    judged = {record.tensor for record in found.records if record.party == "numpy"}
    assert judged & {"first.weight", "weight", "0.weight"}


def test_a_wrong_module_is_made_small_and_can_be_made_again():
    found = verify_rule(Small, "n 2", {"k": [1, 3], "by": 0.5}, draws=3)
    assert (found.verdict, found.failure.finding.argument) == (Verdict.DISAGREE, "w")
    assert "check_torch(Small(k=1, by=0.5)" in found.failure.reproducer
    names = {"Small": Small, "backcheck": backcheck, "np": np}
    said = []
    exec(found.failure.reproducer, {**names, "print": said.append})
    assert said[0].verdict is Verdict.DISAGREE


def force(x, k):
    """What an energy pulls: the derivative of a function inside the function."""
    with torch.enable_grad():
        (slope,) = torch.autograd.grad((k * x**4).sum(), x, create_graph=True)
    return -slope


def penalty(x, w):
    (slope,) = torch.autograd.grad(torch.tanh(x @ w).sum(), x, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()


def detached(x, k):
    """The same from a leaf of its own: the value does not move with x, as far as autograd knows."""
    own = x.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad((k.detach() * own**4).sum(), own)
    return -slope * k


DIFFERENTIATING = {
    "a force": (force, (X, np.full((2, 3), 0.7)), Verdict.AGREE),
    "a gradient penalty": (penalty, (X, np.array([[0.5], [-0.3], [0.8]])), Verdict.AGREE),
    "a force that is detached": (detached, (X, np.full((2, 3), 0.7)), Verdict.DISAGREE),
}


@pytest.mark.parametrize("name", DIFFERENTIATING)
def test_a_function_may_differentiate_inside(name):
    function, arrays, verdict = DIFFERENTIATING[name]
    found = check_torch(function, *arrays)
    assert found.verdict is verdict, found.explain()


def hessian_vector(x, v):
    (slope,) = torch.autograd.grad((torch.tanh(x) ** 2).sum(), x, create_graph=True)
    return torch.autograd.grad((slope * v).sum(), x, create_graph=True)[0]


class Force(torch.autograd.Function):
    """The derivative of an energy by autograd inside a forward, and its own derivative written by hand."""

    by = 12

    @classmethod
    def forward(cls, ctx, x, k):
        with torch.enable_grad():
            own = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad((k.detach() * own**4).sum(), own)
        ctx.save_for_backward(x, k)
        return -slope

    @classmethod
    def backward(cls, ctx, dy):
        x, k = ctx.saved_tensors
        return -cls.by * k * x**2 * dy, -4 * x**3 * dy


class WrongForce(Force):
    by = 4


def test_a_hessian_vector_product_and_a_force_inside_of_a_function():
    assert check_torch(hessian_vector, X, np.full((2, 3), 1.5)).verdict is Verdict.AGREE
    assert check_torch(Force, X, np.full((2, 3), 0.7)).verdict is Verdict.AGREE
    wrong = check_torch(WrongForce, X, np.full((2, 3), 0.7))
    assert (wrong.verdict, wrong.finding.argument) == (Verdict.DISAGREE, "x")


def test_a_sparse_gradient_is_one_with_zeros():
    found = check_torch(torch.nn.Embedding(5, 3, sparse=True).double(), torch.tensor([1, 2, 2]))
    assert found.verdict is Verdict.AGREE
