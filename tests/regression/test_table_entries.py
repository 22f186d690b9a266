"""What a table may hold: whatever `verify_rule` takes, and how its arrays are found."""

import numpy as np
import pytest

from backcheck import Axis
from backcheck.commands.compare import exit_code
from backcheck.errors import BadInput
from backcheck.regression.own_rules.rule import OwnRule
from backcheck.regression.own_rules.table import entry_of
from backcheck.regression.own_rules.trial import by_trial
from backcheck.subjects.user_code import of_pair
from tests.regression.small_library import FILES, compared, imported

jax = pytest.importorskip("jax")
torch = pytest.importorskip("torch")


def linear(factor=1.0):
    """A class with state."""

    class Linear:
        def __init__(self, n_in, n_out):
            rng = np.random.default_rng(0)
            self.W, self.b = rng.normal(size=(n_in, n_out)), np.zeros(n_out)
            self.dW = self.db = None

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dy):
            self.dW, self.db = factor * self.x.T @ dy, dy.sum(0)
            return dy @ self.W.T

    return Linear


def square(factor=2.0):
    """A torch.autograd.Function."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, dy):
            return factor * ctx.saved_tensors[0] * dy

    return Square


def cube(factor=3.0):
    """A JAX function with a rule of its own."""

    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, dy: (factor * x * x * dy,))
    return cube


@pytest.mark.slow  # frameworks take their time
@pytest.mark.parametrize(("made", "wrong"), [(linear, 2.0), (square, 3.0), (cube, 2.0)])
def test_classes_and_the_rules_of_frameworks_are_compared(tmp_path, made, wrong):
    same = compared(tmp_path, {"mine": made()}, {"mine": made()}, dtypes=("float64",))
    assert exit_code(same) == 0, [each.sentence for each in same.findings]
    assert same.counts["tensors"] > 40
    found = compared(tmp_path, {"mine": made()}, {"mine": made(wrong)}, dtypes=("float64",))
    assert exit_code(found) == 1
    assert found.failing[0].category == "disagreement"


def kernel(forward=1.0, backward=2.0):
    """A kernel in float32 beside its reference in PyTorch."""

    class Kernel(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (forward * x.float() * x.float()).to(x.dtype)

        @staticmethod
        def backward(ctx, dy):
            return (backward * ctx.saved_tensors[0].float() * dy.float()).to(dy.dtype)

    return {"rule": Kernel, "reference": lambda x: x * x, "arrays": ["n d"]}


@pytest.mark.slow
def test_a_kernel_is_compared_beside_its_reference(tmp_path):
    dtypes = ("float32", "bfloat16")
    same = compared(tmp_path, {"k": kernel()}, {"k": kernel()}, dtypes=dtypes)
    assert exit_code(same) == 0, [each.sentence for each in same.findings]
    assert same.counts["tensors"] > 40
    found = compared(tmp_path, {"k": kernel()}, {"k": kernel(backward=2.1)}, dtypes=dtypes)
    assert exit_code(found) == 1
    assert [each.category for each in found.failing] == ["disagreement"]
    assert "k.dx disagrees and did not before" in found.failing[0].sentence


def test_an_entry_says_its_arrays_and_options_where_they_cannot_be_found():
    said = {"rule": linear(), "arrays": ["n d"], "config": {"n_in": Axis("d"), "n_out": [3, 1]}}
    assert not OwnRule("linear", entry_of("linear", said)).refusal
    with pytest.raises(BadInput, match="got 'array'"):
        entry_of("linear", {"rule": linear(), "array": ["n d"]})
    with pytest.raises(BadInput, match="no 'rule' came"):
        entry_of("linear", {"arrays": ["n d"]})
    with pytest.raises(BadInput, match="linear: verify_rule takes a"):
        entry_of("linear", 3)


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        ("affine", ["n d", "d k", "k"]),
        ("softmax", ["*any"]),
        ("row_norm", ["*batch d", "d", "d"]),
        ("huber", ["*any", "*any"]),
    ],
)
def test_arrays_are_found_by_trial(tmp_path, rule, lines):
    own = OwnRule(rule, entry_of(rule, imported(tmp_path, FILES)[rule]))
    assert not own.refusal
    assert [each.line for each in own.plan.described] == lines


def test_class_indices_and_what_nothing_fits():
    def entropy(z, t):
        p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        return -np.log(p[np.arange(len(t)), t]).sum(), (p, t)

    def back(saved, dy):
        p, t = saved
        one = np.eye(p.shape[1])[t]
        return (p - one) * dy, None

    found = by_trial(of_pair(entropy, back), ("z", "t"), lambda bound: {})
    assert [(each.line, each.below) for each in found] == [("n d", ""), ("n", "d")]
    assert by_trial(of_pair(lambda x: x["key"], back), ("x",), lambda bound: {}) is None


def test_an_option_takes_other_values_than_its_default(tmp_path):
    table = imported(tmp_path, FILES)
    assert OwnRule("leaky", entry_of("leaky", table["leaky"])).plan.config["slope"] == [0.1, 0.1, 0.2, 0.25]
    assert OwnRule("swish", entry_of("swish", table["swish"])).options == {"beta": "1.0"}
    assert OwnRule("softmax", entry_of("softmax", table["softmax"])).options == {"axis": "-1"}, "by position too"
