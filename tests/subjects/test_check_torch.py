"""check_torch and verify_rule on PyTorch functions: ten wrong ways are caught and said, right ones never flagged."""

import ml_dtypes
import numpy as np
import pytest
import torch

import backcheck
from backcheck_reports.record import Verdict
from tests.subjects.torch_functions import RIGHT, WRONG, function

RNG = np.random.default_rng(0)
SHAPES = {"layer_norm": [(3, 4), (4,), (4,)], "affine": [(3, 4), (4, 2), (2,)], "scaled": [(3, 4), ()]}
DRAWN = {
    "layer_norm": ("n d", "d", "d"),
    "affine": ("n d", "d m", "m"),
    "scaled": ("n d", ""),
    "embed": ("words d", "n <words"),
    "max": "n d",
}
DTYPES = ("float64", "float32", "float16", ml_dtypes.bfloat16)


def arrays_for(made):
    if made.__name__ == "embed":
        return [RNG.normal(size=(5, 3)), np.array([1, 0, 1, 4])]
    return [RNG.normal(size=shape) for shape in SHAPES.get(made.__name__, [(3, 4)])]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_backward_agrees(name):
    check = backcheck.check_torch(RIGHT[name], *arrays_for(RIGHT[name]))
    assert check, check.explain()
    assert check.verdict is Verdict.AGREE


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_backward_is_never_flagged_in_draws(name):
    drawn = backcheck.verify_rule(RIGHT[name], DRAWN.get(name, "n d"), draws=25, dtypes=("float64", "float32"))
    assert drawn, drawn.explain()
    assert drawn.cases >= 20


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_backward_is_caught_named_and_said(name):
    made, argument, words = WRONG[name]
    check = backcheck.check_torch(made, *arrays_for(made))
    assert not check
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, argument)
    assert words in str(check), check


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_backward_is_found_by_draws(name):
    made, argument, _ = WRONG[name]
    drawn = backcheck.verify_rule(made, DRAWN.get(made.__name__, "n d"), draws=60)
    assert drawn.verdict is Verdict.DISAGREE
    assert drawn.failure.finding.argument == argument


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_precision(dtype):
    for name in ("square", "layer_norm", "softmax", "several"):
        check = backcheck.check_torch(RIGHT[name], *arrays_for(RIGHT[name]), dtype=dtype)
        assert check.verdict in (Verdict.AGREE, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE), check.explain()
    assert backcheck.check_torch(WRONG["twice"][0], RNG.normal(size=3), dtype=dtype).verdict is Verdict.DISAGREE


def test_a_kink_is_judged_by_its_sides():
    at_kink = np.array([-1.0, 1.0, 0.5, -1.0])
    assert backcheck.check_torch(RIGHT["clamp"], at_kink).verdict is Verdict.KINK
    beyond = function(lambda x: x.clamp(-1, 1), lambda s, dy: dy * torch.where(abs(s[0]) < 1, 1.0, 1.5))
    assert backcheck.check_torch(beyond, at_kink).verdict is Verdict.DISAGREE
    ties = np.array([[1.0, 1.0, 0.0]])
    assert backcheck.check_torch(RIGHT["max"], ties).verdict is Verdict.KINK


def test_scalars_single_entries_and_no_entries():
    assert backcheck.check_torch(RIGHT["square"], torch.tensor(1.5))
    assert backcheck.check_torch(RIGHT["square"], np.float64(-2.0))
    assert backcheck.check_torch(RIGHT["softmax"], torch.ones(2, 1, dtype=torch.float64)).verdict is Verdict.VACUOUS
    empty = backcheck.check_torch(RIGHT["square"], torch.zeros(0, 3))
    assert empty
    assert empty.verdict is Verdict.VACUOUS
    assert not backcheck.check_torch(WRONG["sign"][0], torch.tensor(1.5))


def test_tensors_that_are_views():
    whole = torch.from_numpy(RNG.normal(size=(4, 6)))
    for view in (whole.t(), whole[:, ::2], whole[1:3].t(), whole[:1].expand(3, 6)):
        for name in ("square", "softmax", "max"):
            check = backcheck.check_torch(RIGHT[name], view)
            assert check, check.explain()
        assert not backcheck.check_torch(WRONG["sign"][0], view)


def test_a_tensor_that_requires_a_gradient_and_a_cotangent_of_ones_own():
    x = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    check = backcheck.check_torch(RIGHT["several"], x, cotangent=(torch.ones(3).double(), torch.zeros(3, 2).double()))
    assert check, check.explain()
    assert np.array_equal(check.checked.problem.dy, [1, 1, 1, 0, 0, 0, 0, 0, 0])
    assert x.grad is None


def test_a_function_or_a_module_that_uses_one():
    inner = WRONG["mean"][0]

    class Net(torch.nn.Module):
        def forward(self, x, w, b):
            return torch.tanh(inner.apply(x, w, b)).sum()

    check = backcheck.check_torch(Net(), *(torch.from_numpy(each) for each in arrays_for(inner)))
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "b")


def test_the_apply_of_a_function_is_the_function():
    wrong = WRONG["mean"][0]
    arrays = [torch.from_numpy(each) for each in arrays_for(wrong)]
    whole, applied = (backcheck.check_torch(each, *arrays) for each in (wrong, wrong.apply))
    assert str(applied) == str(whole)
    assert applied.reproducer == whole.reproducer


def test_what_is_no_torch_function_is_refused():
    with pytest.raises(backcheck.BadInput, match="floating-point"):
        backcheck.check_torch(RIGHT["square"], torch.arange(3))
    with pytest.raises(backcheck.BadInput, match="must return tensors"):
        backcheck.check_torch(lambda x: 3.0, torch.ones(2))
