"""Code that computes in few digits whatever it is given: differences judge it, with steps above its grid."""

import numpy as np
import pytest

from backcheck import check_torch, check_vjp
from backcheck_reports.record import Verdict
from tests.subjects.pairs_of_functions import normal

torch = pytest.importorskip("torch")


def through_numpy(forward, backward):
    """A Function whose forward leaves PyTorch, and comes back as a float32: `torch.Tensor` makes nothing else."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.Tensor(forward(x.detach().numpy()))

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Function


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(g, x):
    y = torch.softmax(x, -1)
    return y * (g - (g * y).sum(-1, keepdim=True))


# the forward, its right backward, a wrong one
FUNCTIONS = {
    "sin": (np.sin, lambda g, x: g * torch.cos(x), lambda g, x: -5 * g * torch.cos(x)),
    "exp": (np.exp, lambda g, x: g * torch.exp(x), lambda g, x: 2 * g * torch.exp(x)),
    "a thousandth": (np.exp, lambda g, x: g * torch.exp(x), lambda g, x: 1.001 * g * torch.exp(x)),
    "tanh": (np.tanh, lambda g, x: g * (1 - torch.tanh(x) ** 2), lambda g, x: g * (1 - torch.tanh(x))),
    "relu": (lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0), lambda g, x: g),
    "square": (np.square, lambda g, x: 2 * g * x, lambda g, x: g * x),
    "softmax": (softmax, softmax_backward, lambda g, x: g * torch.softmax(x, -1)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_float32_output_is_judged(name, dtype):
    forward, right, wrong = FUNCTIONS[name]
    x = torch.tensor(normal(3, 4).astype(dtype))
    check = check_torch(through_numpy(forward, right), x)
    assert check.verdict is Verdict.AGREE
    assert check.checked.problem.dtype == "float32"
    assert check_torch(through_numpy(forward, wrong), x).verdict is Verdict.DISAGREE


def narrow(dtype):
    """A pair that leaves exact numbers through a list, and answers in this dtype."""

    def forward(x):
        y = np.array([np.tanh(float(value)) for value in x.ravel().tolist()]).reshape(x.shape).astype(dtype)
        return y, y

    return forward


@pytest.mark.parametrize(("dtype", "off"), [("float32", 1.002), ("float16", 1.2)])
def test_a_pair_in_its_own_digits(dtype, off):
    x = np.array([0.5, -0.25, 1.0, -0.75])
    forward = narrow(dtype)
    assert check_vjp(forward, lambda y, dy: dy * (1 - y * y), x).verdict is Verdict.AGREE
    assert check_vjp(forward, lambda y, dy: (off * dy * (1 - y * y)).astype(dtype), x).verdict is Verdict.DISAGREE


def test_a_kink_stays_one_that_differences_cannot_judge():
    function = through_numpy(lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0))
    check = check_torch(function, torch.tensor([0.0, 1.0, -2.0]))
    assert check.verdict is Verdict.ILL_CONDITIONED
