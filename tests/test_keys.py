"""Names that look like keys of another kind are names and nothing else."""

import numpy as np
import pytest

from backcheck import check, check_layer, check_vjp
from backcheck.keys import OUTPUT, TensorKey, TensorKind, gradient, keyed, product, promise
from backcheck_reports import Verdict
from scratch_bp.network import ArraySpec, Network, Node

X = np.array([[0.5, -1.0, 2.0]])


def test_a_key_is_short_as_text():
    keys = (OUTPUT, gradient("x"), product("x"), gradient("w", "h1"), promise("linear", "h1"))
    assert list(map(str, keys)) == ["output", "x", "H.x", "h1.w", "h1.linear"]


def test_keys_of_one_text_are_several_keys():
    alike = {gradient("H.x"), product("x"), gradient("x", "H"), promise("x", "H")}
    assert {str(key) for key in alike} == {"H.x"}
    assert len(alike) == 4
    assert keyed(1, {"output": 2}) == {OUTPUT: 1, TensorKey("output", TensorKind.GRADIENT): 2}


class Dense:
    """A layer whose only weight is called W; `factor` is an error in its gradient."""

    def __init__(self, factor=1.0):
        self.W, self.factor = np.array([[0.5, -1.5], [1.0, 0.25], [-0.75, 2.0]]), factor

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.factor * self.x.T @ dy
        return dy @ self.W.T


class Holder:
    """A layer that keeps another under a name of the user's choice."""

    def __init__(self, name, factor):
        self.name = name
        setattr(self, name, Dense(factor))

    def forward(self, x):
        return getattr(self, self.name).forward(x)

    def backward(self, dy):
        return getattr(self, self.name).backward(dy)


@pytest.mark.parametrize("name", ["hid", "H", "h1", "y", "output", "numpy", "exact", "contract", "linear", "again"])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_a_layer_may_be_called_as_it_likes(name, factor):
    """A sub-layer called H, with a wrong gradient in H.W, ended in a StopIteration."""
    weight = f"{name}.W"
    found = check_layer(Holder(name, factor), X, params={weight: weight}, grads={weight: f"{name}.dW"})
    assert weight in str(found)
    assert found.verdict is (Verdict.AGREE if factor == 1.0 else Verdict.DISAGREE)
    assert {record.tensor for record in found.records} >= {"output", weight}
    if factor != 1.0:
        assert found.finding.key == gradient(weight)
        assert found.explain()
        assert found._repr_html_()


@pytest.mark.parametrize("name", ["output", "y", "H", "numpy", "value"])
def test_an_array_of_a_network_may_be_called_as_it_likes(name):
    network = Network({name: ArraySpec((3,))}, (Node("node", "tanh", (name,)),), "node")
    found = check(network, {name: X[0]}, oracles=("exact", "differences"))
    assert not found.disagreements
    assert found.measures[gradient(name), "numpy"].verdict is Verdict.AGREE
    assert found.measures[OUTPUT, "numpy"].verdict is Verdict.AGREE


def test_an_argument_called_output_has_its_own_row():
    def forward(output):
        return output * output, output

    found = check_vjp(forward, lambda saved, dy: 2 * saved * dy, X)
    assert found
    assert len(found.records) == len({(record.tensor, record.party) for record in found.records})
