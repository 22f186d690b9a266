"""A backward that raises is one finding, whatever way the code came in; what cannot be called at all is no finding."""

import jax
import numpy as np
import pytest
import torch

from backcheck import BadInput, check_jax, check_layer, check_torch, check_vjp, verify_rule
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import failures_of, run_shard
from backcheck.diagnosis.note import tell
from backcheck.strategies.case import Case
from backcheck.subjects.rule_table import load
from backcheck_reports.record import Verdict

X = np.array([0.5, -1.25, 2.0])
SAID = "backward raises ZeroDivisionError: by zero, so there is no gradient by x"


def square(x):
    return x * x, x


def raising(saved, dy):
    raise ZeroDivisionError("by zero")


class Scale:
    """Its backward gets as far as the gradient of w."""

    def __init__(self):
        self.w = np.array([1.0, 2.0, 3.0])

    def forward(self, x):
        self.x = x
        return x * self.w

    def backward(self, dy):
        self.dw = self.x * dy
        raise ZeroDivisionError("by zero")


class Named(Scale):
    """Where its parameters and their gradients are is said by the caller; backward does not get to them."""

    def backward(self, dy):
        raise ZeroDivisionError("by zero")


class Lookup:
    def __init__(self):
        self.w = np.ones((4, 3))

    def forward(self, rows):
        return self.w[rows]

    def backward(self, dy):
        raise ZeroDivisionError("by zero")


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x

    @staticmethod
    def backward(ctx, dy):
        raise ZeroDivisionError("by zero")


class Module(torch.nn.Module):
    def forward(self, x):
        return Squared.apply(x)


jax_square = jax.custom_vjp(lambda x: x * x)
jax_square.defvjp(square, raising)

WAYS_IN = {
    "check_vjp": lambda: check_vjp(square, raising, X),
    "check_layer, an object": lambda: check_layer(Scale(), X),
    "check_layer, a class": lambda: check_layer(Scale, X),
    "check_layer, gradients that are said": lambda: check_layer(Named(), X, params=["w"], grads=["dw"]),
    "check_torch": lambda: check_torch(Squared, torch.tensor(X)),
    "check_torch, a module": lambda: check_torch(Module(), torch.tensor(X)),
    "check_jax": lambda: check_jax(jax_square, X),
    "verify_rule, a pair": lambda: verify_rule((square, raising), "n d", draws=3).failure,
    "verify_rule, a class": lambda: verify_rule(Scale, "n 3", draws=3).failure,
    "verify_rule, PyTorch": lambda: verify_rule(Squared, "n d", draws=3).failure,
    "verify_rule, JAX": lambda: verify_rule(jax_square, "n d", draws=3).failure,
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_it_is_the_same_finding_in_every_way(way):
    check = WAYS_IN[way]()
    assert check.verdict is Verdict.DISAGREE
    assert check.finding.sentence.endswith(SAID)
    assert sum(SAID in line for line in check.note.lines) == 1, check.note.lines
    judged = {str(key): m for (key, party), m in check.measures.items() if party == "numpy"}
    assert judged.pop("output").verdict in (Verdict.AGREE, Verdict.VACUOUS), "the forward is right"
    assert {m.reason for m in judged.values()} == {"backward raises ZeroDivisionError: by zero"}


def test_parameters_are_named_too_where_it_got_as_far_as_their_gradients():
    check = WAYS_IN["check_layer, an object"]()
    assert check.checked.problem.wanted == ("x", "w")
    assert check.measures[check.checked.problem.gradients[1], "numpy"].verdict is Verdict.DISAGREE


def test_where_no_array_of_floats_is_known_it_is_said_that_backward_raises():
    with pytest.raises(BadInput, match=r"Lookup\.backward raises ZeroDivisionError: by zero"):
        check_layer(Lookup(), np.array([1, 2]))
    check = check_layer(Lookup(), np.array([1, 2]), params=["w"], grads=["dw"])
    assert check.finding.sentence.endswith(SAID.replace("by x", "by w"))


RULES = {"tanh": (lambda x: (np.tanh(x), x), raising)}


def engine(network, arrays, dy):
    raise ZeroDivisionError("by zero")


@pytest.mark.parametrize(
    ("subject", "argument", "said"),
    [
        ("RULES", "x", f"tanh: {SAID}"),
        ("engine", "output", "tanh: the engine raises ZeroDivisionError: by zero, so there is no forward value"),
    ],
)
def test_it_is_a_finding_of_a_run_of_networks_too(subject, argument, said, tmp_path):
    recipe = Recipe(3, 2, ("tanh",), ("float64",), ("exact",), f"{__name__}:{subject}")
    run_shard(recipe, 0, tmp_path)
    failures = failures_of(recipe, tmp_path)
    assert {failure.bucket for failure in failures} == {("numpy", "tanh", argument)}
    lines = tell(Case.from_json(failures[0].case), load(recipe.subject)).lines
    assert said in lines
    assert not any("the backward raises" in line for line in lines)
