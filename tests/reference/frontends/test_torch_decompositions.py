"""Operators of PyTorch that have no form here: its own decomposition on exact numbers is what its kernel computes.

Values and gradients, at kinks and ties too, within the rounding of float64; hulls hold the exact ones.
"""

import numpy as np
import pytest
import torch

from backcheck.subjects.pairs.torch_function import as_pair
from backcheck_reference.frontends.torch_code.aten.table import OPERATORS
from backcheck_reference.numbers import balls, exact
from tests.reference.frontends.three_numbers import answers, cotangent, on_three_numbers

aten = torch.ops.aten
X = np.array([[0.5, -1.25, 1.0], [2.0, 0.75, -1.0], [-0.25, 1.5, 0.3]])
Y = np.array([[1.5, 0.25, -2.0], [0.125, 3.0, 1.0], [0.7, -0.4, 1.1]])
TARGET = torch.tensor([0, 2, 1])

TAKEN_APART = {
    "rsub": (lambda x, y: aten.rsub(x, y, alpha=3) + aten.rsub(x, 2), X, Y),
    "addcmul": (lambda x, y: torch.addcmul(x, x, y, value=0.3), X, Y),
    "addcdiv": (lambda x, y: torch.addcdiv(x, x, y, value=-2), X, Y),
    "lerp": (lambda x, y: torch.lerp(x, y, 0.3) + torch.lerp(x, y, torch.abs(y)), X, Y),
    "frac": (lambda x: torch.frac(x) * x, X + 0.1),
    "hardtanh": (lambda x: torch.nn.functional.hardtanh(x, -1, 2) * x, X),
    "clamp_min": (lambda x: torch.clamp_min(x, 0.75) * x, X),
    "clamp_max": (lambda x: torch.clamp_max(x, 0.75) * x, X),
    "unfold_backward": (lambda x: x.unfold(0, 2, 1) ** 2, X),
    "diagonal_backward": (lambda x: torch.diagonal(x, 1) ** 2, X),
    "t": (lambda x: x.t() @ x, X),
    "roll": (lambda x: torch.roll(x, 1) * torch.roll(x, (1, 2), (0, 1)), X),
    "repeat": (lambda x: x.repeat(2, 1, 3) ** 2, X),
    "std": (lambda x: torch.std(x, 0) + torch.std(x), X),
    "std_mean": (lambda x: sum(torch.std_mean(x, 1, correction=0)), X),
    "addr": (lambda x, y: torch.addr(x, y[0], y[1], beta=2, alpha=3), X, Y),
    "take": (lambda x: torch.take(x, torch.tensor([[0, 8], [4, 4]])) ** 2, X),
    "multi_margin_loss": (lambda x: torch.nn.functional.multi_margin_loss(x, TARGET, p=2, reduction="none"), X),
}


@pytest.mark.parametrize("name", TAKEN_APART)
def test_a_decomposition_gives_what_the_kernel_gives(name):
    assert name not in OPERATORS
    function, *arrays = TAKEN_APART[name]
    pair = as_pair(function)
    dy = cotangent(pair, arrays)
    floats, truths, wide = on_three_numbers(pair, arrays, dy)
    watch = balls.Watch("float64")
    with balls.run_at("float64", balls.SLACK_BITS):
        hulls = answers(pair, lambda a: watch.lift(a, "float64"), arrays, dy)
    for got, truth, ball, hull in zip(floats, truths, wide, hulls, strict=True):
        exact.require_exact(name, truth)
        assert got.shape == truth.shape == ball.shape == hull.shape
        assert np.all(abs(got - exact.to_float(truth)) <= balls.SLACK * balls.radii(ball))
        assert exact.overlap(truth, ball)
        assert all(h.contains(t) for h, t in zip(hull.flat, truth.flat, strict=True))
