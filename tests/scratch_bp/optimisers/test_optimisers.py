"""An optimiser is a pure pair: what it is given it leaves alone, and what it returns is new."""

import flint
import numpy as np
import pytest

from scratch_bp.optimisers import OPTIMISERS, SCHEDULES, OptimiserState, clip_by_global_norm, clip_by_value

START = OptimiserState(0, {"w1": (), "w2": ()})


def example(dtype="float64"):
    params = {"w1": np.array([[1.0, 2.0]], dtype), "w2": np.array([[4.0], [-8.0]], dtype)}
    grads = {"w1": np.array([[0.5, -1.0]], dtype), "w2": np.array([[2.0], [0.0]], dtype), "x": np.ones((3, 1), dtype)}
    return params, grads


def test_sgd_goes_down_the_gradient():
    params, grads = example()
    new, _ = OPTIMISERS["sgd"].step(params, grads, OPTIMISERS["sgd"].init(params), lr=0.5)
    assert {name: w.tolist() for name, w in new.items()} == {"w1": [[0.75, 2.5]], "w2": [[3.0], [-8.0]]}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_inputs_are_left_alone_and_share_no_memory_with_the_outcome(name):
    params, grads = example()
    kept = {key: array.copy() for key, array in (params | grads).items()}
    frozen = {key: array.copy() for key, array in params.items()}
    for array in (*params.values(), *grads.values()):
        array.flags.writeable = False
    new, _ = OPTIMISERS[name].step(params, grads, OPTIMISERS[name].init(params), lr=0.5)
    assert all((params[key] == frozen[key]).all() for key in params)
    assert all((grads[key] == kept[key]).all() for key in grads)
    assert not any(np.shares_memory(new[key], array) for key in new for array in (params[key], grads[key]))


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("lr", [0.1, np.float64(0.1)])
def test_the_dtype_of_the_weights_is_kept(name, dtype, lr):
    params, grads = example(dtype)
    # the usual eps of 1e-8 is nothing in float16, and a gradient of 0 would be 0 / 0, as it is in PyTorch
    options = {"eps": 1e-3} if name not in ("sgd", "lion") else {}
    new, _ = OPTIMISERS[name].step(params, grads, OPTIMISERS[name].init(params), lr=lr, **options)
    assert {w.dtype for w in new.values()} == {np.dtype(dtype)}


def test_exact_numbers_stay_exact():
    w, dw = (np.array([[flint.arb(value)]], dtype=object) for value in (1, 3))
    new, _ = OPTIMISERS["sgd"].step({"w": w}, {"w": dw}, OPTIMISERS["sgd"].init({"w": w}), lr=0.25)
    assert new["w"][0, 0] == flint.arb(0.25)


def test_a_parameter_without_a_gradient_is_named():
    params, grads = example()
    with pytest.raises(ValueError, match="no gradient for the parameter 'w2'; gradients came for"):
        OPTIMISERS["sgd"].step(params, {"w1": grads["w1"]}, START, lr=0.1)


def test_a_gradient_of_another_shape_is_named():
    params, grads = example()
    with pytest.raises(ValueError, match=r"'w1' is \[1, 2\], its gradient is \[2, 1\]"):
        OPTIMISERS["sgd"].step(params, grads | {"w1": grads["w1"].T}, START, lr=0.1)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("sgd", {"lr": -1.0}, "sgd: lr must be at least 0, got -1.0"),
        ("sgd", {"nesterov": True}, "nesterov needs momentum above 0 and no dampening"),
        ("sgd", {"momentum": 0.9, "dampening": 0.1, "nesterov": True}, "and no dampening"),
        ("rmsprop", {"alpha": 1.0}, "alpha must be at least 0 and below 1, got 1.0"),
        ("adagrad", {"lr_decay": -0.1}, "adagrad: lr_decay"),
        ("adadelta", {"rho": 1.5}, "adadelta: rho"),
        ("adam", {"betas": (0.9, 1.0)}, r"adam: betas\[1\] must be at least 0 and below 1"),
        ("adamw", {"eps": -1e-8}, "adamw: eps"),
        ("nadam", {"momentum_decay": -1.0}, "nadam: momentum_decay"),
        ("lion", {"weight_decay": -0.1}, "lion: weight_decay"),
    ],
)
def test_an_option_out_of_range_is_named(name, options, says):
    params, grads = example()
    with pytest.raises(ValueError, match=says):
        OPTIMISERS[name].step(params, grads, OPTIMISERS[name].init(params), **options)


