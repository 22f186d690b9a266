"""PyTorch functions on balls of float64: the exact truth lies in them, and what kernels of a precision compute.

The functions are those of `torch_table`. Truth is exact arithmetic of 256 bits; kernels are PyTorch's own in float32,
and its operators with every result rounded to bfloat16 or float32 (`rounded_runs`). None of them knows the balls.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from backcheck.subjects.pairs.torch_function import as_pair
from backcheck_reference.frontends.torch_code.tensor_balls import enclose
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.tensor_balls.rounding import Rounding
from tests.reference.frontends.rounded_runs import Rounded, value_and_gradients
from tests.reference.frontends.three_numbers import answers, cotangent
from tests.reference.frontends.torch_table import GROUPS

FLOAT64 = Rounding(2.0**-53, 2.0**-53)
FLOAT32 = Rounding(2.0**-24, 2.0**-24)
BFLOAT16 = Rounding(2.0**-8, 2.0**-24)  # stored in bfloat16, summed in float32

CASES = {f"{group}: {name}": row for group, rows in GROUPS.items() for name, row in rows.items()}
# groups of which nothing, or too little, has a form
LEFT_OUT = ("complex numbers", "Fourier transforms", "linear algebra")
# at a negative number PyTorch's own trigamma is off by a thousandth of a per mille in float32, and more
INACCURATE = {"special functions: digamma below"}
# the decomposition gives a result of another shape than PyTorch itself
OF_OTHER_SHAPE = {"losses: multilabel_margin 1d none"}


def tensors_of(arrays):
    tensors = [torch.from_numpy(np.asarray(array)) for array in arrays]
    return tensors, [at for at, tensor in enumerate(tensors) if tensor.is_floating_point()]


def enclosed(function, tensors, dy, wanted, rounding):
    """All balls of a function, or None where an operator has no form: how many have is held by a test below."""
    try:
        found = enclose(function, tensors, [dy], wanted, rounding)
    except Unavailable:
        return None
    return [found.outputs[0], *found.gradients]


def names():
    return [name for name in CASES if name.partition(":")[0] not in LEFT_OUT and name not in OF_OTHER_SHAPE]


def outside(got, ball):
    """How many times the radius a number is off at most."""
    off = (got.double() - ball.mid).abs()
    return float((off / ball.rad).nan_to_num(nan=0.0).max()) if off.numel() else 0.0


def truth_lies_within(name):
    function, *arrays = CASES[name]
    pair = as_pair(function)
    dy = cotangent(pair, arrays)
    tensors, wanted = tensors_of(arrays)
    balls = enclosed(function, tensors, torch.from_numpy(dy), wanted, FLOAT64)
    if balls is None:
        return None
    with exact.bits(256):
        truths = answers(pair, exact.lift, arrays, dy)
    for truth, ball in zip(truths, [ball for ball in balls if ball is not None], strict=True):
        middle = exact.to_float(truth)
        room = ball.rad.numpy() + 2.0**-53 * abs(middle)  # `to_float` rounds
        assert np.all(abs(ball.mid.numpy() - middle) <= room), name
    return balls


@pytest.mark.parametrize("group", sorted({name.partition(":")[0] for name in names()}))
@pytest.mark.filterwarnings("ignore")
def test_the_truth_lies_in_the_balls_of_float64(group):
    known = [found for name in names() if name.startswith(f"{group}:") and (found := truth_lies_within(name))]
    assert known


@pytest.mark.filterwarnings("ignore")
def test_kernels_of_float32_and_bfloat16_keep_to_their_models():
    """All in one, since it also counts what has a form and says how wide the balls are."""
    ran, ratios = [], []
    for name in names():
        found = kernels_keep_to_their_models(name)
        if found is not None:
            ran.append(name)
            ratios += [each for each in found if each == each]
    assert len(ran) >= 190
    ratios.sort()
    assert ratios[len(ratios) // 2] < 100, "half of all tensors are rounded to within a hundredth of their radius"
    assert ratios[-1] < 1e4


def kernels_keep_to_their_models(name):
    function, *arrays = CASES[name]
    tensors, wanted = tensors_of(arrays)
    tensors = [tensor.to(torch.bfloat16).float() if tensor.is_floating_point() else tensor for tensor in tensors]
    try:
        y = function(*tensors)
    except (RuntimeError, ValueError):  # the row is for float64
        return None
    dy = (torch.rand(y.shape) + 0.5).to(torch.bfloat16).to(y.dtype)
    fine, coarse = (enclosed(function, tensors, dy, wanted, each) for each in (FLOAT32, BFLOAT16))
    if fine is None:
        return None
    plain = value_and_gradients(function, tensors, dy, wanted)
    with Rounded(torch.float32):
        apart = value_and_gradients(function, tensors, dy, wanted)
    with Rounded(torch.bfloat16):
        rounded = value_and_gradients(function, tensors, dy, wanted)
    # with coarse rounding a choice may be open that the code takes to Python
    runs = [(plain, fine), (apart, fine)] + ([] if coarse is None else [(rounded, coarse)])
    for got, balls in runs:
        for number, ball in zip(got, balls, strict=True):
            assert ball is None or name in INACCURATE or outside(number, ball) <= 1, name
    return [_width(number, ball) for number, ball in zip(plain, fine, strict=True) if ball is not None]


def _width(number, ball):
    """The median of radius by error, over the entries that have an error; NaN for none."""
    off = (number.double() - ball.mid).abs()
    return float((ball.rad / off)[off > 0].median()) if (off > 0).any() else float("nan")


LARGE = {
    "layer norm": (lambda x, w, b: F.layer_norm(x, (256,), w, b), (64, 256), (256,), (256,)),
    "softmax": (lambda x: F.softmax(x, -1), (64, 256)),
    "product": (lambda a, b: a @ b, (64, 256), (256, 48)),
    "attention": (lambda *x: F.scaled_dot_product_attention(*x, is_causal=True), (2, 64, 32), (2, 64, 32), (2, 64, 32)),
    "convolution": (lambda x, w, b: F.conv2d(x, w, b, padding=1), (2, 8, 17, 17), (4, 8, 3, 3), (4,)),
    "cross entropy": (lambda x: F.cross_entropy(x, torch.arange(64)), (64, 256)),
}


@pytest.mark.parametrize("name", LARGE)
def test_long_sums_lie_in_their_balls_and_not_far_from_the_edge(name):
    function, *shapes = LARGE[name]
    torch.manual_seed(0)
    tensors = [torch.randn(shape) for shape in shapes]
    wanted = list(range(len(tensors)))
    dy = torch.randn(function(*tensors).shape)
    wide = [tensor.double() for tensor in tensors]
    truth = value_and_gradients(function, wide, dy, wanted)
    plain = value_and_gradients(function, tensors, dy, wanted)
    balls = enclosed(function, tensors, dy, wanted, FLOAT32)
    for number, middle, ball in zip(plain, truth, balls, strict=True):
        assert torch.all((middle - ball.mid).abs() <= 1e-9 * (ball.mid.abs() + 1))
        assert outside(number, ball) <= 1
        assert _width(number, ball) < 1e4


def of(function, *tensors, wanted=None, rounding=FLOAT32):
    wanted = range(len(tensors)) if wanted is None else wanted
    return enclose(function, tensors, [torch.ones_like(function(*tensors))], list(wanted), rounding)


def test_a_fault_lies_outside():
    """N - 1 for N in a variance, and an eps of 1e-3 for 1e-5."""
    x, w, b = torch.randn(8, 512), torch.ones(512), torch.zeros(512)
    balls = of(lambda x, w, b: F.layer_norm(x, (512,), w, b), x, w, b)
    centred = x.double() - x.double().mean(1, True)
    for wrong in (x.double().var(1, keepdim=True) + 1e-5, centred.square().mean(1, keepdim=True) + 1e-3):
        assert outside(centred / wrong.sqrt(), balls.outputs[0]) > 1.5


def test_a_gradient_at_a_tie_may_be_any_subgradient():
    x = torch.tensor([0.0, 1.0, -1.0])
    ball = of(F.relu, x).gradients[0]
    assert ((ball.mid - ball.rad)[0], (ball.mid + ball.rad)[0]) == pytest.approx((0.0, 1.0))
    assert ball.rad[1:].max() < 1e-30
    ball = of(lambda x: x.amax(0), torch.tensor([1.0, 1.0, 0.0])).gradients[0]
    assert ball.rad.isinf().any()
    assert of(lambda x: x.amax(0), x).gradients[0].rad.max() < 1e-6


def test_equal_entries_of_a_window_are_an_open_choice_there_alone():
    x = torch.tensor([[[0.0, 0.0, 1.0, 2.0]]])
    ball = of(lambda x: F.max_pool1d(x, 2), x).gradients[0]
    assert (ball.rad > 0.5).flatten().tolist() == [True, True, False, False]


def test_an_open_index_is_never_the_choice_of_the_middle():
    x = torch.tensor([[1.0, 1.0 + 2**-23, 0.0], [3.0, 1.0, 0.0]])
    picked = of(lambda x: (x * 1.1).max(1)[0], x)
    assert picked.gradients[0].rad[0].isinf().all()
    assert picked.gradients[0].rad[1].isfinite().all()


def test_masks_leave_no_trace():
    mask = torch.ones(4, 4).triu(1).bool()
    ball = of(lambda x: F.softmax(x.masked_fill(mask, -torch.inf), -1), torch.randn(4, 4))
    assert ball.outputs[0].rad[mask].max() == 0
    assert ball.gradients[0].rad[mask].max() < 1e-30
    assert ball.gradients[0].rad.isfinite().all()


def test_writes_reach_views_and_what_was_made_before():
    def function(x):
        out = torch.zeros(2, 3, dtype=x.dtype)
        row = out[0]
        row.copy_(x * 1.1)
        out[1, 1:] = x[1:].exp()
        return out.mul_(3)

    found = of(function, torch.tensor([0.5, 1.0, 2.0]))
    assert (found.outputs[0].rad > 0).tolist() == [[True] * 3, [False, True, True]]


def test_inputs_that_are_known_to_some_digits_only():
    x = torch.tensor([1.0, -2.0])
    found = of(lambda x: x * 1.0, x, rounding=Rounding(0.0, 0.0, inputs=2.0**-8))
    assert found.outputs[0].rad.tolist() == pytest.approx([2.0**-8, 2.0**-7])


def test_other_models_have_other_radii():
    a, b = torch.randn(20, 30), torch.randn(30, 10)
    models = FLOAT32, Rounding(2.0**-24, 2.0**-24, factors=2.0**-11), Rounding(2.0**-8, 2.0**-8)
    fine, tf32, coarse = (of(torch.matmul, a, b, rounding=each).outputs[0].rad.mean() for each in models)
    assert 10 * fine < tf32 < coarse
    x = torch.randn(100)
    slow, fast = (of(torch.tanh, x, rounding=Rounding(2.0**-24, 2.0**-24, fast=each)) for each in (False, True))
    assert fast.outputs[0].rad.mean() > 100 * slow.outputs[0].rad.mean()


def test_integers_and_booleans_are_plain():
    found = enclose(lambda x: (x * 2, x > 0, x.argmax()), [torch.tensor([1.0, -2.0])], [torch.ones(2)], [0], FLOAT32)
    assert found.outputs[1].tolist() == [True, False]
    assert found.outputs[2] == 0
    assert enclose(torch.exp, [torch.ones(2)], None, [], FLOAT32).gradients == ()


def test_a_gradient_that_does_not_exist_is_none():
    assert of(lambda x, y: x * 2, torch.ones(2), torch.ones(2)).gradients[1] is None


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda x: F.dropout(x), "bernoulli"),
        (lambda x: x * torch.rand(2), "rand"),
        (lambda x: torch.linalg.inv(x[:, None] * x), "linalg_inv_ex"),
        (lambda x: torch.linalg.svdvals(x[:, None] * x), "_linalg_svd"),
        (lambda x: torch.fft.fft(x).abs(), "_fft_r2c"),
        (lambda x: torch.complex(x, x).abs(), "computes with complex numbers"),
        (lambda x: torch.polar(x, x).real, "computes with complex numbers"),
        (lambda x: torch.view_as_complex(x).abs(), "view_as_complex computes with complex numbers"),
        (lambda x: torch.cdist(x[:, None], 2 * x[:, None]), "_cdist_forward"),
        (
            lambda x: (
                F.grid_sample(torch.ones(1, 1, 2, 2), x.tanh()[None, None, None], align_corners=True)
                .reshape(-1)
                .expand(2)
            ),
            "grid_sampler_2d_backward",
        ),
        (lambda x: x * float(x[0].item()), "leaves PyTorch"),
    ],
)
def test_what_has_no_form_is_named(function, named):
    with pytest.raises(Unavailable, match=named):
        enclose(function, [torch.tensor([1.0, 2.0])], [torch.ones(2)], [0], FLOAT32)


@pytest.mark.parametrize("loss", [F.nll_loss, F.cross_entropy])
def test_a_count_is_not_rounded_to_the_dtype(loss):
    """257 targets are 256 in bfloat16: the truth would be off by a 257th."""
    generator = torch.Generator().manual_seed(0)
    x, t = torch.randn(257, 5, generator=generator).bfloat16(), torch.randint(0, 5, (257,), generator=generator)
    found = enclose(loss, (x, t), [torch.ones((), dtype=torch.bfloat16)], [0], BFLOAT16)
    wide = x.double().requires_grad_()
    value = loss(wide, t)
    torch.testing.assert_close(found.outputs[0].mid, value.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(found.gradients[0].mid, torch.autograd.grad(value, wide)[0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("size", [8.0, 88.0, 700.0])
def test_a_softmax_from_its_stored_log_sum_is_within_the_model(size):
    """Flash attention keeps l = log sum e^s in float32 and computes e^(s - l) in backward: off by |l| units."""
    s = (torch.arange(8.0) / 7 + 1) * size
    s = s.round().repeat(4, 1) + torch.arange(4.0)[:, None]
    got = torch.exp(s - torch.logsumexp(s.double(), -1, keepdim=True).float()).double()
    found = enclose(lambda s: torch.softmax(s, -1), (s,), None, (), FLOAT32).outputs[0]
    assert bool(((got - found.mid).abs() <= found.rad).all())
