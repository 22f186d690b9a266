"""Each optimiser against PyTorch and optax, step by step over 50 steps of a network that learns.

Truth is the same step on exact numbers. What rounding may add to it is the radius of the same step on balls, as for
gradients: nothing is tuned. All are given the same gradients, so that only the optimisers differ.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from backcheck.verdicts.measure import limit
from backcheck_reference.numbers import balls, exact
from scratch_bp.optimisers import OPTIMISERS
from tests.scratch_bp.optimisers.frameworks import SETTINGS, STEPS, Arrays, Setting, by_optax, by_torch, learning

EVERY = pytest.mark.parametrize("what", SETTINGS)
DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])


def ours(setting: Setting, params: Arrays, grads: Iterable[Arrays]) -> Iterator[Arrays]:
    optimiser, now = OPTIMISERS[setting.name], params
    state = optimiser.init(now, **setting.start)
    for step in grads:
        now, state = optimiser.step(now, step, state, **setting.options)
        yield now


def lifted(arrays: Arrays) -> Arrays:
    return {name: exact.lift(array) for name, array in arrays.items()}


@cache
def known(what: str, dtype: str) -> list[tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]]:
    """The true parameters after each step, and how far rounding may have moved them."""
    params, grads = learning(dtype)
    watch = balls.Watch(dtype)
    with exact.bits(256):
        truth = [dict(now) for now in ours(SETTINGS[what], lifted(params), map(lifted, grads))]
    with balls.run_at(dtype, balls.SLACK_BITS):
        wide = ({name: watch.lift(g, dtype) for name, g in step.items()} for step in grads)
        around = {name: watch.lift(w, dtype) for name, w in params.items()}
        reach = [{name: balls.radii(w) for name, w in now.items()} for now in ours(SETTINGS[what], around, wide)]
    return list(zip(truth, reach, strict=True))


def farthest(what: str, dtype: str, answers: Iterable[Arrays]) -> float:
    """The largest error of any parameter after any step, as a part of what rounding may do there."""
    worst, count = 0.0, 0
    for (truth, reach), answer in zip(known(what, dtype), answers, strict=True):
        for name, want in truth.items():
            error = abs(exact.to_float(exact.lift(answer[name]) - want))
            worst, count = max(worst, float((error / reach[name]).max())), count + 1
    assert count == 2 * STEPS
    return worst


@EVERY
@DTYPES
def test_most_entries_of_most_steps_are_well_conditioned(what, dtype):
    """A radius as large as the parameters would let anything pass. Some may have one: where a gradient and the decay
    cancel, or a square and the square of a mean, the step hangs on rounding."""
    well = [
        (reach[name] < limit(dtype) * abs(exact.to_float(w)).max()).mean()
        for truth, reach in known(what, dtype)
        for name, w in truth.items()
    ]
    assert np.mean(well) > 0.5


@EVERY
@DTYPES
def test_ours_is_what_exact_arithmetic_says(what, dtype):
    assert farthest(what, dtype, ours(SETTINGS[what], *learning(dtype))) <= 1


@pytest.mark.parametrize("what", [what for what, setting in SETTINGS.items() if setting.torch])
@DTYPES
def test_pytorch_takes_the_same_steps(what, dtype):
    pytest.importorskip("torch")
    assert farthest(what, dtype, by_torch(SETTINGS[what].torch, *learning(dtype))) <= 1


def test_pytorchs_nadam_keeps_a_product_in_the_default_dtype_whatever_that_of_the_parameters():
    """In float64 it is good to float32 only, unless float64 is PyTorch's default; `by_torch` makes it so."""
    torch = pytest.importorskip("torch")
    off = farthest("nadam", "float64", by_torch(SETTINGS["nadam"].torch, *learning("float64"), torch.float32))
    assert off > 100


@pytest.mark.parametrize("what", [what for what, setting in SETTINGS.items() if setting.optax])
@DTYPES
def test_optax_takes_the_same_steps(what, dtype):
    pytest.importorskip("optax")
    assert farthest(what, dtype, by_optax(SETTINGS[what].optax, *learning(dtype))) <= 1


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("sgd, momentum", {"momentum": 0.9 + 1e-7}),
        ("sgd, nesterov", {"nesterov": False}),
        ("rmsprop", {"eps": 1e-7}),
        ("adam", {"betas": (0.9, 0.999001)}),
        ("adamw", {"weight_decay": 0.1 + 1e-6}),
        ("nadam", {"momentum_decay": 4.001e-3}),
        ("adadelta", {"rho": 0.9 + 1e-8}),
    ],
)
def test_a_step_that_is_a_little_wrong_is_seen(what: str, change: dict[str, Any]):
    setting = SETTINGS[what]
    wrong = setting._replace(options={**setting.options, **change})
    assert farthest(what, "float64", ours(wrong, *learning("float64"))) > 1