# (schedule, options, PyTorch's scheduler of the same)
SCHEDULED = {
    "step": ({"step_size": 3, "gamma": 0.5}, lambda s, o: s.StepLR(o, 3, 0.5)),
    "step, defaults": ({"step_size": 4}, lambda s, o: s.StepLR(o, 4)),
    "cosine": ({"T_max": 7, "eta_min": 0.01}, lambda s, o: s.CosineAnnealingLR(o, 7, 0.01)),
    "warm-up": ({}, lambda s, o: s.LinearLR(o)),
    "warm-up, longer": ({"start_factor": 0.1, "total_iters": 8}, lambda s, o: s.LinearLR(o, 0.1, 1.0, 8)),
}


@pytest.mark.parametrize("what", SCHEDULED)
def test_a_schedule_is_pytorchs(what):
    torch = pytest.importorskip("torch")
    options, make = SCHEDULED[what]
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = make(torch.optim.lr_scheduler, optimiser)
    for t in range(20):
        want = optimiser.param_groups[0]["lr"]
        # PyTorch multiplies up step by step: a few roundings for each of them
        assert SCHEDULES[what.partition(",")[0]](t, lr=0.3, **options) == pytest.approx(
            want, rel=8 * (t + 1) * 2.0**-53
        )
        optimiser.step()
        scheduler.step()


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("step", {"t": -1, "step_size": 2}, "the step must be 0 or more, got -1"),
        ("step", {"t": 0, "step_size": 0}, "step_size must be 1 or more, got 0"),
        ("cosine", {"t": 0, "T_max": 0}, "T_max must be 1 or more"),
        ("warm-up", {"t": 0, "start_factor": 0.0}, "start_factor lies above 0"),
    ],
)
def test_a_schedule_out_of_range_is_named(name, options, says):
    with pytest.raises(ValueError, match=says):
        SCHEDULES[name](lr=0.1, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("most", [0.0, 0.5, 2.0, 1e6])
def test_clipping_is_pytorchs_and_leaves_what_it_is_given(dtype, most):
    torch = pytest.importorskip("torch")
    _, grads = example(dtype)
    kept = {name: g.copy() for name, g in grads.items()}
    for ours, theirs in (
        (clip_by_value, torch.nn.utils.clip_grad_value_),
        (clip_by_global_norm, torch.nn.utils.clip_grad_norm_),
    ):
        tensors = [torch.zeros(g.shape, dtype=getattr(torch, dtype), requires_grad=True) for g in grads.values()]
        for tensor, g in zip(tensors, grads.values(), strict=True):
            tensor.grad = torch.tensor(g)
        theirs(tensors, most)
        for got, tensor in zip(ours(grads, most).values(), tensors, strict=True):
            np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=8 * np.finfo(dtype).eps, atol=0)
            assert got.dtype == np.dtype(dtype)
    assert all((grads[name] == kept[name]).all() for name in grads)


def test_clipping_of_exact_numbers_is_exact():
    grads = {"w": np.array([flint.arb(3), flint.arb(4)], dtype=object)}
    clipped = clip_by_global_norm(grads, 2.5)["w"]
    assert (clipped[0] - 3 * flint.arb(2.5) / (5 + flint.arb(1e-6))).abs_upper() < 1e-12
    assert clip_by_value(grads, 3.5)["w"].tolist() == [3, 3.5]


def test_clipping_below_zero_is_named():
    for clip in (clip_by_value, clip_by_global_norm):
        with pytest.raises(ValueError, match="must be at least 0, got -1"):
            clip({}, -1.0)
