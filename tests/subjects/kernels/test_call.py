"""How a kernel is asked: the forms it comes in, its options, what it raises, and whether it answers alike."""

import math

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from backcheck.subjects.kernels.calls.call import call, jax_kernel, pair_kernel, torch_kernel
from backcheck.subjects.kernels.calls.determinism import spread
from backcheck.time_limit import OutOfTime, time_limit
from tests.subjects.kernels import planted


def given(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    x, w, dy = (torch.randn(shape, generator=generator).to(dtype) for shape in ((5, 7), (7,), (5, 7)))
    return [x, w], [dy]


def scaled(x, w):
    return x * w


def pair_forward(x, w, *, scale=1):
    return x * w * x.dtype.type(scale), (x, w, scale)


def pair_backward(saved, dy):
    x, w, scale = saved
    return dy * w * x.dtype.type(scale), (dy * x * x.dtype.type(scale)).sum(0)


def backward_only(x, w, dy, *, scale=1):
    return pair_backward((x, w, scale), dy)


Scaled = planted.scaled_rows()
KERNELS = {
    "class": torch_kernel(Scaled),
    "apply": torch_kernel(Scaled.apply),
    "callable": torch_kernel(scaled),
    "pair": pair_kernel(pair_forward, pair_backward),
    "backward only": pair_kernel(None, backward_only),
    "jax": jax_kernel(scaled),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("fill", [None, math.nan])
def test_every_form_gives_outputs_and_gradients_in_its_dtype(name, dtype, fill):
    (x, w), (dy,) = given(dtype)
    run = call(KERNELS[name], [x, w], [dy], fill=fill)
    assert (run.raised, run.damage, run.written) == ("", (), ())
    if name != "backward only":
        assert torch.equal(run.outputs[0], x * w)
    assert torch.equal(run.gradients[0], dy * w)
    assert run.gradients[1].dtype == dtype
    torch.testing.assert_close(run.gradients[1].double(), (dy.double() * x.double()).sum(0), atol=0.1, rtol=0.1)


def test_options_go_by_keyword():
    (x, w), dy = given()
    assert torch.equal(call(KERNELS["pair"], [x, w], dy, {"scale": 2}).outputs[0], 2 * (x * w))
    assert torch.equal(call(KERNELS["backward only"], [x, w], dy, {"scale": 2}).gradients[0], 2 * (dy[0] * w))
    got = call(torch_kernel(F.softmax), [x], None, {"dim": 0})
    assert torch.equal(got.outputs[0], F.softmax(x, 0))


def test_several_outputs_integers_and_booleans():
    x, index, mask = torch.randn(4), torch.tensor([2, 0]), torch.tensor([True, False])

    def both(x, index, mask):
        return torch.where(mask, x[index], 0), x.exp(), index

    def jax_both(x, index, mask):
        return jnp.where(mask, x[index], 0), jnp.exp(x), index

    want = torch.zeros(4)
    want[2] = 3
    for kernel in (torch_kernel(both), jax_kernel(jax_both)):
        run = call(kernel, [x, index, mask], [torch.tensor([3.0, 5.0]), torch.zeros(4), None])
        assert run.raised == ""
        assert torch.equal(run.gradients[0], want)
        assert run.gradients[1:] == (None, None)
        assert run.outputs[2].tolist() == [2, 0]


def test_only_what_is_wanted_gets_a_gradient():
    seen = []

    class Asked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            return x * w

        @staticmethod
        def backward(ctx, dy):
            seen.append(ctx.needs_input_grad)
            return None, dy.sum(0)

    (x, w), dy = given()
    run = call(torch_kernel(Asked, wrt=(1,)), [x, w], dy)
    assert seen == [(False, True)]
    assert run.gradients[0] is None
    assert torch.equal(run.gradients[1], dy[0].sum(0))
    partial = pair_kernel(pair_forward, lambda saved, dy: pair_backward(saved, dy)[1], wrt=(1,))
    assert call(partial, [x, w], dy).gradients[0] is None


def test_a_forward_by_itself_has_no_gradients():
    (x, w), dy = given()
    for kernel in (torch_kernel(lambda x, w: (x * w).detach()), pair_kernel(lambda x, w: x * w, None)):
        run = call(kernel, [x, w], dy)
        assert torch.equal(run.outputs[0], x * w)
        assert run.gradients == (None, None)
        assert run.raised == ""


def test_outputs_that_are_written_into_buffers():
    def forward(x, *, out):
        torch.mul(x[:-1], 2, out=out[:-1])

    run = call(torch_kernel(forward, out="out"), [torch.ones(3)], None, buffers=[torch.empty(3, device="meta")])
    assert run.outputs[0].isnan().tolist() == [False, False, True]

    def two(x, *, out):
        out[0].copy_(x)
        out[1].copy_(-x)

    run = call(torch_kernel(two, out="out"), [torch.ones(3)], None, buffers=[torch.empty(3)] * 2)
    assert run.outputs[1].tolist() == [-1] * 3


def test_a_kernel_may_work_in_place_and_is_told_of():
    x = torch.ones(3)
    run = call(torch_kernel(lambda x: x.mul_(3)), [x], [torch.ones(3)], names=("x",))
    assert (run.raised, run.written) == ("", ("x",))
    assert run.gradients[0].tolist() == [3] * 3
    assert x.tolist() == [1] * 3


def test_numpy_functions_get_bfloat16_arrays():
    seen = []
    (x, w), dy = given(torch.bfloat16)
    call(pair_kernel(lambda *a: (seen.extend(a), pair_forward(*a))[1], pair_backward), [x, w], dy)
    assert [each.dtype for each in seen] == [np.dtype(ml_dtypes.bfloat16)] * 2


def raising(x, w, dy=None):
    raise ValueError("no grid of this size")


def leaving(x, w, dy=None):
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("where", "fault", "words"),
    [
        ("forward", raising, "forward raises ValueError: no grid of this size"),
        ("backward", raising, "backward raises ValueError: no grid of this size"),
        ("backward", leaving, "backward calls sys.exit(0)"),
    ],
)
def test_what_is_raised_is_told_with_the_call(where, fault, words):
    (x, w), dy = given()
    run = call(torch_kernel(planted.scaled_rows(**{where: fault})), [x, w], dy)
    assert run.raised == words
    assert len(run.outputs) == (where == "backward")
    assert run.gradients == (None, None)


def test_wrong_forms_are_told():
    (x, w), dy = given()
    assert call(torch_kernel(lambda x, w: None), [x, w], dy).raised.endswith("it returned NoneType")
    wrong = pair_kernel(pair_forward, lambda saved, dy: (dy, dy, dy))
    assert call(wrong, [x, w], dy).raised == "backward returns 3 gradients, and forward takes 2 arrays"


def test_an_interrupt_and_the_time_limit_pass():
    def interrupted(x):
        raise KeyboardInterrupt

    def endless(x):
        while True:
            pass

    with pytest.raises(KeyboardInterrupt):
        call(torch_kernel(interrupted), [torch.ones(3)], None)
    with pytest.raises(OutOfTime, match="forward did not return"), time_limit(0.1):
        call(torch_kernel(endless), [torch.ones(3)], None)


def test_a_kernel_that_always_answers_alike_has_no_spread():
    (x, w), dy = given()
    found = spread(KERNELS["class"], [x, w], dy)
    assert found.deterministic
    assert found.runs == 5
    dropped = spread(torch_kernel(lambda x: F.dropout(x)), [x], dy)
    assert dropped.deterministic  # all calls draw the same random numbers


def test_a_kernel_that_does_not_is_seen_entry_by_entry():
    (x, w), dy = given()
    calls = []

    def added_in_another_order(x, w, dy):
        calls.append(0)
        dw = (dy * x).sum(0)
        dw[2] += 0.25 * (len(calls) % 2)
        dw[3] = math.nan if len(calls) == 3 else 0
        return dy * w, dw

    found = spread(torch_kernel(planted.scaled_rows(backward=added_in_another_order)), [x, w], dy)
    assert not found.deterministic
    assert not found.gradients[0].any()
    assert found.gradients[1].tolist() == pytest.approx([0, 0, 0.25, math.inf, 0, 0, 0])


def test_runs_of_other_shapes_are_no_spread():
    sizes = iter(range(1, 9))
    found = spread(torch_kernel(lambda x: x[: next(sizes)]), [torch.ones(9)], None)
    assert found.broken == "two calls with the same tensors give other shapes, or dtypes"
    assert not found.deterministic
