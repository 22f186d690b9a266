"""Float arrays that nobody gives a gradient of: what may be a parameter is not judged, and that is said."""

import numpy as np
import pytest

from backcheck import BadInput, check_layer, verify_rule
from backcheck.subjects.result.missing_gradients import HIDDEN
from backcheck_reports.record import Verdict
from tests.subjects.teaching_layers import normal

X = normal(4, 3)


class ForgetsBias:
    """Its bias has no gradient, and no place for one."""

    def __init__(self):
        self.W, self.b, self.dW = normal(3, 2), np.zeros(2), None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T


class Graph(ForgetsBias):
    """A constant matrix beside a weight: nobody can tell it from a parameter."""

    def __init__(self):
        super().__init__()
        self.A = normal(4, 4)

    def forward(self, x):
        self.x = self.A @ x
        return self.x @ self.W

    def backward(self, dy):
        return self.A.T @ super().backward(dy)


class Thresholds(ForgetsBias):
    """The bias is compared with 0: there is no derivative by it."""

    def __init__(self):
        super().__init__()
        self.b = np.array([1.0, 0.0])

    def forward(self, x):
        self.x = x
        return x @ self.W * (self.b > 0)

    def backward(self, dy):
        return super().backward(dy * (self.b > 0))


class Masked(ForgetsBias):
    def __init__(self):
        super().__init__()
        self.mask = np.array([1.0, 0.5])

    def forward(self, x):
        return super().forward(x) * self.mask

    def backward(self, dy):
        self.db = (dy * self.mask).sum(0)
        return super().backward(dy * self.mask)


class Recurrent(ForgetsBias):
    """Its state is written by each forward."""

    def __init__(self):
        super().__init__()
        self.h = np.zeros((4, 2))

    def forward(self, x):
        self.x, self.h = x, x @ self.W + self.h / 2
        return self.h


class Positions:
    """A constant, and no parameters at all."""

    def __init__(self):
        self.pe = normal(4, 3)

    def forward(self, x):
        return x + self.pe

    def backward(self, dy):
        return dy


class Network:
    def __init__(self):
        self.first, self.second = Positions(), ForgetsBias()

    def forward(self, x):
        return self.second.forward(self.first.forward(x))

    def backward(self, dy):
        return self.first.backward(self.second.backward(dy))


@pytest.mark.parametrize(("layer", "name"), [(ForgetsBias, "b"), (Graph, "A"), (Network, "second.b")])
def test_what_may_be_a_parameter_is_not_judged(layer, name):
    check = check_layer(layer(), X)
    assert not check
    assert check.verdict is Verdict.UNAVAILABLE, check
    (record,) = [record for record in check.records if record.verdict is Verdict.UNAVAILABLE]
    assert record.tensor == name
    assert record.reason == f"{HIDDEN}, and fixed={name!r} that there is none"
    assert check_layer(layer(), X, fixed=name).verdict is Verdict.AGREE


def test_what_the_caller_says_is_taken():
    said = check_layer(ForgetsBias(), X, params=["W"], grads=["dW"])
    assert said.verdict is Verdict.AGREE
    assert "its value depends on b too" in said.notes[0]
    both = check_layer(ForgetsBias(), X, fixed=("b", "x"))
    assert both.checked.problem.wanted == ("W",)
    with pytest.raises(BadInput, match="no array is called 'c'"):
        check_layer(ForgetsBias(), X, fixed="c")


@pytest.mark.parametrize("layer", [Thresholds, Masked, Recurrent, Positions])
def test_masks_states_and_constants_are_a_note(layer):
    check = check_layer(layer(), X)
    assert check.verdict is Verdict.AGREE, check
    assert "its value depends on" in check.notes[-1]


def test_a_wrong_gradient_comes_first():
    class Wrong(ForgetsBias):
        def backward(self, dy):
            return 2 * super().backward(dy)

    check = check_layer(Wrong(), X)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "x")


def test_drawn_objects():
    found = verify_rule(ForgetsBias, "n 3", draws=6)
    assert found.verdict is Verdict.UNAVAILABLE
    assert found.judged["b"].judged == 0
    assert found.judged["W"].judged > 0
    assert verify_rule(ForgetsBias, "n 3", draws=6, fixed="b").verdict is Verdict.AGREE
