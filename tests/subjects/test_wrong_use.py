"""What cannot be checked is refused in a sentence that says whose function it is and what to do about it."""

import threading

import numpy as np
import pytest

from backcheck import BadInput, check_layer, check_vjp
from backcheck_reports.record import Verdict
from tests.subjects.pairs_of_functions import AFFINE, affine_backward, affine_forward, normal
from tests.subjects.teaching_layers import Affine, Odd, ReluInPlace

X = normal(4, 3)
ARRAYS = (normal(4, 3), normal(3, 2), normal(2))


def double_forward(x):
    return 2 * x, x


def double_backward(saved, dy):
    return 2 * dy


def raises(saved, dy):
    return {}["cache"]


def chance(x):
    return x * np.random.default_rng().normal(), x


class NoBackward:
    def forward(self, x):
        return x


class NoForward:
    def backward(self, dout):
        return dout


class TakesTwo(Affine):
    def backward(self, dout, learning_rate):
        return dout


class Locked(Affine):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class Asking(Affine):
    def __init__(self, rows, columns):
        super().__init__()


class Silent:
    def forward(self, x):
        self.x = x

    def backward(self, dout):
        return dout


class Copies(Affine):
    """Hands out copies of its parameters."""

    def __init__(self):
        self.W, self.b = normal(3, 2), normal(2)

    @property
    def params(self):
        return [self.W.copy(), self.b.copy()]

    @property
    def grads(self):
        return [np.zeros((3, 2)), np.zeros(2)]


def pair(backward=double_backward, *arrays, forward=double_forward, **options):
    return lambda: check_vjp(forward, backward, *(arrays or (X,)), **options)


def layer(made, *arrays, **options):
    return lambda: check_layer(made, *(arrays or (X,)), **options)


# what is asked, what is said of it, and the user's own error that stays attached
REFUSED = {
    "too few gradients": (
        lambda: check_vjp(affine_forward, lambda saved, dy: affine_backward(dy, saved)[:2], *ARRAYS),
        "affine: backward must return one gradient for each of the 3 arrays .* it returned 2",
        None,
    ),
    "too many": (pair(lambda saved, dy: (dy, dy)), "double: .* it returned 2", None),
    "no pair": (pair(forward=lambda x: 2 * x), r"must return \(y, saved\).* returned ndarray\[4, 3\]", None),
    "three": (pair(forward=lambda x: (x, x, x)), "a tuple of 3", None),
    "chance": (pair(forward=chance), "chance: forward gave two different values for the same arrays", None),
    "forward raises": (lambda: check_vjp(*AFFINE, X, X, X), r"affine: forward raises ValueError", ValueError),
    "integers only": (pair(double_backward, np.arange(3)), "none of the arrays holds floating-point numbers", None),
    "no arrays": (lambda: check_vjp(double_forward, double_backward), "none of the arrays holds", None),
    "strings": (pair(double_backward, "abc"), "array 1 has dtype <U3", None),
    "ragged": (pair(double_backward, [[1.0], [1.0, 2.0]]), "array 1 is no array", ValueError),
    "mixed": (
        lambda: check_vjp(*AFFINE, X, normal(3, 2).astype("f"), normal(2)),
        "must share one dtype .* got float32, float64",
        None,
    ),
    "nan": (pair(double_backward, np.array([1.0, np.nan])), r"x has nan at \[1\]", None),
    "strings returned": (pair(lambda saved, dy: "abc"), "double: backward returned str", None),
    "a generator": (pair(lambda saved, dy: (each for each in [dy])), "double: backward returned generator", None),
    "integers out": (pair(forward=lambda x: (x.argmax(), x)), "at least one array of floating-point numbers", None),
    "complex for a real array": (
        pair(forward=lambda x: (np.fft.fft(x), x)),
        "backward returned ndarray of dtype complex128; it must be real numbers",
        None,
    ),
    "nothing out": (pair(forward=lambda x: (None, x)), "forward returned .* of dtype object", None),
    "cotangent": (pair(cotangent=np.ones(3)), r"cotangent has shape \(3,\); the network's output has \(4, 3\)", None),
    "option": (pair(config={"axis": 1}), "unexpected keyword argument 'axis'.* with {'axis': 1}", TypeError),
    "dtype": (pair(dtype="int32"), "dtype='int32': gradients are checked in float16", None),
    "no dtype": (pair(dtype="nonsense"), "dtype='nonsense'", TypeError),
    "no function": (pair(None), "backward must be a function; got NoneType", None),
    "no framework": (pair(torch=3), "torch must be a function; got int", None),
    "no backward": (layer(NoBackward()), "got NoBackward, which has no backward", None),
    "no forward": (layer(NoForward()), "got NoForward, which has no forward", None),
    "no layer": (layer(3), "got int", None),
    "backward takes more": (layer(TakesTwo()), "TakesTwo.backward raises TypeError.*learning_rate", TypeError),
    "layer's shapes": (layer(Affine(), normal(4, 5)), r"Affine.forward raises ValueError.*float64\[4, 5\]", ValueError),
    "no copies": (layer(Locked()), "Locked cannot be copied .*lock", TypeError),
    "not to be made": (layer(Asking), "check_layer calls Asking.*missing 2 required", TypeError),
    "silent": (layer(Silent()), "Silent.forward returned nothing", None),
    "no such array": (lambda: check_vjp(double_forward, double_backward, X, fixed="w"), "no array is called 'w'", None),
    "all are fixed": (lambda: check_vjp(double_forward, double_backward, X, fixed=("x",)), "leaves no array", None),
    "no such params": (layer(Affine(), params="weights"), "params='weights': Affine has nothing .* params", KeyError),
    "no such attribute": (layer(Affine(), params=["W"]), "params='W': Affine has nothing", KeyError),
    "no such grads": (layer(Affine(), grads="slopes"), "grads='slopes': Affine has nothing", KeyError),
    "too many grads": (layer(Odd(), params="kernel", grads=["memory.slope"] * 2), "are 2 for 1 parameters", None),
    "grads of nobody": (layer(Odd(), params="kernel", grads={"W": "memory.slope"}), "W is none of them", None),
    "copied params": (layer(Copies(), params="params"), "params0 cannot be set", None),
    "values of nobody": (layer(Affine(), values={"W": 1.0}), r"there are params0\[3, 2\], params1\[2\]", None),
    "values of another shape": (layer(Affine(), values={"params0": np.ones(2)}), r"params0\[2\] is no parameter", None),
    "integers only, to a layer": (layer(ReluInPlace(), np.arange(3)), "at least one array of floating-point", None),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_a_reason(name):
    ask, says, cause = REFUSED[name]
    with pytest.raises(BadInput, match=says) as raised:
        ask()
    assert cause is None or type(raised.value.__cause__) is cause


def test_wrong_shapes_are_a_verdict():
    check = check_vjp(double_forward, lambda saved, dy: dy.sum(), X)
    assert not check
    assert "has shape [], expected [4, 3]" in str(check)


def test_a_backward_that_raises_is_a_verdict():
    check = check_vjp(double_forward, raises, X)
    assert check.verdict is Verdict.DISAGREE
    assert "backward raises KeyError: 'cache'" in str(check)


def test_complex_arrays_are_taken():
    assert check_vjp(double_forward, double_backward, X + 1j).verdict is Verdict.AGREE


def test_a_value_that_is_not_finite_is_no_agreement():
    assert not check_vjp(lambda x: (x / 0, x), lambda saved, dy: dy / 0, X)
